"""One engine with one network in a process of its own, so that a crash, threads and memory of one engine don't touch another.

A worker reads commands (a JSON list a line) from standard input and answers each with a line: a JSON object, with "error"
when the command failed. What libraries print goes to standard error.
"""
import json
import os
import subprocess
import sys
import time
import types

import numpy as np

PAUSE = 0.25  # seconds; OpenMP's and thread pools' workers look for work for so long at most before they sleep


class WorkerFailed(Exception):
    """The engine refused the network, or its process died; the text says which and why."""


class Worker:
    """The other side's handle."""

    def __init__(self, engine, job, log):
        self.engine = engine
        command = [sys.executable, os.path.abspath(__file__), engine, json.dumps(job)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def ask(self, *command):
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise WorkerFailed(f"its process ended with {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def status_bytes(field):
    """VmRSS, VmHWM and so on of this process."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def engine_class(name):
    import ours
    import peers
    return next(engine for engine in [ours.Dlc, peers.Literal, *peers.PEERS] if engine.NAME == name)


class Served:
    """What the commands do."""

    def __init__(self, name, job):
        self.kind, self.job = engine_class(name), types.SimpleNamespace(**job)
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.job.threads])
        self.job.inputs = {name: load(path) for name, path in job["inputs"].items()}

    def open(self):
        """Loads and runs once: milliseconds of both, and by how much this process grew."""
        self.kind.prepare(self.job)
        before, start = status_bytes("VmRSS"), time.perf_counter()
        self.engine = self.kind(self.job)
        loaded = time.perf_counter()
        self.results = self.engine.run()
        done = time.perf_counter()
        return {"load_ms": (loaded - start) * 1e3, "first_ms": (done - loaded) * 1e3, "memory": self.engine.memory(),
                "grown_bytes": status_bytes("VmHWM") - before}

    def measure(self, seconds):
        """After a pause, in which threads of the engine before it stop looking for work."""
        time.sleep(PAUSE)
        return self.engine.measure(seconds)

    def outputs(self, path):
        """The first run's outputs, into a file."""
        np.savez(path, *[np.asarray(value, np.float32 if value.dtype.name == "bfloat16" else None) for value in self.results])
        return {}


def load(path):
    array = np.load(path)
    if array.dtype.kind == "V":  # numpy has no name for bf16
        import ml_dtypes
        array = array.view(ml_dtypes.bfloat16)
    return array


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    served = Served(sys.argv[1], json.loads(sys.argv[2]))
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        try:
            answer = getattr(served, command)(*arguments)
        except Exception as error:  # everything that an engine can't do is an answer too
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
