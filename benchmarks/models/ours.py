"""dlc as an engine: its compiler as a program, its runtime through the C interface (runtime/include/dlc/runtime.h)."""
import ctypes
import json
import os
import subprocess
import time

import numpy as np

from engine import DTYPES, Call, Engine, address
from rows import OURS

SHAPE = ctypes.c_int64 * 16


class Tensor(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32), ("dims", SHAPE),
                ("data", ctypes.c_void_p), ("byte_size", ctypes.c_size_t)]

    def __init__(self, array=None):
        super().__init__(ctypes.sizeof(Tensor))
        if array is not None:
            self.dtype, self.rank, self.dims = DTYPES[array.dtype.name], array.ndim, SHAPE(*array.shape)
            self.data, self.byte_size = array.ctypes.data, array.nbytes

    def array(self):
        """A copy of the elements; bf16 as f32."""
        name = next(name for name, number in DTYPES.items() if number == self.dtype)
        data = ctypes.string_at(self.data, self.byte_size)
        if name == "bfloat16":
            return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(self.dims[: self.rank])
        return np.frombuffer(data, name).reshape(self.dims[: self.rank])


class Memory(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("frames", ctypes.c_uint64), ("scratch", ctypes.c_uint64),
                ("variables", ctypes.c_uint64), ("outputs", ctypes.c_uint64), ("complete", ctypes.c_uint32)]


class ContextOptions(ctypes.Structure):
    """dlc_context_options; the fields that are not used here follow `threads`, and are zeros."""
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("plan_cache", ctypes.c_uint32)]


class Dlc(Engine):
    NAME = OURS

    def __init__(self, job):
        self.library, self.job = ctypes.CDLL(job.runtime), job
        self.library.dlc_last_error.restype = ctypes.c_char_p
        self.library.dlc_model_weights_size.restype = ctypes.c_uint64
        self.library.dlc_model_output_count.restype = ctypes.c_size_t
        self.model, self.context = ctypes.c_void_p(), ctypes.c_void_p()
        options = ContextOptions(ctypes.sizeof(ContextOptions), job.threads)
        self.check(self.library.dlc_model_load_file(job.artifact.encode(), None, ctypes.byref(self.model)))
        self.check(self.library.dlc_context_create(self.model, ctypes.byref(options), ctypes.byref(self.context)))
        self.tensors = [Tensor(value) for value in job.inputs.values()]
        for (name, _), tensor in zip(job.inputs.items(), self.tensors):
            index = ctypes.c_size_t()
            self.check(self.library.dlc_model_find_input(self.model, ctypes.c_size_t(0), name.encode(), ctypes.byref(index)))
            self.check(self.library.dlc_context_set_input(self.context, ctypes.c_size_t(0), index, ctypes.byref(tensor)))
        self.count = self.library.dlc_model_output_count(self.model, ctypes.c_size_t(0))

    def check(self, status):
        if status:
            raise RuntimeError("dlc: " + self.library.dlc_last_error().decode())

    def run(self):
        self.check(self.library.dlc_context_run(self.context, ctypes.c_size_t(0)))
        outputs = []
        for index in range(self.count):
            tensor = Tensor()
            self.check(self.library.dlc_context_get_output(self.context, ctypes.c_size_t(0), ctypes.c_size_t(index), ctypes.byref(tensor)))
            outputs.append(tensor.array())
        return outputs

    def call(self):
        return Call(self.library.dlc_context_run, self.context, 0)

    def memory(self):
        memory = Memory(ctypes.sizeof(Memory))
        inputs = (Tensor * len(self.tensors))(*self.tensors)
        self.check(self.library.dlc_model_memory(self.model, ctypes.c_size_t(0), inputs, ctypes.c_size_t(len(inputs)),
                                                 self.job.threads, ctypes.byref(memory)))
        sizes = {name: getattr(memory, name) for name in ("frames", "scratch", "variables", "outputs")}
        return {"weights": self.library.dlc_model_weights_size(self.model), **sizes, "complete": bool(memory.complete)}


def runtime_library(dlc):
    """libdlc_rt.so beside the program, in the build tree or where it was installed."""
    folder = os.path.dirname(os.path.realpath(dlc))
    places = [os.path.join(folder, place, "libdlc_rt.so") for place in (".", "../../runtime", "../lib", "../lib64", "../lib/x86_64-linux-gnu")]
    found = next((place for place in places if os.path.exists(place)), None)
    if not found:
        raise SystemExit(f"found no libdlc_rt.so near {dlc} (in {', '.join(places)}): say where it is with --runtime")
    return found


def output_of(command):
    """What a program prints; RuntimeError with what it complains of when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:2])} failed with {done.returncode}: {done.stderr.strip()[:2000]}")
    return done.stdout


def compile_model(dlc, model, out, options=()):
    """Compiles, and returns how long that took, in seconds."""
    start = time.perf_counter()
    output_of([dlc, "compile", model, "-o", out, *options])
    return time.perf_counter() - start


def input_option(name, path):
    """How the tools are told of an input; numpy's files have no name for bf16."""
    array = np.load(path)
    if array.dtype.kind != "V":
        return f"--input={name}={path}"
    array.tofile(path + ".bin")
    return f"--input={name}=raw:{path}.bin:bf16:{'x'.join(map(str, array.shape))}"


def peak(dlc, artifact, threads, inputs):
    """What `dlc bench` says about the processor's peak (GFLOP/s on so many threads) and the arithmetic of a run."""
    options = [input_option(name, path) for name, path in inputs.items()]
    return json.loads(output_of([dlc, "bench", artifact, "--threads", str(threads), "--duration", "0.01", "--json", *options]))


def bare_rss(program, threads, inputs):
    """The peak resident memory, in bytes, of the model as a program of its own that runs once; None without GNU time."""
    if not os.path.exists("/usr/bin/time"):
        return None
    arguments = [word for name, path in inputs.items() for word in ("--input", f"{name}={path}")]
    report = os.path.join(os.path.dirname(program), "rss")
    output_of(["/usr/bin/time", "-f", "%M", "-o", report, program, "--threads", str(threads), *arguments])
    with open(report) as file:
        return int(file.read().split()[-1]) * 1024
