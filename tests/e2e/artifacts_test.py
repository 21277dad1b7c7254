"""What every artifact promises: it needs nothing from outside, has compiled code for each of its steps, and asks for no
memory once it ran."""
import json
import os
import subprocess
import tempfile
import unittest

import models_test
import tool

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(tool.DLC))))
# Sizes that models want whose dims are symbolic though not every size works.
DIMS = {"silero_vad_op16_fp32/silero_vad": ["input_d0=1", "input_d1=256", "state_d1=1"],
        "silero_vad_op18_fp32/silero_vad_op18_ifless": ["batch=1", "sequence=512"]}
# The kinds of steps that run code of the artifact, or only lead to such steps.
COMPILED = {"dispatch", "copy", "if", "loop", "call"}
# Of a model of the shared folder; many are slow.
RUNS = 100 if tool.FULL else 20


def build_allocations(folder):
    program = os.path.join(folder, "allocations")
    subprocess.run(["cc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror",
                    f"-I{os.path.join(tool.ROOT, 'runtime', 'include')}", os.path.join(HERE, "allocations.c"),
                    os.path.join(BUILD, "runtime", "libdlc_rt.a"), "-lm", "-pthread", "-ldl", "-o", program], check=True)
    return program


def readelf(*arguments):
    return subprocess.run(["llvm-readelf-22", *arguments], capture_output=True, text=True, check=True).stdout


def steps(report):
    for entry in report["entries"]:
        for block in entry["blocks"]:
            for stage in block["stages"]:
                yield from stage["steps"]


class Artifacts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.artifact = os.path.join(folder.name, "model.so")
        cls.allocations = build_allocations(folder.name)

    def check(self, source, dims=(), threads=(3,), runs=RUNS):
        result = tool.dlc("compile", source, "-o", self.artifact, *(word for dim in dims for word in ("--dim", dim)))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_needs_nothing()
        self.check_all_steps_are_compiled()
        for count in threads:
            result = subprocess.run([self.allocations, self.artifact, str(count), str(runs)], capture_output=True,
                                    text=True, timeout=300)
            self.assertEqual(result.returncode, 0, f"{count} threads: {result.stdout}{result.stderr}")

    def check_needs_nothing(self):
        self.assertNotIn("NEEDED", readelf("--dynamic", self.artifact))
        self.assertIn("no relocations", readelf("--relocs", self.artifact))
        symbols = readelf("--dyn-syms", self.artifact).splitlines()
        names = [line.split() for line in symbols if line.strip()[:1].isdigit()]
        self.assertEqual([fields for fields in names if "UND" in fields and len(fields) > 7], [])

    def check_all_steps_are_compiled(self):
        """There is no step but kernels with a strategy, and what leads to them."""
        result = tool.dlc("inspect", self.artifact, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        dispatches = 0
        for step in steps(json.loads(result.stdout)):
            self.assertTrue(step["kind"] in COMPILED or step["target"] == "check_indices", step)
            self.assertFalse(step["fallback"], step)
            if step["kind"] == "dispatch":
                self.assertTrue(step["strategy"], step)
                dispatches += 1
        self.assertGreater(dispatches, 0)

    def test_digits(self):
        self.check(tool.DIGITS, threads=(1, 2, 4), runs=100)


def make_test(name, path):
    return lambda self: self.check(path, DIMS.get(name, ()))


for model, file in tool.find_models():
    if model not in models_test.EXPECTED:
        setattr(Artifacts, "test_" + "".join(c if c.isalnum() else "_" for c in model), make_test(model, file))

if __name__ == "__main__":
    unittest.main()
