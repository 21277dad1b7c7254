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
        self.input = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *shape])
        self.channels = {"input": shape[0]}

    def op(self, kind, inputs, channels=None, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
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

    def save(self, folder, outputs):
        values = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs]
        graph = helper.make_graph(self.nodes, self.name, [self.input], values, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="dlc")
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


NETWORKS = {"resnet50": resnet50, "mobilenetv2": mobilenetv2, "detector": detector}


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    os.makedirs(folder, exist_ok=True)
    for name in names:
        NETWORKS[name](folder)


if __name__ == "__main__":
    main()
