"""ResNet-50 (He et al., 2015: version 1, with the stride in the 3x3 convolution) with seeded random weights."""
import array
import math
import random

from onnx_file import Graph

# Numbers that weights are cut from: drawing 25 million would take longer than compiling them.
TABLE = 1 << 16


class Network(Graph):
    def __init__(self):
        super().__init__("resnet50")
        draw = random.Random(50)
        self.table = array.array("f", [draw.gauss(0, 1) for _ in range(TABLE)])
        self.scaled = {}

    def random(self, dims, scale):
        """Weights of `dims`; each starts elsewhere in the table, so that no two are equal."""
        if scale not in self.scaled:
            self.scaled[scale] = array.array("f", [number * scale for number in self.table])
        count, start = math.prod(dims), 251 * len(self.weights) % TABLE
        numbers = (self.scaled[scale] * (count // TABLE + 2))[start:start + count]
        return self.constant(dims, numbers)

    def convolution(self, x, source, channels, kernel, stride=1):
        """Convolution and batch normalisation."""
        weight = self.random([channels, source, kernel, kernel], math.sqrt(2 / (source * kernel * kernel)))
        x = self.node("Conv", x, weight, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)
        one, small = self.constant([channels], [1.0] * channels), self.random([channels], 0.1)
        return self.node("BatchNormalization", x, one, small, self.random([channels], 0.1), one)

    def block(self, x, source, width, stride):
        y = self.node("Relu", self.convolution(x, source, width, 1))
        y = self.node("Relu", self.convolution(y, width, width, 3, stride))
        y = self.convolution(y, width, 4 * width, 1)
        shortcut = x if source == 4 * width else self.convolution(x, source, 4 * width, 1, stride)
        return self.node("Relu", self.node("Add", y, shortcut))


def save(path):
    net = Network()
    x = net.node("Relu", net.convolution(net.input("image", ["batch", 3, 224, 224]), 3, 64, 7, 2))
    x, source = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            x, source = net.block(x, source, width, 2 if block == 0 and stage > 0 else 1), 4 * width
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    x = net.node("Gemm", x, net.random([1000, source], 1 / math.sqrt(source)), net.random([1000], 0.1), transB=1)
    net.output(net.node("Softmax", x), dims=["batch", 1000])
    net.save(path)
