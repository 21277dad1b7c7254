"""Sizes that only a run knows, in models of several steps, against the reference evaluator."""
import os
import tempfile
import unittest

import tool
from onnx_file import INT64, Graph


class Sizes(unittest.TestCase):
    def verify(self, graph, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            graph.save(path, opset=17)
            result = tool.dlc("verify", path, *arguments)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_inner_size_of_a_product_with_weights(self):
        graph = Graph()
        graph.input("x", ["rows", "k"])
        weights = graph.constant([8, 24], [(i * 7 % 11) / 11 for i in range(192)])
        graph.output(graph.node("MatMul", "x", weights))
        self.verify(graph, "--dim", "k=8..8", "--dim", "rows=5..5")

    def test_size_that_is_read_after_the_first_steps(self):
        # Buffers of steps before the read lie in a frame whose layout needs what is read.
        graph = Graph()
        graph.input("x", [6, 4])
        graph.input("shape", [2], INT64)
        first = graph.node("Transpose", graph.node("Exp", "x"), perm=[1, 0])
        wide = graph.node("Expand", graph.node("ReduceSum", first, graph.constant([1], [1], INT64)), "shape")
        graph.output(graph.node("ReduceMean", graph.node("Transpose", graph.node("Softmax", wide), perm=[1, 0]), axes=[0]))
        graph.output(first)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            graph.save(path, opset=17)
            result = tool.dlc("compile", path, "-o", os.path.join(folder, "model.so"))
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
