"""dlc compile --kernels=onednn: contractions as calls of a library that the engine opens."""
import array
import json
import math
import os
import shutil
import threading
import unittest

import engine
import tiny
import tool

PLUGIN = os.path.join(os.path.dirname(engine.DLC), "libdlc_onednn.so")
HAS_PLUGIN = os.path.exists(PLUGIN)


def weights(name, shape, seed=1):
    count = 1
    for size in shape:
        count *= size
    return tiny.tensor(name, shape, tiny.numbers(count, seed))


def image():
    """Convolutions of all kinds, with what may follow them: a bias, an addend, bounds on either side."""
    pads = [1, 1, 1, 1]
    nodes = [tiny.node("Conv", ["x", "w0", "b0"], ["c0"], pads=pads, strides=[2, 2]), tiny.node("Relu", ["c0"], ["a0"]),
             tiny.node("Conv", ["a0", "w1"], ["c1"], pads=pads, group=16), tiny.node("Clip", ["c1", "zero", "six"], ["a1"]),
             tiny.node("Conv", ["a1", "w2", "b0"], ["c2"]), tiny.node("Add", ["a0", "c2"], ["s"]), tiny.node("Relu", ["s"], ["a2"]),
             tiny.node("Conv", ["a2", "w3"], ["c3"], pads=[2, 1, 2, 3], dilations=[2, 2], group=2),
             tiny.node("Min", ["c3", "six"], ["a3"]), tiny.node("Conv", ["a3", "w4"], ["c4"]), tiny.node("Sigmoid", ["c4"], ["y"])]
    tensors = [weights("w0", [16, 3, 3, 3]), weights("b0", [16], 2), weights("w1", [16, 1, 3, 3], 3), weights("w2", [16, 16, 1, 1], 4),
               weights("w3", [12, 8, 3, 3], 5), weights("w4", [5, 12, 2, 3], 6), tiny.tensor("zero", [], [0]), tiny.tensor("six", [], [6])]
    return tiny.model(nodes, [tiny.value("x", ["batch", 3, 17, 19])], [tiny.value("y", ["batch", 5, 8, 8])], tensors)


def others():
    """Convolutions of one and of three dimensions, and products."""
    nodes = [tiny.node("Conv", ["v", "w1"], ["v1"], pads=[1, 1]), tiny.node("Relu", ["v1"], ["yv"]),
             tiny.node("Conv", ["u", "w3", "b3"], ["yu"], pads=[1] * 6, strides=[1, 2, 1]),
             tiny.node("MatMul", ["x", "m"], ["p"]), tiny.node("Add", ["p", "b"], ["q"]), tiny.node("Relu", ["q"], ["r"]),
             tiny.node("Gemm", ["r", "g", "b"], ["yx"], transB=1)]
    tensors = [weights("w1", [6, 4, 3]), weights("w3", [3, 2, 3, 3, 3], 2), weights("b3", [3], 3), weights("m", [24, 10], 4),
               weights("b", [10], 5), weights("g", [10, 10], 6)]
    inputs = [tiny.value("v", [2, 4, 9]), tiny.value("u", [1, 2, 5, 6, 7]), tiny.value("x", ["rows", 24])]
    outputs = [tiny.value("yv", [2, 6, 9]), tiny.value("yu", [1, 3, 5, 3, 7]), tiny.value("yx", ["rows", 10])]
    return tiny.model(nodes, inputs, outputs, tensors)


