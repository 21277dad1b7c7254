"""What every command of dlc promises, whatever it does: help, exit codes, behaviour towards pipes and disks."""
import json
import os
import resource
import signal
import subprocess
import tempfile
import unittest

DLC = os.environ.get("DLC", "dlc")
DONE, INPUT, USAGE = 0, 1, 2
DIGITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "digits", "digits.onnx")


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


class SourceModels(unittest.TestCase):
    """What is said about how a source model is compiled means the same in every command."""

    def test_check_json(self):
        result = dlc("check", DIGITS, "--json")
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertEqual(json.loads(result.stdout), {"model": DIGITS, "supported": True, "problems": []})
        result = dlc("check", DIGITS, "--json", "--fetch", "nothing")
        self.assertEqual(result.returncode, INPUT)
        report = json.loads(result.stdout)
        self.assertFalse(report["supported"])
        self.assertIn("'nothing'", report["problems"][0]["reason"])

    def test_a_fetch_does_not_take_the_model(self):
        self.assertEqual(dlc("check", "--fetch", "probabilities", DIGITS).returncode, DONE)

    def test_inspect_compiles_as_it_is_told(self):
        result = dlc("inspect", DIGITS, "--dim", "batch=4", "--target", "x86-64", "--json")
        self.assertEqual(result.returncode, DONE, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(report["variants"], ["x86-64"])
        self.assertEqual(report["entries"][0]["inputs"][0]["shape"], [4, 1, 28, 28])

    def test_usage(self):
        with tempfile.TemporaryDirectory() as folder:
            compiled = os.path.join(folder, "digits.so")
            self.assertEqual(dlc("compile", DIGITS, "-o", compiled, "--opt-level", "0").returncode, DONE)
            for arguments, text in ((["inspect", compiled, "--dim", "batch=4"], "compiled already"),
                                    (["run", compiled, "--target", "x86-64"], "compiled already"),
                                    (["inspect", DIGITS, "--target", "x86-64-v3+nonsense"], "x86-64-v3+nonsense"),
                                    (["compile", DIGITS, "--target", "x86-64+avx"], "x86-64+avx"),
                                    (["compile", DIGITS, "--name", "../x"], "--name"),
                                    (["check", DIGITS, "--dim", "batch=-1"], "batch=-1"),
                                    (["run", compiled, "--image-std", "0"], "--image-std"),
                                    (["run", compiled, "--image-size", "28"], "--image-size"),
                                    (["bench", compiled, "--dim", "batch=x"], "batch=x"),
                                    (["bench", compiled, "--duration", "x"], "from 0 to 86400"),
                                    (["verify", DIGITS, "--tolerance", "x"], "above 0"),
                                    (["run", compiled, "--output-format", "pb"], "--output-dir")):
                result = dlc(*arguments)
                self.assertEqual(result.returncode, USAGE, arguments)
                self.assertIn(text, result.stderr)

    def test_an_input_is_given_once(self):
        image = os.path.join(os.path.dirname(DIGITS), "images", "3.png")
        result = dlc("run", DIGITS, "--input", image, "--input", image)
        self.assertEqual(result.returncode, INPUT)
        self.assertIn("expected one file for input 'image'", result.stderr)


class Leftovers(unittest.TestCase):
    """Nothing half-written stays, however a compilation ends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_interrupted(self):
        for arguments in (["compile", DIGITS, "-o", "x.so"], ["compile", DIGITS, "--emit=exe", "-o", "x"], ["inspect", DIGITS]):
            process = subprocess.Popen([DLC, *arguments], cwd=self.folder, env={**os.environ, "TMPDIR": self.folder},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and not os.listdir(self.folder):
                pass
            process.send_signal(signal.SIGINT)
            process.wait(60)
            for file in os.listdir(self.folder):
                self.assertIn(file, ("x.so", "x"), arguments)
                os.remove(os.path.join(self.folder, file))

    def test_files_may_not_grow(self):
        def limit(size):
            return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for size in (1 << 10, 100 << 10):
            for arguments in (["-o", "x.so"], ["--emit=obj", "-o", "x.o"], ["--emit=exe", "-o", "x"], ["--emit=rt", "-o", "x.mlir"]):
                result = dlc("compile", DIGITS, *arguments, cwd=self.folder, preexec_fn=limit(size))
                self.assertEqual(result.returncode, INPUT, result.stderr)
                self.assertIn("File too large", result.stderr)
                self.assertEqual(os.listdir(self.folder), [])

    def test_closed_standard_streams(self):
        """What is printed does not end up in the file that got the descriptor."""
        def close():
            os.closerange(0, 3)
        subprocess.run([DLC, "compile", DIGITS, "--opt-level", "0", "--timing", "-o", "x.so"], cwd=self.folder,
                       preexec_fn=close, timeout=60)
        self.assertEqual(dlc("inspect", "x.so", cwd=self.folder).returncode, DONE)
        self.assertEqual(subprocess.run([DLC, "inspect", "x.so"], cwd=self.folder, preexec_fn=close, timeout=60).returncode, INPUT)


if __name__ == "__main__":
    unittest.main()
