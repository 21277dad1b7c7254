"""The same source gives the same artifact and the same results, on any number of threads and in any order of tiles."""
import os
import tempfile
import unittest

import tool


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Determinism(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def compile(self, source, name, *options):
        path = os.path.join(self.folder.name, name)
        result = tool.dlc("compile", source, "-o", path, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return path

    def sources(self):
        return [tool.DIGITS] + [path for _, path in tool.find_models() if tool.FULL]

    def test_artifacts_are_byte_equal(self):
        for source in self.sources():
            if tool.dlc("check", source).returncode == 0:
                first = self.compile(source, "first.so", "--name", "m")
                second = self.compile(source, "second.so", "--name", "m", "--jobs", "1")
                self.assertEqual(read(first), read(second), source)

    def test_results_do_not_depend_on_schedules(self):
        result = tool.dlc("verify", tool.DIGITS, "--dim", "batch=5", "--schedules")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