class OneDnn(tool.FolderTest):
    def dlc(self, *arguments, code=0):
        result = tool.dlc(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout if code == 0 else result.stderr

    def compile(self, source, name="model.so", *options):
        self.dlc("compile", source, "-o", self.path(name), "--kernels=onednn", *options)
        return self.path(name)

    def test_what_becomes_a_call(self):
        # Needs no oneDNN: the compiler does not either.
        for data, conv, matmul in ((image(), 5, 0), (others(), 2, 2)):
            text = self.dlc("compile", self.write(data), "--kernels=onednn", "--emit=rt", "-o", "-")
            self.assertEqual((text.count('rt.host_call "dlc.onednn:conv"'), text.count('rt.host_call "dlc.onednn:matmul"')), (conv, matmul))
            # What follows them is in the calls, but for the sigmoid.
            self.assertNotRegex(text, r"rt.dispatch @\w*(relu|add|max|min)")
        self.assertNotIn("host_call", self.dlc("compile", self.path("model.onnx"), "--emit=rt", "-o", "-"))

    def test_what_becomes_none(self):
        # Weights that a caller gives, elements of another type, a vector on the right.
        flat = [tiny.value("y", [1, 6, 8, 8])]
        given = tiny.model([tiny.node("Conv", ["x", "w"], ["y"], pads=[1] * 4)],
                           [tiny.value("x", [1, 4, 8, 8]), tiny.value("w", [6, 4, 3, 3])], flat)
        doubled = tiny.model([tiny.node("Cast", ["x"], ["d"], to=11), tiny.node("Cast", ["w"], ["e"], to=11),
                              tiny.node("Conv", ["d", "e"], ["c"], pads=[1] * 4), tiny.node("Cast", ["c"], ["y"], to=1)],
                             [tiny.value("x", [1, 4, 8, 8])], flat, [weights("w", [6, 4, 3, 3])])
        vector = tiny.model([tiny.node("MatMul", ["x", "w"], ["y"])], [tiny.value("x", [3, 5])], [tiny.value("y", [3])], [weights("w", [5])])
        for data in (given, doubled, vector):
            source = self.write(data)
            self.assertNotIn("host_call", self.dlc("compile", source, "--kernels=onednn", "--emit=rt", "-o", "-"))
            self.dlc("verify", source, "--kernels=onednn")

    def test_bounds_without_an_end(self):
        # Such a bound decides what comes out, or is none: kernels of our own apply it.
        for op, bound in (("Min", -math.inf), ("Max", math.inf), ("Min", math.inf)):
            data = tiny.model([tiny.node("MatMul", ["x", "w"], ["p"]), tiny.node(op, ["p", "bound"], ["y"])], [tiny.value("x", [3, 5])],
                              [tiny.value("y", [3, 4])], [weights("w", [5, 4]), tiny.tensor("bound", [], [bound])])
            text = self.dlc("compile", self.write(data), "--kernels=onednn", "--emit=rt", "-o", "-")
            self.assertEqual(text.count('rt.host_call "dlc.onednn:matmul"'), 1)
            self.assertNotRegex(text, "(low|high) =")
            if HAS_PLUGIN:
                self.dlc("verify", self.path("model.onnx"), "--kernels=onednn")

    def test_wrong_usage(self):
        source = self.write(others())
        text = self.dlc("compile", source, "--kernels=mkl", "-o", self.path("a.so"), code=2)
        self.assertIn("--kernels: expected dlc, onednn or dlc,onednn, got 'mkl'", text)
        text = self.dlc("compile", source, "--kernels=dlc,onednn", "-o", self.path("a.so"), code=2)
        self.assertIn("expected --tune or --tune-cache too", text)
        text = self.dlc("compile", source, "--kernels=onednn", "--emit=exe", "-o", self.path("a"), code=1)
        self.assertIn("expected no ops of libraries in a program", text)

    def test_an_engine_without_the_library(self):
        path = self.compile(self.write(others()))
        alone = self.path("alone")
        os.mkdir(alone)
        shutil.copy(engine.DLC, alone)
        old, tool.DLC = tool.DLC, os.path.join(alone, os.path.basename(engine.DLC))
        try:
            text = self.dlc("bench", path, code=1)
            tuning = self.dlc("compile", self.path("model.onnx"), "--kernels=dlc,onednn", "--tune=1", "--tune-cache",
                              self.path("cache.jsonl"), "-o", self.path("tuned.so"), code=1)
        finally:
            tool.DLC = old
        self.assertRegex(text, "the model calls op '(conv|matmul)' of domain 'dlc.onednn' version 1, which no library has: pass one that does "
                               r"in dlc_model_options.op_libraries \(--op-library\); there is no libdlc_onednn.so in " + os.path.realpath(alone))
        self.assertIn("--kernels=dlc,onednn: there is no libdlc_onednn.so in " + os.path.realpath(alone), tuning)

    @unittest.skipUnless(HAS_PLUGIN, "dlc was built without oneDNN")
    def test_results(self):
        for data in (image(), others()):
            source = self.write(data)
            self.dlc("verify", source, "--kernels=onednn")
            # Sizes that follow each other, and threads that take steps in any order.
            self.dlc("verify", source, "--kernels=onednn", "--schedules")
            for threads in ("1", "3"):
                self.dlc("bench", self.compile(source), "--threads", threads, "--duration", "0.1")

    @unittest.skipUnless(HAS_PLUGIN and engine.is_available(), "dlc was built without oneDNN, or without libdlc_rt.so")
    def test_many_shapes_in_one_engine(self):
        # More than are kept for a step; each time the same.
        context = engine.Engine().load(self.compile(self.write(image()))).context()
        known = {}
        for batch in [*range(1, 12), *range(11, 0, -1)]:
            x = tiny.numbers(3 * 17 * 19) * batch
            y = bytes(context.run({"x": ([batch, 3, 17, 19], x)}, ["y"])["y"])
            self.assertEqual(known.setdefault(batch, y), y)
            one = len(known[1])
            self.assertEqual(y[:one], y[-one:])

    @unittest.skipUnless(HAS_PLUGIN and engine.is_available(), "dlc was built without oneDNN, or without libdlc_rt.so")
    def test_contexts_side_by_side(self):
        # What one thread makes of weights, others use, from the first run on.
        loaded = engine.Engine().load(self.compile(self.write(image())))
        results = []

        def run(batch):
            context = loaded.context()
            for size in (batch, 4, batch):
                x = tiny.numbers(3 * 17 * 19) * size
                results.append((size, bytes(context.run({"x": ([size, 3, 17, 19], x)}, ["y"])["y"])))

        threads = [threading.Thread(target=run, args=[1 + i % 3]) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 24)
        one = next(y for size, y in results if size == 1)
        for size, y in results:
            self.assertEqual(y, one * size)

    @unittest.skipUnless(HAS_PLUGIN, "dlc was built without oneDNN")
    def test_inspect_tells(self):
        text = self.dlc("inspect", self.compile(self.write(others()), "model.so", "--dim", "rows=3"))
        self.assertIn("onednn: --kernels=onednn", text)
        self.assertRegex(text, "fallbacks +none")

    @unittest.skipUnless(HAS_PLUGIN, "dlc was built without oneDNN")
    def test_calls_are_measured_when_that_is_asked_for(self):
        cache = self.path("cache.jsonl")
        options = ["--dim", "batch=1", "--tune-cache", cache]
        source = self.write(image())
        result = tool.dlc("compile", source, "--kernels=dlc,onednn", "--tune=100", "-o", self.path("a.so"), *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, "[1-9] kernels measured")
        self.assertNotIn("warning", result.stderr)
        with open(cache) as file:
            entries = [json.loads(line) for line in file]
        # Whatever was faster here: what the file says is taken, but only where it was asked for.
        with open(cache, "w") as file:
            for entry in entries:
                file.write(json.dumps({**entry, "choice": "onednn", "us": [30, 20]}) + "\n")
        count = lambda *more: self.dlc("compile", source, "--emit=rt", "-o", "-", *options, *more).count("rt.host_call")
        # But for the kernel that has the sigmoid.
        self.assertEqual((count("--kernels=dlc,onednn"), count()), (len([e for e in entries if "5x12x2x3" not in e["kernel"]]), 0))
        self.dlc("verify", source, "--kernels=dlc,onednn", *options)
        self.dlc("compile", source, "--kernels=dlc,onednn", "-o", self.path("b.so"), *options)
        self.assertIn("onednn: tuned: +50% over the model's choice", self.dlc("inspect", self.path("b.so")))

    @unittest.skipUnless(HAS_PLUGIN, "dlc was built without oneDNN")
    def test_operands_must_fit(self):
        # A model that names the library's ops itself.
        def compile(op, inputs, shape, weights_shape, **attributes):
            data = tiny.model([tiny.custom("dlc.onednn", op, inputs, ["y"], **attributes)], [tiny.value("x", shape)],
                              [tiny.value("y", shape)], [weights("w", weights_shape)], domains=[("dlc.onednn", 1)])
            return self.dlc("compile", self.write(data), "-o", self.path("model.so"), "--op-library", PLUGIN, code=1)

        for last in (0, 1):
            for inputs, shape, pads in ((["x", "w"], [], [0, 0]), (["x", "w"], [4], [0, 0]), (["x", "w"], [4, 4], [0, 0]),
                                        (["", "w"], [4], [0, 0]), (["x", "", "w"], [1, 4, 1], [0, 0]), (["x", "w"], [1, 4, 1], [0])):
                text = compile("conv", inputs, shape, [1, 1, 3], channel_last=last, groups=1, strides=[1], dilations=[1], pads=pads)
                self.assertIn("expected operands and attributes that fit each other", text)
            text = compile("conv", ["x", "w"], [1] * 6, [1] * 6, channel_last=last, groups=1, strides=[1] * 4, dilations=[1] * 4,
                           pads=[0] * 8)
            self.assertIn("expected operands and attributes that fit each other", text)
        for inputs in (["x", "w"], ["", "w"], ["x", "", "w"]):
            self.assertIn("expected operands and attributes that fit each other", compile("matmul", inputs, [], [3, 4]))

    @unittest.skipUnless(HAS_PLUGIN and engine.is_available(), "dlc was built without oneDNN, or without libdlc_rt.so")
    def test_infinite_bounds_of_a_call(self):
        for bounds in ({"high": -math.inf}, {"low": math.inf}, {"low": -math.inf, "high": math.inf}, {"low": 0.0, "high": -math.inf}):
            node = tiny.custom("dlc.onednn", "matmul", ["x", "w"], ["y"], **bounds)
            data = tiny.model([node], [tiny.value("x", [2, 3])], [tiny.value("y", [2, 4])], [weights("w", [3, 4])], [("dlc.onednn", 1)])
            self.dlc("compile", self.write(data), "-o", self.path("model.so"), "--op-library", PLUGIN)
            context = engine.Engine().load(self.path("model.so"), [PLUGIN]).context()
            run = lambda: array.array("f", context.run({"x": ([2, 3], [1.0] * 6)}, ["y"])["y"])
            if len(bounds) == 2 and bounds["low"] == 0:
                self.assertRaises(Exception, run)  # no number is within
            elif len(bounds) == 1:
                self.assertEqual(list(run()), [*bounds.values()] * 8)
            else:
                self.assertTrue(all(math.isfinite(y) for y in run()))

    @unittest.skipUnless(HAS_PLUGIN, "dlc was built without oneDNN")
    def test_weights_must_be_constants(self):
        # A model that names the library's ops itself.
        node = tiny.custom("dlc.onednn", "matmul", ["x", "w"], ["y"])
        data = tiny.model([node], [tiny.value("x", [2, 3]), tiny.value("w", [3, 4])], [tiny.value("y", [2, 4])], domains=[("dlc.onednn", 1)])
        source = self.write(data)
        self.dlc("compile", source, "-o", self.path("model.so"), "--op-library", PLUGIN)
        text = self.dlc("bench", self.path("model.so"), code=1)
        self.assertIn("weights that are constant", text)


if __name__ == "__main__":
    unittest.main()
