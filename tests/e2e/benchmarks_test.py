"""The benchmark page is what its script makes of the stored results, and the script judges results rightly."""
import json
import os
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SCRIPTS = os.path.join(ROOT, "benchmarks", "models")
sys.path.insert(0, SCRIPTS)
import page  # noqa: E402
import rows  # noqa: E402
sys.path.remove(SCRIPTS)  # other tests have modules of the same names


def row(mine=2.0, others=(4.0,), threads=1, peak=100.0, error=0.0, **more):
    engines = {"dlc": {"ms": mine, "error": error}, **{f"peer {i}": {"ms": ms, "error": 0.0} for i, ms in enumerate(others)}}
    return {"model": "net", "sizes": {}, "specialised": False, "precision": "f32", "threads": threads, "engines": engines,
            "peak_gflops": peak, "gflop": 1.0, **more}


class Ratios(unittest.TestCase):
    def test_the_fastest_peer_counts(self):
        self.assertEqual(rows.ratio(row(2.0, (8.0, 4.0, 16.0))), 0.5)

    def test_a_peer_that_is_wrong_does_not_count(self):
        one = row(2.0, (8.0, 4.0))
        one["engines"]["peer 1"]["reason"] = "its outputs differ"
        self.assertEqual(rows.best_peer(one), ("peer 0", 8.0))

    def test_no_ratio_without_a_peer(self):
        self.assertIsNone(rows.ratio(row(2.0, ())))

    def test_wrong_outputs_are_seen(self):
        self.assertTrue(rows.is_wrong(row(error=0.5)))
        self.assertTrue(rows.is_wrong(row(error=float("inf"))))
        self.assertFalse(rows.is_wrong(row(error=1e-5)))


class Regressions(unittest.TestCase):
    def test_a_slower_run_is_told(self):
        compared, lines = rows.slower([row(2.0)], [row(3.0)], 0.1)
        self.assertEqual((compared, lines), (1, ["net, batch 1, 1 threads: 1.50 times what it was"]))

    def test_within_the_tolerance(self):
        self.assertEqual(rows.slower([row(2.0)], [row(2.1)], 0.1), (1, []))

    def test_a_slower_machine_is_not_a_regression(self):
        self.assertEqual(rows.slower([row(2.0, peak=100.0)], [row(4.0, peak=50.0)], 0.1), (1, []))

    def test_threads_are_not_mixed_up(self):
        self.assertEqual(rows.slower([row(2.0, threads=2)], [row(4.0, threads=1)], 0.1), (0, []))

    def test_a_network_that_fails_now_is_told(self):
        failed = {"model": "net", "sizes": {}, "specialised": False, "precision": "f32", "failure": "no such op"}
        self.assertEqual(rows.slower([row()], [failed], 0.1), (0, ["net, batch 1: can't be run any more: no such op"]))


class Page(unittest.TestCase):
    def test_is_current(self):
        with open(os.path.join(SCRIPTS, "results.json")) as file:
            results = json.load(file)
        files = {"benchmarks.md": page.page(results), **page.charts([each for each in results["rows"] if "failure" not in each])}
        for name, text in files.items():
            with open(os.path.join(ROOT, "docs", name)) as file:
                self.assertEqual(file.read(), text, f"docs/{name} is not what benchmarks/models/report.py --page writes")


if __name__ == "__main__":
    unittest.main()
