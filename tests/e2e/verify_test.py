"""dlc verify and dlc-conformance on the digit classifier: what passes, what fails, and what is said about it."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import onnx_file
import tool

CONFORMANCE = os.path.join(os.path.dirname(tool.DLC), "..", "dlc-conformance", "dlc-conformance")


def write_tensor(path, name, dims, numbers):
    with open(path, "wb") as file:
        file.write(onnx_file.tensor(name, dims, numbers))


class Verify(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def make_test(self, name, is_right):
        """A backend test whose stored output is right or wrong."""
        data = self.path(name, "test_data_set_0")
        os.makedirs(data)
        shutil.copy(tool.DIGITS, self.path(name, "model.onnx"))
        write_tensor(os.path.join(data, "input_0.pb"), "image", [1, 1, 28, 28], [i % 17 / 17 for i in range(784)])
        result = tool.dlc("run", self.path(name, "model.onnx"), "--input-dir", data, "--output-dir", data,
                          "--output-format", "pb")
        self.assertEqual(result.returncode, 0, result.stderr)
        if not is_right:
            write_tensor(os.path.join(data, "output_0.pb"), "probabilities", [1, 10], [0.1] * 10)
        return self.path(name, "model.onnx")

    def test_random_inputs_against_the_reference(self):
        for options in ([], ["--layers"], ["--seed", "7", "--opt-level", "0"]):
            result = tool.dlc("verify", tool.DIGITS, "--dim", "batch=2", *options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("verified", result.stdout)

    def test_the_first_layer_is_named_not_the_output(self):
        result = tool.dlc("verify", tool.DIGITS, "--layers", "--tolerance", "1e-12")
        self.assertEqual(result.returncode, 1)
        self.assertIn('the first layer that differs: node "conv_conv1"', result.stdout)

    def test_stored_outputs(self):
        right, wrong = self.make_test("right", True), self.make_test("wrong", False)
        self.assertEqual(tool.dlc("verify", right).returncode, 0)
        result = tool.dlc("verify", wrong, "--json")
        self.assertEqual(result.returncode, 1)
        report = json.loads(result.stdout)
        self.assertFalse(report["passed"])
        output = report["runs"][0]["outputs"][0]
        self.assertEqual(output["name"], "probabilities")
        self.assertGreater(output["max_abs"], 0.01)
        self.assertEqual(tool.dlc("verify", wrong, "--tolerance", "1000").returncode, 0)
        self.assertEqual(tool.dlc("verify", right, "--data", "nowhere").returncode, 1)

    def test_stored_inputs_alone_are_compared_with_the_reference(self):
        model = self.make_test("inputs", False)
        os.remove(self.path("inputs", "test_data_set_0", "output_0.pb"))
        result = tool.dlc("verify", model, "--json")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual([output["name"] for output in json.loads(result.stdout)["runs"][0]["outputs"]], ["probabilities"])

    def conformance(self, *options):
        return subprocess.run([CONFORMANCE, "--suite", self.folder.name, *options], capture_output=True, text=True,
                              timeout=300)

    def test_conformance_lists_are_exact(self):
        self.make_test("test_right", True)
        self.make_test("test_wrong", False)
        expected = self.path("expected.txt")
        result = self.conformance("--csv", self.path("out.csv"), "--write-expected", expected)
        self.assertEqual(result.returncode, 1)
        self.assertTrue(result.stdout.endswith("1 passed, 1 failed, 0 skipped\n"), result.stdout)
        self.assertEqual(self.conformance("--expected", expected).returncode, 0)
        self.assertEqual(self.conformance("--expected", expected, "--filter", "right").returncode, 0)
        for line, message in (("test_right  # no", "unexpected pass: test_right"),
                              ("test_gone  # no", "does not exist: test_gone"), ("test_right", "expected a reason")):
            with open(expected, "w") as file:
                file.write(line + "\n")
            result = self.conformance("--expected", expected)
            self.assertEqual(result.returncode, 1)
            self.assertIn(message, result.stdout + result.stderr)

    def test_conformance_survives_what_its_tests_do(self):
        os.makedirs(self.path("broken", "test_data_set_0"))
        with open(self.path("broken", "model.onnx"), "wb") as file:
            file.write(b"no model")
        self.make_test("slow", True)
        result = self.conformance("--time", "0.01")
        self.assertTrue(result.stdout.endswith("0 passed, 2 failed, 0 skipped\n"), result.stdout)
        self.assertIn("out of time", result.stdout)


class ConformanceUsage(unittest.TestCase):
    def test_exit_codes(self):
        for arguments, code, text in (([], 2, "--suite"), (["--suite", ".", "--filter", "("], 2, "expected a regular expression"),
                                      (["--suite", ".", "--variant", "x"], 2, "--variant"), (["--nonsense"], 2, "--nonsense"),
                                      (["--suite", "no-such-folder"], 1, "expected a folder, got 'no-such-folder'"),
                                      (["--suite", os.path.dirname(tool.DIGITS), "--filter", "x"], 1, "names that match 'x'"),
                                      (["--help"], 0, "")):
            result = subprocess.run([CONFORMANCE, *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, code, arguments)
            self.assertIn(text, result.stderr)
            for line in result.stdout.splitlines():
                self.assertLessEqual(len(line), 80)


if __name__ == "__main__":
    unittest.main()
