"""What dlc prints fits the terminal; pipes get everything."""
import fcntl
import os
import pty
import struct
import subprocess
import tempfile
import termios
import unittest

import tiny
import tool

LONG = "encoder/layers.11/attention.self/query_key_value_projection/größe/MatMul_1"


def on_terminal(columns, *arguments, **environment):
    """What a terminal of so many columns shows."""
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen([tool.DLC, *arguments], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                               env={**variables, **environment}, preexec_fn=tool.limit)
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(reader, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(reader)
    assert process.wait() == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.model = os.path.join(folder.name, "model.onnx")
        cls.trace = os.path.join(folder.name, "trace.json")
        nodes = [tiny.node("MatMul", ["x", "w"], [LONG]), tiny.node("Slice", [LONG, "starts", "ends"], ["part"]),
                 tiny.node("Softmax", ["part"], ["s"]), tiny.node("Add", ["s", "s"], [LONG + "/out"])]
        tensors = [tiny.tensor("w", [8, 8], tiny.numbers(64)), tiny.tensor("starts", [2], [7, 1], tiny.INT64),
                   tiny.tensor("ends", [2], [-2, 9], tiny.INT64)]
        with open(cls.model, "wb") as file:
            file.write(tiny.model(nodes, [tiny.value("x", ["a_long_symbolic_dimension", 8])],
                                  [tiny.value(LONG + "/out", ["rows", 7])], tensors))
        cls.file = os.path.join(folder.name, "x.bin")
        with open(cls.file, "wb") as file:
            file.write(bytes(4 * 8 * 16))

    def commands(self):
        size = "a_long_symbolic_dimension=16"
        return (["inspect", self.model], ["verify", self.model, "--dim", size], ["verify", self.model, "--dim", size, "--layers"],
                ["bench", self.model, "--dim", size, "--duration", "0.01", "--profile", self.trace],
                ["run", self.model, "--input", f"raw:{self.file}:f32:16x8"], ["check", self.model])

    def test_lines_fit(self):
        for columns in (80, 132):
            for command in self.commands():
                text = on_terminal(columns, *command)
                # What has no spaces is not cut, but in tables.
                long = [line for line in text.splitlines() if len(line) > columns]
                self.assertEqual([line for line in long if len(line.split()) > 2], [], text)
        self.assertIn("…", on_terminal(80, "inspect", self.model))

    def test_columns_of_the_environment(self):
        narrow, wide = (on_terminal(80, "inspect", self.model, COLUMNS=columns) for columns in ("100", "1000"))
        self.assertTrue(any(len(line) > 80 for line in narrow.splitlines()))
        self.assertIn("…", narrow)
        self.assertNotIn("…", wide)

    def test_pipes_get_everything(self):
        for command in self.commands():
            if command[0] != "check":
                result = tool.dlc(*command)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertNotIn("…", result.stdout)
                if "--layers" not in command:
                    self.assertIn(LONG, result.stdout, command)
        self.assertIn(LONG, on_terminal(80, "inspect", self.model, "--json"))


if __name__ == "__main__":
    unittest.main()
