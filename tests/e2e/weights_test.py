"""What weights cost: an artifact is not much larger than its model, and no weight is held twice in memory."""
import array
import ctypes
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

import engine
import models_test
import tool
from onnx_file import FLOAT16, Graph

# Below this, an artifact is mostly code.
SMALLEST = 1 << 20
MOST = 1.5
CHANNELS, SIDE, LAYERS = 256, 12, 4
# As a program: memory of the process that runs the model, before it and after three runs.
MEASURE = """
import sys, engine
def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))
_, artifact, name, *dims = sys.argv
dims = [int(d) for d in dims]
count = 1
for d in dims:
    count *= d
data = bytes(4 * count)
library = engine.Engine()
before = resident()
model = library.load(artifact)
context = model.context()
for _ in range(3):
    context.run({name: (dims, data)}, [])
print(resident() - before - len(data))
"""


class Convolutions(Graph):
    """3x3 convolutions, the kind whose weights grow when they are transformed, then a product."""

    def __init__(self, dtype=1):
        super().__init__("convolutions")
        self.draw, self.dtype = random.Random(3), dtype
        x = self.input("x", [1, CHANNELS, SIDE, SIDE], dtype)
        for _ in range(LAYERS):
            scale = (9 * CHANNELS) ** -0.5
            x = self.node("Conv", x, self.random([CHANNELS, CHANNELS, 3, 3], scale), pads=[1] * 4)
            x = self.node("Relu", x)
        x = self.node("Flatten", self.node("GlobalAveragePool", x))
        self.output(self.node("MatMul", x, self.random([CHANNELS, 1000], CHANNELS ** -0.5)), dtype, [1, 1000])

    def random(self, dims, scale):
        count = 1
        for d in dims:
            count *= d
        numbers = array.array("f", (self.draw.uniform(-scale, scale) for _ in range(count)))
        return self.constant(dims, numbers, self.dtype)


