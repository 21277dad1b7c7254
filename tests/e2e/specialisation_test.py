"""dlc compile --dim with several sizes: specialisations in one file."""
import array
import json
import os
import tempfile
import unittest

import engine
import tiny
import tool

WIDTH, FEATURES = 16, 2048


def projection():
    """y = relu(x W) summed over the features: x [batch, seq, FEATURES], mask [batch, seq]."""
    nodes = [tiny.node("MatMul", ["x", "W"], ["p"]), tiny.node("Relu", ["p"], ["r"]), tiny.node("Unsqueeze", ["mask", "last"], ["m"]),
             tiny.node("Mul", ["r", "m"], ["y"])]
    tensors = [tiny.tensor("W", [FEATURES, WIDTH], tiny.numbers(FEATURES * WIDTH)), tiny.tensor("last", [1], [2], tiny.INT64)]
    return tiny.model(nodes, [tiny.value("x", ["batch", "seq", FEATURES]), tiny.value("mask", ["batch", "seq"])],
                      [tiny.value("y", ["batch", "seq", WIDTH])], tensors)


def inputs(batch, seq):
    return {"x": ([batch, seq, FEATURES], tiny.numbers(batch * seq * FEATURES, seq)),
            "mask": ([batch, seq], tiny.numbers(batch * seq, 7))}


