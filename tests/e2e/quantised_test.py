"""Quantised networks run in integers: compiled kernels agree with the reference evaluator, element by element."""
import array
import math
import os
import random
import tempfile
import unittest

import onnx_file
import tool
from onnx_file import FLOAT, INT8, INT16, INT32, UINT8, UINT16


def contractions(folder, path):
    """The lines of the optimised graph that hold a convolution or product."""
    result = tool.dlc("compile", path, "--dump-dir", folder, "-o", os.path.join(folder, "model.so"))
    assert result.returncode == 0, result.stderr
    with open(os.path.join(folder, "2-graph.mlir")) as file:
        lines = [line for line in file if "nn.conv" in line or "nn.matmul" in line]
    return lines


def round_even(number):
    """The nearest integer, halves to even; infinities stay."""
    return number if math.isinf(number) else round(number)


class Quantised(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.random = random.Random(7)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def numbers(self, count, low, high):
        return [self.random.randint(low, high) for _ in range(count)]

    def verify(self, graph):
        """Random inputs of the whole range of bytes; every element equal."""
        path = self.path("model.onnx")
        graph.save(path)
        result = tool.dlc("verify", path)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = contractions(self.folder.name, path)
        self.assertTrue(lines)
        self.assertFalse([line for line in lines if "_integer" in line or "xf32>" in line.split(" -> ")[1]], lines)

    def qlinear_conv(self, channels, outputs, kernel, sizes, dtype, zero, pads, strides=(1, 1), groups=1):
        graph = onnx_file.Graph()
        x = graph.input("x", [1, channels, *sizes], dtype)
        taps = channels // groups * kernel[0] * kernel[1]
        weight = graph.constant([outputs, channels // groups, *kernel], self.numbers(outputs * taps, -128, 127), INT8)
        scale = lambda number: graph.constant([], [number])
        y = graph.node("QLinearConv", x, scale(0.02), graph.constant([], [zero], dtype), weight,
                       graph.constant([outputs], [0.004 + 0.001 * (i % 7) for i in range(outputs)]),
                       graph.constant([outputs], [0] * outputs, INT8), scale(0.01 * taps ** 0.5),
                       graph.constant([], [3], dtype), graph.constant([outputs], self.numbers(outputs, -9000, 9000), INT32),
                       pads=list(pads), strides=list(strides), group=groups)
        graph.output(y, dtype)
        self.verify(graph)

    def test_padding_has_the_zero_point(self):
        for dtype, zero in ((UINT8, 0), (UINT8, 114), (UINT8, 255), (INT8, -128), (INT8, 0), (INT8, 127)):
            with self.subTest(dtype=dtype, zero=zero):
                self.qlinear_conv(16, 20, (3, 3), (13, 11), dtype, zero, (1, 1, 1, 1))

    def test_convolutions(self):
        for case in ((3, 32, (7, 7), (30, 30), UINT8, 9, (3, 3, 3, 3), (2, 2)), (63, 30, (1, 1), (9, 14), INT8, 5, (0, 0, 0, 0)),
                     (64, 48, (3, 3), (15, 14), UINT8, 122, (1, 1, 1, 1)), (64, 32, (3, 3), (12, 16), INT8, -5, (1, 1, 1, 1)),
                     (3, 20, (7, 7), (30, 33), INT8, -4, (3, 3, 3, 3), (2, 2)),
                     (32, 32, (3, 3), (15, 14), UINT8, 7, (1, 1, 1, 1), (2, 2), 32), (32, 32, (3, 3), (15, 14), INT8, 7, (1, 1, 1, 1), (1, 1), 4)):
            with self.subTest(case=case):
                self.qlinear_conv(*case)

    def test_extremes(self):
        """Halves go to even, sums saturate, NaN is 0, for every narrow type; as ONNX says, computed here."""
        numbers = [0.0, -0.0, 0.25, 0.75, -0.25, -0.75, 1e30, -1e30, math.inf, -math.inf, math.nan, 63.75, 64.0, -64.25, 16384.0, 32768.5,
                   -16384.25, 1e-38]
        numbers += [self.random.uniform(-200, 200) for _ in range(83)]
        ranges = {UINT8: (0, 255), INT8: (-128, 127), UINT16: (0, 65535), INT16: (-32768, 32767)}
        for dtype, (low, high) in ranges.items():
            for zero in (None, 0, 3, low, high):
                with self.subTest(dtype=dtype, zero=zero):
                    graph = onnx_file.Graph()
                    x = graph.input("x", [len(numbers)])
                    scale = graph.constant([], [0.5])
                    zeros = [] if zero is None else [graph.constant([], [zero], dtype)]
                    graph.output(graph.node("QuantizeLinear", x, scale, *zeros, **({} if zeros else {"output_dtype": dtype})), dtype)
                    expected = [0 if math.isnan(v) else min(max(round_even(v / 0.5) + (zero or 0), low), high) for v in numbers]
                    self.assertEqual(self.run_on(graph, numbers, onnx_file.ARRAY_CODES[dtype]), expected)

    def test_residual_that_is_added_twice(self):
        """The scale of a dequantised value changes in every place that it is added, and its old form goes once."""
        for doubled in (lambda graph, y: graph.node("Add", y, y), lambda graph, y: graph.node("Add", graph.node("Relu", y), y)):
            graph = onnx_file.Graph()
            scale, zero = graph.constant([], [0.02]), graph.constant([], [100], UINT8)
            y = graph.node("DequantizeLinear", graph.input("y", [1, 8, 5, 5], UINT8), scale, zero)
            weight = graph.node("DequantizeLinear", graph.constant([8, 8, 1, 1], self.numbers(64, -128, 127), INT8), graph.constant([], [0.01]))
            total = graph.node("Add", graph.node("Conv", y, weight), doubled(graph, y))
            graph.output(graph.node("QuantizeLinear", total, graph.constant([], [0.05]), zero), UINT8)
            self.verify(graph)

    def test_bytes_that_are_quantised_again(self):
        """Halves of bytes lie between integers, as far as scales' rounding lets them: products must not round otherwise."""
        for scales in ((0.006, 0.012), (0.0117, 0.0234), (0.05, 0.02), (0.25, 0.5)):
            with self.subTest(scales=scales):
                graph = onnx_file.Graph()
                first, second = (graph.constant([], [s]) for s in scales)
                zero = graph.constant([], [3], UINT8)
                x = graph.node("DequantizeLinear", graph.input("x", [1, 8, 9, 9], UINT8), graph.constant([], [0.02]), zero)
                weight = graph.node("DequantizeLinear", graph.constant([16, 8, 1, 1], self.numbers(128, -128, 127), INT8), graph.constant([], [0.001]))
                y = graph.node("QuantizeLinear", graph.node("Conv", x, weight), first, zero)
                y = graph.node("DequantizeLinear", y, first, zero)
                y = graph.node("Clip", y, graph.constant([], [0.0]), graph.constant([], [1.0]))
                graph.output(graph.node("QuantizeLinear", y, second, zero), UINT8)
                self.verify(graph)

    def run_on(self, graph, numbers, code):
        graph.save(self.path("q.onnx"), opset=21)
        with open(self.path("x.raw"), "wb") as file:
            file.write(array.array("f", numbers).tobytes())
        result = tool.dlc("run", self.path("q.onnx"), "--input", f"x=raw:{self.path('x.raw')}:f32:{len(numbers)}", "--output-dir", self.path("out"))
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(os.path.join(self.path("out"), "output_0.npy"), "rb") as file:
            data = file.read()
        values = array.array(code)
        values.frombytes(data[len(data) - len(numbers) * values.itemsize:])
        return list(values)

    def test_dequantised_network(self):
        """conv, relu and a residual between DequantizeLinear and QuantizeLinear, a dense layer with transposed weights."""
        graph = onnx_file.Graph()
        scalar, zero = lambda number: graph.constant([], [number]), lambda number: graph.constant([], [number], INT8)

        def through(value, scale, point):
            q = graph.node("QuantizeLinear", value, scalar(scale), zero(point))
            return graph.node("DequantizeLinear", q, scalar(scale), zero(point))

        def weights(dims, axis):
            count = 1
            for dim in dims:
                count *= dim
            scales = graph.constant([dims[axis]], [0.0625 * (1 + i % 3) for i in range(dims[axis])])
            zeros = graph.constant([dims[axis]], [0] * dims[axis], INT8)
            return graph.node("DequantizeLinear", graph.constant(dims, self.numbers(count, -127, 127), INT8), scales, zeros, axis=axis)

        x = through(graph.input("x", ["batch", 8, 9, 9]), 0.03125, 3)
        bias = graph.constant([8], [0.125 * i for i in range(8)])
        y = graph.node("Conv", x, weights([8, 8, 3, 3], 0), bias, pads=[1, 1, 1, 1])
        y = through(graph.node("Relu", y), 0.5, -128)
        y = through(graph.node("Add", x, graph.node("Conv", y, weights([8, 8, 1, 1], 0))), 4.0, 2)
        y = graph.node("MaxPool", y, kernel_shape=[9, 9])
        y = graph.node("Gemm", graph.node("Flatten", y), weights([5, 8], 0), graph.constant([5], [1.0] * 5), transB=1)
        graph.output(y)
        self.verify(graph)

    def test_wide_zero_points_stay_right(self):
        """Weights of unsigned bytes whose differences from their zero point do not fit signed ones."""
        graph = onnx_file.Graph()
        x = graph.input("x", [1, 3, 6, 6], UINT8)
        weight = graph.constant([4, 3, 2, 2], self.numbers(48, 0, 255), UINT8)
        graph.output(graph.node("ConvInteger", x, weight, graph.constant([], [100], UINT8), graph.constant([], [20], UINT8)), INT32)
        path = self.path("model.onnx")
        graph.save(path)
        result = tool.dlc("verify", path)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
