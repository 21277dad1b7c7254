"""Tensors without elements, and sizes that become too small while a model runs."""
import array
import os
import tempfile
import unittest

import tool
from onnx_file import FLOAT, INT64, Graph


def weights(graph, *dims):
    count = 1
    for dim in dims:
        count *= dim
    return graph.constant(dims, [i % 7 / 7 for i in range(count)])


# (op, shape of its input x, shape of a constant second input, attributes)
STATIC = [
    ("MatMul", [0, 4], [4, 4], {}), ("MatMul", [3, 0], [0, 4], {}), ("MatMul", [3, 4], [4, 0], {}), ("Gemm", [0, 4], [4, 4], {}),
    ("MatMul", [0, 3, 4], [4, 5], {}), ("Conv", [0, 8, 8, 8], [16, 8, 3, 3], {}), ("Conv", [1, 8, 2, 8], [16, 8, 3, 3], {}),
    ("Conv", [1, 8, 0, 8], [16, 8, 3, 3], {"pads": [1, 1, 1, 1]}), ("Conv", [1, 8, 8, 8], [0, 8, 3, 3], {}),
    ("Conv", [0, 8, 8, 8], [8, 1, 3, 3], {"group": 8}), ("ConvTranspose", [0, 8, 8, 8], [8, 4, 3, 3], {}),
    ("MaxPool", [0, 8, 8, 8], None, {"kernel_shape": [2, 2]}), ("Softmax", [3, 0], None, {}), ("Transpose", [0, 3, 4], None, {}),
    ("Concat", [0, 8], [3, 8], {"axis": 0}), ("LayerNormalization", [0, 3], [3], {}),
]


class Empty(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.model = os.path.join(self.folder, "model.onnx")

    def test_sizes_that_are_known(self):
        graph = Graph()
        for i, (op, shape, second, attributes) in enumerate(STATIC):
            operands = [graph.input(f"x{i}", shape)] + ([weights(graph, *second)] if second else [])
            graph.output(graph.node(op, *operands, **attributes))
        graph.save(self.model)
        result = tool.dlc("verify", self.model)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def run_on(self, **inputs):
        """Runs the model on (shape, numbers or nothing for ones); returns the result of the command."""
        arguments = []
        for name, (shape, numbers) in inputs.items():
            count = 1
            for size in shape:
                count *= size
            path = os.path.join(self.folder, name + ".bin")
            with open(path, "wb") as file:
                file.write((array.array("q", numbers) if numbers else array.array("f", [1] * count)).tobytes())
            arguments += ["--input", f"{name}=raw:{path}:{'i64' if numbers else 'f32'}:{'x'.join(map(str, shape))}"]
        return tool.dlc("run", self.model, *arguments)

    def test_sizes_that_a_run_knows(self):
        for op, operands, attributes in (("Conv", lambda g: [weights(g, 16, 8, 3, 3)], {}),
                                         ("MaxPool", lambda g: [], {"kernel_shape": [3, 3]})):
            graph = Graph()
            graph.input("x", ["n", 8, "h", "w"])
            graph.output(graph.node(op, "x", *operands(graph), **attributes))
            graph.save(self.model)
            for batch, height, width in ((2, 3, 3), (2, 2, 3), (0, 9, 9)):
                result = self.run_on(x=([batch, 8, height, width], None))
                self.assertEqual(result.returncode, 0, result.stderr)
            # The results would have -1, -1 x -1 and -2 x -2 elements per channel.
            for height, width in ((1, 5), (1, 1), (0, 0)):
                result = self.run_on(x=([1, 8, height, width], None))
                self.assertEqual(result.returncode, 1, (op, height, width))
                self.assertIn("expected sizes of inputs that the model can take", result.stderr)

    def test_top_k_of_more_than_there_are(self):
        graph = Graph()
        graph.input("x", ["a", "b"])
        graph.input("k", [1], INT64)
        values, indices = graph.node("TopK", "x", "k", results=2)
        graph.output(values, FLOAT)
        graph.output(indices, INT64)
        graph.save(self.model)
        self.assertEqual(self.run_on(x=([4, 5], None), k=([1], [5])).returncode, 0)
        for k, text in ((6, "at most the size of the axis"), (-1, "expected sizes of inputs")):
            result = self.run_on(x=([4, 5], None), k=([1], [k]))
            self.assertEqual(result.returncode, 1)
            self.assertIn(text, result.stderr)


if __name__ == "__main__":
    unittest.main()
