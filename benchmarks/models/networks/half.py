"""16-bit forms of other networks: weights, inputs and outputs are f16 or bf16."""
import functools
import os

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

TYPES = {"f16": (TensorProto.FLOAT16, np.float16), "bf16": (TensorProto.BFLOAT16, ml_dtypes.bfloat16)}
BF16_OPSET = 22  # the first in which convolution and pooling take bf16; nothing else of these networks changed until then


def half(name, form, folder):
    source = os.path.join(folder, name + ".onnx")
    if not os.path.exists(source):
        raise SystemExit(f"{name}_{form} needs {source}: generate {name} first")
    model, (number, dtype) = onnx.load(source), TYPES[form]
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(dtype), weight.name))
    for port in [*model.graph.input, *model.graph.output]:
        if port.type.tensor_type.elem_type == TensorProto.FLOAT:
            port.type.tensor_type.elem_type = number
    del model.graph.value_info[:]
    if form == "bf16":
        model.opset_import[0].version = BF16_OPSET
        model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, os.path.join(folder, f"{name}_{form}.onnx"))


NETWORKS = {f"{name}_{form}": functools.partial(half, name, form) for name in ("resnet50", "mobilenetv2", "encoder") for form in TYPES}
