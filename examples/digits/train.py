#!/usr/bin/env python3
"""Trains the digit classifier on digits that it draws itself, and writes digits.onnx.

    python3 train.py [--output digits.onnx] [--images 30000] [--epochs 3]

Needs numpy and nothing else; takes about two minutes on one core. The committed digits.onnx was made with numpy 1.24.2
and the reference BLAS of Debian 12 (packages python3-numpy and libblas3); with these, running it again gives the same
bytes. Another BLAS adds in another order, and so gives other, equally good weights.
"""
import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # sums must not depend on the number of cores
import numpy as np

import network
import onnxfile
import strokes


def accuracy(parameters, images, labels):
    hits = 0
    for start in range(0, len(images), 500):
        part = slice(start, start + 500)
        hits += (network.logits(parameters, images[part]).argmax(axis=1) == labels[part]).sum()
    return hits / len(images)


def train(images, labels, epochs, batch=64):
    random = np.random.default_rng(1)
    parameters = network.make_parameters(random)
    optimiser = network.Adam(parameters)
    total = epochs * (len(images) // batch)
    step, start = 0, time.time()
    for epoch in range(epochs):
        order = random.permutation(len(images))
        losses = []
        for first in range(0, len(images) - batch + 1, batch):
            chosen = order[first:first + batch]
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            loss, gradient = network.gradients(parameters, images[chosen], labels[chosen])
            optimiser.update(parameters, gradient, rate)
            losses.append(loss)
            step += 1
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.time() - start:.0f} s", flush=True)
    return parameters


def build_model(parameters):
    nodes, value = [], "image"
    for i in range(1, 4):
        nodes.append(onnxfile.node("Conv", [value, f"conv{i}.weight", f"conv{i}.bias"], [f"conv{i}"],
                                   kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]))
        nodes.append(onnxfile.node("Relu", [f"conv{i}"], [f"relu{i}"]))
        nodes.append(onnxfile.node("MaxPool", [f"relu{i}"], [f"pool{i}"], kernel_shape=[2, 2], strides=[2, 2]))
        value = f"pool{i}"
    nodes.append(onnxfile.node("Flatten", [value], ["features"], axis=1))
    nodes.append(onnxfile.node("Gemm", ["features", "fc.weight", "fc.bias"], ["scores"], transB=1))
    nodes.append(onnxfile.node("Softmax", ["scores"], ["probabilities"], axis=1))
    tensors = [onnxfile.float_tensor(name, value) for name, value in parameters.items()]
    inputs = [onnxfile.float_value("image", ["batch", 1, strokes.SIZE, strokes.SIZE])]
    outputs = [onnxfile.float_value("probabilities", ["batch", 10])]
    doc = "Classifies drawn digits: light ink on dark paper, values from 0 to 1."
    return onnxfile.model("digits", nodes, tensors, inputs, outputs, 17, doc)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--output", default=os.path.join(here, "digits.onnx"))
    parser.add_argument("--images", type=int, default=30000)
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    start = time.time()
    images, labels = strokes.draw_digits(arguments.images, seed=2)
    print(f"drew {len(images)} digits in {time.time() - start:.0f} s", flush=True)
    parameters = train(images, labels, arguments.epochs)
    held_out, held_labels = strokes.draw_digits(5000, seed=3)
    score = accuracy(parameters, held_out, held_labels)
    print(f"held-out accuracy: {100 * score:.2f}%")
    if score < 0.97:
        raise SystemExit("expected an accuracy of more than 97%; nothing was written")
    data = build_model(parameters)
    with open(arguments.output + ".tmp", "wb") as file:
        file.write(data)
    os.replace(arguments.output + ".tmp", arguments.output)
    print(f"wrote {arguments.output}: {len(data)} bytes, numpy {np.__version__}")


if __name__ == "__main__":
    main()
