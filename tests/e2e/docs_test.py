"""Documents that are made from the source, or that quote it, are current; code in them compiles."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

DLC = os.environ.get("DLC", "dlc")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COMPILERS = {"c": ["cc", "-x", "c", "-std=c11"], "cpp": ["c++", "-x", "c++", "-std=c++17"]}


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


class Docs(unittest.TestCase):
    def test_pages_made_from_the_source(self):
        for tool in ("cli-docs", "onnx-docs"):
            result = subprocess.run([sys.executable, os.path.join(ROOT, "tools", tool), "--check", DLC], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_abi_is_complete(self):
        """Every struct and every enumerator of abi.h is explained."""
        header, text = read("runtime", "include", "dlc", "abi.h"), read("docs", "abi.md")
        code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
        names = re.findall(r"\b(dlc_abi_\w+)\b", code)
        names += re.findall(r"\b(DLC_(?:FEATURE|KIND|STORAGE|DIM|STEP|STAGE|PORT|CPU|KERNEL)_\w+)\b", code)
        self.assertGreater(len(set(names)), 60)
        self.assertEqual([name for name in sorted(set(names)) if name not in text], [])

    def test_every_pass_has_a_test(self):
        folder = os.path.join(ROOT, "tests", "lit", "passes")
        tests = "".join(re.findall(r"RUN:.*", read(folder, name))[0] for name in sorted(os.listdir(folder)))
        passes = re.findall(r'Pass<"(dlc-[a-z-]+)"', read("compiler", "passes", "Passes.td"))
        self.assertGreater(len(passes), 10)
        self.assertEqual([name for name in passes if not re.search(name + r"\b(?!-)", tests)], [])

    def test_code_compiles(self):
        """Each block of C or C++ is a file of its own; the models that they name are made of the digit classifier."""
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(ROOT, "examples", "digits", "digits.onnx")
            subprocess.run([DLC, "compile", model, "--emit=obj", "-o", os.path.join(folder, "digits.o")], check=True, timeout=300)
            count = 0
            for path in ("README.md", "docs/c-api.md"):
                for language, code in re.findall(r"^```(c|cpp)\n(.*?)^```", read(path), flags=re.S | re.M):
                    result = subprocess.run([*COMPILERS[language], "-Wall", "-Wextra", "-Wno-unused-function", "-Werror", "-fsyntax-only",
                                             f"-I{ROOT}/runtime/include", f"-I{folder}", "-"], input=code, capture_output=True, text=True)
                    self.assertEqual(result.returncode, 0, f"{path}:\n{code}\n{result.stderr}")
                    count += 1
            self.assertGreater(count, 3)

    def test_links_lead_somewhere(self):
        documents = ["README.md"] + [os.path.join("docs", name) for name in os.listdir(os.path.join(ROOT, "docs"))]
        for document in documents:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(document)):
                path = os.path.join(ROOT, os.path.dirname(document), target)
                self.assertTrue(os.path.exists(path), f"{document}: {target}")


if __name__ == "__main__":
    unittest.main()