class Weights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.artifact = (os.path.join(folder.name, "model" + end) for end in (".onnx", ".so"))

    def compile(self, source, *options):
        result = tool.dlc("compile", source, "-o", self.artifact, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(os.path.getsize(self.artifact), MOST * os.path.getsize(source))

    def inspect(self):
        result = tool.dlc("inspect", self.artifact, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def verify(self, *options):
        result = tool.dlc("verify", self.source, *options)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    @unittest.skipUnless(engine.is_available(), "the engine is not built as a shared library")
    def check_memory(self, name, dims):
        """At most 1.1 times weights and planned buffers, and 8 MB."""
        report = self.inspect()
        frames = sum(stage["frame_size"] for entry in report["entries"] for block in entry["blocks"]
                     for stage in block["stages"])
        result = subprocess.run([sys.executable, "-c", MEASURE, self.artifact, name, *map(str, dims)], capture_output=True,
                                text=True, timeout=300, cwd=os.path.dirname(os.path.abspath(__file__)), env=os.environ)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(int(result.stdout), 1.1 * (report["weight_bytes"] + frames) + (8 << 20))

    def test_transformed_weights(self):
        Convolutions().save(self.source)
        # Variants share what is stored.
        for target in ("native", "x86-64-v3", "x86-64-v3,x86-64-v4"):
            self.compile(self.source, "--target", target)
            report = self.inspect()
            self.assertGreater(report["prepared"]["constants"], 0, target)
            self.assertGreater(report["prepared"]["bytes"], 1.5 * report["prepared"]["stored_bytes"])
            self.assertGreater(report["weight_bytes"], report["stored_weight_bytes"])
            self.check_memory("x", [1, CHANNELS, SIDE, SIDE])
        self.verify()

    def test_shared_weights(self):
        # Two sizes of image: what is made of the weights may differ, but they are stored once.
        graph = Graph()
        numbers = array.array("f", (0.001 * (i * 7919 % 101 - 50) for i in range(64 * 64 * 9)))
        weights = graph.constant([64, 64, 3, 3], numbers)
        for side in (56, 6):
            graph.output(graph.node("Conv", graph.input(f"x{side}", [1, 64, side, side]), weights, pads=[1] * 4))
        graph.save(self.source)
        self.compile(self.source)
        self.assertLessEqual(self.inspect()["prepared"]["stored_bytes"], 4 * len(numbers))
        self.verify()

    def test_weights_of_16_bits(self):
        Convolutions(FLOAT16).save(self.source)
        self.compile(self.source)
        self.assertLess(os.path.getsize(self.artifact), 1.2 * os.path.getsize(self.source))
        self.verify()
        self.compile(self.source, "--no-winograd")
        report = self.inspect()
        self.assertEqual(report["prepared"]["bytes"], 2 * report["prepared"]["stored_bytes"])
        self.verify("--no-winograd")

    def check_product(self, numbers, isNarrow):
        """Ones times a constant of `numbers` are its bits, and it takes half as many of them where `isNarrow`."""
        numbers = array.array("f", (numbers * (4096 // len(numbers) + 1))[:4096])
        graph = Graph()
        graph.output(graph.node("Mul", graph.input("x", [4096]), graph.constant([4096], numbers)), dims=[4096])
        graph.save(self.source)
        result = tool.dlc("compile", self.source, "-o", self.artifact)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.inspect()["prepared"], {"constants": isNarrow, "bytes": isNarrow * 16384,
                                                      "stored_bytes": isNarrow * 8192})
        context = engine.Engine().load(self.artifact).context()
        results = context.run({"x": ([4096], [1.0] * 4096)}, [graph.outputs[0][0]])
        self.assertEqual(results[graph.outputs[0][0]], numbers.tobytes())

    @unittest.skipUnless(engine.is_available(), "the engine is not built as a shared library")
    def test_numbers_that_16_bits_hold(self):
        f16 = [0.0, -0.0, 1.5, -2.25, 65504.0, -65504.0, math.inf, -math.inf, 2.0 ** -14, 2.0 ** -14 - 2.0 ** -24,
               -3 * 2.0 ** -24, 2.0 ** -24, 1 + 2.0 ** -10]
        bf16 = [0.0, -0.0, 1.5, 65536.0, -(2.0 ** 127), 2.0 ** -25, 2.0 ** -126, 2.0 ** -133, math.inf, 1 + 2.0 ** -7]
        self.check_product(f16, 1)
        self.check_product(bf16, 1)
        for number in (1 + 2.0 ** -11, 65520.0, 2.0 ** -25, 3 * 2.0 ** -25, 2.0 ** -14 - 2.0 ** -25):
            self.check_product([1 + 2.0 ** -10, number], 0)
        for number in (1 + 2.0 ** -8, 2.0 ** -134):
            self.check_product([65536.0, number], 0)

    def test_a_program_prepares_weights_too(self):
        Convolutions().save(self.source)
        result = tool.dlc("compile", self.source, "--emit", "exe", "-o", self.artifact)
        self.assertEqual(result.returncode, 0, result.stderr)
        image, folder = self.source + ".npy", os.path.dirname(self.source)
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {CHANNELS}, {SIDE}, {SIDE}), }}"
        numbers = array.array("f", (random.Random(4).uniform(-1, 1) for _ in range(CHANNELS * SIDE * SIDE)))
        with open(image, "wb") as file:
            file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + numbers.tobytes())
        results = []
        for command in ([self.artifact, "--input", image, "--output-dir", folder],
                        [tool.DLC, "run", self.source, "--no-winograd", "--input", "x=" + image, "--output-dir", folder]):
            result = subprocess.run(command, capture_output=True, text=True, timeout=100)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            with open(os.path.join(folder, "output_0.npy"), "rb") as file:
                results.append(array.array("f", file.read()[-4000:]))
            os.remove(os.path.join(folder, "output_0.npy"))
        peak = max(abs(number) for number in results[1])
        self.assertLess(max(abs(a - b) for a, b in zip(*results)), 1e-4 * peak)


def make_test(path):
    def run(self):
        if os.path.getsize(path) < SMALLEST:
            self.skipTest("an artifact of so small a model is mostly code")
        self.compile(path)
    return run


for model, file in tool.find_models():
    if model not in models_test.EXPECTED:
        setattr(Weights, "test_" + "".join(c if c.isalnum() else "_" for c in model), make_test(file))

if __name__ == "__main__":
    unittest.main()