class Specialisations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.source = cls.path("model.onnx")
        with open(cls.source, "wb") as file:
            file.write(projection())

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def compile(self, name, *dims, options=()):
        result = tool.dlc("compile", self.source, "-o", self.path(name), "--name", "m", *options,
                          *[text for dim in dims for text in ("--dim", dim)])
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.path(name)

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_the_first_that_fits_runs(self):
        library = engine.Engine()
        context = library.load(self.compile("three.so", "batch=1", "seq=1|8|2..64")).context()
        plain = library.load(self.compile("plain.so")).context()
        for seq, which in ((1, 0), (8, 1), (2, 2), (64, 2), (8, 1), (1, 0), (9, 2), (2, 2)):
            mine = context.run(inputs(1, seq), ["y"])
            self.assertEqual(context.specialisation(), which)
            expected, got = (array.array("f", each["y"]) for each in (plain.run(inputs(1, seq), ["y"]), mine))
            self.assertEqual(len(got), seq * WIDTH)
            for left, right in zip(expected, got):
                self.assertAlmostEqual(left, right, delta=1e-3)
        with self.assertRaisesRegex(engine.Failure, r"'x': expected \[1, 1, 2048\] or \[1, 8, 2048\] or \[1, seq 2..64, 2048\], got \[1, 65, 2048\]"):
            context.run(inputs(1, 65), ["y"])
        mixed = {"x": inputs(1, 1)["x"], "mask": inputs(1, 8)["mask"]}
        with self.assertRaisesRegex(engine.Failure, r"no specialisation of 'main' takes the inputs' sizes: got 'x' \[1, 1, 2048\] with 'mask' \[1, 8\]"):
            context.run(mixed, ["y"])
        with self.assertRaisesRegex(engine.Failure, "dim 1 of input 1 against seq: expected 3, got 4"):
            context.run({"x": inputs(1, 3)["x"], "mask": inputs(1, 4)["mask"]}, ["y"])
        context.run(inputs(1, 8), ["y"])

    def test_constants_and_kernels_are_stored_once(self):
        one = json.loads(tool.dlc("inspect", self.compile("one.so", "batch=1", "seq=8"), "--json").stdout)
        many = json.loads(tool.dlc("inspect", self.compile("many.so", "batch=1", "seq=8|16|32|1..64"), "--json").stdout)
        self.assertGreater(one["weight_bytes"], 4 * FEATURES * WIDTH - 1)
        # The product of a range may be packed otherwise than one of a number of rows.
        self.assertLess(many["weight_bytes"], 3 * one["weight_bytes"])
        same = json.loads(tool.dlc("inspect", self.compile("same.so", "batch=1", "seq=8|16|32"), "--json").stdout)
        self.assertLess(same["weight_bytes"], 1.1 * one["weight_bytes"])

        def kernels(entry):
            return {step["target"] for block in entry["blocks"] for stage in block["stages"] for step in stage["steps"]}

        ranges = json.loads(tool.dlc("inspect", self.compile("ranges.so", "batch=1", "seq=1..8|9..64"), "--json").stdout)
        self.assertEqual(kernels(ranges["entries"][0]), kernels(ranges["entries"][1]))

    def test_inspect(self):
        path = self.compile("two.so", "batch=1|2", "seq=4|1..64")
        report = json.loads(tool.dlc("inspect", path, "--json").stdout)
        shapes = [entry["inputs"][1]["shape"] for entry in report["entries"]]
        self.assertEqual(shapes, [[1, 4], [1, "seq"], [2, 4], [2, "seq"]])
        self.assertEqual([entry["inputs"][1]["max"][1] for entry in report["entries"]], [4, 64, 4, 64])
        self.assertIsInstance(report["entries"][0]["peak_bytes"], int)
        text = tool.dlc("inspect", path).stdout
        self.assertIn("entry main, specialisation 2 of 4", text)
        self.assertIn("seq from 1 to 64", text)
        self.assertEqual(text.count("  peak"), 4)

    def test_commands(self):
        path = self.compile("three.so", "batch=1", "seq=1|8|2..64")
        for seq, code in (("seq=8", 0), ("seq=64", 0), ("seq=65", 1)):
            result = tool.dlc("bench", path, "--duration", "0.02", "--dim", seq)
            self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(tool.dlc("bench", path, "--duration", "0.02").returncode, 0)
        for options in ([], ["--schedules"]):
            result = tool.dlc("verify", self.source, "--dim", "batch=1|3", "--dim", "seq=4|1..64", *options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertEqual(result.stdout.count("specialisation"), 4, result.stdout)
        self.assertEqual(tool.dlc("check", self.source, "--dim", "batch=1|3", "--dim", "seq=4|1..64").returncode, 0)

    def test_c_header_leaves_sizes_open(self):
        self.compile("three.o", "batch=1", "seq=1|8|2..64", options=["--emit", "obj"])
        with open(self.path("three.h")) as file:
            header = file.read()
        self.assertIn("M_INPUT_MASK_DIM0 1\n", header)
        self.assertNotIn("M_INPUT_MASK_DIM1", header)
        self.assertEqual(header.count("_ENTRY "), 1)

    def test_artifacts_are_byte_equal(self):
        paths = [self.compile(name, "batch=1", "seq=1|8|2..64", options=options) for name, options in (("a.so", []), ("b.so", ["--jobs", "1"]))]
        contents = []
        for path in paths:
            with open(path, "rb") as file:
                contents.append(file.read())
        self.assertEqual(contents[0], contents[1])

    def test_mistakes_are_told(self):
        for dim, message in (("nosuch=4", "expected the name of a dim of an input (batch, seq), got 'nosuch'"),
                             ("nosuch=1..4", "expected the name of a symbolic dim of an input, got 'nosuch'"),
                             ("seq", "expected NAME=SIZES"), ("=4", "expected NAME=SIZES"), ("seq=", "expected NAME=SIZES"),
                             ("seq=1|", "expected NAME=SIZES"), ("seq=4..2", "expected NAME=SIZES"), ("seq=-1..2", "expected NAME=SIZES"),
                             ("seq=1..x", "expected NAME=SIZES"), ("seq=1x", "expected a formula"),
                             ("seq=" + "|".join(map(str, range(1, 66))), "expected at most 64 combinations of sizes, got at least 65")):
            result = tool.dlc("compile", self.source, "-o", self.path("refused.so"), "--dim", dim)
            self.assertEqual(result.returncode, 2 if message.startswith(("expected NAME", "expected at most")) else 1, dim)
            self.assertIn(message, result.stderr)
            self.assertFalse(os.path.exists(self.path("refused.so")))
        result = tool.dlc("compile", self.source, "-o", self.path("refused.so"), "--dim", "seq=1", "--dim", "seq=2")
        self.assertIn("got 'seq' twice", result.stderr)

    def test_ranks_that_depend_on_a_size_are_refused(self):
        model = tiny.model([tiny.node("Squeeze", ["x"], ["y"])], [tiny.value("x", ["batch", 2])], [tiny.value("y", ["any"])])
        with open(self.path("squeeze.onnx"), "wb") as file:
            file.write(model)
        result = tool.dlc("compile", self.path("squeeze.onnx"), "-o", self.path("refused.so"), "--dim", "batch=1|2")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("expected specialisations with the same types and ranks of inputs and outputs", result.stderr)


if __name__ == "__main__":
    unittest.main()
