"""Indices found in data: a run whose indices are out of range fails, and says which one; others give their elements."""
import os
import tempfile
import unittest

import tool
from onnx_file import BOOL, FLOAT, INT32, INT64, Graph, tensor

def floats(*shape):
    count = 1
    for size in shape:
        count *= size
    return shape, FLOAT, list(range(count))


def longs(shape, numbers):
    return shape, INT64, numbers


class Indices(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.model = os.path.join(self.folder, "model.onnx")

    def command(self, name, option, *options, **inputs):
        """dlc run or verify with inputs of (shape, type, numbers), in the model's order."""
        data = os.path.join(self.folder, "data")
        os.makedirs(data, exist_ok=True)
        for i, (port, (shape, dtype, numbers)) in enumerate(inputs.items()):
            with open(os.path.join(data, f"input_{i}.pb"), "wb") as file:
                file.write(tensor(port, shape, numbers, dtype))
        return tool.dlc(name, self.model, option, data, *options)

    def passes(self, **inputs):
        """The kernels compute what the reference does."""
        result = self.command("verify", "--data", **inputs)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def fails(self, *texts, **inputs):
        for threads in ("1", "2"):
            result = self.command("run", "--input-dir", "--threads", threads, **inputs)
            self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
            for text in texts:
                self.assertIn(text, result.stderr)

    def model_of(self, op, *inputs, results=1, tail=None, **attributes):
        """A model of one op, with names of sizes where shapes have texts; `tail`: an elementwise op behind it."""
        graph = Graph()
        for name, shape, dtype in inputs:
            graph.input(name, shape, dtype)
        made = graph.node(op, *(name for name, _, _ in inputs), results=results, **attributes)
        graph.output(graph.node(tail, made) if tail else made)
        graph.save(self.model, opset=18)

    def test_gathers(self):
        """(op, shape of the data, of the indices, legal indices, others, what is said of them, attributes)"""
        for op, data, shape, good, bad, text, attributes in (
                ("Gather", [5, 3], [2, 2], [0, -5, 4, 2], [0, 4, 5, -6], "from -5 to 4, got 5 at element 2", {}),
                ("Gather", [5, 3], [2], [-3, 2], [2, -4], "from -3 to 2, got -4 at element 1", {"axis": 1}),
                ("GatherElements", [4, 3], [2, 3], [3, 0, -4, 1, 1, 2], [3, 0, -4, 1, 4, 2], "from -4 to 3, got 4 at element 4", {}),
                ("GatherND", [4, 3], [2, 2], [3, -3, -4, 2], [3, 3, 0, 0], "from -3 to 2, got 3 at element 1", {})):
            for sizes in (data, ["rows", *data[1:]]):
                for tail in (None, "Exp"):
                    with self.subTest(op=op, sizes=sizes, tail=tail):
                        self.model_of(op, ("x", sizes, FLOAT), ("i", shape, INT64), tail=tail, **attributes)
                        self.passes(x=floats(*data), i=longs(shape, good))
                        self.fails(text, "step '", x=floats(*data), i=longs(shape, bad))

    def test_scatters(self):
        for op, shape, updates, good, bad, text, attributes in (
                ("ScatterElements", [2, 3], [2, 3], [3, -4, 1, 0, 1, 1], [3, -5, 1, 0, 1, 7], "from -4 to 3, got -5 at element 1",
                 {"reduction": "add"}),
                ("ScatterND", [2, 1], [2, 3], [-1, 3], [0, 4], "from -4 to 3, got 4 at element 1", {})):
            for data in ([4, 3], ["rows", 3]):
                with self.subTest(op=op, data=data):
                    self.model_of(op, ("x", data, FLOAT), ("i", shape, INT64), ("u", updates, FLOAT), **attributes)
                    self.passes(x=floats(4, 3), i=longs(shape, good), u=floats(*updates))
                    self.fails(text, "step '", x=floats(4, 3), i=longs(shape, bad), u=floats(*updates))

    def test_lengths_and_batches(self):
        self.model_of("ReverseSequence", ("x", [4, 2], FLOAT), ("n", [2], INT64), batch_axis=1, time_axis=0)
        self.passes(x=floats(4, 2), n=longs([2], [4, 1]))
        self.fails("from 0 to 4, got 5 at element 1", x=floats(4, 2), n=longs([2], [4, 5]))
        self.model_of("RoiAlign", ("x", [2, 1, 4, 4], FLOAT), ("r", [1, 4], FLOAT), ("b", [1], INT64))
        self.passes(x=floats(2, 1, 4, 4), r=floats(1, 4), b=longs([1], [1]))
        self.fails("from 0 to 1, got 2 at element 0", x=floats(2, 1, 4, 4), r=floats(1, 4), b=longs([1], [2]))

    def test_indices_that_steps_compute(self):
        graph = Graph()
        graph.input("x", [6])
        graph.input("i", [3], INT32)
        at = graph.node("Add", "i", graph.constant([1], [1], INT32))
        graph.output(graph.node("Mul", graph.node("Gather", "x", at), graph.node("Gather", "x", "i")))
        graph.save(self.model)
        self.passes(x=floats(6), i=([3], INT32, [4, -1, -7 + 1]))
        self.fails("from -6 to 5, got 6 at element 0", x=floats(6), i=([3], INT32, [5, 0, 0]))

    def test_places_of_a_mask(self):
        """Rows of a table for every component of NonZero, with a table that is long enough for one of them only."""
        graph = Graph()
        mask, table = graph.input("mask", [2, 4], BOOL), graph.input("table", [3, 2])
        places = graph.node("Transpose", graph.node("NonZero", mask), perm=[1, 0])
        graph.output(graph.node("Gather", table, places, axis=0))
        graph.save(self.model, opset=18)
        self.passes(mask=((2, 4), BOOL, [1, 0, 1, 0, 0, 1, 0, 0]), table=floats(3, 2))
        self.fails("expected an index from -3 to 2, got 3", mask=((2, 4), BOOL, [1, 0, 0, 1, 0, 1, 0, 0]), table=floats(3, 2))

    def test_numbers_that_were_truths(self):
        graph = Graph()
        x, data = graph.input("x", [2], INT64), graph.input("data", [4])
        five = graph.node("Add", graph.node("Mod", x, graph.constant([], [4], INT64)), graph.constant([], [5], INT64))
        truth = graph.node("Cast", graph.node("Cast", five, to=BOOL), to=INT64)
        graph.output(graph.node("Gather", data, graph.node("Sub", graph.constant([], [8], INT64), truth)))
        graph.save(self.model, opset=18)
        self.fails("got 7", x=longs((2,), [1, 2]), data=floats(4))

    def test_first_failure_is_told(self):
        graph = Graph()
        graph.input("x", [6])
        graph.input("i", [1], INT64)
        parts = [graph.node("Gather", "x", graph.node("Add", "i", graph.constant([1], [n], INT64))) for n in range(100, 108)]
        graph.output(graph.node("Concat", *parts, axis=0))
        graph.save(self.model)
        for _ in range(5):
            self.fails("got 100 at", x=floats(6), i=longs([1], [0]))

    def test_in_a_loop(self):
        body = Graph("body", "body_")
        body.input("at", [], INT64)
        body.input("going", [], BOOL)
        body.input("sum", [])
        place = body.node("Gather", "table", "at")
        body.output(body.node("Identity", "going"), BOOL, [])
        body.output(body.node("Add", "sum", body.node("Gather", "x", place)), FLOAT, [])
        graph = Graph()
        graph.input("x", [4])
        graph.input("table", [3], INT64)
        graph.input("steps", [], INT64)
        graph.output(graph.node("Loop", "steps", "", graph.constant([], [0.0]), body=body))
        graph.save(self.model)
        self.passes(x=floats(4), table=longs([3], [3, -1, 0]), steps=longs([], [3]))
        self.passes(x=floats(4), table=longs([3], [3, 0, 9]), steps=longs([], [2]))
        self.fails("from -4 to 3, got 9 at element 0", x=floats(4), table=longs([3], [3, 0, 9]), steps=longs([], [3]))

    def test_in_a_branch(self):
        """What is not run fails nothing, constants included."""
        branches = []
        for name, at in (("yes", 1), ("no", 7)):
            branch = Graph(name, name + "_")
            branch.output(branch.node("Gather", "x", branch.constant([1], [at], INT64)), FLOAT, [1])
            branches.append(branch)
        graph = Graph()
        graph.input("x", ["n"])
        graph.input("c", [], BOOL)
        graph.output(graph.node("If", "c", then_branch=branches[0], else_branch=branches[1]))
        graph.save(self.model)
        self.passes(x=floats(4), c=([], BOOL, [1]))
        self.fails("from -4 to 3, got 7", x=floats(4), c=([], BOOL, [0]))

    def test_reference_says_the_same(self):
        self.model_of("Gather", ("x", [5], FLOAT), ("i", [2], INT64))
        result = self.command("verify", "--data", x=floats(5), i=longs([2], [0, 5]))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("expected an index from -5 to 4, got 5 at element 1 of the indices", result.stdout + result.stderr)

    def test_out_of_range_is_legal_for_one_hot(self):
        graph = Graph()
        graph.input("i", [3], INT64)
        graph.output(graph.node("OneHot", "i", graph.constant([1], [4], INT64), graph.constant([2], [0.0, 1.0])))
        graph.save(self.model)
        self.passes(i=longs([3], [1, 9, -7]))


if __name__ == "__main__":
    unittest.main()
