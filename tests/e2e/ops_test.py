"""dlc ops lists what the importer has rules for."""
import json
import unittest

import tool

USAGE = 2


def listed(*arguments):
    result = tool.dlc("ops", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["ops"]


class Ops(unittest.TestCase):
    def test_json(self):
        """Versions and inputs as the ONNX specification has them (Changelog.md)."""
        [conv] = listed("Conv")
        self.assertEqual((conv["domain"], conv["name"]), ("ai.onnx", "Conv"))
        self.assertEqual([version["since"] for version in conv["versions"]], [1, 11, 22])
        self.assertEqual([(version["min_inputs"], version["max_inputs"]) for version in conv["versions"]], [(2, 3)] * 3)
        self.assertTrue(all(version["tensors_only"] for version in conv["versions"]))
        [length] = listed("SequenceLength")
        self.assertFalse(length["versions"][0]["tensors_only"])
        [einsum] = listed("Einsum")
        self.assertEqual((einsum["versions"][0]["min_inputs"], einsum["versions"][0]["max_inputs"]), (1, None))

    def test_inputs_that_change(self):
        """Slice has its ranges as attributes before opset 10."""
        [op] = listed("Slice")
        self.assertEqual(op["inputs"], "1, from 10: 3-5")

    def test_is_sorted_and_has_no_newer_opset(self):
        told = json.loads(tool.dlc("ops", "--json").stdout)
        names = [(op["domain"] != "ai.onnx", op["domain"], op["name"]) for op in told["ops"]]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(names), len(set(names)))
        self.assertGreater(len(names), 200)
        for op in told["ops"]:
            versions = [version["since"] for version in op["versions"]]
            self.assertEqual(versions, sorted(set(versions)), op["name"])
            self.assertTrue(op["domain"] != "ai.onnx" or versions[-1] <= told["newest_opset"], op["name"])
        self.assertIn("FLOAT", told["element_types"])

    def test_domain(self):
        self.assertEqual({op["domain"] for op in listed("--domain", "com.microsoft")}, {"com.microsoft"})
        self.assertEqual([op["domain"] for op in listed("Gelu")], ["ai.onnx", "com.microsoft"])
        self.assertEqual([op["domain"] for op in listed("Gelu", "--domain", "ai.onnx")], ["ai.onnx"])

    def test_text(self):
        text = tool.dlc("ops").stdout
        self.assertRegex(text, r"\n  Conv +1 11 22 +2-3\n")
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)
        lines = tool.dlc("ops", "Conv", "FusedConv").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines if line], ["ai.onnx", "op", "Conv", "com.microsoft", "op", "FusedConv"])

    def test_unknown_names(self):
        for arguments, message in (
                (["conv"], "expected the name of an op that 'dlc ops' lists, got 'conv'; the nearest is 'Conv'"),
                (["Conv", "NoSuchThingAtAll"], "expected the name of an op that 'dlc ops' lists, got 'NoSuchThingAtAll'"),
                (["FusedConv", "--domain", "ai.onnx"], "expected the name of an op that 'dlc ops --domain ai.onnx' lists, got 'FusedConv'"),
                (["--domain", "ai.onx"], "expected one of ai.onnx, ")):
            result = tool.dlc("ops", *arguments)
            self.assertEqual((result.returncode, result.stdout), (USAGE, ""), arguments)
            self.assertIn(message, result.stderr)


if __name__ == "__main__":
    unittest.main()
