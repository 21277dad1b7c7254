"""int8 forms of other networks (QuantizeLinear and DequantizeLinear, weights per channel), by ONNX Runtime's static
quantisation on random data."""
import functools
import os
import tempfile

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class RandomData(CalibrationDataReader):
    """A few batches of uniformly random numbers."""

    def __init__(self, shape, count=4):
        random = np.random.default_rng(1)
        self.batches = iter([{"input": random.random(shape, np.float32)} for _ in range(count)])

    def get_next(self):
        return next(self.batches, None)


def quantised(name, shape, folder):
    source = os.path.join(folder, name + ".onnx")
    if not os.path.exists(source):
        raise SystemExit(f"{name}_int8 needs {source}: generate {name} first")
    with tempfile.TemporaryDirectory() as scratch:
        prepared = os.path.join(scratch, "prepared.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(prepared, os.path.join(folder, name + "_int8.onnx"), RandomData(shape), quant_format=QuantFormat.QDQ,
                        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


IMAGE = (1, 3, 224, 224)
NETWORKS = {f"{name}_int8": functools.partial(quantised, name, shape)
            for name, shape in {"resnet50": IMAGE, "mobilenetv2": IMAGE, "encoder": (1, 128, 384)}.items()}
