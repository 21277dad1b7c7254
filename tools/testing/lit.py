"""lit on the build's tests/lit."""
import glob
import json
import os
import subprocess
import tempfile

from counts import Counts, checked, environment

KINDS = {"PASS": "passed", "FLAKYPASS": "passed", "XFAIL": "expected", "UNSUPPORTED": "skipped", "SKIPPED": "skipped",
         "EXCLUDED": "skipped"}


def run(root, build, arguments):
    """`full` is a parameter of the tests."""
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
                    counts.count(KINDS.get(test["code"], "failed"))
    return checked(counts, code, "lit")
