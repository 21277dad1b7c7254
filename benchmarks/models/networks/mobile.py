"""Networks of depthwise convolutions."""
from .net import Net


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


def squeeze_excite(n, x, width, act, gate):
    """x times a gate per channel: two 1x1 convolutions of its mean."""
    y = n.conv(n.conv(n.op("GlobalAveragePool", [x]), width, 1, act=act), n.channels[x], 1, act=None)
    return n.op("Mul", [x, gate(y)])


def inverted(n, x, kernel, hidden, out, stride, act, attention=None):
    """The inverted residual: expand, filter by channel, gate, project."""
    y = n.conv(x, hidden, 1, act=act) if hidden != n.channels[x] else x
    y = n.conv(y, hidden, kernel, stride, hidden, act)
    gain = 1.0
    if attention:
        y, gain = attention(y), 4.0  # gates are near 1/2
    y = n.conv(y, out, 1, act=None, gain=gain)
    return n.op("Add", [y, x]) if stride == 1 and n.channels[x] == out else y


# Kernel, hidden width, width, squeeze-excite, activation, stride (Howard et al. 2019, table 1).
MOBILENETV3 = [(3, 16, 16, 0, "Relu", 1), (3, 64, 24, 0, "Relu", 2), (3, 72, 24, 0, "Relu", 1), (5, 72, 40, 1, "Relu", 2),
               (5, 120, 40, 1, "Relu", 1), (5, 120, 40, 1, "Relu", 1), (3, 240, 80, 0, "HardSwish", 2),
               (3, 200, 80, 0, "HardSwish", 1), (3, 184, 80, 0, "HardSwish", 1), (3, 184, 80, 0, "HardSwish", 1),
               (3, 480, 112, 1, "HardSwish", 1), (3, 672, 112, 1, "HardSwish", 1), (5, 672, 160, 1, "HardSwish", 2),
               (5, 960, 160, 1, "HardSwish", 1), (5, 960, 160, 1, "HardSwish", 1)]


def mobilenetv3(folder):
    """MobileNetV3-large."""
    n = Net("mobilenetv3", (3, 224, 224))
    gate = lambda v: n.op("HardSigmoid", [v], alpha=1 / 6, beta=0.5)
    attention = lambda v: squeeze_excite(n, v, max(8, (n.channels[v] // 4 + 4) // 8 * 8), "Relu", gate)
    x = n.conv("input", 16, 3, 2, act="HardSwish")
    for kernel, hidden, out, excite, act, stride in MOBILENETV3:
        x = inverted(n, x, kernel, hidden, out, stride, act, attention if excite else None)
    x = n.op("GlobalAveragePool", [n.conv(x, 960, 1, act="HardSwish")])
    x = n.op("Flatten", [n.conv(x, 1280, 1, act="HardSwish")])
    w = n.weight((1000, 1280), 1280 ** -0.5)
    n.save(folder, [n.op("Gemm", [x, w, n.weight((1000,), 0.1)], 1000, transB=1)], opset=14)


# Expansion, width, repetitions, stride, kernel (Tan and Le 2019, table 1).
EFFICIENTNET = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]


def efficientnet(folder):
    """EfficientNet-B0."""
    n = Net("efficientnet", (3, 224, 224))
    x = n.conv("input", 32, 3, 2, act="SiLU")
    for expand, out, repeat, stride, kernel in EFFICIENTNET:
        for i in range(repeat):
            width = max(1, n.channels[x] // 4)
            attention = lambda v: squeeze_excite(n, v, width, "SiLU", lambda g: n.op("Sigmoid", [g]))
            x = inverted(n, x, kernel, n.channels[x] * expand, out, stride if i == 0 else 1, "SiLU", attention)
    n.save(folder, [n.classifier(n.conv(x, 1280, 1, act="SiLU"), 1000)])


NETWORKS = {"mobilenetv2": mobilenetv2, "mobilenetv3": mobilenetv3, "efficientnet": efficientnet}
