"""dlc compile --tune: other ways to make contractions are measured, and the fastest are kept in a file."""
import json
import os
import tempfile
import time
import unittest

import tiny
import tool


def conv(name, x, shape, y, **attributes):
    """A convolution with weights of `shape`, and the weights."""
    count = 1
    for size in shape:
        count *= size
    kind = attributes.pop("op", "Conv")
    return tiny.node(kind, [x, name], [y], **attributes), tiny.tensor(name, shape, tiny.numbers(count))


def contractions():
    """A model with one of each kind of contraction that has choices."""
    pads = [1, 1, 1, 1]
    pairs = [conv("stem", "x", [32, 3, 3, 3], "a", pads=pads), conv("wide", "a", [32, 32, 3, 3], "b", pads=pads),
             conv("strided", "b", [48, 32, 3, 3], "c", pads=pads, strides=[2, 2]),
             conv("each", "c", [48, 1, 3, 3], "d", pads=pads, group=48), conv("point", "d", [24, 48, 1, 1], "e"),
             conv("up", "e", [24, 16, 2, 2], "f", op="ConvTranspose", strides=[2, 2])]
    nodes, tensors = [node for node, _ in pairs], [tensor for _, tensor in pairs]
    nodes += [tiny.node("Reshape", ["f", "rows"], ["g"]), tiny.node("MatMul", ["g", "dense"], ["h"]),
              tiny.node("Transpose", ["h"], ["i"], perm=[1, 0]), tiny.node("MatMul", ["h", "i"], ["y"])]
    tensors += [tiny.tensor("rows", [2], [64, 64], tiny.INT64), tiny.tensor("dense", [64, 40], tiny.numbers(2560))]
    # The depthwise one's result is an output: so nothing takes it together with the 1x1 behind it.
    outputs = [tiny.value("y", [64, 64]), tiny.value("d", [1, 48, 8, 8])]
    return tiny.model(nodes, [tiny.value("x", [1, 3, 16, 16])], outputs, tensors)


