"""Random convolutional networks with zero filters: pruned or not, they compute what the reference evaluator computes.

A seed that fails is printed with the command that runs it again:
    DLC=.../dlc python3 tests/property/pruned_networks_test.py SEED [FOLDER]
"""
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import onnx_file
import tool

SEEDS = 200 if tool.FULL else 8
INT64 = onnx_file.INT64


class Network:
    """Blocks that follow each other on values of 4 dims; sizes of the image are equal and known."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.graph = onnx_file.Graph("network")
        self.size, self.channels = 8, 3
        self.x = self.graph.input("x", [self.random.choice([1, 2, "batch"]), 3, 8, 8])
        blocks = [self.plain, self.residual, self.concat, self.inverted, self.groups, self.split, self.squeeze, self.pool,
                  self.resize, self.transposed, self.slice, self.moved, self.shuffled]
        for _ in range(self.random.randrange(1, 6)):
            self.random.choice(blocks)()
        if self.random.random() < 0.2:
            self.graph.output(self.x)
            self.plain()
        self.random.choice([self.dense, self.pooled, self.plain])()
        self.graph.output(self.x)

    def constant(self, dims, zero_rows=0.0, low=-0.5, high=0.5):
        """Random numbers; some rows (dim 0) are zero."""
        count = 1
        for dim in dims:
            count *= dim
        values, inner = [], count // dims[0]
        for _ in range(dims[0]):
            zero = self.random.random() < zero_rows
            values += [0.0 if zero else self.random.uniform(low, high) for _ in range(inner)]
        return self.graph.constant(dims, values)

    def numbers(self, *values):
        return self.graph.constant([len(values)], values, INT64)

    def conv(self, x, inputs, outputs, kernel=None, group=1):
        kernel = kernel or self.random.choice([1, 3])
        pad = self.random.choice([0, 0, kernel // 2]) if self.size == 1 else kernel // 2
        operands = [x, self.constant([outputs, inputs // group, kernel, kernel], self.random.choice([0, 0.3, 0.6]))]
        if self.random.random() < 0.6:
            operands.append(self.constant([outputs], self.random.choice([0, 0.7])))
        y = self.graph.node("Conv", *operands, kernel_shape=[kernel, kernel], pads=[pad] * 4, group=group)
        if self.random.random() < 0.4:
            norm = [self.constant([outputs], self.random.choice([0, 0.3])) for _ in range(3)]
            y = self.graph.node("BatchNormalization", y, *norm, self.constant([outputs], low=0.5, high=2.0))
        return self.activation(y)

    def activation(self, x):
        kind = self.random.choice(["Relu", "Sigmoid", "Tanh", "swish", "scale", "none", "LeakyRelu"])
        if kind == "swish":
            return self.graph.node("Mul", x, self.graph.node("Sigmoid", x))
        if kind == "scale":
            return self.graph.node("Mul", x, self.graph.constant([1], [0.5]))
        return x if kind == "none" else self.graph.node(kind, x)

    def width(self):
        return self.random.choice([4, 8, 12, 16, 24, 32])

    def plain(self):
        outputs = self.width()
        self.x, self.channels = self.conv(self.x, self.channels, outputs), outputs

    def residual(self):
        y = self.conv(self.x, self.channels, self.channels)
        self.x = self.activation(self.graph.node("Add", self.x, self.conv(y, self.channels, self.channels)))

    def concat(self):
        widths = [self.width() for _ in range(self.random.randrange(1, 4))]
        parts = [self.conv(self.x, self.channels, width) for width in widths]
        if self.random.random() < 0.5:
            parts, widths = [self.x, *parts], [self.channels, *widths]
        self.x, self.channels = self.graph.node("Concat", *parts, axis=1), sum(widths)

    def inverted(self):
        wide = 2 * self.width()
        y = self.conv(self.x, self.channels, wide, kernel=1)
        y = self.conv(y, wide, wide, kernel=3, group=wide)
        outputs = self.width()
        self.x, self.channels = self.conv(y, wide, outputs, kernel=1), outputs

    def groups(self):
        wide = 8 * self.random.randrange(1, 4)
        y = self.conv(self.x, self.channels, wide)
        self.x, self.channels = self.conv(y, wide, 2 * wide, group=self.random.choice([2, 4])), 2 * wide

    def split(self):
        wide = 2 * self.width()
        y = self.conv(self.x, self.channels, wide)
        left, right = self.graph.node("Split", y, axis=1, results=2)
        right = self.conv(right, wide // 2, wide // 2)
        self.x, self.channels = self.graph.node("Concat", right, left, axis=1), wide

    def squeeze(self):
        """Squeeze and excitation."""
        few = 4
        y = self.graph.node("GlobalAveragePool", self.x)
        y = self.conv(self.conv(y, self.channels, few, kernel=1), few, self.channels, kernel=1)
        self.x = self.graph.node("Mul", self.x, self.graph.node("Sigmoid", y))

    def pool(self):
        if self.size > 2:
            kind = self.random.choice(["MaxPool", "AveragePool"])
            pads = self.random.choice([[0] * 4, [1, 1, 0, 0]])
            self.x = self.graph.node(kind, self.x, kernel_shape=[2, 2], strides=[2, 2], pads=pads)
            self.size = (self.size + pads[0] - 2) // 2 + 1

    def resize(self):
        if self.size < 16:
            scales = self.graph.constant([4], [1.0, 1.0, 2.0, 2.0])
            self.x = self.graph.node("Resize", self.x, "", scales, mode=self.random.choice(["nearest", "linear"]))
            self.size *= 2

    def transposed(self):
        outputs = self.width()
        w = self.constant([self.channels, outputs, 3, 3], self.random.choice([0, 0.4]))
        self.x = self.graph.node("ConvTranspose", self.x, w, kernel_shape=[3, 3], pads=[1] * 4)
        self.channels = outputs

    def slice(self):
        if self.channels > 4:
            start, end = self.random.randrange(0, 2), self.channels - self.random.randrange(0, 2)
            self.x = self.graph.node("Slice", self.x, self.numbers(start), self.numbers(end), self.numbers(1))
            self.channels = end - start

    def moved(self):
        """Channels last and back, with a product per pixel between."""
        outputs = self.width()
        y = self.graph.node("Transpose", self.x, perm=[0, 2, 3, 1])
        y = self.graph.node("MatMul", y, self.constant([self.channels, outputs], self.random.choice([0, 0.4])))
        y = self.activation(self.graph.node("Add", y, self.constant([outputs])))
        self.x, self.channels = self.graph.node("Transpose", y, perm=[0, 3, 1, 2]), outputs

    def shuffled(self):
        """Channels change places in groups."""
        if self.channels % 4 == 0:
            y = self.graph.node("Reshape", self.x, self.numbers(0, 4, self.channels // 4, self.size, self.size))
            y = self.graph.node("Transpose", y, perm=[0, 2, 1, 3, 4])
            self.x = self.graph.node("Reshape", y, self.numbers(0, self.channels, self.size, self.size))

    def dense(self):
        columns = self.channels * self.size * self.size
        y = self.random.choice([lambda: self.graph.node("Flatten", self.x),
                                lambda: self.graph.node("Reshape", self.x, self.numbers(0, -1)),
                                lambda: self.graph.node("Reshape", self.x, self.numbers(-1, columns))])()
        y = self.graph.node("Gemm", y, self.constant([16, columns], 0.3), self.constant([16], 0.5), transB=1)
        self.x = self.graph.node("Gemm", self.activation(y), self.constant([16, 5]), self.constant([5]))

    def pooled(self):
        y = self.graph.node("Flatten", self.graph.node("GlobalAveragePool", self.x))
        self.x = self.graph.node("MatMul", y, self.constant([self.channels, 6], 0.4))


def check(seed, folder):
    """What went wrong, or nothing."""
    path, output = os.path.join(folder, "model.onnx"), os.path.join(folder, "pruned.onnx")
    Network(seed).graph.save(path)
    fraction = [0.25, 0.5, 0.8][seed % 3]
    scope = ":global" if seed % 2 else ""
    runs = [("verify", path), ("verify", path, f"--prune=channel:{fraction}{scope}"),
            ("prune", path, "-o", output, "--channel", str(fraction), "--duration", "0", *(["--global"] if scope else []))]
    for arguments in runs:
        result = tool.dlc(*arguments, timeout=120)
        if "nothing can be pruned" in result.stderr:
            return ""
        if result.returncode != 0:
            return f"{' '.join(arguments)}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
    result = tool.dlc("verify", output, timeout=120)
    return f"the written model: {result.stdout}{result.stderr}" if result.returncode else ""


class PrunedNetworks(unittest.TestCase):
    def test_networks(self):
        for seed in range(SEEDS):
            with tempfile.TemporaryDirectory() as folder, self.subTest(seed):
                problem = check(seed, folder)
                self.assertFalse(problem, f"{problem}\npython3 tests/property/pruned_networks_test.py {seed}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        target = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
        os.makedirs(target, exist_ok=True)
        print(check(int(sys.argv[1]), target) or "passes", target)
    else:
        unittest.main()
