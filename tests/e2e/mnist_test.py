"""How many of MNIST's 10,000 test digits a real model gets right, through the engine."""
import array
import gzip
import os
import tempfile
import unittest

import engine
import tool

MODEL = os.path.join(tool.SHARED, "models", "mnist_cnn_fp32", "mnist-8.onnx")
DATA = os.path.join(tool.SHARED, "models", "data_mnist")
IMAGE = 28 * 28


def read_idx(name, header):
    with gzip.open(os.path.join(DATA, name)) as file:
        return file.read()[header:]


@unittest.skipUnless(os.path.exists(MODEL) and os.path.isdir(DATA), "no shared folder of models")
@unittest.skipUnless(engine.is_available(), "no shared library of the engine")
class Mnist(unittest.TestCase):
    def test_accuracy(self):
        with tempfile.TemporaryDirectory() as folder:
            artifact = os.path.join(folder, "mnist.so")
            result = tool.dlc("compile", MODEL, "-o", artifact)
            self.assertEqual(result.returncode, 0, result.stderr)
            context = engine.Engine().load(artifact).context()
            right = self.count_right(context)
        # ONNX Runtime gets 9,891 right.
        self.assertGreaterEqual(right, 9890)

    def count_right(self, context):
        images, labels = read_idx("t10k-images-idx3-ubyte.gz", 16), read_idx("t10k-labels-idx1-ubyte.gz", 8)
        self.assertEqual((len(images), len(labels)), (10000 * IMAGE, 10000))
        right = 0
        for i, label in enumerate(labels):
            image = array.array("f", list(images[i * IMAGE:(i + 1) * IMAGE]))
            output = context.run({"Input3": ([1, 1, 28, 28], image)}, ["Plus214_Output_0"])["Plus214_Output_0"]
            scores = array.array("f", output)
            right += max(range(10), key=scores.__getitem__) == label
        return right


if __name__ == "__main__":
    unittest.main()
