"""Builds, runs every kind of test, and sums their counts. Called by tools/test; standard library only."""
import argparse
import os
import subprocess
import sys
import time

import parts

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")


def build(jobs):
    """Configures and builds; True when both succeeded."""
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--parallel", str(jobs)]):
        print("+ " + " ".join(command), flush=True)
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            return False
    return True


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/test", description="Builds the release preset and runs all tests.")
    parser.add_argument("--full", action="store_true", help="also run what is slow")
    parser.add_argument("--filter", default="", metavar="REGEX", help="run the tests whose names match")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="parallelism (2)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    total = parts.Counts()
    if not build(arguments.jobs):
        print("the build failed")
        total.failed = 1
    else:
        for name, run in parts.PARTS:
            start = time.time()
            print(f"== {name}", flush=True)
            counts = run(ROOT, BUILD, arguments)
            print(f"== {name}: {counts}, {time.time() - start:.0f} s", flush=True)
            total.add(counts)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
