"""Attention in all the forms that graphs write it in becomes one kernel, and gives what the reference evaluator gives."""
import json
import math
import os
import struct
import tempfile
import unittest

import tool
from onnx_file import BFLOAT16, BOOL, FLOAT, FLOAT16, INT64, Graph

TARGETS = ("native", "x86-64-v3", "x86-64")


def heads(graph, x, size, permutation):
    """[batch, sequence, 3 * size] -> three heads of `size`, transposed."""
    shape = graph.constant([4], [0, -1, 3, size], INT64)
    return graph.node("Transpose", graph.node("Reshape", x, shape), perm=permutation)


def find_all(value, key):
    """What `key` has anywhere in JSON."""
    if isinstance(value, list):
        return [found for each in value for found in find_all(each, key)]
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in ([each] if name == key else find_all(each, key))]
    return []


class Attention(unittest.TestCase):
    def check(self, graph, *dims, targets=TARGETS, strategy="attention", compiled="native"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            graph.save(path, opset=17)
            for target in targets:
                arguments = [word for dim in dims for word in ("--dim", dim)]
                result = tool.dlc("verify", path, "--target", target, *arguments)
                self.assertEqual(result.returncode, 0, target + result.stdout + result.stderr)
            artifact = os.path.join(folder, "model.so")
            self.assertEqual(tool.dlc("compile", path, "-o", artifact, "--target", compiled).returncode, 0)
            found = json.loads(tool.dlc("inspect", artifact, "--json").stdout)
            names = find_all(found, "strategy")
            self.assertIn(strategy, names)
            self.assertEqual("attention" in names, strategy == "attention", names)

    def encoder(self, batch, sequence, between, size=16, dtype=FLOAT):
        graph = Graph()
        for name in "qkv":
            graph.input(name, [batch, sequence, 3 * size], dtype)
        scores = graph.node("MatMul", heads(graph, "q", size, [0, 2, 1, 3]), heads(graph, "k", size, [0, 2, 3, 1]))
        weights = graph.node("Softmax", between(graph, scores), axis=-1)
        mixed = graph.node("Transpose", graph.node("MatMul", weights, heads(graph, "v", size, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        graph.output(graph.node("Reshape", mixed, graph.constant([3], [0, -1, 3 * size], INT64)), dtype)
        return graph

    @staticmethod
    def scaled(graph, scores):
        return graph.node("Mul", scores, graph.constant([], [0.25]))

    def test_static_sizes(self):
        for sequence in (2, 16, 33, 300):
            with self.subTest(sequence=sequence):
                self.check(self.encoder(2, sequence, self.scaled))

    def half(self, dtype, sequence, mask, size=16):
        """Scaled and masked scores, all of `dtype`."""
        def between(graph, scores):
            graph.input("mask", [sequence], dtype)
            scale = graph.node("Cast", graph.constant([], [0.25]), to=dtype)
            scores = graph.node("Mul", scores, scale)
            return graph.node("Add", scores, "mask") if mask else graph.node("Add", "mask", scores)
        return self.encoder(2, sequence, between, size, dtype)

    def test_half_precision(self):
        # Where the CPU has no products of bf16 pairs, both are computed in f32.
        for dtype in (FLOAT16, BFLOAT16):
            for sequence, size in ((2, 8), (16, 32), (33, 7), (130, 16)):
                with self.subTest(dtype=dtype, sequence=sequence):
                    self.check(self.half(dtype, sequence, size > 8, size))

    def test_products_of_bf16_pairs(self):
        # What is not run here is compiled all the same.
        self.check(self.half(BFLOAT16, 40, True), targets=(), compiled="x86-64-v4+bf16")
        self.check(self.encoder("batch", "sequence", lambda graph, scores: scores, 32, BFLOAT16), targets=(),
                   compiled="x86-64-v4+bf16")

    def test_bf16_scores_that_the_model_casts(self):
        graph = Graph()
        for name, dims in (("q", [2, 9, 8]), ("k", [2, 8, 20]), ("v", [2, 20, 16])):
            graph.input(name, dims, BFLOAT16)
        scores = graph.node("Cast", graph.node("MatMul", "q", "k"), to=FLOAT)
        weights = graph.node("Cast", graph.node("Softmax", scores, axis=-1), to=BFLOAT16)
        graph.output(graph.node("MatMul", weights, "v"), BFLOAT16)
        self.check(graph, compiled="x86-64-v4+bf16")

    def test_dynamic_sizes(self):
        graph = self.encoder("batch", "sequence", self.scaled, size=32)
        for batch, sequence in ((1, 1), (3, 5), (1, 129)):
            with self.subTest(sequence=sequence):
                self.check(graph, f"batch={batch}", f"sequence={sequence}", targets=("native",))

    def test_mask_per_key_of_a_batch(self):
        def masked(graph, scores):
            graph.input("mask", ["batch", 1, 1, "sequence"])
            return graph.node("Add", graph.node("Div", scores, graph.constant([], [4.0])), "mask")
        self.check(self.encoder("batch", "sequence", masked), "batch=2", "sequence=19")

    def test_mask_that_chooses(self):
        def causal(graph, scores):
            graph.input("allowed", [21, 21], BOOL)
            return graph.node("Where", "allowed", scores, graph.constant([1, 1], [-10000.0]))
        self.check(self.encoder(2, 21, causal))

    def test_bias_of_every_score(self):
        def biased(graph, scores):
            graph.input("bias", [2, 3, 21, 21])
            return graph.node("Tanh", graph.node("Sub", "bias", scores))
        self.check(self.encoder(2, 21, biased))

    def test_bias_per_query(self):
        def biased(graph, scores):
            graph.input("bias", [21, 1])
            return graph.node("Add", scores, "bias")
        self.check(self.encoder(2, 21, biased))

    def test_without_transpositions(self):
        graph = Graph()
        graph.input("q", [5, 17, 8])
        graph.input("k", [5, 8, 40])
        graph.input("v", [5, 40, 24])
        graph.output(graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=2), "v"))
        self.check(graph)

    def test_matrices(self):
        graph = Graph()
        graph.input("q", [70, 12])
        graph.input("k", [12, "keys"])
        graph.input("v", ["keys", 20])
        graph.output(graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=1), "v"))
        for keys in ("1", "16", "61"):
            self.check(graph, f"keys={keys}")

    def test_keys_that_heads_share(self):
        graph = Graph()
        graph.input("q", [2, 6, 9, 8])
        graph.input("k", [2, 1, 8, 30])
        graph.input("v", [2, 1, 30, 8])
        graph.output(graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=-1), "v"))
        self.check(graph)

    def test_wide_values(self):
        graph = Graph()
        graph.input("q", [2, 40, 8])
        graph.input("k", [2, 8, 1100])
        graph.input("v", [2, 1100, 70])
        graph.output(graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=-1), "v"))
        self.check(graph)

    def test_scores_that_are_used_again_stay(self):
        graph = Graph()
        graph.input("q", [2, 9, 8])
        graph.input("k", [2, 8, 9])
        graph.input("v", [2, 9, 8])
        weights = graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=-1)
        graph.output(graph.node("MatMul", weights, "v"))
        graph.output(weights)
        self.check(graph, strategy="gemm")

    def test_softmax_of_another_axis_stays(self):
        graph = Graph()
        graph.input("q", [2, 9, 8])
        graph.input("k", [2, 8, 9])
        graph.input("v", [2, 9, 8])
        graph.output(graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", "q", "k"), axis=1), "v"))
        self.check(graph, strategy="gemm")

    def same_on_any_threads(self, dtype, name_of_type, size_of_type):
        graph = self.encoder(2, 150, lambda graph, scores: scores, dtype=dtype)
        with tempfile.TemporaryDirectory() as folder:
            path, artifact = os.path.join(folder, "model.onnx"), os.path.join(folder, "model.so")
            graph.save(path, opset=17)
            self.assertEqual(tool.dlc("compile", path, "-o", artifact).returncode, 0)
            inputs = []
            for name in "qkv":
                with open(os.path.join(folder, name), "wb") as file:
                    for i in range(14400):
                        file.write(struct.pack("<f", math.sin(ord(name) * i))[-size_of_type:])
                inputs += ["--input", f"{name}=raw:{file.name}:{name_of_type}:2x150x48"]
            outputs = []
            for threads in ("1", "2", "3", "7"):
                out = os.path.join(folder, threads)
                result = tool.dlc("run", artifact, "--threads", threads, "--output-dir", out, *inputs)
                self.assertEqual(result.returncode, 0, result.stderr)
                with open(os.path.join(out, "output_0.npy"), "rb") as file:
                    outputs.append(file.read())
            self.assertEqual(len(set(outputs)), 1)

    def test_threads_give_the_same_bytes(self):
        self.same_on_any_threads(FLOAT, "f32", 4)
        self.same_on_any_threads(BFLOAT16, "bf16", 2)


if __name__ == "__main__":
    unittest.main()
