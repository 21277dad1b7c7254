"""What came of tests, and what they are given."""
import os


class Counts:
    """`expected`: tests that fail, and are listed as failing."""
    KINDS = ("passed", "failed", "skipped", "expected")

    def __init__(self, passed=0, failed=0, skipped=0, expected=0):
        self.passed, self.failed, self.skipped, self.expected = passed, failed, skipped, expected

    def add(self, other):
        for kind in self.KINDS:
            self.count(kind, getattr(other, kind))

    def count(self, kind, number=1):
        setattr(self, kind, getattr(self, kind) + number)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped, {self.expected} expected failures"


def checked(counts, code, what):
    """A runner that fails without a failed test has failed itself."""
    if code != 0 and counts.failed == 0:
        print(f"{what} ended with exit code {code}")
        counts.failed += 1
    return counts


def environment(build, full):
    """DLC: the compiler under test; DLC_TEST_FULL: 1 when slow tests are wanted."""
    return {**os.environ, "DLC": os.path.join(build, "tools", "dlc", "dlc"), "DLC_TEST_FULL": "1" if full else "0"}
