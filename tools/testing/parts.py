"""The kinds of tests: how each is run and how its results are counted."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def checked(counts, code, what):
    """A runner that fails without a failed test has failed itself."""
    if code != 0 and counts.failed == 0:
        print(f"{what} ended with exit code {code}")
        counts.failed += 1
    return counts


def environment(build, full):
    return {**os.environ, "DLC": os.path.join(build, "tools", "dlc", "dlc"), "DLC_TEST_FULL": "1" if full else "0"}


def count_junit(path):
    """Counts the test cases of a JUnit file."""
    counts = Counts()
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def run_unit(root, build, arguments):
    """GoogleTest through ctest; tests with the label `slow` only with --full."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "ctest.xml")
        command = ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=ignore", "--progress", "--timeout", "600",
                   "-j", str(arguments.jobs), "--output-junit", report]
        command += [] if arguments.full else ["-LE", "slow"]
        command += ["-R", arguments.filter] if arguments.filter else []
        code = subprocess.run(command, env=environment(build, arguments.full)).returncode
        counts = count_junit(report) if os.path.exists(report) else Counts()
    return checked(counts, code, "ctest")


LIT_PASSED, LIT_SKIPPED = ("PASS", "XFAIL", "FLAKYPASS"), ("UNSUPPORTED", "SKIPPED", "EXCLUDED")


def run_lit(root, build, arguments):
    """lit on the build's tests/lit; `full` is a parameter of the tests."""
    suite = os.path.join(build, "tests", "lit")
    if not glob.glob(os.path.join(suite, "lit*.cfg*")):
        print(f"no lit suite in {os.path.relpath(suite, root)}")
        sources = glob.glob(os.path.join(root, "tests", "lit", "**", "*.mlir"), recursive=True)
        return Counts(failed=1 if sources else 0)
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "lit.json")
        command = ["lit-22", suite, "-q", "-v", "-j", str(arguments.jobs), "-o", report, "--param",
                   f"full={int(arguments.full)}"]
        command += ["--filter", arguments.filter, "--allow-empty-runs"] if arguments.filter else []
        code = subprocess.run(command, env=environment(build, arguments.full)).returncode
        counts = Counts()
        if os.path.exists(report):
            with open(report) as file:
                for test in json.load(file)["tests"]:
                    kind = "passed" if test["code"] in LIT_PASSED else "skipped" if test["code"] in LIT_SKIPPED else "failed"
                    setattr(counts, kind, getattr(counts, kind) + 1)
    return checked(counts, code, "lit")


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def run_e2e(root, build, arguments):
    """tests/e2e/**/*_test.py: unittest files that use the `dlc` that the variable DLC names."""
    os.environ.update(environment(build, arguments.full))
    chosen = unittest.TestSuite()
    loader = unittest.TestLoader()
    for path in sorted(glob.glob(os.path.join(root, "tests", "e2e", "**", "*_test.py"), recursive=True)):
        folder, name = os.path.dirname(path), os.path.basename(path)[:-3]
        sys.path.insert(0, folder)
        for test in flatten(loader.loadTestsFromName(name)):
            if re.search(arguments.filter, test.id()):
                chosen.addTest(test)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(chosen)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    return Counts(max(result.testsRun - failed - skipped, 0), failed, skipped)


def conformance_suites(root, full):
    """(what, suite folder, variant, list of expected failures) of what there is to run: variants that have a list."""
    suite = "/usr/share/libonnx-testdata/data"
    found = []
    for variant in ("static", "dynamic", "constant") if full else ("static",):
        name = f"onnx-1.12-expected-failures{'' if variant == 'static' else '-' + variant}.txt"
        path = os.path.join(root, "tests", "conformance", name)
        if os.path.isdir(suite) and os.path.isfile(path):
            found.append((f"ONNX 1.12, {variant}", suite, variant, path))
    return found


def run_conformance(root, build, arguments):
    """ONNX's backend tests. Expected failures count as skipped; unexpected results, passes included, as failed."""
    tool = os.path.join(build, "tools", "dlc-conformance", "dlc-conformance")
    suites = conformance_suites(root, arguments.full)
    if not suites:
        print("no backend tests are installed (Debian: libonnx-testdata)")
        return Counts(skipped=1)
    total = Counts()
    for what, suite, variant, expected in suites:
        command = [tool, "--suite", suite, "--variant", variant, "--jobs", str(arguments.jobs), "--expected", expected]
        command += ["--filter", arguments.filter] if arguments.filter else []
        print(f"-- {what}", flush=True)
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        print(result.stdout, end="", flush=True)
        unexpected = re.search(r"^(\d+) unexpected$", result.stdout, re.M)
        numbers = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", result.stdout, re.M)
        counts = Counts()
        if unexpected and numbers:
            surprises = int(unexpected[1])
            passed, failed, skipped = (int(number) for number in numbers.groups())
            surprising_passes = len(re.findall(r"^unexpected pass: ", result.stdout, re.M))
            surprising_failures = len(re.findall(r"^unexpected failure: ", result.stdout, re.M))
            counts = Counts(passed - surprising_passes, surprises, skipped + failed - surprising_failures)
        total.add(counts if arguments.filter and not numbers else checked(counts, result.returncode, what))
    return total


PARTS = (("unit tests", run_unit), ("lit tests", run_lit), ("conformance tests", run_conformance),
         ("end-to-end tests", run_e2e))
