"""dlc verify of models with state, and of models whose values are texts."""
import json
import math
import os
import tempfile
import unittest

import state_test
import tiny
import tool

WIDTH = state_test.WIDTH
STATE = ["--state", "h_out:h_in", "--state", "count_out:count_in"]
STRING = 8


def texts(name, items):
    return tiny.field(1, len(items)) + tiny.field(2, STRING) + b"".join(tiny.field(6, item) for item in items) + tiny.field(8, name)


class Sides(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, data, *name):
        path = os.path.join(self.folder, *name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def verify(self, *arguments, code=0):
        result = tool.dlc("verify", *arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout if code == 0 else result.stdout + result.stderr

    def report(self, *arguments, code=0):
        return json.loads(self.verify(*arguments, "--json", code=code))["runs"][0]


class State(Sides):
    def setUp(self):
        super().setUp()
        self.model = self.write(state_test.recurrence(), "model.onnx")

    def store(self, count, names=True):
        """One step of the recurrence, in double precision, from a state that is not zero."""
        x, h = tiny.numbers(WIDTH, 7), tiny.numbers(WIDTH, 8)
        w, u = tiny.numbers(WIDTH * WIDTH, 1), tiny.numbers(WIDTH * WIDTH, 2)
        out = [math.tanh(sum(x[k] * w[k * WIDTH + j] + h[k] * u[k * WIDTH + j] for k in range(WIDTH))) for j in range(WIDTH)]
        values = {"input_0": ("h_in", [1, WIDTH], h), "input_1": ("x", [1, WIDTH], x), "input_2": ("count_in", [1], [41], tiny.INT64),
                  "output_0": ("h_out", [1, WIDTH], out), "output_1": ("count_out", [1], [count], tiny.INT64),
                  "output_2": ("y", [1, WIDTH], [2 * each for each in out])}
        for file, (name, *value) in values.items():
            self.write(tiny.tensor(name if names else "", *value), "test_data_set_0", file + ".pb")

    def test_several_steps_of_both_sides(self):
        report = self.report(self.model, *STATE)
        self.assertEqual(report["steps"], 4)
        self.assertEqual([(each["step"], each["name"]) for each in report["outputs"]],
                         [(step, name) for step in range(4) for name in ("y", "h_out", "count_out")])
        text = self.verify(self.model, *STATE, "--steps", "2", "--schedules")
        self.assertEqual([line.split()[:2] for line in text.splitlines()[2:-1]],
                         [[step, name] for step in "12" for name in ("y", "h_out", "count_out")])
        self.assertIn("compared 18 values of 3 steps", self.verify(self.model, *STATE, "--steps", "3", "--layers"))

    def test_the_first_step_that_differs_is_named(self):
        text = self.verify(self.model, *STATE, "--tolerance", "1e-12", code=1)
        self.assertRegex(text, r"(?m)^step 1: h_out: ")
        self.assertRegex(text, r"(?m)^step 4: y: ")
        text = self.verify(self.model, *STATE, "--tolerance", "1e-12", "--layers", code=1)
        self.assertRegex(text, r'(?m)^step 1: the first layer that differs: node "matmul_')

    def test_stored_states(self):
        for names in (True, False):
            self.store(42, names)
            text = self.verify(self.model, *STATE)
            self.assertIn("against stored outputs, steps after the first against the reference evaluator", text)
            self.store(43, names)
            failed = [each for each in self.report(self.model, *STATE, code=1)["outputs"] if not each["passed"]]
            self.assertEqual([(each["step"], each["name"]) for each in failed], [(0, "count_out")])

    def test_usage(self):
        self.assertIn("--steps requires --state", self.verify(self.model, "--steps", "2", code=2))
        self.assertIn("'nowhere'", self.verify(self.model, "--state", "nowhere:h_in", code=1))


class Strings(Sides):
    def test_equal_texts(self):
        """Against stored truths, and the evaluator against the engine."""
        nodes = [tiny.node("Equal", ["a", "b"], ["same"]), tiny.node("Equal", ["a", "word"], ["found"])]
        inputs = [tiny.value("a", [3], STRING), tiny.value("b", [3], STRING), tiny.value("word", [1], STRING)]
        model = self.write(tiny.model(nodes, inputs, [tiny.value("same", [3], 9), tiny.value("found", [3], 9)], opset=19), "model.onnx")
        for file, name, items in (("input_0", "a", ["x", "größe", ""]), ("input_1", "b", ["x", "größ", ""]), ("input_2", "word", ["größe"])):
            self.write(texts(name, items), "test_data_set_0", file + ".pb")
        self.verify(model, "--layers")
        self.assertEqual([each["name"] for each in self.report(model)["outputs"]], ["same", "found"])
        for file, name, truths in (("output_0", "same", b"\1\0\1"), ("output_1", "found", b"\0\1\0")):
            self.write(tiny.field(1, 3) + tiny.field(2, 9) + tiny.field(8, name) + tiny.field(9, truths), "test_data_set_0", file + ".pb")
        self.verify(model)
        self.verify(model, "--layers")


if __name__ == "__main__":
    unittest.main()
