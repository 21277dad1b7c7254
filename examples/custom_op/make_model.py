"""Writes model.onnx: y = Clip3(x + x, limit=2), kept = TakeWhile(y, least=0.5), twice = kept + kept."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "digits"))
from onnxfile import field, float_value, node  # noqa: E402

DOMAIN = "com.example"
nodes = [node("Add", ["x", "x"], ["sum"]), node("Clip3", ["sum"], ["y"], limit=2.0) + field(7, DOMAIN),
         node("TakeWhile", ["y"], ["kept"], least=0.5) + field(7, DOMAIN), node("Add", ["kept", "kept"], ["twice"])]
graph = (b"".join(field(1, each) for each in nodes) + field(2, "custom") + field(11, float_value("x", ["n"])) +
         field(12, float_value("y", ["n"])) + field(12, float_value("twice", ["kept"])))
with open(sys.argv[1] if len(sys.argv) > 1 else "model.onnx", "wb") as file:
    file.write(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17)) + field(8, field(1, DOMAIN) + field(2, 1)))
