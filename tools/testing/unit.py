"""GoogleTest through ctest."""
import os
import subprocess
import tempfile
import xml.etree.ElementTree

from counts import Counts, checked, environment


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


def run(root, build, arguments):
    """The tests of a build folder; those with the label `slow` only with --full."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "ctest.xml")
        command = ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=ignore", "--progress", "--timeout", "600",
                   "-j", str(arguments.jobs), "--output-junit", report]
        command += [] if arguments.full else ["-LE", "slow"]
        command += ["-R", arguments.filter] if arguments.filter else []
        code = subprocess.run(command, env=environment(build, arguments.full)).returncode
        counts = count_junit(report) if os.path.exists(report) else Counts()
    return checked(counts, code, "ctest")
