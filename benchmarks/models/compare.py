#!/usr/bin/env python3
"""Times networks in dlc and in ONNX Runtime, in turn, on the same threads, and compares their outputs.

compare.py --dlc build/release/tools/dlc/dlc [--threads 1 2] [--rounds 3] [--seconds 2] [--dim NAME=SIZE]
           [--specialise] [--value INPUT=NUMBER] [--option=--FLAG] MODEL.onnx ...

Symbolic dims are 1, or what --dim says; with --specialise the compiler is told so too. Prints the median of each round's median, and their ratio (below 1: dlc is faster).
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8}


class Peer:
    """ONNX Runtime with seeded random inputs."""

    def __init__(self, model, threads, sizes, values):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        random = np.random.default_rng(0)
        self.feeds = {}
        for i in self.session.get_inputs():
            shape = [d if isinstance(d, int) else sizes.get(d, 1) for d in i.shape]
            if i.name in values:
                self.feeds[i.name] = np.full(shape, values[i.name], TYPES[i.type])
                continue
            self.feeds[i.name] = np.asarray(random.random(shape) * (2 if i.type == "tensor(int64)" else 1), TYPES[i.type])

    def median_ms(self, seconds):
        times, end = [], time.time() + seconds
        while time.time() < end or len(times) < 3:
            start = time.perf_counter()
            self.session.run(None, self.feeds)
            times.append((time.perf_counter() - start) * 1e3)
        return statistics.median(times)


def ours(dlc, artifact, threads, seconds, inputs):
    """What `dlc bench --json` says."""
    command = [dlc, "bench", artifact, "--threads", str(threads), "--duration", str(seconds), "--json", *inputs]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def largest_error(dlc, artifact, inputs, peer, folder):
    """The largest difference of all outputs, relative to the output's peak."""
    subprocess.run([dlc, "run", artifact, *inputs, "--output-dir", folder], check=True, capture_output=True)
    worst = 0.0
    for i, expected in enumerate(peer.session.run(None, peer.feeds)):
        got = np.load(os.path.join(folder, f"output_{i}.npy")).astype(np.float64)
        peak = np.abs(expected).max() or 1.0
        worst = max(worst, float(np.abs(got - expected).max() / peak))
    return worst


def compare(arguments, model, folder):
    """Prints a line per number of threads; the result is a list of what was measured."""
    rows = []
    artifact = os.path.join(folder, "model.so")
    sizes = dict((name, int(size)) for name, size in (each.split("=") for each in arguments.dim))
    values = dict((name, float(value)) for name, value in (each.split("=") for each in arguments.value))
    dims = [f"--dim={name}={size}" for name, size in sizes.items()] if arguments.specialise else []
    subprocess.run([arguments.dlc, "compile", model, "-o", artifact, *dims, *arguments.option], check=True)
    for threads in arguments.threads:
        peer = Peer(model, threads, sizes, values)
        inputs = []
        for name, value in peer.feeds.items():
            path = os.path.join(folder, f"input_{len(inputs)}.npy")
            np.save(path, value)
            inputs += ["--input", f"{name}={path}"]
        rounds = [(ours(arguments.dlc, artifact, threads, arguments.seconds, inputs), peer.median_ms(arguments.seconds))
                  for _ in range(arguments.rounds)]
        mine, theirs = statistics.median(own["median_ms"] for own, _ in rounds), statistics.median(other for _, other in rounds)
        peak = statistics.median(own["peak_gflops"] for own, _ in rounds)
        error = largest_error(arguments.dlc, artifact, inputs, peer, folder)
        print(f"{os.path.basename(model):24} {threads} threads  dlc {mine:8.3f} ms  ONNX Runtime {onnxruntime.__version__} "
              f"{theirs:8.3f} ms  ratio {mine / theirs:.2f}  error {error:.1e}", flush=True)
        rows.append({"model": os.path.basename(model), "sizes": sizes, "specialised": arguments.specialise, "threads": threads,
                     "dlc_ms": mine, "peer_ms": theirs, "error": error, "peak_gflops": peak,
                     "gflop": rounds[0][0]["flops_per_run"] / 1e9})
    return rows


def measure(arguments, models):
    rows = []
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            rows += compare(arguments, model, folder)
    return rows


def make_parser(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", required=True)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=SIZE")
    parser.add_argument("--value", action="append", default=[], metavar="INPUT=NUMBER", help="all elements of an input")
    parser.add_argument("--specialise", action="store_true")
    parser.add_argument("--option", action="append", default=[], help="for dlc compile")
    return parser


def main():
    parser = make_parser(__doc__)
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    measure(arguments, arguments.models)


if __name__ == "__main__":
    main()
