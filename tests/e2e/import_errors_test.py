"""What the importer refuses, and says: every problem of a model at once, each with its node."""
import os
import tempfile
import unittest

import onnx_file
import tool
from onnx_file import FLOAT, INT64, Graph

# Inputs of the model: name -> dims and type.
INPUTS = {"v": ([6], FLOAT), "m": ([2, 6], FLOAT), "t": ([2, 4, 6], FLOAT), "i": ([1, 4, 8, 8], FLOAT), "k": ([3], INT64),
          "one": ([1], INT64), "bias": ([3], FLOAT), "n": (["n", 4, 6], FLOAT)}
# (op, inputs, attributes, what is said)
NODES = [
    ("Gelu", "m", {}, "this version of the op is not supported"),
    ("Constant", "", {}, "expected an attribute with the value, got none"),
    ("Concat", "m m", {}, "expected attribute 'axis', got none"),
    ("Softmax", "m", {"axis": 5}, "expected an axis in [-2, 2), got 5"),
    ("ReduceMax", "m", {"axes": [0, 0]}, "expected different axes, got"),
    ("Relu", "m", {"slope": 1.0}, "expected no attribute 'slope'"),
    ("Gemm", "t t", {}, "expected matrices, got"),
    ("Conv", "i t", {"kernel_shape": [3, 3]}, "expected a weight with the sizes that kernel_shape states, at rank 3 or more"),
    ("BitShift", "k k", {"direction": "UP"}, "expected direction LEFT or RIGHT, got 'UP'"),
    ("Cast", "m", {"to": 99}, "expected a supported element type in attribute 'to', got"),
    ("ScatterND", "m k m", {"reduction": "mean"}, "expected reduction none, add, mul, max or min, got 'mean'"),
    ("OneHot", "k k bias", {}, "expected one number at input 1"),
    ("EyeLike", "t", {}, "expected a matrix, got rank 3"),
    ("Einsum", "m", {"equation": "ij,jk->ik"}, "expected one term per input in equation 'ij,jk->ik'"),
    ("Einsum", "m", {"equation": "ij->ik"}, "expected every label of the result once, in some term"),
    ("SoftmaxCrossEntropyLoss", "m k", {"reduction": "max"}, "expected reduction none, mean or sum, got 'max'"),
    ("Pad", "m k", {"mode": "mirror"}, "expected mode constant, reflect, edge or wrap, got 'mirror'"),
    ("DepthToSpace", "t", {"blocksize": 2}, "expected a blocksize of at least 1 and an input of rank 4"),
    ("DepthToSpace", "i", {"blocksize": 2, "mode": "RCD"}, "expected mode DCR or CRD, got 'RCD'"),
    ("InstanceNormalization", "v bias bias", {}, "expected an axis below 1, got 1"),
    ("LpNormalization", "m", {"p": 3}, "expected p 1 or 2, got 3"),
    ("MaxPool", "m", {"kernel_shape": [2]}, "expected an input of rank 3 or more, got rank 2"),
    ("MaxPool", "i", {"kernel_shape": [2]}, "expected a kernel, strides and dilations of 2"),
    ("MaxPool", "i", {"kernel_shape": [2, 2], "auto_pad": "SAME"}, "expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got 'SAME'"),
    ("GlobalLpPool", "i", {"p": 0}, "expected p other than 0"),
    ("LpPool", "i", {"p": 0, "kernel_shape": [2, 2]}, "expected p to be an integer of at least 1"),
    ("Resize", "i v s4", {"mode": "area"}, "expected mode nearest, linear or cubic, got 'area'"),
    ("Resize", "i", {}, "expected either scales or sizes"),
    ("GridSample", "i i", {"padding_mode": "wrap"}, "expected padding_mode zeros, border or reflection, got 'wrap'"),
    ("RNN", "t t t", {"hidden_size": 4, "direction": "back"}, "expected direction forward, reverse or bidirectional, got 'back'"),
    ("TopK", "m k", {}, "expected one number k"),
    ("CumSum", "m k", {}, "expected input 1 (axes) to be known at compile time"),
    ("CumSum", "m c2", {}, "expected one axis"),
    ("SequenceLength", "m", {}, "expected a sequence as input 0"),
    ("Squeeze", "m c1", {}, "expected a dim of size 1 to remove at axis 1"),
    ("Reshape", "m c2", {}, "expected at most one size of -1"),
    ("Unsqueeze", "m c9", {}, "expected an axis in [-3, 3), got 9"),
    ("Slice", "m c2 c1", {}, "expected one start, end and step other than 0 per axis"),
    ("HannWindow", "k", {}, "expected one size"),
    ("If", "m", {}, "expected a then_branch and an else_branch"),
    ("NoSuchOp", "m", {}, "the op is not supported"),
    ("Split", "n c1 c1", {}, "expected 1 to 2 inputs, got 3"),
]


class Nodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        graph = Graph()
        for name, (dims, dtype) in INPUTS.items():
            graph.input(name, dims, dtype)
        for name, numbers in (("c1", [1]), ("c2", [-1, -1]), ("c9", [9])):
            graph.constant([len(numbers)], numbers, INT64, name)
        graph.constant([4], [1.0, 1.0, 2.0, 2.0], name="s4")
        cls.names = [graph.node(op, *inputs.split(), **attributes) for op, inputs, attributes, _ in NODES]
        for name in cls.names:
            graph.output(name)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            graph.save(path, opset=17)
            cls.result = tool.dlc("check", path)

    def test_all_are_told_at_once(self):
        self.assertEqual(self.result.returncode, 1)
        lines = self.result.stderr.splitlines()
        for name, (op, _, _, text) in zip(self.names, NODES):
            own = [line for line in lines if f'node "{name}" ({op}' in line]
            with self.subTest(op=op, text=text):
                self.assertTrue(own, f"nothing is said of {name}")
                self.assertIn(text, " ".join(own))


def relu(*edges):
    """A graph of Relu nodes, each from one name to another."""
    graph = Graph()
    graph.input("x", [4])
    graph.nodes = [("Relu", (source,), [result], "", {}) for source, result in edges]
    graph.output(edges[-1][1])
    return graph


class Models(unittest.TestCase):
    def check(self, text, graph=None, data=None, **versions):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            if graph:
                graph.save(path, **versions)
            else:
                with open(path, "wb") as file:
                    file.write(data)
            result = tool.dlc("check", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn(text, result.stderr)

    def test_versions(self):
        self.check("expected opset 1 to 27, got 999", relu("xy"), opset=999)
        self.check("expected opset 1 to 27, got 0", relu("xy"), opset=0)
        self.check("expected IR version", relu("xy"), ir=99)

    def test_graphs(self):
        self.check("expected every value to be computed once, got a second one called 'y'", relu("xy", "xy"))
        self.check("expected a graph without cycles", relu("zy", "yz"))
        graph = relu("xy")
        graph.input("x", [4])
        self.check("expected inputs of different names, got 'x'", graph)
        graph = relu("xy")
        graph.outputs[0] = ("y", FLOAT, [5])
        self.check("output 'y': expected the shape [5] that the model states, got [4]", graph)
        graph.outputs[0] = ("y", INT64, [4])
        self.check("output 'y': expected INT64 as the model states, got f32", graph)
        self.check("(Relu, opset 17): expected input 'z' to be defined", relu("zy"))

    def test_files(self):
        self.check("expected an ONNX model, got none with a graph", data=onnx_file.integer(1, 8))
        self.check("expected an ONNX model, got bytes that are not of protobuf's format", data=b"\xff" * 100)


if __name__ == "__main__":
    unittest.main()
