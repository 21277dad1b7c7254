#!/usr/bin/env python3
"""Writes the inputs that the fuzzers start from: make_corpus.py DLC FOLDER, into FOLDER/{import,load,readers}.

Small files of each kind, made here; artifacts by the compiler DLC.
"""
import os
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import onnx_file
from onnx_file import BOOL, INT64, UINT8, Graph


def convolution():
    graph = Graph()
    x = graph.input("x", ["n", 3, 8, 8])
    x = graph.node("Conv", x, graph.constant([4, 3, 3, 3], [0.1] * 108), pads=[1] * 4, strides=[2, 2])
    x = graph.node("MaxPool", graph.node("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node("Reshape", x, graph.constant([2], [0, -1], INT64))
    graph.output(graph.node("Softmax", x, axis=-1))
    return graph


def shapes():
    graph = Graph()
    x = graph.input("x", ["n", 3])
    sizes = graph.node("Gather", graph.node("Shape", x), graph.constant([2], [1, 0], INT64), axis=0)
    parts = graph.node("Split", graph.node("Transpose", x, perm=[1, 0]), graph.constant([2], [1, 2], INT64), results=2, axis=0)
    joined = graph.node("Concat", *reversed(parts), axis=0)
    graph.output(graph.node("Expand", graph.node("ReduceSum", joined), sizes))
    graph.output(graph.node("NonZero", x), INT64)
    return graph


def control():
    graph = Graph()
    x, branches = graph.input("x", [4]), []
    flag = graph.input("flag", [], BOOL)
    for prefix, kind in (("t_", "Exp"), ("e_", "Neg")):
        branches.append(Graph(prefix, prefix))
        branches[-1].output(branches[-1].node(kind, x))
    graph.output(graph.node("If", flag, then_branch=branches[0], else_branch=branches[1]))
    body = Graph("body", "b_")
    body.input("i", [], INT64)
    body.input("go_on", [], BOOL)
    body.output(body.node("Identity", "go_on"), BOOL)
    v = body.input("v", [4])
    body.output(body.node("Add", v, v))
    graph.output(graph.node("Loop", graph.constant([], [3], INT64), "", x, body=body))
    return graph


def quantised():
    graph = Graph()
    x, scale, zero = graph.input("x", [2, 4]), graph.constant([], [0.5]), graph.constant([], [3], UINT8)
    x = graph.node("DequantizeLinear", graph.node("QuantizeLinear", x, scale, zero), scale, zero)
    x = graph.node("MatMul", x, graph.constant([4, 3], [0.1 * i for i in range(12)]))
    graph.output(graph.node("LSTM", graph.node("Unsqueeze", x, graph.constant([1], [0], INT64)),
                            graph.constant([1, 8, 3], [0.1] * 24), graph.constant([1, 8, 2], [0.1] * 16), hidden_size=2,
                            results=3)[0])
    return graph


def prepared():
    """A constant that 16 bits hold is stored narrow, and prepared."""
    graph = Graph()
    graph.output(graph.node("Mul", graph.input("x", [2048]), graph.constant([2048], [0.5 * (i % 7) for i in range(2048)])))
    return graph


GRAPHS = {"convolution": convolution, "shapes": shapes, "control": control, "quantised": quantised, "prepared": prepared}


def npy(dtype, shape, data):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(bytes([row % 5]) + bytes(range(3 * width)) for row in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def zipped(name, data):
    """A zip archive of one stored file."""
    common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, zlib.crc32(data), len(data), len(data), len(name), 0)
    body = b"PK\x03\x04" + common + name + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return body + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(body), 0)


def reader_inputs():
    """(name, content); the first byte chooses the reader, as in ReadersFuzzer.cpp."""
    array = npy("<f4", "(2, 3)", bytes(24))
    tensor = onnx_file.tensor("x", [2, 3], [1.0] * 6)
    sequence = onnx_file.message(1, "s") + onnx_file.integer(2, 1) + onnx_file.message(3, tensor)
    yield "npy", b"\0" + array
    yield "npz", b"\1" + zipped(b"x.npy", array)
    yield "png", b"\2" + png(4, 5)
    yield "jpeg", b"\3\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
    yield "tensor", b"\4" + tensor
    yield "sequence", b"\5" + sequence
    yield "optional", b"\6" + sequence
    yield "header", b"\7" + array


def main():
    dlc, folder = sys.argv[1:]
    for kind in ("import", "load", "readers"):
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
    for name, make in GRAPHS.items():
        source = os.path.join(folder, "import", name)
        make().save(source)
        artifact = os.path.join(folder, "load", name)
        subprocess.run([dlc, "compile", source, "-o", artifact], check=True)
    for name, content in reader_inputs():
        with open(os.path.join(folder, "readers", name), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
