"""ONNX's backend tests, against exact lists of expected failures."""
import os
import re
import subprocess

from counts import Counts, checked

SUITE = "/usr/share/libonnx-testdata/data"


def suites(root):
    """(what, suite folder, variant, list of expected failures) of what there is to run: variants that have a list."""
    found = []
    for variant in ("static", "dynamic", "constant"):
        name = f"onnx-1.12-expected-failures{'' if variant == 'static' else '-' + variant}.txt"
        path = os.path.join(root, "tests", "conformance", name)
        if os.path.isdir(SUITE) and os.path.isfile(path):
            found.append((f"ONNX 1.12, {variant}", SUITE, variant, path))
    return found


def count(output):
    """The counts that dlc-conformance printed, or None; unexpected results, passes included, are failures."""
    unexpected = re.search(r"^(\d+) unexpected$", output, re.M)
    numbers = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", output, re.M)
    if not unexpected or not numbers:
        return None
    passed, failed, skipped = (int(number) for number in numbers.groups())
    surprising_passes = len(re.findall(r"^unexpected pass: ", output, re.M))
    surprising_failures = len(re.findall(r"^unexpected failure: ", output, re.M))
    return Counts(passed - surprising_passes, int(unexpected[1]), skipped, failed - surprising_failures)


def run(root, build, arguments):
    tool = os.path.join(build, "tools", "dlc-conformance", "dlc-conformance")
    found = suites(root)
    if not found:
        print("no backend tests are installed (Debian: libonnx-testdata)")
        return Counts(skipped=1)
    total = Counts()
    for what, suite, variant, expected in found:
        command = [tool, "--suite", suite, "--variant", variant, "--jobs", str(arguments.jobs), "--expected", expected]
        command += ["--filter", arguments.filter] if arguments.filter else []
        print(f"-- {what}", flush=True)
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        print(result.stdout, end="", flush=True)
        counts = count(result.stdout)
        if counts and variant != "static":
            counts.skipped = 0  # no different from the static variant
        nothing_matches = arguments.filter and counts is None
        total.add(Counts() if nothing_matches else checked(counts or Counts(), result.returncode, what))
    return total