class Tune(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.cache = self.path("cache.jsonl")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_dlc(self, *arguments, code=0):
        result = tool.dlc(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stderr

    def compile(self, name, *options, model=tool.DIGITS, code=0):
        """The bytes of the artifact, and what was printed."""
        output = self.path(name)
        dims = ["--dim", "batch=1"] if model == tool.DIGITS else []
        text = self.run_dlc("compile", model, *dims, "-o", output, *options, code=code)
        if code:
            return None, text
        with open(output, "rb") as file:
            return file.read(), text

    def entries(self):
        with open(self.cache) as file:
            return [json.loads(line) for line in file]

    def rewrite(self, lines):
        with open(self.cache, "w") as file:
            file.write("".join(line + "\n" for line in lines))

    def test_the_digits(self):
        tuned, text = self.compile("a.so", "--tune=30", "--tune-cache", self.cache)
        self.assertIn("4 kernels measured", text)
        entries = self.entries()
        self.assertEqual(len(entries), 4)
        self.assertEqual([e["key"] for e in entries], sorted(e["key"] for e in entries))
        self.assertFalse([e for e in entries if e["us"][1] > e["us"][0]])
        with open(self.cache) as file:
            before = file.read()
        start = time.monotonic()
        again, text = self.compile("b.so", "--tune=30", "--tune-cache", self.cache)
        self.assertIn("4 from the cache", text)
        self.assertLess(time.monotonic() - start, 30)
        read, text = self.compile("c.so", "--tune-cache", self.cache)
        self.assertEqual(text, "")
        with open(self.cache) as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(tuned, again)
        self.assertEqual(tuned, read)
        self.run_dlc("verify", tool.DIGITS, "--dim", "batch=1", "--tune-cache", self.cache)

    def test_every_alternative_computes_the_same(self):
        with open(self.path("model.onnx"), "wb") as file:
            file.write(contractions())
        model = self.path("model.onnx")
        _, text = self.compile("a.so", "--tune=300", "--tune-cache", self.cache, model=model)
        self.assertIn("8 kernels measured", text)
        self.assertNotIn("want of time", text)
        self.assertNotIn("warning", text)
        self.run_dlc("verify", model, "--tune-cache", self.cache)

    def test_a_candidate_whose_results_differ_is_left_out(self):
        # The sign of a fast sine jumps where the sums of a convolution round differently.
        convolution, weights = conv("wide", "x", [32, 32, 3, 3], "a", pads=[1, 1, 1, 1])
        nodes = [convolution, tiny.node("Mul", ["a", "fast"], ["b"]), tiny.node("Sin", ["b"], ["c"]),
                 tiny.node("Sign", ["c"], ["y"])]
        with open(self.path("model.onnx"), "wb") as file:
            file.write(tiny.model(nodes, [tiny.value("x", [1, 32, 24, 24])], [tiny.value("y", [1, 32, 24, 24])],
                                  [weights, tiny.tensor("fast", [1], [1e6])]))
        _, text = self.compile("a.so", "--tune=60", "--tune-cache", self.cache, model=self.path("model.onnx"))
        self.assertRegex(text, r"warning: .*tuning: conv .*: left out (winograd|conv) .*: its results differ by .* "
                               r"of the peak from those of (winograd|conv) ")
        self.assertIn("1 kernel measured", text)
        # What is left sums in the same order: the same algorithm.
        entry = self.entries()[0]
        self.assertEqual(entry["model"].split()[0], entry["choice"].split()[0])

    def choose(self, entry, choice):
        return json.dumps({**entry, "choice": choice, "us": [30.0, 20.0]})

    def test_what_the_cache_says_is_taken_and_explained(self):
        self.compile("a.so", "--tune=30", "--tune-cache", self.cache)
        entries = self.entries()
        dense = next(e for e in entries if e["kernel"].startswith("matmul"))
        plain, _ = self.compile("plain.so")
        self.rewrite([self.choose(dense, dense["model"] + " unroll=2")])
        chosen, _ = self.compile("chosen.so", "--tune-cache", self.cache)
        self.assertNotEqual(plain, chosen)
        result = tool.dlc("inspect", self.path("chosen.so"))
        self.assertIn("tuned: +50% over the model's choice", result.stdout)
        # What is no alternative, or would be slower, is not taken; nor are entries of other kernels and fields.
        for line in (self.choose(dense, "gemm_packed rows=1 vectors=999"), self.choose(dense, "loops"),
                     json.dumps({**dense, "choice": dense["model"] + " unroll=2", "us": [20.0, 30.0]}),
                     json.dumps({**dense, "key": "0" * 32, "choice": dense["model"] + " unroll=2", "us": [30, 20], "more": 1})):
            self.rewrite([line])
            same, text = self.compile("same.so", "--tune-cache", self.cache)
            self.assertEqual((same, text), (plain, ""), line)

    def test_lines_that_are_no_entries(self):
        entry = {"key": "0" * 32, "model": "conv", "choice": "conv", "us": [1, 1], "note": "kept"}
        self.rewrite(["<<<<<<< mine", json.dumps(entry), json.dumps({"key": "1"}), "[1]", json.dumps({**entry, "us": [1]})])
        _, text = self.compile("a.so", "--tune-cache", self.cache)
        for line, why in ((1, ""), (3, 'expected a text "model"'), (4, "expected a JSON object"), (5, 'expected two numbers "us"')):
            ignored = f"dlc: warning: {self.cache}:{line}: not an entry of a tuning cache, and ignored: {why}"
            self.assertIn(ignored, text)
        self.assertNotIn(f"{self.cache}:2", text)
        self.compile("b.so", "--tune=0.001", "--tune-cache", self.cache)
        self.assertIn(entry, self.entries())

    def test_lines_that_no_reader_should_follow(self):
        entry = {"key": "0" * 32, "model": "conv", "choice": "conv", "us": [1, 1]}
        deep = '{"key": "1", "note": "[[[", "more": ' + "[" * 30000 + "]" * 30000 + "}"
        long = json.dumps({**entry, "key": "2", "note": "x" * 70000})
        text_only = json.dumps({**entry, "key": "3", "note": "[{" * 1000 + '"\\'})
        self.rewrite([deep, long, text_only])
        _, text = self.compile("a.so", "--tune-cache", self.cache)
        ignored = "not an entry of a tuning cache, and ignored:"
        self.assertIn(f"dlc: warning: {self.cache}:1: {ignored} expected at most 16 brackets in brackets", text)
        self.assertIn(f"dlc: warning: {self.cache}:2: {ignored} expected at most 65536 bytes, got {len(long)}", text)
        self.assertNotIn(f"{self.cache}:3", text)

    def test_the_budget_ends_and_goes_on(self):
        _, text = self.compile("a.so", "--tune=0.001", "--tune-cache", self.cache)
        self.assertIn("left for want of time", text)
        count = len(self.entries())
        self.assertLess(count, 4)
        _, text = self.compile("a.so", "--tune=30", "--tune-cache", self.cache)
        self.assertIn(f"{4 - count} kernel", text)
        self.assertEqual(len(self.entries()), 4)

    def test_sizes_that_only_a_run_knows(self):
        text = self.run_dlc("compile", tool.DIGITS, "-o", self.path("a.so"), "--tune=30", "--tune-cache", self.cache)
        self.assertIn("4 left, since only a run knows their sizes (see --dim)", text)

    def test_files_that_cannot_be(self):
        _, text = self.compile("a.so", "--tune-cache", self.path("none.jsonl"), code=1)
        self.assertIn("could not read the tuning cache " + self.path("none.jsonl") + ": No such file", text)
        with open(self.path("file"), "w"):
            pass
        place = self.path("file/cache.jsonl")
        _, text = self.compile("a.so", "--tune=1", "--tune-cache", place, code=1)
        # A file where a folder should be: it can't be read, or made.
        self.assertIn(place, text)
        self.assertIn("Not a directory", text)
        os.symlink("/proc/nothing", self.path("gone"))
        _, text = self.compile("a.so", "--tune=1", "--tune-cache", self.path("gone/more/cache.jsonl"), code=1)
        self.assertIn("could not make the folder of the tuning cache " + self.path("gone/more/cache.jsonl"), text)
        _, text = self.compile("a.so", "--tune=1", "--tune-cache", "/proc/cache.jsonl", code=1)
        self.assertRegex(text, "the tuning cache can't be kept: .*; --tune-cache names another file")
        for seconds in ("-1", "0", "soon"):
            _, text = self.compile("a.so", "--tune=" + seconds, "--tune-cache", self.cache, code=2)
            self.assertIn(f"--tune: expected seconds, such as --tune=60, got '{seconds}'", text)

    def test_the_users_own_cache(self):
        old = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = self.folder
        try:
            self.compile("a.so", "--tune=0.001")
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if old is not None:
                os.environ["XDG_CACHE_HOME"] = old
        self.assertTrue(os.path.exists(self.path("dlc/tuning.jsonl")))


if __name__ == "__main__":
    unittest.main()
