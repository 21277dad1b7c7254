"""A network's file: its inputs, its precision, and a copy of it with all sizes fixed."""
import collections
import os

import numpy as np
import onnx
from onnx import TensorProto, helper

INTEGER_OPS = {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear"}
FLOATS = {TensorProto.FLOAT: "f32", TensorProto.FLOAT16: "f16", TensorProto.BFLOAT16: "bf16", TensorProto.DOUBLE: "f64"}


class Network:
    def __init__(self, path, sizes, values):
        """`sizes`: of symbolic dims, by name, 1 where none is given; `values`: of all elements of an input, by its name."""
        self.path, self.sizes, self.values = path, sizes, values
        self.model = onnx.load(path)
        self.bytes = os.path.getsize(path)
        weights = {i.name for i in self.model.graph.initializer}
        self.ports = [i for i in self.model.graph.input if i.name not in weights]

    def precision(self):
        """f32, f16, bf16, or int8 if anything is quantised."""
        if any(node.op_type in INTEGER_OPS for node in self.model.graph.node):
            return "int8"
        counts = collections.Counter()
        for weight in self.model.graph.initializer:
            if weight.data_type in FLOATS:
                counts[FLOATS[weight.data_type]] += int(np.prod(weight.dims))
        return counts.most_common(1)[0][0] if counts else "f32"

    def shape(self, port):
        return [d.dim_value if d.HasField("dim_value") else self.sizes.get(d.dim_param, 1) for d in port.type.tensor_type.shape.dim]

    def inputs(self):
        """Seeded random arrays by name: uniform in 0..1, integers 0 or 1."""
        random, arrays = np.random.default_rng(0), {}
        for port in self.ports:
            dtype = helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
            shape = self.shape(port)
            if port.name in self.values:
                arrays[port.name] = np.full(shape, self.values[port.name], dtype)
            else:
                arrays[port.name] = np.asarray(random.random(shape) * (1 if np.issubdtype(dtype, np.floating) else 2), dtype)
        return arrays

    def write_static(self, path):
        """The network with its sizes fixed, which other engines plan best for."""
        fixed = onnx.ModelProto()
        fixed.CopyFrom(self.model)
        weights = {i.name for i in fixed.graph.initializer}
        for port in fixed.graph.input:
            if port.name not in weights:
                for dim, size in zip(port.type.tensor_type.shape.dim, self.shape(port)):
                    dim.dim_value = size
        for port in fixed.graph.output:
            port.type.tensor_type.ClearField("shape")
        del fixed.graph.value_info[:]
        onnx.save(fixed, path)
