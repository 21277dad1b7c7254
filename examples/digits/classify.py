#!/usr/bin/env python3
"""Classifies images with the compiled digit classifier, through the command line of dlc; standard library only.

    dlc compile digits.onnx -o digits.so
    python3 classify.py --dlc dlc --model digits.so [IMAGE ...]
"""
import argparse
import array
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def read_floats(path):
    """The numbers of a .npy of float32."""
    with open(path, "rb") as file:
        data = file.read()
    numbers = array.array("f")
    numbers.frombytes(data[10 + int.from_bytes(data[8:10], "little"):])
    return numbers


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    return result.stdout


def classify(dlc, model, image):
    """Probabilities of the ten digits, and the median latency in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        run([dlc, "run", model, "--input", image, "--output-dir", folder])
        probabilities = read_floats(os.path.join(folder, "output_0.npy"))
    timing = json.loads(run([dlc, "bench", model, "--input", image, "--duration", "0.2", "--json"]))
    return probabilities, timing["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dlc", default="dlc")
    parser.add_argument("--model", required=True)
    parser.add_argument("images", nargs="*", default=sorted(glob.glob(os.path.join(HERE, "images", "*.png"))))
    arguments = parser.parse_args()
    with open(os.path.join(HERE, "labels.txt")) as file:
        labels = file.read().split()
    print(f"{'image':12}{'label':>6}{'probability':>13}{'latency':>13}")
    for image in arguments.images:
        probabilities, latency = classify(arguments.dlc, arguments.model, image)
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        print(f"{os.path.basename(image):12}{labels[best]:>6}{100 * probabilities[best]:>12.1f}%{latency:>10.4f} ms")


if __name__ == "__main__":
    main()
