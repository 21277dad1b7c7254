"""Detectors."""
import numpy as np

from .net import Net


def c2f(n, x, out, repeat, shortcut):
    """The cross-stage block of recent detectors: split, a chain of bottlenecks, concatenate, mix."""
    half = out // 2
    y = n.conv(x, out, 1, act="SiLU")
    sizes = n.constant([half, half], np.int64)
    a, b = y + "_a", y + "_b"
    n.nodes.append(n.node("Split", [y, sizes], [a, b], axis=1))
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


NETWORKS = {"detector": detector}
