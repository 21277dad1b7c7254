#!/usr/bin/env python3
"""Times networks in dlc and in other engines, in turn, on the same threads, and compares their outputs.

compare.py --dlc build/release/tools/dlc/dlc [--threads 1 2] [--rounds 3] [--seconds 2] [--dim NAME=SIZE] [--specialise]
           [--value INPUT=NUMBER] [--option=--FLAG] [--peers "ONNX Runtime" OpenVINO ncnn] MODEL.onnx ...

Symbolic dims are 1, or what --dim says. Other engines are given the network with these sizes fixed; dlc is told them only
with --specialise, else it compiles for any. Every engine has a process of its own, bound to as many processors as there
are threads. Times are the medians of each round's median; a ratio below 1 means that dlc is faster than the best other.
"""
import argparse
import contextlib
import functools
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import ours
import peers
from network import Network
from rows import OURS, TOLERANCE, ratio, sizes
from worker import Worker, WorkerFailed


def largest_error(expected, got):
    """The largest difference of all outputs, as a fraction of each output's peak; NaNs differ from all."""
    if [e.size for e in expected] != [g.size for g in got]:
        return float("inf")
    worst = 0.0
    for e, g in zip(expected, got):
        e, g = e.astype(np.float64), g.astype(np.float64).reshape(e.shape)
        error = np.abs(g - e).max(initial=0) / (np.abs(e).max(initial=0) or 1.0)
        worst = max(worst, float("inf") if np.isnan(error) else float(error))
    return worst


def agreed(results):
    """Which of these engines the others agree with best, the first where that doesn't decide; None if there are none.
    Optimisations of one engine round differently, and an engine's functions may be inaccurate: none is always right."""
    def distance(name):
        return sum(min(largest_error(results[name], results[other]), 1e3) for other in results if other != name)
    return min(results, key=distance, default=None)


class Comparison:
    """One network at one set of sizes."""

    def __init__(self, arguments, model, folder):
        self.arguments, self.folder = arguments, folder
        self.sizes = dict((name, int(size)) for name, size in (each.split("=") for each in arguments.dim))
        values = dict((name, float(value)) for name, value in (each.split("=") for each in arguments.value))
        self.network = Network(model, self.sizes, values)
        self.precision, self.name = self.network.precision(), os.path.basename(model).removesuffix(".onnx")
        self.static, self.artifact, self.program = (os.path.join(folder, file) for file in ("static.onnx", "model.so", "model"))
        self.network.write_static(self.static)
        self.inputs = {}
        for name, value in self.network.inputs().items():
            self.inputs[name] = os.path.join(folder, f"input_{len(self.inputs)}.npy")
            np.save(self.inputs[name], value)

    def costs(self):
        """What doesn't depend on threads: compile time, sizes, and memory as a program of its own."""
        dims = [f"--dim={name}={size}" for name, size in self.sizes.items()] if self.arguments.specialise else []
        options = [*dims, *self.arguments.option]
        seconds = ours.compile_model(self.arguments.dlc, self.network.path, self.artifact, options)
        ours.compile_model(self.arguments.dlc, self.network.path, self.program, ["--emit=exe", *options])
        return {"compile_s": seconds, "model_bytes": self.network.bytes, "artifact_bytes": os.path.getsize(self.artifact),
                "input_bytes": sum(os.path.getsize(path) for path in self.inputs.values()),
                "rss_bytes": ours.bare_rss(self.program, 1, self.inputs)}

    def job(self, threads):
        return {"model": self.static, "artifact": self.artifact, "inputs": self.inputs, "threads": threads,
                "precision": self.precision, "folder": os.path.join(self.folder, "engine"), "runtime": self.arguments.runtime}

    def opened(self, stack, threads, log):
        """A worker per engine that can run the network, and what opening said, or why not, by engine."""
        workers, engines = {}, {}
        os.makedirs(os.path.join(self.folder, "engine"), exist_ok=True)
        for name in [OURS, *self.arguments.peers]:
            worker = Worker(name, self.job(threads), log)
            stack.callback(worker.close)
            try:
                engines[name] = worker.ask("open")
                workers[name] = worker
            except WorkerFailed as failure:
                engines[name] = {"reason": str(failure)}
        return workers, engines

    def rounds(self, workers, engines, threads):
        """Adds each engine's median of medians and its shortest time, round by round in turn. Returns what `dlc bench` said
        in every round, of the processor's peak at that time for one."""
        times, benches = {name: [] for name in workers}, []
        for _ in range(self.arguments.rounds):
            for name, worker in workers.items():
                with contextlib.suppress(WorkerFailed):
                    times[name].append(worker.ask("measure", self.arguments.seconds))
            if OURS in workers:
                benches.append(ours.peak(self.arguments.dlc, self.artifact, threads, self.inputs))
        for name, measured in times.items():
            if measured:
                engines[name]["ms"] = statistics.median(each["median_ms"] for each in measured)
                engines[name]["min_ms"] = min(each["min_ms"] for each in measured)
            else:
                engines[name]["reason"] = "failed while it was timed"
        return benches

    def outputs_of(self, worker):
        path = os.path.join(self.folder, "outputs.npz")
        worker.ask("outputs", path)
        with np.load(path) as file:
            return [file[key] for key in file.files]

    @functools.cached_property
    def literal(self):
        """The outputs of ONNX Runtime without optimisations, by its name; empty if it can't run the network."""
        worker = Worker(peers.Literal.NAME, self.job(1), subprocess.DEVNULL)
        try:
            worker.ask("open")
            return {peers.Literal.NAME: self.outputs_of(worker)}
        except WorkerFailed:
            return {}
        finally:
            worker.close()

    def compare_outputs(self, workers, engines):
        """Adds each engine's error against what most peers compute, and why one whose outputs are others doesn't count."""
        results = {name: self.outputs_of(worker) for name, worker in workers.items()}
        others = {**(self.literal if self.arguments.peers else {}), **{name: each for name, each in results.items() if name != OURS}}
        reference = agreed(others)
        for name in results if reference else ():
            error = engines[name]["error"] = largest_error(others[reference], results[name])
            if error > TOLERANCE[self.precision] and name != OURS:
                engines[name]["reason"] = f"its outputs differ by {error:.1e} of their peak from those of {reference}"

    def at(self, threads, log):
        """The row of a number of threads."""
        with contextlib.ExitStack() as stack:
            workers, engines = self.opened(stack, threads, log)
            self.compare_outputs(workers, engines)
            benches = self.rounds(workers, engines, threads)
        row = {"model": self.name, "sizes": self.sizes, "specialised": self.arguments.specialise, "precision": self.precision,
               "threads": threads, "engines": engines}
        if "ms" in engines[OURS]:
            row.update(peak_gflops=statistics.median(bench["peak_gflops"] for bench in benches),
                       gflop=benches[0]["flops_per_run"] / 1e9)
        return row


