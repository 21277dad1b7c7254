"""A small builder of ONNX graphs with random weights."""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Variance of weights times fan-in with which an activation's results keep a second moment near 1.
GAIN = {"Relu": 2.0, "Relu6": 2.0, "SiLU": 2.0, "HardSwish": 2.0, None: 1.0}


class Net:
    """A graph under construction; every method returns the name of its result."""

    def __init__(self, name, shape=None, seed=0):
        self.name, self.nodes, self.weights, self.random = name, [], [], np.random.default_rng(seed)
        self.inputs, self.channels, self.more = [], {}, {}
        if shape:
            self.input("input", ["batch", *shape])
            self.channels["input"] = shape[0] if len(shape) == 3 else shape[-1]

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    node = staticmethod(helper.make_node)

    def op(self, kind, inputs, channels=None, results=1, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.more[out] = [f"{out}_{i}" for i in range(1, results)]
        self.nodes.append(helper.make_node(kind, inputs, [out, *self.more[out]], name=out, **attributes))
        self.channels[out] = channels if channels is not None else self.channels.get(inputs[0])
        return out

    def weight(self, shape, scale=1.0, mean=0.0):
        name = f"w_{len(self.weights)}"
        data = self.random.standard_normal(shape, np.float32) * np.float32(scale) + np.float32(mean)
        self.weights.append(numpy_helper.from_array(data, name))
        return name

    def constant(self, values, dtype):
        name = f"c_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def conv(self, x, out, kernel, stride=1, groups=1, act="Relu", gain=1.0):
        """A convolution with a bias and an activation; `gain` undoes what shrank its input's second moment."""
        c = self.channels[x]
        w = self.weight((out, c // groups, kernel, kernel), np.sqrt(GAIN[act] * gain / (c // groups * kernel * kernel)))
        b = self.weight((out,), 0.1)
        pad = kernel // 2
        y = self.op("Conv", [x, w, b], out, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=groups)
        if act == "Relu6":
            return self.op("Clip", [y, self.constant(0, np.float32), self.constant(6, np.float32)])
        if act == "SiLU":
            return self.op("Mul", [y, self.op("Sigmoid", [y])])
        return self.op(act, [y]) if act else y

    def dense(self, x, out, gain=1.0):
        w = self.weight((self.channels[x], out), np.sqrt(gain / self.channels[x]))
        return self.op("Add", [self.op("MatMul", [x, w], out), self.weight((out,), 0.1)], out)

    def norm(self, x):
        c = self.channels[x]
        return self.op("LayerNormalization", [x, self.weight((c,), 0.1, 1), self.weight((c,), 0.1)], axis=-1)

    def number(self, value):
        return self.constant(value, np.float32)

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
