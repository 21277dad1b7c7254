"""Convolutional networks with dense 3x3 convolutions."""
from .net import Net


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


def squeezenet(folder):
    n = Net("squeezenet", (3, 224, 224))
    pool = lambda v: n.op("MaxPool", [v], kernel_shape=[3, 3], strides=[2, 2])
    x = pool(n.conv("input", 64, 3, 2))
    for i, width in enumerate([16, 16, 32, 32, 48, 48, 64, 64]):
        x = pool(x) if i in (2, 4) else x
        y = n.conv(x, width, 1)
        x = n.op("Concat", [n.conv(y, 4 * width, 1), n.conv(y, 4 * width, 3)], 8 * width, axis=1)
    n.save(folder, [n.op("Flatten", [n.op("GlobalAveragePool", [n.conv(x, 1000, 1)])])])


def double(n, x, width):
    return n.conv(n.conv(x, width, 3), width, 3)


def unet(folder):
    """Four levels down and up, 32 to 512 channels, upsampled by transposed convolutions."""
    n = Net("unet", (3, 256, 256))
    x, skips = double(n, "input", 32), []
    for width in (64, 128, 256, 512):
        skips.append(x)
        x = double(n, n.op("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2]), width)
    for width in (256, 128, 64, 32):
        w, b = n.weight((2 * width, width, 2, 2), (2 * width) ** -0.5), n.weight((width,), 0.1)
        up = n.op("ConvTranspose", [x, w, b], width, kernel_shape=[2, 2], strides=[2, 2])
        x = double(n, n.op("Concat", [skips.pop(), up], 2 * width, axis=1), width)
    n.save(folder, [n.conv(x, 2, 1, act=None)])


NETWORKS = {"resnet50": resnet50, "squeezenet": squeezenet, "unet": unet}
