"""Random graphs compute what the reference evaluator computes: with symbolic sizes, with known ones, on any schedule.

A seed that fails is made smaller and printed with the command that runs it again:
    DLC=.../dlc python3 tests/property/random_graphs_test.py SEED [FOLDER]
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import tool
from random_graph import RandomGraph

SECONDS = 1200 if tool.FULL else 100
FIRST_SEEDS = 40
JOBS = 2
TIME_LIMIT = 120


def size(seed):
    """Most graphs are small and quick; every third is large, where more can meet."""
    return 40 if seed % 3 == 2 else 12


def write(graph, folder):
    """model.onnx and its inputs; the result is the model's path."""
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    for i, content in enumerate(graph.data):
        with open(os.path.join(data, f"input_{i}.pb"), "wb") as file:
            file.write(content)
    path = os.path.join(folder, "model.onnx")
    graph.save(path)
    return path


def variants(graph, seed):
    """The ways to compile and run that a seed tries."""
    dims = [word for symbol, size in graph.symbols.items() for word in ("--dim", f"{symbol}={size}")
            if any(symbol in value[2] for value in graph.inputs)]
    yield ["--schedules"] if seed % 4 == 0 else []
    yield [*dims, "--opt-level", str(seed % 3)]


def verify(graph, folder, seed):
    """What went wrong, or nothing."""
    path = write(graph, folder)
    for options in variants(graph, seed):
        try:
            result = tool.dlc("verify", path, *options, timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            return f"{' '.join(options)}: takes longer than {TIME_LIMIT} s"
        if result.returncode != 0:
            return f"{' '.join(options)}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
    return ""


def shrink(seed, folder):
    """The same seed with as few nodes as still fail, and how."""
    best = None
    for nodes in range(1, size(seed)):
        problem = verify(RandomGraph(seed, nodes), folder, seed)
        if problem:
            best = nodes, problem
            break
    return best


def check(seed):
    with tempfile.TemporaryDirectory() as folder:
        problem = verify(RandomGraph(seed, size(seed)), folder, seed)
        if not problem:
            return ""
        smaller = shrink(seed, folder)
        return f"seed {seed}" + (f", {smaller[0]} nodes: {smaller[1]}" if smaller else f": {problem}")


class RandomGraphs(unittest.TestCase):
    def test_agree_with_the_reference(self):
        end, seed, problems = time.time() + SECONDS, 0, []
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            while time.time() < end or seed < FIRST_SEEDS:
                problems += [each for each in pool.map(check, range(seed, seed + 4 * JOBS)) if each]
                seed += 4 * JOBS
        print(f"{seed} random graphs")
        again = f"DLC={tool.DLC} python3 {os.path.relpath(os.path.abspath(__file__))} SEED"
        self.assertFalse(problems, "\n".join(problems) + f"\nto run one again: {again}")


def main():
    seed = int(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    problem = shrink(seed, folder)
    print(f"{folder}/model.onnx", f"{problem[0]} nodes: {problem[1]}" if problem else verify(RandomGraph(seed, size(seed)), folder, seed))


if __name__ == "__main__":
    main()
