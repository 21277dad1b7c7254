"""What every command of dlc promises, whatever it does: help, exit codes, behaviour towards pipes and disks."""
import os
import subprocess
import tempfile
import unittest

DLC = os.environ.get("DLC", "dlc")
DONE, INPUT, USAGE = 0, 1, 2


def dlc(*arguments, **options):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, timeout=60, **options)


def commands():
    text = dlc("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


class Help(unittest.TestCase):
    def test_fits_80_columns(self):
        for command in [[], *([name] for name in commands())]:
            result = dlc(*command, "--help")
            self.assertEqual(result.returncode, DONE)
            for line in result.stdout.splitlines():
                self.assertLessEqual(len(line), 80, f"{command}: {line}")

    def test_version(self):
        self.assertRegex(dlc("--version").stdout, r"^dlc \d+\.\d+\.\d+ ")

    def test_common_options_have_one_spelling(self):
        for command in ("run", "bench"):
            text = dlc(command, "--help").stdout
            for option in ("--input", "--input-dir", "--threads", "--entry"):
                self.assertIn(option + " ", text, command)


class ExitCodes(unittest.TestCase):
    def test_usage(self):
        for arguments in ([], ["nonsense"], ["run"], ["run", "--nonsense", "x.so"], ["bench", "x.so", "--threads", "0"],
                          ["run", "x.so", "--image-layout", "abc"], ["inspect", "x.so", "--json", "--dot"]):
            result = dlc(*arguments)
            self.assertEqual(result.returncode, USAGE, arguments)
            self.assertIn("dlc: error: ", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_missing_model(self):
        for command in ("run", "bench", "inspect"):
            result = dlc(command, "no-such-file.so")
            self.assertEqual(result.returncode, INPUT)
            self.assertIn("no-such-file.so", result.stderr)

    def test_a_file_that_is_no_model(self):
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            for content in (b"", b"\x7fELF", os.urandom(5000)):
                file.seek(0)
                file.truncate()
                file.write(content)
                file.flush()
                for command in ("run", "bench", "inspect"):
                    self.assertEqual(dlc(command, file.name).returncode, INPUT)


class Surroundings(unittest.TestCase):
    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([DLC, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, INPUT)
        self.assertIn("No space left", result.stderr)

    def test_closed_pipe_is_quiet(self):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([DLC, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        self.assertEqual(result.stderr, "")


if __name__ == "__main__":
    unittest.main()
