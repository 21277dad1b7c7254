"""Writes ONNX models and tensors with the standard library only: enough of the wire format for tests."""
import array
import struct

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, FLOAT16, BFLOAT16 = 1, 2, 3, 4, 5, 6, 7, 9, 10, 16
ARRAY_CODES = {FLOAT: "f", UINT8: "B", INT8: "b", UINT16: "H", INT16: "h", INT32: "i", INT64: "q", BOOL: "B"}


def varint(number):
    number &= (1 << 64) - 1
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def integer(field, number):
    return varint(field << 3) + varint(number)


def message(field, content):
    """A field that holds bytes, text or another message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def tensor(name, dims, numbers, dtype=FLOAT):
    """A TensorProto: dims (1), data_type (2), name (8), raw_data (9)."""
    if dtype == FLOAT16:
        raw = struct.pack(f"<{len(numbers)}e", *numbers)
    else:
        raw = (numbers if isinstance(numbers, array.array) else array.array(ARRAY_CODES[dtype], numbers)).tobytes()
    return b"".join(integer(1, dim) for dim in dims) + integer(2, dtype) + message(8, name) + message(9, raw)


def attribute(name, value):
    """An AttributeProto of what the Python value is: number, text, list of numbers, Graph, or a tensor's bytes."""
    head = message(1, name)
    if isinstance(value, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", value) + integer(20, 1)
    if isinstance(value, int):
        return head + integer(3, value) + integer(20, 2)
    if isinstance(value, str):
        return head + message(4, value) + integer(20, 3)
    if isinstance(value, bytes):
        return head + message(5, value) + integer(20, 4)
    if isinstance(value, Graph):
        return head + message(6, value.encode()) + integer(20, 5)
    if any(isinstance(each, float) for each in value):
        return head + b"".join(varint(7 << 3 | 5) + struct.pack("<f", each) for each in value) + integer(20, 6)
    return head + b"".join(integer(8, each) for each in value) + integer(20, 7)


def value_info(name, dtype, dims):
    """A ValueInfoProto; a dim is a number or a symbol's name; dims None: nothing is said of the shape."""
    kind = integer(1, dtype)
    if dims is not None:
        kind += message(2, b"".join(message(1, integer(1, dim) if isinstance(dim, int) else message(2, dim)) for dim in dims))
    return message(1, name) + message(2, message(1, kind))


class Graph:
    """A GraphProto under construction."""

    def __init__(self, name="graph", prefix=""):
        self.name, self.prefix = name, prefix
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []

    def fresh(self, stem):
        return f"{self.prefix}{stem}_{len(self.nodes) + len(self.weights)}"

    def input(self, name, dims, dtype=FLOAT):
        self.inputs.append((name, dtype, dims))
        return name

    def output(self, name, dtype=FLOAT, dims=None):
        self.outputs.append((name, dtype, dims))

    def constant(self, dims, numbers, dtype=FLOAT, name=None):
        """An initialiser; the result is its name."""
        name = name or self.fresh("c")
        self.weights.append(tensor(name, dims, numbers, dtype))
        return name

    def node(self, kind, *inputs, results=1, domain="", **attributes):
        """Adds a node; the result is its output's name, or a list of `results` names."""
        first = self.fresh(kind.lower())
        names = [first] if results == 1 else [f"{first}_{i}" for i in range(results)]
        self.nodes.append((kind, inputs, names, domain, attributes))
        return first if results == 1 else names

    def encode(self):
        parts = []
        for kind, inputs, outputs, domain, attributes in self.nodes:
            content = b"".join(message(1, each) for each in inputs) + b"".join(message(2, each) for each in outputs)
            content += message(3, outputs[0]) + message(4, kind) + (message(7, domain) if domain else b"")
            content += b"".join(message(5, attribute(*each)) for each in attributes.items() if each[1] is not None)
            parts.append(message(1, content))
        parts.append(message(2, self.name))
        parts += [message(5, each) for each in self.weights]
        parts += [message(11, value_info(*each)) for each in self.inputs]
        parts += [message(12, value_info(*each)) for each in self.outputs]
        return b"".join(parts)

    def save(self, path, opset=17, ir=8):
        """Writes a ModelProto: ir_version (1), graph (7), opset_import (8) of the default domain."""
        with open(path, "wb") as file:
            file.write(integer(1, ir) + message(7, self.encode()) + message(8, integer(2, opset)))
