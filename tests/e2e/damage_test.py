"""Damaged files end in an error and exit code 1, never in a signal or an internal error."""
import os
import random
import tempfile
import unittest

import tool

ROUNDS = 200 if tool.FULL else 16


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = os.path.join(cls.folder.name, "model.so")
        result = tool.dlc("compile", tool.DIGITS, "-o", cls.model)
        assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def damaged(self, data, extension):
        path = os.path.join(self.folder.name, "damaged" + extension)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def check(self, arguments, codes, what):
        result = tool.dlc(*arguments, timeout=60)
        self.assertIn(result.returncode, codes, f"{what}: {result.stderr[:1000]}")
        if result.returncode == 1:
            self.assertIn("dlc: error: ", result.stderr, what)

    def truncations(self, data, chooser):
        return [0, 1, 7, 64, len(data) // 2, len(data) - 1] + [chooser.randrange(len(data)) for _ in range(ROUNDS)]

    def flips(self, data, chooser):
        for _ in range(ROUNDS):
            copy, at = bytearray(data), chooser.randrange(len(data))
            copy[at] ^= 1 << chooser.randrange(8)
            yield at, copy

    def test_source_models(self):
        with open(tool.DIGITS, "rb") as file:
            data = file.read()
        chooser = random.Random(1)
        for size in self.truncations(data, chooser):
            self.check(["compile", self.damaged(data[:size], ".onnx"), "-o", os.devnull], {1}, f"the first {size} bytes")
        header = data[:2048]
        for at, head in self.flips(header, chooser):
            # Some bits are only names and numbers: what they make is another model.
            path = self.damaged(bytes(head) + data[len(header):], ".onnx")
            self.check(["compile", path, "-o", os.path.join(self.folder.name, "x.so")], {0, 1}, f"a bit of byte {at}")
        for at, copy in self.flips(data, chooser):
            self.check(["check", self.damaged(copy, ".onnx")], {0, 1}, f"a bit of byte {at}")

    def test_compiled_models(self):
        with open(self.model, "rb") as file:
            data = file.read()
        chooser = random.Random(2)
        for size in self.truncations(data, chooser):
            self.check(["inspect", self.damaged(data[:size], ".so")], {1}, f"the first {size} bytes")
        for at, copy in self.flips(data, chooser):
            # Padding and tables of sections are nobody's: a model may load in spite of it, but then it runs as before.
            self.check(["bench", self.damaged(copy, ".so"), "--duration", "0.01"], {0, 1}, f"a bit of byte {at}")


if __name__ == "__main__":
    unittest.main()
