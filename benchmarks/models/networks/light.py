"""The `light_*` topologies of ONNX's tests, whose weights are all one number there, with random weights.

They are read from the folder that LIGHT_MODELS names, or from where Debian's libonnx-testdata puts them; without either
they are left out.
"""
import functools
import os

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

FOLDER = os.environ.get("LIGHT_MODELS", "/usr/share/libonnx-testdata/data/light")
NAMES = ["bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19", "zfnet512"]
FACTORS = {("Mul", 0), ("Mul", 1), ("BatchNormalization", 1), ("BatchNormalization", 4)}


def uses(graph):
    """Per value, the (kind of node, operand) that read it, also through Unsqueeze."""
    found, through = {}, {}
    for node in graph.node:
        for index, name in enumerate(node.input):
            found.setdefault(name, set()).add((node.op_type, index))
        if node.op_type == "Unsqueeze":
            through[node.input[0]] = node.output[0]
    for source, target in through.items():
        found[source] |= found.get(target, set())
    return found


def random_weight(random, shape, read_by):
    """Scaled by what reads it: factors and variances near 1, biases near 0, filters by their fan-in."""
    if len(shape) == 1:
        return random.standard_normal(shape) * 0.1 + (1 if read_by & FACTORS else 0)
    return random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))


def settle(model, random, deviation=2.0):
    """Scales the last layer's weights so that what goes into the softmax has this standard deviation: it would have one
    element that is 1, whatever a network computed, if its input were large."""
    graph, makers = model.graph, {output: node for node in model.graph.node for output in node.output}
    softmax = next((node for node in graph.node if node.op_type == "Softmax"), None)
    if not softmax:
        return
    layer = makers[softmax.input[0]]
    while layer.op_type not in ("Gemm", "Conv"):
        layer = makers[layer.input[0]]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.append(onnx.ValueInfoProto(name=softmax.input[0]))
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    found = session.run([softmax.input[0]], {port.name: random.random(port.shape, np.float32)})[0].std()
    name = layer.input[1]
    while name in makers:  # a Reshape
        name = makers[name].input[0]
    weight = next(i for i in graph.initializer if i.name == name)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(deviation / found), weight.name))


def light(name, folder):
    path = os.path.join(FOLDER, f"light_{name}.onnx")
    if not os.path.exists(path):
        print(f"light_{name}: skipped, since {path} does not exist")
        return
    model = onnx.load(path)
    graph, random = model.graph, np.random.default_rng(0)
    shapes, read_by = {i.name: numpy_helper.to_array(i) for i in graph.initializer}, uses(graph)
    made = [node for node in graph.node if node.op_type == "ConstantOfShape"]
    for node in made:
        data = random_weight(random, shapes[node.input[0]], read_by.get(node.output[0], set()))
        graph.initializer.append(numpy_helper.from_array(data.astype(np.float32), node.output[0]))
        graph.node.remove(node)
    kept = [i for i in graph.initializer if i.name in uses(graph)]
    inputs = [i for i in graph.input if i.name not in shapes]
    for field, items in ((graph.initializer, kept), (graph.input, inputs)):
        del field[:]
        field.extend(items)
    model.ir_version = 8
    settle(model, random)
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(folder, f"light_{name}.onnx"))


NETWORKS = {f"light_{name}": functools.partial(light, name) for name in NAMES}
