"""Small ONNX models, written with the standard library alone."""
import array
import os
import sys

import tool

sys.path.insert(0, os.path.join(tool.ROOT, "examples", "digits"))
from onnxfile import attribute, field, node, varint  # noqa: E402 (re-exported)

FLOAT, INT32, INT64 = 1, 6, 7
CODES = {FLOAT: "f", INT32: "i", INT64: "q"}


def tensor(name, dims, numbers, dtype=FLOAT):
    raw = array.array(CODES[dtype], numbers).tobytes()
    return b"".join(field(1, dim) for dim in dims) + field(2, dtype) + field(8, name) + field(9, raw)


def value(name, shape, dtype=FLOAT):
    """Texts in the shape are symbolic sizes."""
    dims = b"".join(field(1, field(2 if isinstance(dim, str) else 1, dim)) for dim in shape)
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, dims)))


def custom(domain, operator, inputs, outputs, **attributes):
    return node(operator, inputs, outputs, **attributes) + field(7, domain)


def model(nodes, inputs, outputs, tensors=(), domains=(), opset=17):
    graph = (b"".join(field(1, each) for each in nodes) + field(2, "tiny") + b"".join(field(5, each) for each in tensors) +
             b"".join(field(11, each) for each in inputs) + b"".join(field(12, each) for each in outputs))
    opsets = [("", opset), *domains]
    return (field(1, 8) + field(7, graph) +
            b"".join(field(8, field(1, domain) + field(2, version)) for domain, version in opsets))


def numbers(count, seed=1):
    """Numbers in [-1, 1) that look random, the same every time."""
    result, state = [], seed
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        result.append(state / 2**30 - 1)
    return result
