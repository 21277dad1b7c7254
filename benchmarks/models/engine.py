"""What all engines that are measured have in common."""
import ctypes
import functools
import os
import subprocess
import sysconfig
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CAPACITY = 1 << 20
# numpy's names of element types, and their numbers in ONNX, ONNX Runtime and dlc.
DTYPES = {"float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "bool": 9, "float16": 10,
          "float64": 11, "bfloat16": 16}


class Call(ctypes.Structure):
    """A bound call of a C function (struct call of timing.c)."""
    _fields_ = [("function", ctypes.c_void_p), ("count", ctypes.c_size_t), ("arguments", ctypes.c_size_t * 8)]

    def __init__(self, function, *arguments):
        words = [ctypes.cast(a, ctypes.c_void_p).value or 0 if not isinstance(a, int) else a for a in arguments]
        super().__init__(ctypes.cast(function, ctypes.c_void_p).value, len(words), (ctypes.c_size_t * 8)(*words))


@functools.cache
def timing():
    """timing.c as a library."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    path = os.path.join(tempfile.mkdtemp(), "timing.so")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", path, os.path.join(HERE, "timing.c")], check=True)
    library = ctypes.CDLL(path)
    library.time_calls.restype = ctypes.c_size_t
    library.time_calls.argtypes = [ctypes.POINTER(Call), ctypes.c_double, ctypes.POINTER(ctypes.c_double), ctypes.c_size_t,
                                   ctypes.POINTER(ctypes.c_size_t)]
    return library


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Engine:
    """A network loaded into an engine, with its inputs bound. Subclasses load in __init__(job), where `job` has

    model: the network's file with static sizes; artifact: the same compiled by dlc; inputs: arrays by name; threads;
    precision: f32, f16, bf16 or int8, the network's own; folder: for files that only this engine needs;
    """
    NAME = ""

    @classmethod
    def prepare(cls, job):
        """What isn't part of loading: imports, conversions."""

    def run(self):
        """Runs once; the outputs as arrays, in the network's order."""
        raise NotImplementedError

    def call(self):
        """The run as a bound call of the engine's C interface, or None where it can be called through Python only."""
        return None

    def memory(self):
        """What the engine itself says about its memory, bytes by kind."""
        return {}

    def measure(self, seconds):
        """The median and the shortest time of a run, ms."""
        call = self.bound = getattr(self, "bound", None) or self.call()
        times = c_times(self.NAME, call, seconds) if call else self.python_times(seconds)
        return {"median_ms": float(np.median(times)), "min_ms": float(np.min(times))}

    def python_times(self, seconds):
        times, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            self.run_only()
            times.append((time.perf_counter() - start) * 1e3)
        return times

    def run_only(self):
        """Runs once, without copying what comes out."""
        self.run()


def c_times(name, call, seconds):
    times, failure = (ctypes.c_double * CAPACITY)(), ctypes.c_size_t()
    count = timing().time_calls(call, seconds, times, CAPACITY, failure)
    if failure.value:
        raise RuntimeError(f"{name} failed with {failure.value:#x} while it was timed")
    return np.frombuffer(times, count=count)
