#!/usr/bin/env python3
"""Writes networks with random weights, for benchmarks: generate.py FOLDER [NAME ...]

Needs the packages onnx and numpy (benchmarks/models/setup makes an environment that has them). Weights are drawn from a
fixed seed, scaled so that activations stay near 1. The batch dim is symbolic.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph under construction; every method returns the name of its result."""

    def __init__(self, name, shape, seed=0):
        self.name, self.nodes, self.weights, self.random = name, [], [], np.random.default_rng(seed)
        self.inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *shape])]
        self.channels, self.more = {"input": shape[-1] if isinstance(shape[0], str) else shape[0]}, {}

    def state(self, name, shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def op(self, kind, inputs, channels=None, results=1, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.more[out] = [f"{out}_{i}" for i in range(1, results)]
        self.nodes.append(helper.make_node(kind, inputs, [out, *self.more[out]], name=out, **attributes))
        self.channels[out] = channels if channels is not None else self.channels.get(inputs[0])
        return out

    def weight(self, shape, scale=1.0):
        name = f"w_{len(self.weights)}"
        data = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.weights.append(numpy_helper.from_array(data, name))
        return name

    def constant(self, values, dtype):
        name = f"c_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def conv(self, x, out, kernel, stride=1, groups=1, act="Relu"):
        c = self.channels[x]
        w = self.weight((out, c // groups, kernel, kernel), np.sqrt(2.0 / (c // groups * kernel * kernel)))
        b = self.weight((out,), 0.1)
        pad = kernel // 2
        y = self.op("Conv", [x, w, b], out, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=groups)
        if act == "Relu6":
            return self.op("Clip", [y, self.constant(0, np.float32), self.constant(6, np.float32)])
        if act == "SiLU":
            return self.op("Mul", [y, self.op("Sigmoid", [y])])
        return self.op(act, [y]) if act else y

    def classifier(self, x, classes):
        x = self.op("Flatten", [self.op("GlobalAveragePool", [x])])
        w = self.weight((classes, self.channels[x]), 1 / np.sqrt(self.channels[x]))
        return self.op("Gemm", [x, w, self.weight((classes,), 0.1)], classes, transB=1)

    def save(self, folder, outputs, opset=13):
        values = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, values, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="dlc")
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        onnx.save(model, os.path.join(folder, self.name + ".onnx"))


def resnet50(folder):
    n = Net("resnet50", (3, 224, 224))
    x = n.op("MaxPool", [n.conv("input", 64, 7, 2)], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for block in range(blocks):
            stride = 2 if block == 0 and stage else 1
            y = n.conv(n.conv(n.conv(x, width, 1), width, 3, stride), 4 * width, 1, act=None)
            x = x if block else n.conv(x, 4 * width, 1, stride, act=None)
            x = n.op("Relu", [n.op("Add", [y, x])])
    n.save(folder, [n.classifier(x, 1000)])


def mobilenetv2(folder):
    n = Net("mobilenetv2", (3, 224, 224))
    x = n.conv("input", 32, 3, 2, act="Relu6")
    for t, c, repeat, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(repeat):
            s, hidden = stride if i == 0 else 1, n.channels[x] * t
            y = n.conv(x, hidden, 1, act="Relu6") if t > 1 else x
            y = n.conv(n.conv(y, hidden, 3, s, hidden, "Relu6"), c, 1, act=None)
            x = n.op("Add", [y, x]) if s == 1 and n.channels[x] == c else y
    n.save(folder, [n.classifier(n.conv(x, 1280, 1, act="Relu6"), 1000)])


def c2f(n, x, out, repeat, shortcut):
    """The cross-stage block of recent detectors: split, a chain of bottlenecks, concatenate, mix."""
    half = out // 2
    y = n.conv(x, out, 1, act="SiLU")
    sizes = n.constant([half, half], np.int64)
    a, b = y + "_a", y + "_b"
    n.nodes.append(helper.make_node("Split", [y, sizes], [a, b], axis=1))
    n.channels[a] = n.channels[b] = half
    parts = [a, b]
    for _ in range(repeat):
        z = n.conv(n.conv(parts[-1], half, 3, act="SiLU"), half, 3, act="SiLU")
        parts.append(n.op("Add", [parts[-1], z]) if shortcut else z)
    return n.conv(n.op("Concat", parts, half * len(parts), axis=1), out, 1, act="SiLU")


def detector(folder):
    """A detector of the size of the smallest of its kind: C2f blocks, SiLU, a pyramid, three heads."""
    n = Net("detector", (3, 640, 640))
    x = n.conv(n.conv("input", 16, 3, 2, act="SiLU"), 32, 3, 2, act="SiLU")
    x = c2f(n, x, 32, 1, True)
    p3 = c2f(n, n.conv(x, 64, 3, 2, act="SiLU"), 64, 2, True)
    p4 = c2f(n, n.conv(p3, 128, 3, 2, act="SiLU"), 128, 2, True)
    p5 = c2f(n, n.conv(p4, 256, 3, 2, act="SiLU"), 256, 1, True)
    y = n.conv(p5, 128, 1, act="SiLU")
    pools = [y]
    for _ in range(3):
        pools.append(n.op("MaxPool", [pools[-1]], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4))
    p5 = n.conv(n.op("Concat", pools, 512, axis=1), 256, 1, act="SiLU")
    up = lambda v: n.op("Resize", [v, "", n.constant([1, 1, 2, 2], np.float32)], mode="nearest",
                        coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    p4 = c2f(n, n.op("Concat", [up(p5), p4], 384, axis=1), 128, 1, False)
    p3 = c2f(n, n.op("Concat", [up(p4), p3], 192, axis=1), 64, 1, False)
    p4 = c2f(n, n.op("Concat", [n.conv(p3, 64, 3, 2, act="SiLU"), p4], 192, axis=1), 128, 1, False)
    p5 = c2f(n, n.op("Concat", [n.conv(p4, 128, 3, 2, act="SiLU"), p5], 384, axis=1), 256, 1, False)
    outputs = []
    for p in (p3, p4, p5):
        box = n.conv(n.conv(n.conv(p, 64, 3, act="SiLU"), 64, 3, act="SiLU"), 64, 1, act=None)
        score = n.op("Sigmoid", [n.conv(n.conv(n.conv(p, 80, 3, act="SiLU"), 80, 3, act="SiLU"), 80, 1, act=None)])
        outputs.append(n.op("Concat", [box, score], 144, axis=1))
    n.save(folder, outputs)


def squeezenet(folder):
    n = Net("squeezenet", (3, 224, 224))
    pool = lambda v: n.op("MaxPool", [v], kernel_shape=[3, 3], strides=[2, 2])
    x = pool(n.conv("input", 64, 3, 2))
    for i, width in enumerate([16, 16, 32, 32, 48, 48, 64, 64]):
        x = pool(x) if i in (2, 4) else x
        y = n.conv(x, width, 1)
        x = n.op("Concat", [n.conv(y, 4 * width, 1), n.conv(y, 4 * width, 3)], 8 * width, axis=1)
    n.save(folder, [n.op("Flatten", [n.op("GlobalAveragePool", [n.conv(x, 1000, 1)])])])


def dense(n, x, out):
    w = n.weight((n.channels[x], out), 1 / np.sqrt(n.channels[x]))
    return n.op("Add", [n.op("MatMul", [x, w], out), n.weight((out,), 0.1)], out)


def encoder(folder):
    """Six layers of a BERT-like encoder, 384 wide, 12 heads, on embeddings; batch and sequence are symbolic."""
    n = Net("encoder", ("sequence", 384))
    split = n.constant([0, 0, 12, 32], np.int64)

    def heads(v, order):
        return n.op("Transpose", [n.op("Reshape", [v, split])], perm=order)

    def norm(v):
        return n.op("LayerNormalization", [v, n.weight((384,)), n.weight((384,), 0.1)], axis=-1)

    x = "input"
    for _ in range(6):
        q, k, v = heads(dense(n, x, 384), [0, 2, 1, 3]), heads(dense(n, x, 384), [0, 2, 3, 1]), heads(dense(n, x, 384), [0, 2, 1, 3])
        scores = n.op("Mul", [n.op("MatMul", [q, k]), n.constant(32 ** -0.5, np.float32)])
        y = n.op("Transpose", [n.op("MatMul", [n.op("Softmax", [scores], axis=-1), v])], perm=[0, 2, 1, 3])
        y = n.op("Reshape", [y, n.constant([0, 0, 384], np.int64)], 384)
        x = norm(n.op("Add", [dense(n, y, 384), x], 384))
        y = dense(n, x, 1536)
        half = n.op("Mul", [y, n.constant(0.5, np.float32)], 1536)
        erf = n.op("Erf", [n.op("Mul", [y, n.constant(0.5 ** 0.5, np.float32)], 1536)], 1536)
        y = n.op("Mul", [half, n.op("Add", [erf, n.constant(1, np.float32)], 1536)], 1536)
        x = norm(n.op("Add", [dense(n, y, 384), x], 384))
    n.save(folder, [x], opset=17)


def recurrent(kind, gates):
    """One step of two layers of 128, the state in and out: what a streaming program runs again and again."""

    def write(folder):
        n = Net(kind.lower() + "_step", (1, 64))
        x, outputs = n.op("Transpose", ["input"], 64, perm=[1, 0, 2]), []
        for width in (64, 128):
            states = [n.state(f"{s}_{width}", [1, "batch", 128]) for s in ("h", "c")[: 2 if kind == "LSTM" else 1]]
            w, r, b = n.weight((1, gates * 128, width), 0.1), n.weight((1, gates * 128, 128), 0.1), n.weight((1, 2 * gates * 128), 0.1)
            y = n.op(kind, [x, w, r, b, "", *states], 128, hidden_size=128, results=1 + len(states))
            outputs += n.more[y]
            x = n.op("Squeeze", [y, n.constant([1], np.int64)], 128)
        n.save(folder, [dense(n, x, 16), *outputs])

    return write


NETWORKS = {"resnet50": resnet50, "mobilenetv2": mobilenetv2, "detector": detector, "squeezenet": squeezenet,
            "encoder": encoder, "lstm": recurrent("LSTM", 4), "gru": recurrent("GRU", 3)}


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    os.makedirs(folder, exist_ok=True)
    for name in names:
        NETWORKS[name](folder)


if __name__ == "__main__":
    main()
