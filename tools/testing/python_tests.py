"""unittest files, which use the `dlc` that the variable DLC names."""
import glob
import os
import re
import sys
import unittest

from counts import Counts, environment


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def run_folder(name, root, build, arguments):
    """Runs tests/<name>/**/*_test.py."""
    os.environ.update(environment(build, arguments.full))
    chosen = unittest.TestSuite()
    loader = unittest.TestLoader()
    for path in sorted(glob.glob(os.path.join(root, "tests", name, "**", "*_test.py"), recursive=True)):
        for folder in (os.path.join(root, "tests", "e2e"), os.path.dirname(path)):
            sys.path.insert(0, folder)
        for test in flatten(loader.loadTestsFromName(os.path.basename(path)[:-3])):
            if re.search(arguments.filter, test.id()):
                chosen.addTest(test)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(chosen)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped, expected = len(result.skipped), len(result.expectedFailures)
    return Counts(max(result.testsRun - failed - skipped - expected, 0), failed, skipped, expected)


def run_e2e(root, build, arguments):
    return run_folder("e2e", root, build, arguments)


def run_property(root, build, arguments):
    return run_folder("property", root, build, arguments)
