"""What the compiler says where it cannot write what it makes."""
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import tool


class OutputErrors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def refused(self, message, *arguments, dlc=tool.DLC, **how):
        result = subprocess.run([dlc, "compile", tool.DIGITS, *arguments], capture_output=True, text=True, timeout=600, **how)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, message)

    def test_a_folder_that_is_not_there(self):
        self.refused("could not write a file beside " + self.path("nowhere", "model.so"), "-o", self.path("nowhere", "model.so"))

    def test_a_folder_in_the_place_of_the_file(self):
        os.mkdir(self.path("model.so"))
        os.mkdir(self.path("model.so", "full"))
        self.refused("could not write " + self.path("model.so"), "-o", self.path("model.so"))

    def test_a_file_in_the_place_of_the_folder(self):
        with open(self.path("file"), "w"):
            pass
        self.refused("could not make the folder " + self.path("file", "dumps"), "-o", self.path("model.so"), "--dump-dir",
                     self.path("file", "dumps"))

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_device_that_is_full(self):
        self.refused("could not write /dev/full", "-o", "/dev/full")

    def with_limit(self, most, message):
        """`most`: bytes that a file may have."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        self.refused(message, "-o", self.path("model.so"), preexec_fn=limit, restore_signals=False)
        self.assertEqual(os.listdir(self.folder), [])

    def test_no_space_for_the_parts(self):
        self.with_limit(512, "could not write " + self.folder)

    def test_no_space_for_the_whole(self):
        result = tool.dlc("compile", tool.DIGITS, "-o", self.path("model.so"))
        self.assertEqual(result.returncode, 0, result.stderr)
        size = os.path.getsize(self.path("model.so"))
        os.remove(self.path("model.so"))
        self.with_limit(size + 4096, r"could not write \d+ bytes beside the output: File too large")

    def test_a_compiler_without_its_runner(self):
        alone = shutil.copy(tool.DLC, self.path("dlc"))
        os.mkdir(self.path("dlc_runner"))
        self.refused("could not copy the runner " + self.path("dlc_runner"), "-o", self.path("model"), "--emit", "exe", dlc=alone)


if __name__ == "__main__":
    unittest.main()
