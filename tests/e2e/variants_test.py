"""dlc compile --target with several CPUs: code for each in one file."""
import json
import os
import subprocess
import tempfile
import unittest

import engine
import tiny
import tool

AVX2, AVX512, NOTHING = 1, 2, 1 << 40  # DLC_CPU_*


class Variants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def compile(self, name, targets, *options):
        result = tool.dlc("compile", tool.DIGITS, "-o", self.path(name), "--name", "m", "--target", targets, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.path(name)

    def inspect(self, path):
        result = tool.dlc("inspect", path, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_the_machine_takes_the_best_that_it_can_run(self):
        with open("/proc/cpuinfo") as file:
            flags = file.read().split()
        best = "x86-64-v4" if "avx512vl" in flags else "x86-64-v3" if "avx2" in flags else "x86-64"
        for targets in ("x86-64,x86-64-v3,x86-64-v4", "x86-64-v4,x86-64,x86-64-v3"):
            report = self.inspect(self.compile("three.so", targets))
            self.assertEqual(report["variants"], ["x86-64", "x86-64-v3", "x86-64-v4"])
            self.assertEqual(report["variant"], best)
            self.assertEqual(len(report["entries"]), 1)
            alone = self.inspect(self.compile("alone.so", best))
            steps = [[(step["target"], step["tiles"]) for stage in each["entries"][0]["blocks"][0]["stages"] for step in stage["steps"]]
                     for each in (report, alone)]
            self.assertEqual(steps[0], steps[1])

    def test_results_are_those_of_one_variant(self):
        image = os.path.join(os.path.dirname(tool.DIGITS), "images", "3.png")
        outputs = []
        for name, targets in (("two.so", "x86-64,native"), ("native.so", "native")):
            result = tool.dlc("run", self.compile(name, targets), "--input", image, "--output-dir", self.path(name + ".out"))
            self.assertEqual(result.returncode, 0, result.stderr)
            with open(os.path.join(self.path(name + ".out"), "output_0.npy"), "rb") as file:
                outputs.append(file.read())
        self.assertEqual(outputs[0], outputs[1])
        result = tool.dlc("verify", tool.DIGITS, "--target", "x86-64,native", "--dim", "batch=1|3", "--schedules")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_with_specialisations(self):
        path = self.compile("both.so", "x86-64,native", "--dim", "batch=1|4|2..64")
        self.assertEqual([entry["specialisation"] for entry in self.inspect(path)["entries"]], [0, 1, 2])
        for batch, code in ((1, 0), (4, 0), (64, 0), (65, 1)):
            result = tool.dlc("bench", path, "--duration", "0.02", "--dim", f"batch={batch}")
            self.assertEqual(result.returncode, code, result.stderr)

    def test_objects_and_programs(self):
        self.compile("two.o", "x86-64,native", "--emit", "obj")
        with open(self.path("two.h")) as file:
            self.assertEqual(file.read().count("_ENTRY "), 1)
        program = self.compile("program", "x86-64,native", "--emit", "exe")
        result = subprocess.run([program, "--inputs"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("input image", result.stdout)

    def test_artifacts_are_byte_equal_and_share_weights(self):
        contents = []
        for name, options in (("a.so", []), ("b.so", ["--jobs", "1"])):
            with open(self.compile(name, "x86-64,x86-64-v3", *options), "rb") as file:
                contents.append(file.read())
        self.assertEqual(contents[0], contents[1])
        sizes = [self.inspect(self.compile(f"{i}.so", target))["weight_bytes"] for i, target in enumerate(("x86-64", "x86-64-v3"))]
        self.assertLess(self.inspect(self.path("a.so"))["weight_bytes"], sum(sizes))

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_a_machine_may_be_made_weaker(self):
        library, image = engine.Engine(), {"image": ([2, 1, 28, 28], tiny.numbers(2 * 784))}
        path = self.compile("three.so", "x86-64,x86-64-v3,x86-64-v4", "--dim", "batch=1|2")
        with open("/proc/cpuinfo") as file:
            flags = file.read().split()
        for target, mask, flag in (("x86-64", NOTHING, "sse2"), ("x86-64-v3", AVX2, "avx2"), ("x86-64-v4", AVX2 | AVX512, "avx512vl")):
            if flag in flags:
                model = library.load(path, cpu_mask=mask)
                self.assertEqual(model.variant(), target)
                alone = library.load(self.compile("alone.so", target, "--dim", "batch=1|2"))
                self.assertEqual(model.context().run(image, ["probabilities"]), alone.context().run(image, ["probabilities"]))

    def test_mistakes_are_told(self):
        for targets, message, options in (("x86-64,z80", "got 'z80'", []), ("x86-64,x86-64", "got 'x86-64' twice", []),
                                          ("x86-64,", "got ''", []), ("x86-64,x86-64-v3", "expected one for --emit=asm, got 2", ["--emit", "asm"])):
            result = tool.dlc("compile", tool.DIGITS, "-o", self.path("refused"), "--target", targets, *options)
            self.assertEqual(result.returncode, 2, targets)
            self.assertIn(message, result.stderr)


if __name__ == "__main__":
    unittest.main()
