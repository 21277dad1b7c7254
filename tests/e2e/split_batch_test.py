"""dlc compile --batch-part: a large batch runs through the network in parts, with the results of the whole one."""
import array
import json
import math
import os
import re
import unittest

import engine
import tiny
import tool

CHANNELS, SIDE = 6, 5
WEIGHTS, GEMM = tiny.numbers(CHANNELS * 3, 1), tiny.numbers(CHANNELS * 4, 2)
OUTPUTS = ("r", "m", "last", "same", "alone")


def network(batch):
    """Two inputs of the batch and one that all images share. Outputs: a convolution's, one that a reduction over the batch
    follows, that reduction's, an input passed on, and one that no image has to do with."""
    nodes = [tiny.node("Conv", ["x", "W"], ["c"]), tiny.node("Relu", ["c"], ["r"]),
             tiny.node("GlobalAveragePool", ["r"], ["p"]), tiny.node("Flatten", ["p"], ["f"]),
             tiny.node("Gemm", ["f", "G"], ["g"]), tiny.node("Add", ["g", "bias"], ["a"]),
             tiny.node("Mul", ["a", "y"], ["m"]), tiny.node("ReduceMax", ["m"], ["top"], axes=[0], keepdims=1),
             tiny.node("Sub", ["m", "top"], ["last"]), tiny.node("Identity", ["y"], ["same"]),
             tiny.node("Exp", ["bias"], ["alone"])]
    inputs = [tiny.value("x", [batch, 3, SIDE, SIDE]), tiny.value("y", [batch, 4]), tiny.value("bias", [4])]
    outputs = [tiny.value("r", [batch, CHANNELS, SIDE, SIDE]), tiny.value("m", [batch, 4]), tiny.value("last", [batch, 4]),
               tiny.value("same", [batch, 4]), tiny.value("alone", [4])]
    tensors = [tiny.tensor("W", [CHANNELS, 3, 1, 1], WEIGHTS),
               tiny.tensor("G", [CHANNELS, 4], GEMM)]
    return tiny.model(nodes, inputs, outputs, tensors)


def reference(x, y, bias, images):
    """What the network computes, by the definitions of its ops."""
    area = SIDE * SIDE
    r = [max(0, sum(WEIGHTS[o * 3 + c] * x[(n * 3 + c) * area + p] for c in range(3)))
         for n in range(images) for o in range(CHANNELS) for p in range(area)]
    mean = [sum(r[i * area:(i + 1) * area]) / area for i in range(images * CHANNELS)]
    m = [(sum(mean[n * CHANNELS + c] * GEMM[c * 4 + k] for c in range(CHANNELS)) + bias[k]) * y[n * 4 + k]
         for n in range(images) for k in range(4)]
    top = [max(m[k::4], default=0) for k in range(4)]
    return {"r": r, "m": m, "last": [value - top[i % 4] for i, value in enumerate(m)], "same": y,
            "alone": [math.exp(value) for value in bias]}


class SplitBatch(tool.FolderTest):
    def write(self, batch="batch"):
        super().write(network(batch))
        return self.path("model.onnx")

    def dlc(self, *arguments):
        result = tool.dlc(*arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_sizes_that_are_known(self):
        for images in (4, 5, 8, 30, 32):
            for part in (1, 4):
                self.dlc("verify", self.write(images), "--batch-part", str(part), "--schedules")

    def test_on_older_processors(self):
        self.dlc("verify", self.write(10), "--batch-part", "4", "--target", "x86-64-v3")

    def test_layers_and_specialisations(self):
        self.dlc("verify", self.write(), "--batch-part", "4", "--dim", "batch=9", "--layers")
        self.dlc("verify", self.write(), "--batch-part", "2", "--dim", "batch=3|8|1..64", "--schedules")

    def test_quantised_batches(self):
        source = os.path.join(tool.SHARED, "models", "resnet20_cifar10_qdq_int8", "resnet20_cifar10_qdq_int8.onnx")
        if not os.path.exists(source):
            self.skipTest("no shared models")
        self.dlc("verify", source, "--batch-part", "3", "--dim", "N=8", "--schedules")

    @unittest.skipUnless(engine.is_available(), "the engine's library is not built")
    def test_sizes_that_the_run_knows(self):
        """One artifact, one context, for every batch."""
        self.dlc("compile", self.write(), "-o", self.path("parts.so"), "--batch-part", "4")
        context = engine.Engine().load(self.path("parts.so")).context()
        for images in (1, 3, 4, 5, 32, 0, 2):
            x, y = tiny.numbers(images * 3 * SIDE * SIDE, images + 1), tiny.numbers(images * 4, 7)
            bias = tiny.numbers(4, 8)
            results = context.run({"x": ([images, 3, SIDE, SIDE], x), "y": ([images, 4], y), "bias": ([4], bias)},
                                  OUTPUTS)
            for name, want in reference(x, y, bias, images).items():
                got = array.array("f", results[name])
                self.assertEqual(len(got), len(want), f"{name} of {images}")
                for left, right in zip(got, want):
                    self.assertAlmostEqual(left, right, places=5, msg=f"{name} of {images}")

    def inspect(self, *options):
        self.dlc("compile", self.write(), "-o", self.path("model.so"), *options)
        return json.loads(self.dlc("inspect", self.path("model.so"), "--json"))

    def test_what_inspect_tells(self):
        self.assertNotIn("split_batch", str(self.inspect("--batch-part", "0", "--dim", "batch=32")))
        entry = self.inspect("--batch-part", "4", "--dim", "batch=32")["entries"][0]
        self.assertIn("parts of 4 images, as told", str(entry))
        whole = self.inspect("--batch-part", "0", "--dim", "batch=32")["entries"][0]
        self.assertEqual(entry["flops"], whole["flops"])

    def test_memory_is_that_of_a_part(self):
        def frames(*options):
            return int(re.search(r"\d+", str(self.inspect("--dim", "batch=64", *options)["entries"][0]["peak_bytes"]))[0])
        self.assertLess(frames("--batch-part", "4"), frames("--batch-part", "0") / 2)

    def test_counts_of_images(self):
        for count in ("-1", "some"):
            self.assertNotEqual(tool.dlc("compile", self.write(), "--batch-part", count).returncode, 0)


if __name__ == "__main__":
    unittest.main()
