"""Builds, runs every kind of test, and sums their counts. Called by tools/test; standard library only."""
import argparse
import os
import sys
import time

import builds
import conformance
import fuzz
import lit
import python_tests
import sanitizers
import unit
from counts import Counts

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = (("unit tests", unit.run), ("lit tests", lit.run), ("conformance tests", conformance.run),
         ("end-to-end tests", python_tests.run_e2e), ("random graphs", python_tests.run_property),
         ("tests with sanitizers", sanitizers.run), ("fuzzers", fuzz.run))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/test", description="Builds the release preset and runs all tests.")
    parser.add_argument("--full", action="store_true", help="also run what is slow")
    parser.add_argument("--filter", default="", metavar="REGEX", help="run the tests whose names match")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="parallelism (2)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    total = Counts()
    if not builds.build(ROOT, "release", arguments.jobs):
        print("the build failed")
        total.failed = 1
    else:
        for name, run in PARTS:
            start = time.time()
            print(f"== {name}", flush=True)
            counts = run(ROOT, builds.folder(ROOT, "release"), arguments)
            print(f"== {name}: {counts}, {time.time() - start:.0f} s", flush=True)
            total.add(counts)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
