"""The `light_*` topologies of ONNX's tests, whose weights are all one number there, with random weights.

They are read from the folder that LIGHT_MODELS names, or from where Debian's libonnx-testdata puts them; without either
they are left out.
"""
import functools
import os

import numpy as np
import onnx
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
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(folder, f"light_{name}.onnx"))


NETWORKS = {f"light_{name}": functools.partial(light, name) for name in NAMES}
