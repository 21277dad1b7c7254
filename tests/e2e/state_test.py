"""dlc compile --state: outputs that become inputs of the next run."""
import array
import json
import os
import unittest

import engine
import tiny
import tool

WIDTH = 16


def recurrence(passes_on=False):
    """h_out = tanh(x W + h_in U), y = 2 h_out; count_out = count_in + 1; with `passes_on`, kept_out is kept_in."""
    nodes = [tiny.node("MatMul", ["x", "W"], ["xw"]), tiny.node("MatMul", ["h_in", "U"], ["hu"]),
             tiny.node("Add", ["xw", "hu"], ["s"]), tiny.node("Tanh", ["s"], ["h_out"]),
             tiny.node("Add", ["h_out", "h_out"], ["y"]), tiny.node("Add", ["count_in", "one"], ["count_out"])]
    inputs = [tiny.value("h_in", [1, WIDTH]), tiny.value("x", [1, WIDTH]), tiny.value("count_in", [1], tiny.INT64)]
    outputs = [tiny.value("h_out", [1, WIDTH]), tiny.value("count_out", [1], tiny.INT64), tiny.value("y", [1, WIDTH])]
    if passes_on:
        nodes.append(tiny.node("Identity", ["kept_in"], ["kept_out"]))
        inputs.append(tiny.value("kept_in", [3]))
        outputs.append(tiny.value("kept_out", [3]))
    tensors = [tiny.tensor("W", [WIDTH, WIDTH], tiny.numbers(WIDTH * WIDTH, 1)),
               tiny.tensor("U", [WIDTH, WIDTH], tiny.numbers(WIDTH * WIDTH, 2)), tiny.tensor("one", [1], [1], tiny.INT64)]
    return tiny.model(nodes, inputs, outputs, tensors)