def line(row):
    """What is printed of a row."""
    def cell(name, each):
        time = f"{each['ms']:.3f} ms" if "ms" in each else "-"
        error = f" error {each['error']:.1e}" if each.get("error") else ""
        return f"{name} {time}{error}" + (f" ({each['reason'][:200]})" if "reason" in each else "")
    found = ratio(row)
    cells = "; ".join(cell(name, each) for name, each in row["engines"].items())
    return f"{row['model']}, {sizes(row)}, {row['threads']} threads: ratio {f'{found:.2f}' if found else '-'}; {cells}"


def measure(arguments, model):
    """A network's costs and a row per number of threads."""
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "log"), "w+") as log:
        comparison = Comparison(arguments, model, folder)
        try:
            costs = comparison.costs()
        except RuntimeError as error:
            print(f"{comparison.name}: {error}", flush=True)
            return [{"model": comparison.name, "sizes": comparison.sizes, "specialised": arguments.specialise,
                     "precision": comparison.precision, "failure": str(error)}]
        rows = []
        for threads in arguments.threads:
            rows.append({**comparison.at(threads, log), "costs": costs})
            print(line(rows[-1]), flush=True)
        return rows


def make_parser(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", required=True)
    parser.add_argument("--runtime", help="libdlc_rt.so; default: beside dlc")
    parser.add_argument("--peers", nargs="*", default=[peer.NAME for peer in peers.PEERS])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=SIZE")
    parser.add_argument("--value", action="append", default=[], metavar="INPUT=NUMBER", help="all elements of an input")
    parser.add_argument("--specialise", action="store_true")
    parser.add_argument("--option", action="append", default=[], help="for dlc compile")
    return parser


def parse(parser):
    arguments = parser.parse_args()
    arguments.dlc = os.path.abspath(arguments.dlc)
    arguments.runtime = os.path.abspath(arguments.runtime or ours.runtime_library(arguments.dlc))
    unknown = set(arguments.peers) - {peer.NAME for peer in peers.PEERS}
    if unknown:
        sys.exit(f"no engine is called {', '.join(unknown)}; there are {', '.join(peer.NAME for peer in peers.PEERS)}")
    return arguments


def main():
    parser = make_parser(__doc__)
    parser.add_argument("models", nargs="+")
    arguments = parse(parser)
    for model in arguments.models:
        measure(arguments, model)


if __name__ == "__main__":
    main()
