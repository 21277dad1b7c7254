"""What the end-to-end tests share: running dlc under limits."""
import os
import resource
import subprocess
import tempfile
import unittest

DLC = os.environ.get("DLC", "dlc")
FULL = os.environ.get("DLC_TEST_FULL") == "1"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DIGITS = os.path.join(ROOT, "examples", "digits", "digits.onnx")
SHARED = os.environ.get("DLC_SHARED", os.path.join(ROOT, "..", "shared"))
MEMORY = 8 << 30


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def dlc(*arguments, timeout=600):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, errors="replace", timeout=timeout,
                          preexec_fn=limit)


class FolderTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, data, name="model.onnx"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)


def find_models():
    """(name, path) of every source model in the shared folder; none when there is no such folder."""
    models = []
    for folder, _, files in os.walk(os.path.join(SHARED, "models")):
        for file in files:
            if file.endswith(".onnx"):
                path = os.path.join(folder, file)
                models.append((os.path.relpath(path, os.path.join(SHARED, "models"))[:-len(".onnx")], path))
    return sorted(models)
