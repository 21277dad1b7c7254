"""The digit classifier from its ONNX file to labels, through the command line only."""
import array
import glob
import json
import os
import subprocess
import tempfile
import unittest

DLC = os.environ.get("DLC", "dlc")
DIGITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "digits")
IMAGES = sorted(glob.glob(os.path.join(DIGITS, "images", "*.png")))


def dlc(*arguments):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, timeout=300)


def read_npy(path):
    """The header's text and the float32 elements."""
    with open(path, "rb") as file:
        data = file.read()
    start = 10 + int.from_bytes(data[8:10], "little")
    numbers = array.array("f")
    numbers.frombytes(data[start:])
    return data[10:start].decode(), numbers


def best(numbers):
    return max(range(len(numbers)), key=numbers.__getitem__)


class Digits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.source = os.path.join(DIGITS, "digits.onnx")
        cls.model = cls.path("digits.so")
        result = dlc("compile", cls.source, "-o", cls.model)
        assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def run_dlc(self, *arguments):
        result = dlc(*arguments)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result.stdout

    def classify(self, model, image, *options):
        folder = self.path("out")
        self.run_dlc("run", model, "--input", image, "--output-dir", folder, *options)
        return read_npy(os.path.join(folder, "output_0.npy"))

    def test_pipes_are_written_not_replaced(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
            self.run_dlc("compile", self.source, "-o", pipe)
            received = reader.stdout.read()
        with open(self.model, "rb") as file:
            self.assertEqual(received, file.read())
        self.assertFalse(os.path.isfile(pipe))

    def test_every_image_has_its_label(self):
        self.assertEqual(len(IMAGES), 10)
        for image in IMAGES:
            header, probabilities = self.classify(self.model, image)
            self.assertIn("(1, 10)", header)
            self.assertAlmostEqual(sum(probabilities), 1, places=5)
            self.assertEqual(f"{best(probabilities)}.png", os.path.basename(image))

    def test_results_do_not_depend_on_threads(self):
        one = self.classify(self.model, IMAGES[0], "--threads", "1")
        self.assertEqual(one, self.classify(self.model, IMAGES[0], "--threads", "4"))

    def test_a_source_model_is_compiled_in_memory(self):
        self.assertEqual(self.classify(self.source, IMAGES[3]), self.classify(self.model, IMAGES[3]))

    def test_batches_are_as_good_as_single_images(self):
        pixels = array.array("f", [(i * 37 % 101) / 101 for i in range(3 * 784)])
        file = self.path("batch.bin")
        with open(file, "wb") as out:
            pixels.tofile(out)
        _, together = self.classify(self.model, f"raw:{file}:f32:3x1x28x28")
        for i in range(3):
            with open(file, "wb") as out:
                pixels[784 * i:784 * (i + 1)].tofile(out)
            _, alone = self.classify(self.model, f"image=raw:{file}:f32:1x1x28x28")
            for left, right in zip(alone, together[10 * i:10 * (i + 1)]):
                self.assertAlmostEqual(left, right, places=6)

    def test_outputs_are_described(self):
        folder = self.path("pb")
        self.run_dlc("run", self.model, "--input", IMAGES[0], "--output-dir", folder, "--output-format", "pb")
        with open(os.path.join(folder, "outputs.json")) as file:
            outputs = json.load(file)["outputs"]
        self.assertEqual(outputs, [{"name": "probabilities", "kind": "tensor", "type": "f32", "shape": [1, 10],
                                    "files": ["output_0.pb"]}])
        self.assertIn("probabilities  f32 1x10", self.run_dlc("run", self.model, "--input", IMAGES[0]))

    def test_bench(self):
        trace = self.path("trace.json")
        report = json.loads(self.run_dlc("bench", self.model, "--json", "--duration", "0.1", "--dim", "batch=2",
                                         "--profile", trace))
        self.assertLessEqual(report["min_ms"], report["median_ms"])
        self.assertLessEqual(report["median_ms"], report["p90_ms"])
        self.assertLessEqual(report["p90_ms"], report["p99_ms"])
        self.assertGreaterEqual(report["threads"], 1)
        with open(trace) as file:
            self.assertGreater(len(json.load(file)["traceEvents"]), 2)

    def test_inspect(self):
        entry = json.loads(self.run_dlc("inspect", self.model, "--json"))["entries"][0]
        self.assertEqual(entry["inputs"][0]["name"], "image")
        self.assertEqual(entry["inputs"][0]["shape"], ["batch", 1, 28, 28])
        self.assertEqual(entry["outputs"][0]["shape"], ["batch", 10])
        self.assertIn("digraph", self.run_dlc("inspect", self.model, "--dot"))
        self.assertIn("image: f32 [batch, 1, 28, 28]", self.run_dlc("inspect", self.model))

    def test_inspect_a_source_model(self):
        report = json.loads(self.run_dlc("inspect", self.source, "--json"))
        compiled = json.loads(self.run_dlc("inspect", self.model, "--json"))
        self.assertEqual(report["entries"], compiled["entries"])
        self.assertEqual(report["source"]["ops"]["conv"], 3)
        self.assertEqual(report["source"]["parameters"], 8778)
        self.assertIsNone(compiled["source"])
        self.assertIn("digraph", self.run_dlc("inspect", self.source, "--dot"))
        self.assertRegex(self.run_dlc("inspect", self.source), r"source ops +.*3 conv")

    def test_wrong_inputs_say_what_is_wrong(self):
        file = self.path("short.bin")
        with open(file, "wb") as out:
            out.write(bytes(4 * 27 * 28))
        result = dlc("run", self.model, "--input", f"raw:{file}:f32:1x1x27x28")
        self.assertEqual(result.returncode, 1)
        self.assertIn("image", result.stderr)
        self.assertEqual(dlc("run", self.model).returncode, 1)
        self.assertEqual(dlc("run", self.model, "--input", "nonsense=x.npy").returncode, 1)

    def test_a_damaged_model_is_refused(self):
        with open(self.model, "rb") as file:
            data = bytearray(file.read())
        data[len(data) // 2] ^= 0xff
        with open(self.path("damaged.so"), "wb") as file:
            file.write(data[:-1])
        self.assertEqual(dlc("inspect", self.path("damaged.so")).returncode, 1)


if __name__ == "__main__":
    unittest.main()