class State(tool.FolderTest):
    def compile(self, source, name, *options):
        result = tool.dlc("compile", source, "-o", self.path(name), *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.path(name)

    def refused(self, source, *options, code=1):
        result = tool.dlc("compile", source, "-o", self.path("refused.so"), *options)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertFalse(os.path.exists(self.path("refused.so")))
        return result.stderr

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_runs_are_those_of_feeding_back_by_hand(self):
        source, library = self.write(recurrence()), engine.Engine()
        kept = library.load(self.compile(source, "kept.so", "--state", "h_out:h_in", "--state", "count_out:count_in")).context()
        plain = library.load(self.compile(source, "plain.so")).context()
        state = bytes(4 * WIDTH)
        for run in range(5):
            x = tiny.numbers(WIDTH, run + 10)
            mine = kept.run({"x": ([1, WIDTH], x)}, ["y"])
            theirs = plain.run({"x": ([1, WIDTH], x), "h_in": ([1, WIDTH], state),
                                "count_in": ([1], array.array("q", [run]).tobytes(), engine.I64)}, ["y", "h_out"])
            state = theirs["h_out"]
            self.assertEqual(mine["y"], theirs["y"])
            self.assertEqual(kept.variable("h_in"), state)
            self.assertEqual(array.array("q", kept.variable("count_in")).tolist(), [run + 1])

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_contexts_are_independent_and_can_be_reset(self):
        path = self.compile(self.write(recurrence(passes_on=True)), "kept.so", "--state", "h_out:h_in", "--state", "count_out:count_in",
                            "--state", "kept_out:kept_in")
        model = engine.Engine().load(path)
        one, other = model.context(), model.context()
        x = {"x": ([1, WIDTH], tiny.numbers(WIDTH, 3))}
        first, second = one.run(x, ["y"]), one.run(x, ["y"])
        self.assertNotEqual(first, second)
        self.assertEqual(other.run(x, ["y"]), first)
        self.assertEqual(other.run(x, ["y"]), second)
        one.reset()
        self.assertEqual(one.variable("h_in"), bytes(4 * WIDTH))
        self.assertEqual(one.run(x, ["y"]), first)
        one.set_variable("h_in", [1, WIDTH], bytes(4 * WIDTH))
        self.assertEqual(one.run(x, ["y"]), first)
        kept = array.array("f", [1, 2, 3]).tobytes()
        one.set_variable("kept_in", [3], kept)
        one.run(x, ["y"])
        self.assertEqual(one.variable("kept_in"), kept)
        self.assertEqual(other.variable("kept_in"), bytes(12))
        for name in ("h_in", "h_out"):
            with self.assertRaisesRegex(engine.Failure, "fed back within the context"):
                one.run({name: ([1, WIDTH], bytes(4 * WIDTH))} if name == "h_in" else x, [name])
        with self.assertRaisesRegex(engine.Failure, "expected 12 bytes of f32, got 8"):
            one.set_variable("kept_in", [2], bytes(8))

    def test_command_line(self):
        path = self.compile(self.write(recurrence()), "kept.so", "--state", "h_out:h_in", "--state", "count_out:count_in")
        for name, data in (("x", tiny.numbers(WIDTH, 3)), ("h", tiny.numbers(WIDTH, 4))):
            with open(self.path(name + ".bin"), "wb") as file:
                array.array("f", data).tofile(file)
        x = ["--input", f"x=raw:{self.path('x.bin')}:f32:1x{WIDTH}"]

        def run(*options):
            result = tool.dlc("run", path, *x, *options)
            self.assertEqual(result.returncode, 0, result.stderr)
            return result.stdout

        self.assertIn(f"f32 1x{WIDTH}", run())
        self.assertNotEqual(run(), run("--runs", "2"))
        self.assertNotEqual(run(), run("--input", f"h_in=raw:{self.path('h.bin')}:f32:1x{WIDTH}"))
        result = tool.dlc("bench", path, "--duration", "0.05")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(tool.dlc("inspect", path, "--json").stdout)
        self.assertEqual([port["name"] for port in report["entries"][0]["inputs"]], ["x"])
        self.assertEqual([port["name"] for port in report["entries"][0]["outputs"]], ["y"])
        self.assertEqual(report["state"], [{"name": "h_in", "output": "h_out", "type": "f32", "shape": f"[1, {WIDTH}]",
                                            "size": 4 * WIDTH, "copied": False},
                                           {"name": "count_in", "output": "count_out", "type": "i64", "shape": "[1]", "size": 8,
                                            "copied": False}])
        self.assertRegex(tool.dlc("inspect", path).stdout, r"state +h_in: f32 \[1, 16\], 64 B, written in place by output h_out")

    def test_c_header_leaves_state_out(self):
        self.compile(self.write(recurrence()), "kept.o", "--emit", "obj", "--state", "h_out:h_in", "--state", "count_out:count_in")
        with open(self.path("kept.h")) as file:
            header = file.read()
        self.assertRegex(header, r"_INPUT_COUNT 1\n")
        self.assertRegex(header, r"_OUTPUT_COUNT 1\n")
        self.assertNotIn("h_in", header)

    def test_artifacts_are_byte_equal(self):
        source = self.write(recurrence())
        options = ["--state", "h_out:h_in", "--name", "m"]
        with open(self.compile(source, "a.so", *options), "rb") as a, open(self.compile(source, "b.so", "--jobs", "1", *options), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_mistakes_are_told(self):
        source = self.write(recurrence())
        self.assertIn("state: expected the name of an output (h_out, count_out, y), got 'h'", self.refused(source, "--state", "h:h_in"))
        self.assertIn("state: expected the name of an input (h_in, x, count_in), got 'h'", self.refused(source, "--state", "h_out:h"))
        self.assertRegex(self.refused(source, "--state", "h_out:count_in"),
                         r"state: expected output 'h_out' to be i64 \[1\] as input 'count_in' is, got f32 \[1, 16\]")
        self.assertIn("state: expected every output and every input once, got 'y:h_in' as well", self.refused(source, "--state", "h_out:h_in", "--state", "y:h_in"))
        for text in ("h_out", "h_out:", ":h_in", "h_out:h_in:x"):
            self.assertIn("expected OUTPUT:INPUT such as h_out:h_in", self.refused(source, "--state", text, code=2))
        symbolic = self.write(tiny.model([tiny.node("Tanh", ["h_in"], ["h_out"])], [tiny.value("h_in", ["batch", 2])],
                                         [tiny.value("h_out", ["batch", 2])]), "symbolic.onnx")
        self.assertIn("state: expected the sizes of input 'h_in' to be numbers, got f32 [batch, 2]: fix them with --dim NAME=SIZE", self.refused(symbolic, "--state", "h_out:h_in"))
        self.compile(symbolic, "fixed.so", "--state", "h_out:h_in", "--dim", "batch=3")
        self.assertIn("state: expected input 'h_in' to have one size in all specialisations, got f32 [1, 2] and f32 [2, 2]",
                      self.refused(symbolic, "--state", "h_out:h_in", "--dim", "batch=1|2"))
        texts = self.write(tiny.model([tiny.node("Identity", ["h_in"], ["h_out"])], [tiny.value("h_in", [2], 8)],
                                      [tiny.value("h_out", [2], 8)]), "texts.onnx")
        self.assertIn("state: expected input 'h_in' to be a tensor of numbers, got !nn.string [2]",
                      self.refused(texts, "--state", "h_out:h_in"))

    def streaming(self, model, state, size, inputs, result, *options):
        """Runs a model of the shared folder with its state kept, and fed back by hand."""
        paths = [path for name, path in tool.find_models() if name == model]
        if not paths or not engine.is_available():
            self.skipTest(f"there is no {model} in the shared folder, or no libdlc_rt.so beside dlc")
        library = engine.Engine()
        kept = library.load(self.compile(paths[0], "kept.so", "--state", ":".join(state), *options)).context()
        plain = library.load(self.compile(paths[0], "plain.so", *options)).context()
        bytes_of_state = bytes(size[0])
        for run in range(6):
            given = inputs(run)
            mine = kept.run(given, [result])
            theirs = plain.run({**given, state[1]: (size[1], bytes_of_state)}, [result, state[0]])
            bytes_of_state = theirs[state[0]]
            self.assertEqual(mine[result], theirs[result])
            self.assertEqual(kept.variable(state[1]), bytes_of_state)
        self.assertNotEqual(bytes_of_state, bytes(size[0]))

    def test_speech_enhancement(self):
        self.streaming("dtln_denoise_fp32/model_1", ("tf_op_layer_stack_2", "input_3"), (4 * 512, [1, 2, 128, 2]),
                       lambda run: {"input_2": ([1, 1, 257], tiny.numbers(257, run))}, "activation_2")

    def test_voice_activity(self):
        rate = ([], array.array("q", [16000]).tobytes(), engine.I64)
        for model, fixed in (("silero_vad_op18_fp32/silero_vad_op18_ifless", ["--dim", "batch=1"]),
                             ("silero_vad_op16_fp32/silero_vad", ["--dim", "input_d0=1", "--dim", "state_d1=1"])):
            with self.subTest(model=model):
                self.streaming(model, ("stateN", "state"), (4 * 256, [2, 1, 128]),
                               lambda run: {"input": ([1, 576], tiny.numbers(576, run)), "sr": rate}, "output", *fixed)


if __name__ == "__main__":
    unittest.main()
