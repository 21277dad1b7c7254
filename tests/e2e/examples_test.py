"""The examples are built and run as their READMEs say, against an install tree of the build that $DLC is from."""
import glob
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

DLC = os.path.realpath(shutil.which(os.environ.get("DLC", "dlc")) or "dlc")
BUILD = os.path.dirname(os.path.dirname(os.path.dirname(DLC)))
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
DIGITS = os.path.join(EXAMPLES, "digits")

TWO_MODELS = """
#include "left.h"
#include "right.h"
#include <stdio.h>
int main(void) {
  static float pixels[LEFT_INPUT_IMAGE_DIM2 * LEFT_INPUT_IMAGE_DIM3], a[LEFT_OUTPUT_PROBABILITIES_DIM1], b[10];
  dlc_tensor in = left_input_image(pixels, 1), x = left_output_probabilities(a, 1), y = right_output_probabilities(b, 1);
  dlc_model *left, *right;
  dlc_context *l, *r;
  if (left_load(NULL, &left) || right_load(NULL, &right) || dlc_context_create(left, NULL, &l) ||
      dlc_context_create(right, NULL, &r) || dlc_run(l, LEFT_ENTRY, &in, 1, &x, 1) || dlc_run(r, RIGHT_ENTRY, &in, 1, &y, 1)) {
    fprintf(stderr, "%s\\n", dlc_last_error());
    return 1;
  }
  for (int i = 0; i < 10; ++i) {
    if (a[i] - b[i] > 1e-5f || b[i] - a[i] > 1e-5f) {
      return 2;
    }
  }
  printf("%s %s\\n", dlc_model_name(left), dlc_model_name(right));
  dlc_context_destroy(l);
  dlc_context_destroy(r);
  dlc_model_release(left);
  dlc_model_release(right);
  return 0;
}
"""


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, **options)
    assert result.returncode == 0, f"{' '.join(command)}: {result.stdout}{result.stderr}"
    return result.stdout


def write_pgm(image, path):
    """A grey PNG of 8 bits without filters, as a plain PGM."""
    with open(image, "rb") as file:
        data = file.read()
    at, packed = 8, b""
    while at < len(data):
        size, = struct.unpack(">I", data[at:at + 4])
        kind, chunk = data[at + 4:at + 8], data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", chunk[:8])
        packed += chunk if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(packed)
    rows = [raw[i * (width + 1) + 1:(i + 1) * (width + 1)] for i in range(height)]
    assert all(raw[i * (width + 1)] == 0 for i in range(height)), "the PNG has filters"
    with open(path, "w") as file:
        file.write(f"P2\n{width} {height}\n255\n" + "".join(" ".join(map(str, row)) + "\n" for row in rows))


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "cmake_install.cmake")), "dlc is not in a build tree")
class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.prefix = folder.name, os.path.join(folder.name, "installed")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.dlc = os.path.join(cls.prefix, "bin", "dlc")
        cls.images = []
        for image in sorted(glob.glob(os.path.join(DIGITS, "images", "*.png"))):
            cls.images.append(os.path.join(cls.folder, os.path.basename(image)[:-3] + "pgm"))
            write_pgm(image, cls.images[-1])

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def copied(self, name):
        """Examples are built in a copy: the source tree stays as it is. digits/ is beside it, as there."""
        for each in (name, "digits", "embed_c"):
            if not os.path.exists(self.path(each)):
                shutil.copytree(os.path.join(EXAMPLES, each), self.path(each))
        return self.path(name)

    def test_embed_c(self):
        folder = self.copied("embed_c")
        run("make", "-C", folder, f"PREFIX={self.prefix}", "CC=cc", "CFLAGS=-O2 -std=c11 -Wall -Wextra -Wpedantic -Werror")
        program = os.path.join(folder, "classify")
        for digit, image in enumerate(self.images):
            self.assertEqual(run(program, image).split()[0], str(digit))
        self.assertEqual(run(program, os.path.join(DIGITS, "three.pgm")).split()[0], "3")
        needed = run("readelf", "-d", program)
        self.assertNotIn("libstdc++", needed)
        self.assertNotIn("libdlc", needed)

    def test_load_so(self):
        source, program, model = os.path.join(EXAMPLES, "load_so", "main.cpp"), self.path("load"), self.path("digits.so")
        run(self.dlc, "compile", os.path.join(DIGITS, "digits.onnx"), "-o", model)
        flags = run("pkg-config", "--cflags", "--libs", "dlc",
                    env={**os.environ, "PKG_CONFIG_PATH": os.path.join(self.prefix, "lib", "pkgconfig")}).split()
        run("c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", source, *flags, "-o", program)
        output = run(program, model, *self.images, env={**os.environ, "LD_LIBRARY_PATH": os.path.join(self.prefix, "lib")})
        self.assertEqual([line.split()[1] for line in output.splitlines()], list("0123456789"))

    def test_custom_op(self):
        folder = self.copied("custom_op")
        output = run("make", "-s", "-C", folder, "run", f"PREFIX={self.prefix}", "CC=cc", "CFLAGS=-O2 -std=c11 -Wall -Wextra -Wpedantic -Werror")
        self.assertEqual(output, "y: 2 1 0.5 0.25 2\ntwice: 4 2 1\n")

    def test_cmake_project(self):
        folder, build = self.copied("cmake_project"), self.path("cmake_build")
        run("cmake", "-S", folder, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        with open("/proc/cpuinfo") as file:
            has_avx2 = "avx2" in file.read()
        if has_avx2:
            self.assertEqual(run(os.path.join(build, "embedded"), self.images[7]).split()[0], "7")
        self.assertEqual(run(os.path.join(build, "loaded")), "one_digit: image 1x1x28x28 probabilities 1x10\n")
        self.assertNotIn("Compiling the model", run("cmake", "--build", build))
        os.utime(os.path.join(self.path("digits"), "digits.onnx"))
        self.assertIn("Compiling the model one_digit", run("cmake", "--build", build))

    def test_two_models_in_one_program(self):
        source, program = self.path("two.c"), self.path("two")
        with open(source, "w") as file:
            file.write(TWO_MODELS)
        for name, level in (("left", "3"), ("right", "1")):
            run(self.dlc, "compile", os.path.join(DIGITS, "digits.onnx"), "--name", name, "--opt-level", level, "--emit=obj",
                "-o", self.path(name + ".o"))
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{self.prefix}/include", f"-I{self.folder}", source,
            self.path("left.o"), self.path("right.o"), f"{self.prefix}/lib/libdlc_rt.a", "-lm", "-pthread", "-o", program)
        self.assertEqual(run(program), "left right\n")

    def test_a_program_of_its_own(self):
        program, image = self.path("digits"), self.path("image.npy")
        program += "_program"
        run(self.dlc, "compile", os.path.join(DIGITS, "digits.onnx"), "--emit=exe", "-o", program)
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 28, 28), }\n"
        with open(image, "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<784f", *[0.5] * 784))
        run(program, "--input", f"image={image}", "--output-dir", self.folder)
        self.assertTrue(os.path.exists(self.path("output_0.npy")))
        self.assertNotIn("INTERP", run("readelf", "-l", program))


if __name__ == "__main__":
    unittest.main()
