#!/usr/bin/env python3
"""Measures all benchmark networks beside ONNX Runtime, and writes results.json and docs/benchmarks.md.

report.py --dlc build/release/tools/dlc/dlc --networks FOLDER [--models FOLDER] [--threads 1 2] [--rounds 3] [--seconds 2]

FOLDER of --networks is where generate.py has written; --models may name a folder with real models, searched for *.onnx,
--sizes a JSON file {file name: {"dims": {name: size}, "values": {input: number}}} for those with symbolic sizes.
"""
import json
import math
import os
import platform

import onnxruntime

import compare

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
# Network, sizes of its symbolic dims, whether the compiler is told.
CASES = [("resnet50", {}, False), ("resnet50", {"batch": 8}, False), ("mobilenetv2", {}, False), ("squeezenet", {}, False),
         ("detector", {}, False), ("encoder", {"sequence": 16}, False), ("encoder", {"sequence": 128}, False),
         ("encoder", {"sequence": 128, "batch": 1}, True), ("encoder", {"sequence": 512}, False), ("lstm_step", {}, False),
         ("gru_step", {}, False)]


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def page(rows):
    ratios = [row["dlc_ms"] / row["peer_ms"] for row in rows]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    peak = sorted(row["peak_gflops"] for row in rows if row["threads"] == 1)
    lines = ["# Benchmarks", "",
             "Written by [benchmarks/models/report.py](../benchmarks/models/report.py); the numbers are in",
             "[results.json](../benchmarks/models/results.json). Medians of interleaved rounds, milliseconds a run; a ratio below 1",
             "means that dlc is faster. Networks that [generate.py](../benchmarks/models/generate.py) makes have random weights;",
             "outputs of both engines are compared, the error is the largest difference as a fraction of the output's peak.", "",
             f"* Processor: {processor()}, {os.cpu_count()} cores; one core's f32 peak was {peak[len(peak) // 2]:.0f} GFLOP/s (median of all rounds)",
             f"* ONNX Runtime {onnxruntime.__version__}, called through Python, which costs it about 5 us a run",
             f"* Geometric mean of the ratios: {mean:.2f}", "",
             "| network | sizes | threads | dlc | ONNX Runtime | ratio | dlc GFLOP/s | error |", "| --- | --- | --: | --: | --: | --: | --: | --: |"]
    for row, ratio in zip(rows, ratios):
        sizes = ", ".join(f"{name} {size}" for name, size in row["sizes"].items()) or "batch 1"
        sizes += " (specialised)" if row["specialised"] else ""
        lines.append(f"| {row['model'].removesuffix('.onnx')} | {sizes} | {row['threads']} | {row['dlc_ms']:.3f} | {row['peer_ms']:.3f} | "
                     f"{ratio:.2f} | {row['gflop'] / row['dlc_ms'] * 1e3:.0f} | {row['error']:.1e} |")
    return "\n".join(lines) + "\n"


def main():
    parser = compare.make_parser(__doc__)
    parser.add_argument("--networks", required=True)
    parser.add_argument("--models")
    parser.add_argument("--sizes")
    arguments = parser.parse_args()
    rows = []
    for name, sizes, arguments.specialise in CASES:
        arguments.dim = [f"{dim}={size}" for dim, size in sizes.items()]
        rows += compare.measure(arguments, [os.path.join(arguments.networks, name + ".onnx")])
    arguments.specialise, sizes = False, {}
    if arguments.sizes:
        with open(arguments.sizes) as file:
            sizes = json.load(file)
    found = sorted(os.path.join(folder, file) for folder, _, files in os.walk(arguments.models or "") for file in files)
    for path in filter(lambda path: path.endswith(".onnx"), found):
        own = sizes.get(os.path.basename(path), {})
        arguments.dim = [f"{name}={size}" for name, size in own.get("dims", {}).items()]
        arguments.value = [f"{name}={value}" for name, value in own.get("values", {}).items()]
        rows += compare.measure(arguments, [path])
    with open(os.path.join(HERE, "results.json"), "w") as file:
        json.dump({"processor": processor(), "onnxruntime": onnxruntime.__version__, "rows": rows}, file, indent=1)
    with open(os.path.join(ROOT, "docs", "benchmarks.md"), "w") as file:
        file.write(page(rows))


if __name__ == "__main__":
    main()
