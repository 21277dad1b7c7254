"""A network of real size stays cheap to work with: time to compile, to load and to evaluate ResNet-50."""
import ctypes
import os
import sys
import tempfile
import time
import unittest

import resnet50
import tool

LIBRARY = os.path.join(os.path.dirname(os.path.realpath(tool.DLC)), "..", "..", "runtime", "libdlc_rt.so")
COMPILE_S, LOAD_S, EVALUATE_S = 15, 0.05, 60


def seconds(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


class ResNet50(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.source, cls.artifact = (os.path.join(folder.name, "resnet50" + end) for end in (".onnx", ".so"))
        resnet50.save(cls.source)

    def test_compiles_loads_and_evaluates_in_time(self):
        compiling, result = seconds(lambda: tool.dlc("compile", self.source, "-o", self.artifact))
        self.assertEqual(result.returncode, 0, result.stderr)
        loading = min(seconds(self.load)[0] for _ in range(3))
        # Compiles again, runs once and evaluates the reference.
        verifying, result = seconds(lambda: tool.dlc("verify", self.source))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        print(f"resnet50: compiled in {compiling:.2f} s, loaded in {1e3 * loading:.1f} ms, verified in {verifying:.2f} s",
              file=sys.stderr)
        self.assertLess(compiling, COMPILE_S)
        self.assertLess(loading, LOAD_S)
        self.assertLess(verifying, COMPILE_S + EVALUATE_S)

    def load(self):
        engine = ctypes.CDLL(LIBRARY)
        model = ctypes.c_void_p()
        self.assertEqual(engine.dlc_model_load_file(self.artifact.encode(), None, ctypes.byref(model)), 0)
        engine.dlc_model_release(model)


if __name__ == "__main__":
    unittest.main()
