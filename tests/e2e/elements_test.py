"""Elements that no kernel computes with (strings, integers of less than a byte), against the reference evaluator."""
import os
import tempfile
import unittest

import tool
from onnx_file import BOOL, FLOAT, INT64, Graph

STRING, UINT4, INT4, FLOAT4, POWER, UINT2 = 8, 21, 22, 23, 24, 25


class Elements(unittest.TestCase):
    def verify(self, graph, *arguments, opset=25):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            graph.save(path, opset=opset, ir=13)
            result = tool.dlc("verify", path, *arguments)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_strings_are_moved(self):
        for rows in (3, "rows"):
            graph = Graph()
            graph.input("x", [rows, 4], STRING)
            graph.input("y", [2, 4], STRING)
            graph.input("flags", [4], BOOL)
            both = graph.node("Concat", "x", "y", axis=0)
            turned = graph.node("Transpose", both, perm=[1, 0])
            picked = graph.node("Gather", turned, graph.constant([2], [-1, 0], INT64), axis=1)
            flat = graph.node("Reshape", picked, graph.constant([2], [2, -1], INT64))
            some = graph.node("Slice", flat, graph.constant([1], [1], INT64), graph.constant([1], [4], INT64),
                              graph.constant([1], [1], INT64), graph.constant([1], [2], INT64))
            wide = graph.node("Expand", some, graph.constant([3], [2, 1, 1], INT64))
            graph.output(graph.node("Tile", wide, graph.constant([3], [1, 2, 1], INT64)), STRING)
            graph.output(graph.node("Where", "flags", "x", graph.node("Gather", "y", graph.constant([], [1], INT64))), STRING)
            graph.output(graph.node("Equal", "x", "x"), BOOL)
            graph.output(graph.node("Pad", "y", graph.constant([4], [1, 0, 0, 1], INT64)), STRING)
            self.verify(graph, *([] if rows == 3 else ["--dim", "rows=3..3"]))

    def test_strings_are_numerals(self):
        graph = Graph()
        graph.input("x", [3, 5])
        text = graph.node("Cast", "x", to=STRING)
        graph.output(text, STRING)
        graph.output(graph.node("Cast", text, to=FLOAT))
        self.verify(graph)

    def test_narrow_elements_are_packed_for_callers_only(self):
        for to in (INT4, UINT4, FLOAT4, POWER, UINT2):
            graph = Graph()
            graph.input("x", ["n", 5])
            graph.input("given", [3, 3], to)
            cast = graph.node("Cast", graph.node("Abs", "x"), to=to)
            turned = graph.node("Transpose", cast, perm=[1, 0])
            graph.output(turned, to)
            graph.output(graph.node("Cast", turned, to=FLOAT))
            graph.output(graph.node("Reshape", "given", graph.constant([1], [9], INT64)), to)
            graph.output(graph.node("Cast", "given", to=FLOAT))
            self.verify(graph, "--dim", "n=3..3")

    def test_quantised_to_narrow_elements(self):
        for to in (INT4, UINT4, FLOAT4, UINT2):
            graph = Graph()
            graph.input("x", [6, 5])
            scale = graph.constant([5], [0.25, 0.5, 0.125, 0.75, 0.3])
            quantised = graph.node("QuantizeLinear", "x", scale, axis=1, output_dtype=to)
            graph.output(quantised, to)
            graph.output(graph.node("DequantizeLinear", quantised, scale, axis=1))
            self.verify(graph)


if __name__ == "__main__":
    unittest.main()
