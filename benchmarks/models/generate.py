#!/usr/bin/env python3
"""Writes networks with random weights, for benchmarks: generate.py FOLDER [NAME ...]

benchmarks/models/setup makes an environment that has what this needs. Weights are drawn from a fixed seed, scaled so that
activations stay near 1. Batch, and where there is one the sequence, are symbolic. Without names all networks are written
(3 GB) that the folder does not have yet.
"""
import os
import sys

from networks import NETWORKS


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    folder, names = sys.argv[1], sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    for name in names or NETWORKS:
        if name not in NETWORKS:
            raise SystemExit(f"no network is called {name}; there are {', '.join(NETWORKS)}")
        if names or not os.path.exists(os.path.join(folder, name + ".onnx")):
            print(name, flush=True)
            NETWORKS[name](folder)


if __name__ == "__main__":
    main()
