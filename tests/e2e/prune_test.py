"""Channels that are zero go without changing results; others go where --prune asks for it; models are written back."""
import json
import os
import struct
import tempfile
import unittest

import onnx_file
import tensor_file
import tool
import tiny


def weights(graph, dims, seed, zeros=(), dead_inputs=(), transposed=False):
    """Random weights whose filters `zeros` (dim 0, or the columns where transposed) and inputs `dead_inputs` are zero."""
    count = 1
    for dim in dims:
        count *= dim
    values = tiny.numbers(count, seed)
    inner = count // (dims[0] * dims[1])
    for i in range(count):
        row, column = i // (inner * dims[1]), i // inner % dims[1]
        if (column if transposed else row) in zeros or (row if transposed else column) in dead_inputs:
            values[i] = 0.0
    return graph.constant(dims, values)


def bias(graph, count, seed, zeros=()):
    return graph.constant([count], [0.0 if i in zeros else v for i, v in enumerate(tiny.numbers(count, seed))])


def conv(graph, x, outputs, inputs, seed, kernel=5, zeros=(), dead_inputs=(), group=1, biased=True):
    w = weights(graph, [outputs, inputs // group, kernel, kernel], seed, zeros, dead_inputs)
    pads = [kernel // 2] * 4
    operands = [x, w] + ([bias(graph, outputs, seed + 1, zeros)] if biased else [])
    return graph.node("Conv", *operands, kernel_shape=[kernel, kernel], pads=pads, group=group)


def residual(zeros):
    """Both sides of the addition have zero filters at the same places."""
    g = onnx_file.Graph("residual")
    x = g.input("x", [1, 3, 8, 8])
    a = g.node("Relu", conv(g, x, 16, 3, 1, zeros=zeros))
    b = conv(g, a, 16, 16, 3, zeros=zeros)
    y = g.node("Relu", g.node("Add", a, b))
    g.output(conv(g, y, 4, 16, 5))
    return g


def concatenated(zeros):
    g = onnx_file.Graph("concat")
    x = g.input("x", [1, 3, 8, 8])
    a = g.node("Relu", conv(g, x, 8, 3, 1, zeros=zeros))
    b = g.node("MaxPool", conv(g, x, 12, 3, 3, zeros=zeros), kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])
    y = conv(g, g.node("Concat", a, b, a, axis=1), 8, 28, 5)
    g.output(conv(g, y, 2, 8, 7))
    return g


def depthwise(zeros):
    """An inverted residual: a channel is a filter of the first two convolutions, and an input of the third."""
    g = onnx_file.Graph("depthwise")
    x = g.input("x", [1, 3, 8, 8])
    a = g.node("Clip", conv(g, x, 24, 3, 1, kernel=1, zeros=zeros), g.constant([], [0.0]), g.constant([], [6.0]))
    b = g.node("Clip", conv(g, a, 24, 24, 3, group=24, zeros=zeros), g.constant([], [0.0]), g.constant([], [6.0]))
    g.output(conv(g, b, 4, 24, 5, kernel=1))
    return g


def grouped(zeros):
    """Channels of a group go together: `zeros` are the eight channels of two of them."""
    g = onnx_file.Graph("grouped")
    x = g.input("x", [1, 3, 8, 8])
    a = g.node("Relu", conv(g, x, 32, 3, 1, zeros=zeros))
    b = g.node("Relu", conv(g, a, 32, 32, 3, group=8, zeros=zeros))
    g.output(conv(g, b, 4, 32, 5, kernel=1))
    return g


def flattened(zeros):
    """Each channel is a block of 16 columns of the product; the batch is symbolic, the target shape [0, -1]."""
    g = onnx_file.Graph("flattened")
    x = g.input("x", ["batch", 3, 4, 4])
    a = g.node("Relu", conv(g, x, 16, 3, 1, zeros=zeros))
    flat = g.node("Reshape", a, g.constant([2], [0, 256], onnx_file.INT64))
    hidden = g.node("Gemm", flat, weights(g, [256, 32], 3), bias(g, 32, 4))
    g.output(g.node("Gemm", g.node("Tanh", hidden), weights(g, [5, 32], 5), bias(g, 5, 6), transB=1))
    return g


def split(zeros):
    """Halves go different ways, as in CSP blocks; what is left of them is unequal."""
    g = onnx_file.Graph("split")
    x = g.input("x", [1, 3, 8, 8])
    a = g.node("Relu", conv(g, x, 32, 3, 1, zeros=zeros))
    left, right = g.node("Split", a, axis=1, results=2)
    y = g.node("Concat", left, conv(g, right, 16, 16, 3), axis=1)
    g.output(conv(g, y, 4, 32, 5))
    return g


def normalised(zeros):
    """Batch normalisation with factors of 0, behind a convolution whose filters are not zero."""
    g = onnx_file.Graph("normalised")
    x = g.input("x", [1, 3, 8, 8])
    a = conv(g, x, 16, 3, 1, biased=False)
    scale = g.constant([16], [0.0 if i in zeros else 1.0 + i / 16 for i in range(16)])
    shift = bias(g, 16, 3)
    mean, variance = g.constant([16], tiny.numbers(16, 4)), g.constant([16], [1.0] * 16)
    b = g.node("Relu", g.node("BatchNormalization", a, scale, shift, mean, variance))
    g.output(g.node("Conv", b, weights(g, [4, 16, 1, 1], 5), kernel_shape=[1, 1]))
    return g


# The network, zero filters, and the parameters that go with them.
NETWORKS = {
    "residual": (residual, (1, 5, 6), 3 * (75 + 1) + 3 * (25 * 16 + 1) + 13 * 3 * 25 + 4 * 3 * 25),
    "concatenated": (concatenated, (2,), 2 * 76 + 8 * 3 * 25),
    "depthwise": (depthwise, (0, 3, 23), 3 * 4 + 3 * 26 + 4 * 3),
    "grouped": (grouped, (4, 5, 6, 7, 20, 21, 22, 23), 8 * 76 + 8 * (4 * 25 + 1) + 4 * 8),
    "flattened": (flattened, (0, 7, 8), 3 * 76 + 3 * 16 * 32),
    "split": (split, (1, 2, 17), 3 * 76 + 16 * 1 * 25 + 4 * 2 * 25),
    "normalised": (normalised, (1, 2, 3), 3 * 75 + 4 * 3),
}


class Prune(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def save(self, name, zeros):
        path = self.path(f"{name}.onnx")
        NETWORKS[name][0](zeros).save(path)
        return path

    def ok(self, *arguments):
        result = tool.dlc(*arguments)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}{result.stdout}")
        return result

    def inspect(self, path, *options):
        return json.loads(self.ok("inspect", path, "--json", *options).stdout)

    def test_zero_channels_go_and_results_stay(self):
        for name, (_, zeros, _) in NETWORKS.items():
            with self.subTest(name):
                path = self.save(name, zeros)
                self.ok("verify", path, "--tolerance", "5e-6")  # rounding alone is 1.5e-6
                with_zeros = self.inspect(path)["entries"][0]["flops"]
                whole = self.inspect(self.save(name, ()))["entries"][0]["flops"]
                if isinstance(whole, (int, float)):
                    self.assertLess(with_zeros, whole)

    def test_zero_channels_are_left_out_of_the_written_model(self):
        for name, (_, zeros, fewer) in NETWORKS.items():
            if name == "normalised":
                continue  # the constants that are left need a bias
            with self.subTest(name):
                path, output = self.save(name, zeros), self.path("out.onnx")
                report = json.loads(self.ok("prune", path, "-o", output, "--json", "--duration", "0").stdout)
                parameters = report["parameters"]
                self.assertLessEqual(parameters["before"] - parameters["after"], fewer + 4)
                self.assertGreaterEqual(parameters["before"] - parameters["after"], fewer)
                for each in report["outputs"]:
                    self.assertLess(each["of_peak"], 1e-6)

    def test_half_of_the_channels_are_half_of_the_work(self):
        for name in NETWORKS:
            with self.subTest(name):
                path, output = self.save(name, ()), self.path("half.onnx")
                report = json.loads(self.ok("prune", path, "-o", output, "--channel", "0.5", "--json", "--duration", "0").stdout)
                flops = report["flops_per_run"]
                self.assertLess(flops["after"], 0.62 * flops["before"])
                self.assertGreater(flops["after"], 0.2 * flops["before"])
                for layer in report["layers"]:
                    self.assertGreater(layer["kept"], 0)
                # What is compiled, and what was written, are what the reference evaluates of them.
                self.ok("verify", path, "--prune=channel:0.5")
                self.ok("verify", output)

    def test_both_ways_remove_the_same(self):
        path, output = self.save("residual", ()), self.path("out.onnx")
        self.ok("prune", path, "-o", output, "--channel", "0.5", "--duration", "0")
        pruned, written = self.inspect(path, "--prune=channel:0.5"), self.inspect(output)
        self.assertEqual(pruned["source"]["parameters"], written["source"]["parameters"])

    def test_the_least_important_channels_go(self):
        """Filters of one output each: 1, 2, ..., 8 times the input. The four greatest stay."""
        g = onnx_file.Graph("scaled")
        x = g.input("x", [1, 1, 2, 2])
        order = [5.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0]
        a = g.node("Conv", x, g.constant([8, 1, 1, 1], order), kernel_shape=[1, 1])
        g.output(g.node("Conv", a, g.constant([1, 8, 1, 1], [1.0] * 8), kernel_shape=[1, 1]))
        path, output, data = self.path("scaled.onnx"), self.path("out.onnx"), self.path("x.pb")
        g.save(path)
        self.ok("prune", path, "-o", output, "--channel", "0.5", "--duration", "0")
        with open(data, "wb") as file:
            file.write(onnx_file.tensor("x", [1, 1, 2, 2], [1.0] * 4))
        self.ok("run", output, "--input", data, "--output-dir", self.path("y"), "--output-format", "pb")
        result = tensor_file.read(os.path.join(self.path("y"), "output_0.pb"))
        self.assertEqual(struct.unpack("<4f", result.raw), (5.0 + 8.0 + 7.0 + 6.0,) * 4)

    def test_zeros_stay_where_kernels_are_faster_with_them(self):
        """Winograd's algorithm wants whole vectors of 16 channels: 7 of 32 zeros are too few, of 20 four stay."""
        for zeros, kept in ((range(7), 32), (range(20), 16)):
            g = onnx_file.Graph("vectors")
            x = g.input("x", [1, 32, 8, 8])
            g.output(conv(g, conv(g, x, 32, 32, 1, kernel=3, zeros=zeros), 4, 32, 3, kernel=3))
            path = self.path("vectors.onnx")
            g.save(path)
            graph = self.ok("compile", path, "--emit", "graph").stdout
            self.assertRegex(graph, rf"nn.conv .*tensor<{kept}x32x3x3xf32>")

    def test_refusals(self):
        path = self.save("residual", ())
        cases = [
            (["compile", path, "--prune=filter:0.3"], 2, "expected channel:FRACTION"),
            (["compile", path, "--prune=channel:1.5"], 2, "with a fraction below 1"),
            (["prune", path, "-o", self.path("out.onnx"), "--channel", "1"], 2, "below 1"),
            (["prune", path, "-o", self.path("out.so"), "--channel", "0.5"], 2, "expected the name of a source model"),
            (["prune", path, "-o", self.path("out.onnx")], 1, "no channel is exactly zero"),
        ]
        for arguments, code, text in cases:
            with self.subTest(" ".join(arguments[2:])):
                result = tool.dlc(*arguments)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(text, result.stderr)

    def test_outputs_are_left_alone(self):
        g = onnx_file.Graph("output")
        x = g.input("x", [1, 3, 8, 8])
        g.output(conv(g, x, 16, 3, 1))
        path = self.path("output.onnx")
        g.save(path)
        result = tool.dlc("prune", path, "-o", self.path("out.onnx"), "--channel", "0.5")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nothing can be pruned", result.stderr)
        self.assertFalse(os.path.exists(self.path("out.onnx")))


class CannotBeWritten(unittest.TestCase):
    """What --prune compiles, but no edit of the model's file says; then no file is written."""

    def refused(self, graph, text, opset=17):
        with tempfile.TemporaryDirectory() as folder:
            path, output = os.path.join(folder, "model.onnx"), os.path.join(folder, "out.onnx")
            graph.save(path, opset=opset)
            result = tool.dlc("prune", path, "-o", output, "--channel", "0.5", "--duration", "0")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("can't be written back as ONNX", result.stderr)
            self.assertRegex(result.stderr, text)
            self.assertFalse(os.path.exists(output))
            self.assertEqual(tool.dlc("verify", path, "--prune=channel:0.5").returncode, 0)

    def test_bounds_of_slices(self):
        g = onnx_file.Graph("bounds")
        x = g.input("x", [1, 3, 8, "width"])
        a = conv(g, x, 16, 3, 1)
        bounds = [g.constant([2], values, onnx_file.INT64) for values in ([1, 1], [15, 100], [1, 3])]
        g.output(conv(g, g.node("Slice", a, *bounds), 4, 14, 3))
        self.refused(g, 'node ".*": can\'t state .* in the model; compile with --prune instead')

    def test_constants_that_are_no_tensors(self):
        g = onnx_file.Graph("floats")
        x = g.input("x", [1, 3, 8, 8])
        a = g.node("Transpose", conv(g, x, 4, 3, 1), perm=[0, 2, 3, 1])
        b = g.node("Mul", a, g.node("Constant", value_floats=[1.0, 2.0, 3.0, 4.0]))
        g.output(conv(g, g.node("Transpose", b, perm=[0, 3, 1, 2]), 4, 4, 3))
        self.refused(g, "tensor '.*': expected an initialiser or a Constant node's tensor, as which it can be replaced; "
                        "compile with --prune instead")

    def test_sizes_in_arithmetic(self):
        """A division by the number of elements: the graph has that of before, the written model would compute another."""
        g = onnx_file.Graph("count")
        x = g.input("x", [1, 3, 8, 8])
        a = conv(g, x, 16, 3, 1)
        b = g.node("Div", a, g.node("Cast", g.node("Size", a), to=onnx_file.FLOAT))
        g.output(conv(g, b, 4, 16, 3))
        self.refused(g, "expected the written model to compute what the pruned one does, got another one at node .*; "
                        "compile with --prune instead")

    def test_external_data(self):
        """Initialisers' becomes part of the model; that of nodes is refused."""
        with tempfile.TemporaryDirectory() as folder:
            w = tiny.numbers(16 * 3, 1)
            with open(os.path.join(folder, "weights.bin"), "wb") as file:
                file.write(struct.pack("<48f", *w))
            external = (onnx_file.integer(1, 16) + onnx_file.integer(1, 3) + onnx_file.integer(1, 1) + onnx_file.integer(1, 1) +
                        onnx_file.integer(2, onnx_file.FLOAT) + onnx_file.message(8, "w") +
                        onnx_file.message(13, onnx_file.message(1, "location") + onnx_file.message(2, "weights.bin")) +
                        onnx_file.integer(14, 1))
            path, output = os.path.join(folder, "model.onnx"), os.path.join(folder, "out.onnx")
            for inside in (False, True):
                g = onnx_file.Graph("external")
                x = g.input("x", [1, 3, 8, 8])
                if inside:
                    name = g.node("Constant", value=external)
                else:
                    name = "w"
                    g.weights.append(external)
                g.output(conv(g, g.node("Conv", x, name, kernel_shape=[1, 1]), 4, 16, 3))
                g.save(path)
                result = tool.dlc("prune", path, "-o", output, "--channel", "0.5", "--duration", "0")
                if inside:
                    self.assertEqual(result.returncode, 1)
                    self.assertIn("expected external data of initialisers only, got some in a node's attribute; put it into the "
                                  "model first", result.stderr)
                else:
                    self.assertEqual(result.returncode, 0, result.stderr)
                    os.rename(os.path.join(folder, "weights.bin"), os.path.join(folder, "moved.bin"))
                    self.assertEqual(tool.dlc("verify", output).returncode, 0)
                    os.rename(os.path.join(folder, "moved.bin"), os.path.join(folder, "weights.bin"))


if __name__ == "__main__":
    unittest.main()
