#!/usr/bin/env python3
"""Draws test images for the digit classifier: 0.png to 9.png, 28x28 gray.

    python3 draw.py [FOLDER] [--seed N]
"""
import argparse
import os
import struct
import zlib

import numpy as np

import strokes


def png(image):
    """The bytes of an 8-bit gray PNG of [height, width] values in [0, 1]."""
    pixels = np.round(image * 255).astype(np.uint8)
    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("folder", nargs="?", default=os.path.join(here, "images"))
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    images, labels = strokes.draw_digits(10, arguments.seed)
    for image, label in zip(images, labels):
        with open(os.path.join(arguments.folder, f"{label}.png"), "wb") as file:
            file.write(png(image[0]))


if __name__ == "__main__":
    main()
