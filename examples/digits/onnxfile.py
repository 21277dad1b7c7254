"""Just enough of protobuf's wire format to write an ONNX model, with the standard library.

Field numbers are those of onnx.proto.
"""
import struct

FLOAT, INT, STRING, INTS = 1, 2, 3, 7  # AttributeProto.AttributeType


def varint(number):
    number &= (1 << 64) - 1
    result = bytearray()
    while number > 127:
        result.append(number & 127 | 128)
        number >>= 7
    result.append(number)
    return bytes(result)


def field(number, value):
    """An integer, a text, bytes or a message (bytes)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    head = field(1, name)
    if isinstance(value, int):
        return head + field(3, value) + field(20, INT)
    if isinstance(value, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, FLOAT)
    return head + b"".join(field(8, item) for item in value) + field(20, INTS)


def node(operator, inputs, outputs, **attributes):
    return (b"".join(field(1, name) for name in inputs) + b"".join(field(2, name) for name in outputs) +
            field(3, operator.lower() + "_" + outputs[0]) + field(4, operator) +
            b"".join(field(5, attribute(*item)) for item in sorted(attributes.items())))


def float_tensor(name, array):
    """Any float32 array with `shape` and `tobytes`."""
    return (b"".join(field(1, dim) for dim in array.shape) + field(2, 1) + field(8, name) +
            field(9, array.astype("<f4").tobytes()))


def float_value(name, shape):
    """A ValueInfoProto; texts in the shape are symbolic sizes."""
    dims = b"".join(field(1, field(2 if isinstance(dim, str) else 1, dim)) for dim in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def model(name, nodes, tensors, inputs, outputs, opset, doc):
    graph = (b"".join(field(1, item) for item in nodes) + field(2, name) +
             b"".join(field(5, item) for item in tensors) + b"".join(field(11, item) for item in inputs) +
             b"".join(field(12, item) for item in outputs))
    return (field(1, 8) + field(2, "dlc-examples") + field(6, doc) + field(7, graph) +
            field(8, field(1, "") + field(2, opset)))
