"""Images that a model decodes itself: files that would take too long, or too much memory, are refused."""
import os
import struct
import tempfile
import unittest
import zlib

import tool
from onnx_file import UINT8, Graph


def png(width, height, padding=0):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # gray, 8 bits
    rows = zlib.compress(bytes(width + 1) * height) if height * width <= 64 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"a\0" + bytes(padding)) +
            chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def progressive_jpeg(scans):
    """8 x 8 gray pixels, of which each scan tells the mean again: the only code, 0, means no difference."""
    def segment(marker, content):
        return bytes([0xff, marker]) + struct.pack(">H", len(content) + 2) + content

    table = segment(0xdb, bytes([0]) + bytes([1] * 64))
    frame = segment(0xc2, struct.pack(">BHHB", 8, 8, 8, 1) + bytes([1, 0x11, 0]))
    codes = segment(0xc4, bytes([0, 1] + [0] * 15 + [0]))
    scan = segment(0xda, bytes([1, 1, 0, 0, 0, 0])) + b"\x7f"
    return b"\xff\xd8" + table + frame + codes + scan * scans + b"\xff\xd9"


class Images(unittest.TestCase):
    def decode(self, content):
        with tempfile.TemporaryDirectory() as folder:
            graph = Graph()
            graph.input("file", ["bytes"], UINT8)
            graph.output(graph.node("ImageDecoder", "file"), UINT8)
            model, file = os.path.join(folder, "model.onnx"), os.path.join(folder, "image.bin")
            graph.save(model, opset=20)
            with open(file, "wb") as stream:
                stream.write(content)
            result = tool.dlc("run", model, "--input", f"file=raw:{file}:u8:{len(content)}", "--output-dir", folder)
            if "libdlc_image" in result.stderr:
                self.skipTest("skipped: built without the library for images")
            return result

    def test_good_files_are_read(self):
        for content in (png(8, 8), progressive_jpeg(1), progressive_jpeg(100)):
            result = self.decode(content)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_too_many_pixels(self):
        result = self.decode(png(20000, 20000, padding=1 << 16))
        self.assertEqual(result.returncode, 1)
        self.assertIn("expected a PNG of at most 2^28 pixels, of sizes that fit its file", result.stderr)

    def test_too_many_scans(self):
        result = self.decode(progressive_jpeg(20000))
        self.assertEqual(result.returncode, 1)
        self.assertIn("expected at most 500 scans, got more", result.stderr)


if __name__ == "__main__":
    unittest.main()
