"""dlc inspect says which strategy each dispatch has, and why."""
import json
import os
import tempfile
import unittest

import tiny
import tool


class Reasons(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def inspect(self, nodes, shape, output, tensors, *options):
        path = os.path.join(self.folder, "model.onnx")
        with open(path, "wb") as file:
            file.write(tiny.model(nodes, [tiny.value("x", shape)], [tiny.value("y", output)], tensors))
        result = tool.dlc("inspect", path, "--json", *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.path = path
        return [(step["strategy"], step["reason"]) for entry in json.loads(result.stdout)["entries"] for block in entry["blocks"]
                for stage in block["stages"] for step in stage["steps"] if step["kind"] == "dispatch"]

    def conv(self, kernel, channels=(8, 8), groups=1, options=(), **attributes):
        size = 2 * (kernel // 2)
        weights = [channels[1], channels[0] // groups, kernel, kernel]
        count = weights[0] * weights[1] * kernel * kernel
        stride = attributes.get("strides", [1])[0]
        side = (16 - size * attributes.get("dilations", [1])[0] - 1) // stride + 1
        node = tiny.node("Conv", ["x", "w"], ["y"], group=groups, **attributes)
        return self.inspect([node], [1, channels[0], 16, 16], [1, channels[1], side, side],
                            [tiny.tensor("w", weights, tiny.numbers(count))], *options)

    def assertReason(self, steps, strategy, *texts):
        reasons = [reason for name, reason in steps if name == strategy]
        self.assertTrue(any(all(text in reason for text in texts) for reason in reasons), steps)

    def test_convolutions(self):
        self.assertReason(self.conv(1), "conv", "1x1, constant weights")
        self.assertReason(self.conv(3, strides=[2, 2]), "conv", "3x3, stride 2x2, constant weights; not winograd: stride 2")
        self.assertReason(self.conv(3, dilations=[2, 2]), "conv", "3x3, dilation 2x2", "not winograd: dilation 2")
        self.assertReason(self.conv(3, channels=(8, 7)), "conv", "not winograd: 8 to 7 channels, not multiples of")
        self.assertReason(self.conv(3, groups=2), "conv", "2 groups", "not depthwise: more than one channel in a group; not winograd: 2 groups")
        self.assertReason(self.conv(3, groups=8), "depthwise", "3x3, 8 groups, one channel each")
        # Which convolutions gain from it is the cost model's matter; that it is turned off, or why not, is said.
        wide, fma = {"channels": (64, 64)}, "the target has no fused multiply-add"
        self.assertReason(self.conv(3, options=["--target", "x86-64"], **wide), "conv", "3x3, constant weights; not winograd: " + fma)
        self.assertRegex(str(self.conv(3, options=["--no-winograd"], **wide)), f"not winograd: (turned off|{fma})")
        self.assertRegex(str(self.conv(3, **wide)), r"('winograd', '3x3, [24]x[24] outputs at once, error .*e-\d+ of the peak)|"
                                                    f"(not winograd: (no gain|error|{fma}))")

    def test_products_and_the_rest(self):
        w = [tiny.tensor("w", [8, 8], tiny.numbers(64))]
        self.assertReason(self.inspect([tiny.node("MatMul", ["x", "w"], ["y"])], ["n", 8], ["n", 8], w), "gemm_packed",
                          "the right-hand side is one constant matrix")
        self.assertReason(self.inspect([tiny.node("MatMul", ["x", "x"], ["y"])], [8, 8], [8, 8], []), "gemm",
                          "not gemm_packed: the right-hand side is no constant matrix")
        # Which products gain from it is the cost model's matter.
        wide = [tiny.tensor("w", [256, 256], tiny.numbers(65536))]
        product = lambda *options: str(self.inspect([tiny.node("MatMul", ["x", "w"], ["y"])], ["n", 256], ["n", 256], wide, *options))
        self.assertRegex(product(), "7 products of halves for 8|not strassen: (no gain|the target)")
        self.assertIn("not strassen: turned off", product("--no-strassen"))
        self.assertIn("not strassen: the target has no fused multiply-add", product("--target", "x86-64"))
        self.assertReason(self.inspect([tiny.node("MatMul", ["x", "v"], ["y"])], [8, 8], [8], [tiny.tensor("v", [8], tiny.numbers(8))]),
                          "loops", "not gemm: a vector on the right")
        self.assertReason(self.inspect([tiny.node("Softmax", ["x"], ["y"])], [8, 8], [8, 8], []), "loops", "no convolution or product")

    def test_text_and_artifacts(self):
        self.conv(3, strides=[2, 2])
        library = os.path.join(self.folder, "model.so")
        result = tool.dlc("compile", self.path, "-o", library)
        self.assertEqual(result.returncode, 0, result.stderr)
        for model in (self.path, library):
            text = tool.dlc("inspect", model).stdout
            self.assertRegex(text, r"(?m)^ +why these strategies\n(.*\n)* +conv: 3x3, stride 2x2, constant weights; not winograd: stride 2 "
                                   r"\(steps \d+\)$")


if __name__ == "__main__":
    unittest.main()
