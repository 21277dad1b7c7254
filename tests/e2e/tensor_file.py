"""Tensors in ONNX TensorProto files (.pb): read, written, cut and joined with Python's own library."""
import struct

import onnx_file
from onnx_file import BOOL, FLOAT, FLOAT16, INT32, INT64, INT8, UINT8

SIZES = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8, BOOL: 1, FLOAT16: 2}
FORMATS = {FLOAT: "f", UINT8: "B", INT8: "b", INT32: "i", INT64: "q", BOOL: "?", FLOAT16: "e"}


class Tensor:
    """Sizes, element type (a TensorProto.DataType) and elements as little-endian bytes, in row-major order."""

    def __init__(self, dims, dtype, raw, name=""):
        self.dims, self.dtype, self.raw, self.name = list(dims), dtype, raw, name

    @classmethod
    def of(cls, dims, dtype, numbers, name=""):
        return cls(dims, dtype, struct.pack(f"<{len(numbers)}{FORMATS[dtype]}", *numbers), name)

    def take(self, axis, index):
        """One slice along an axis; the axis stays, with size 1."""
        outer, block = self.blocks(axis)
        size = block // self.dims[axis]
        parts = [self.raw[o * block + index * size:o * block + (index + 1) * size] for o in range(outer)]
        return Tensor(self.dims[:axis] + [1] + self.dims[axis + 1:], self.dtype, b"".join(parts), self.name)

    def blocks(self, axis):
        """How many runs of bytes cover the axis whole, and their length."""
        outer = 1
        for size in self.dims[:axis]:
            outer *= size
        return outer, len(self.raw) // max(outer, 1)


def concat(tensors, axis):
    first = tensors[0]
    parts = []
    for o in range(first.blocks(axis)[0]):
        for tensor in tensors:
            block = tensor.blocks(axis)[1]
            parts.append(tensor.raw[o * block:(o + 1) * block])
    dims = list(first.dims)
    dims[axis] = sum(tensor.dims[axis] for tensor in tensors)
    return Tensor(dims, first.dtype, b"".join(parts), first.name)


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def fields(data):
    """(number, value) of each field of a message; values are integers or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = (8, at) if key & 7 == 1 else (4, at) if key & 7 == 5 else varint(data, at)
            value = data[at:at + size]
            at += size
        yield key >> 3, value


def integers(value):
    """A repeated varint field, packed or not."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(number)
    return numbers


def read(path):
    """A file with dims (1), data_type (2), float_data (4), int32_data (5), int64_data (7), name (8), raw_data (9)."""
    with open(path, "rb") as file:
        data = file.read()
    tensor, typed, floats = Tensor([], 0, b""), [], b""
    for field, value in fields(data):
        if field == 1:
            tensor.dims += integers(value)
        elif field == 2:
            tensor.dtype = value
        elif field == 4:
            floats += value
        elif field in (5, 7):
            typed += integers(value)
        elif field == 8:
            tensor.name = value.decode()
        elif field == 9:
            tensor.raw = value
    bits = 8 * SIZES[tensor.dtype]
    tensor.raw = tensor.raw or floats or b"".join((v & (1 << bits) - 1).to_bytes(bits // 8, "little") for v in typed)
    return tensor


def write(path, tensor):
    head = b"".join(onnx_file.integer(1, dim) for dim in tensor.dims) + onnx_file.integer(2, tensor.dtype)
    with open(path, "wb") as file:
        file.write(head + onnx_file.message(8, tensor.name) + onnx_file.message(9, tensor.raw))
