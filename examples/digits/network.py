"""A small convolutional network with its gradients, written out in numpy.

Conv 3x3 -> ReLU -> MaxPool 2x2, three times, then one fully connected layer. Activations are [N, C, H, W].
"""
import numpy as np

CHANNELS = (1, 8, 16, 32)
FEATURES = 32 * 3 * 3


def make_parameters(random):
    """He initialisation. Keys are the names in the ONNX file."""
    parameters = {}
    for i in range(3):
        fan_in = CHANNELS[i] * 9
        shape = (CHANNELS[i + 1], CHANNELS[i], 3, 3)
        parameters[f"conv{i + 1}.weight"] = random.standard_normal(shape).astype(np.float32) * np.float32((2 / fan_in) ** 0.5)
        parameters[f"conv{i + 1}.bias"] = np.zeros(CHANNELS[i + 1], np.float32)
    parameters["fc.weight"] = random.standard_normal((10, FEATURES)).astype(np.float32) * np.float32((1 / FEATURES) ** 0.5)
    parameters["fc.bias"] = np.zeros(10, np.float32)
    return parameters


def columns(x):
    """The 3x3 neighbourhoods with a border of zeros: [N, C, H, W] -> [C * 9, N * H * W]."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    result = np.empty((c, 3, 3, n, h, w), np.float32)
    for i in range(3):
        for j in range(3):
            result[:, i, j] = padded[:, :, i:i + h, j:j + w].transpose(1, 0, 2, 3)
    return result.reshape(c * 9, n * h * w)


def from_columns(gradient, shape):
    """The transpose of `columns`."""
    n, c, h, w = shape
    gradient = gradient.reshape(c, 3, 3, n, h, w)
    padded = np.zeros((n, c, h + 2, w + 2), np.float32)
    for i in range(3):
        for j in range(3):
            padded[:, :, i:i + h, j:j + w] += gradient[:, i, j].transpose(1, 0, 2, 3)
    return padded[:, :, 1:-1, 1:-1]


def conv_relu_pool(x, weight, bias):
    """Returns the result and what the backward pass needs."""
    n, _, h, w = x.shape
    matrix = columns(x)
    result = (weight.reshape(len(weight), -1) @ matrix + bias[:, None]).reshape(-1, n, h, w).transpose(1, 0, 2, 3)
    active = np.maximum(result, 0)
    cropped = active[:, :, :h // 2 * 2, :w // 2 * 2].reshape(n, -1, h // 2, 2, w // 2, 2)
    pooled = cropped.max(axis=(3, 5))
    return pooled, (x.shape, matrix, active, pooled)


def conv_relu_pool_backward(gradient, weight, saved, wants_input):
    shape, matrix, active, pooled = saved
    n, c, h, w = active.shape
    spread = np.zeros_like(active)
    for i in range(2):
        for j in range(2):
            part = active[:, :, i:h // 2 * 2:2, j:w // 2 * 2:2]
            spread[:, :, i:h // 2 * 2:2, j:w // 2 * 2:2] = np.where((part == pooled) & (part > 0), gradient, 0)
    flat = spread.transpose(1, 0, 2, 3).reshape(c, -1)
    weight_gradient = (flat @ matrix.T).reshape(weight.shape)
    input_gradient = from_columns(weight.reshape(c, -1).T @ flat, shape) if wants_input else None
    return weight_gradient, flat.sum(axis=1), input_gradient


def logits(parameters, x, saved=None):
    for i in range(3):
        x, state = conv_relu_pool(x, parameters[f"conv{i + 1}.weight"], parameters[f"conv{i + 1}.bias"])
        if saved is not None:
            saved.append(state)
    flat = x.reshape(len(x), -1)
    if saved is not None:
        saved.append(flat)
    return flat @ parameters["fc.weight"].T + parameters["fc.bias"]


def gradients(parameters, x, labels):
    """The mean cross entropy and its gradients."""
    saved = []
    scores = logits(parameters, x, saved)
    scores = scores - scores.max(axis=1, keepdims=True)
    probabilities = np.exp(scores)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(np.maximum(probabilities[rows, labels], 1e-12)).mean()
    error = probabilities
    error[rows, labels] -= 1
    error /= np.float32(len(x))
    result = {"fc.weight": error.T @ saved[3], "fc.bias": error.sum(axis=0)}
    error = (error @ parameters["fc.weight"]).reshape(saved[2][3].shape)
    for i in reversed(range(3)):
        weight, bias, error = conv_relu_pool_backward(error, parameters[f"conv{i + 1}.weight"], saved[i], i > 0)
        result[f"conv{i + 1}.weight"], result[f"conv{i + 1}.bias"] = weight, bias
    return loss, result


class Adam:
    """Kingma and Ba: Adam, a method for stochastic optimization, 2015."""

    def __init__(self, parameters):
        self.first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.step = 0

    def update(self, parameters, gradient, rate):
        self.step += 1
        scale = np.float32(rate * (1 - 0.999**self.step) ** 0.5 / (1 - 0.9**self.step))
        for name, value in gradient.items():
            self.first[name] += np.float32(0.1) * (value - self.first[name])
            self.second[name] += np.float32(0.001) * (value * value - self.second[name])
            parameters[name] -= scale * self.first[name] / (np.sqrt(self.second[name]) + np.float32(1e-8))
