#!/usr/bin/env python3
"""Measures all benchmark networks beside other engines, and writes results.json, docs/benchmarks.md and its charts.

report.py --dlc build/release/tools/dlc/dlc --networks FOLDER [--models FOLDER] [--sizes FILE] [--threads 1 2] [--rounds 3]
          [--seconds 2] [--only NAME ...] [--to FOLDER] [--page] [--check [--tolerance 0.1]]

--networks: where generate.py has written. --models: a folder with other models, searched for *.onnx; --sizes: a JSON file
{file name: {"dims": {name: size}, "values": {input: number}}} for those with symbolic sizes. --only measures these
networks and keeps what results.json says of all others. --page writes the page again from results.json, without measuring.
--to keeps results.json, the page and charts in this folder, for trials.

--check measures dlc alone and writes nothing: it compares each time, in units of what the processor's peak loop takes in
the same run, with results.json, and fails where one is slower by more than the tolerance.
"""
import json
import os
import platform
import subprocess
import sys

import cases
import compare
import page
import peers
import rows
from networks import NETWORKS

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "..", "docs")


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def machine(arguments):
    version = subprocess.run([arguments.dlc, "--version"], capture_output=True, text=True, check=True).stdout
    engines = {"dlc": version.split()[1], **{peer.NAME: peer.version() for peer in peers.PEERS if peer.NAME in arguments.peers}}
    return {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "system": f"{platform.system()} {platform.release()}",
            "engines": engines}


def load(arguments):
    path = os.path.join(arguments.to or HERE, "results.json")
    if not os.path.exists(path):
        return {"rows": []}
    with open(path) as file:
        return json.load(file)


def write(arguments, results):
    with open(os.path.join(arguments.to or HERE, "results.json"), "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    files = {"benchmarks.md": page.page(results), **page.charts([row for row in results["rows"] if "failure" not in row])}
    for name, text in files.items():
        with open(os.path.join(arguments.to or DOCS, name), "w") as file:
            file.write(text)


def measure(arguments, case):
    arguments.dim = [f"{name}={size}" for name, size in case.sizes.items()]
    arguments.value = [f"{name}={value}" for name, value in case.values.items()]
    arguments.specialise = case.specialised
    return compare.measure(arguments, case.path)


def report(arguments, chosen):
    """Measures; results are written after every network, so that an interruption loses one."""
    kept, measured = load(arguments)["rows"] if arguments.only else [], []
    for case in chosen:
        measured += measure(arguments, case)
        again = {rows.case(row) for row in measured}
        write(arguments, {"machine": machine(arguments), "rows": [row for row in kept if rows.case(row) not in again] + measured})


def check(arguments, chosen):
    """Prints what became slower, and returns whether nothing did."""
    arguments.peers, before, after = [], load(arguments)["rows"], []
    for case in chosen:
        after += measure(arguments, case)
    compared, slower = rows.slower(before, after, arguments.tolerance)
    print(f"{compared} compared, {len(slower)} slower by more than {arguments.tolerance:.0%}", *slower, sep="\n")
    return compared > 0 and not slower


def main():
    parser = compare.make_parser(__doc__)
    parser.add_argument("--networks", required=True)
    parser.add_argument("--models")
    parser.add_argument("--sizes")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--to")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tolerance", type=float, default=0.1)
    arguments = compare.parse(parser)
    if arguments.page:
        return write(arguments, load(arguments))
    chosen = cases.generated(arguments.networks, NETWORKS)
    chosen += cases.real(arguments.models, arguments.sizes) if arguments.models else []
    chosen = [case for case in chosen if not arguments.only or case.model in arguments.only]
    if not chosen:
        sys.exit("found no networks to measure: make them with generate.py")
    if arguments.check:
        sys.exit(0 if check(arguments, chosen) else 1)
    report(arguments, chosen)


if __name__ == "__main__":
    main()
