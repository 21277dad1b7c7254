"""Real models against their stored outputs. Those that can't pass yet are listed, exactly."""
import os
import unittest

import tool

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models-expected-failures.txt")


def expected_failures():
    """Name -> reason."""
    failures = {}
    with open(LIST) as file:
        for line in file:
            name, _, reason = line.partition("#")
            if name.strip():
                failures[name.strip()] = reason.strip()
    return failures


EXPECTED = expected_failures()


def make_test(name, path):
    def test(self):
        arguments = ["--schedules"] if tool.FULL else []
        result = tool.dlc("verify", path, *arguments)
        if name in EXPECTED:
            self.assertNotEqual(result.returncode, 0, f"passes unexpectedly: take it off {os.path.basename(LIST)}")
        else:
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr[:2000])

    return test


class Models(unittest.TestCase):
    def test_the_list_is_current(self):
        names = {name for name, _ in tool.find_models()}
        if not names:
            self.skipTest("no shared folder of models")
        for name, reason in EXPECTED.items():
            self.assertIn(name, names, "a model that does not exist is expected to fail")
            self.assertTrue(reason, f"expected a reason after '#' for {name}")


for model, file in tool.find_models():
    setattr(Models, "test_" + "".join(c if c.isalnum() else "_" for c in model), make_test(model, file))

if __name__ == "__main__":
    unittest.main()
