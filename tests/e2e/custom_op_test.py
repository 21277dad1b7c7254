"""dlc compile --op-library: ops of users, from the compiler to the engine."""
import array
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import engine
import tiny
import tool

INCLUDE = os.path.join(tool.ROOT, "runtime", "include")
EXAMPLE = os.path.join(tool.ROOT, "examples", "custom_op", "ops.c")
DOMAIN = ("com.example", 1)

# Pad2: a copy with `count` more elements of `value` behind a vector, whose sizes the compiler asks for; what it prints of
# its attributes is checked. Bad: does what `how` says. Count: how often it was called, which no op should tell.
OPS = r"""
#include "dlc/custom_op.h"
#include <stdio.h>
#include <stdlib.h>
static int types(dlc_op_call *c) {
  c->outputs[0].dtype = c->inputs[0].dtype, c->outputs[0].rank = c->inputs[0].rank;
  return 0;
}
static int padShape(dlc_op_call *c) {
  c->outputs[0].dims[0] = c->inputs[0].dims[0] + dlc_op_int(c, "count", 1);
  return 0;
}
static int pad(dlc_op_call *c) {
  const float *x = c->inputs[0].data, *more = c->input_count > 1 ? c->inputs[1].data : 0;
  const dlc_op_attribute *list = dlc_op_find_attribute(c, "list"), *table = dlc_op_find_attribute(c, "table");
  float *y = c->outputs[0].data;
  uint64_t n = c->inputs[0].count;
  memcpy(y, x, n * sizeof *x);
  for (uint64_t i = n; i < c->outputs[0].count; ++i) {
    y[i] = (float)((const int64_t *)list->data)[i - n] + ((const float *)table->data)[2] + (more ? more[0] : 0) +
           (float)strlen(dlc_op_string(c, "text", ""));
  }
  return table->rank == 2 && table->dims[1] == 2 && list->count == 2 ? 0 : c->fail(c, "wrong attributes");
}
static int badTypes(dlc_op_call *c) {
  const char *how = dlc_op_string(c, "how", "");
  types(c);
  if (!strcmp(how, "dtype")) c->outputs[0].dtype = 99;
  if (!strcmp(how, "rank")) c->outputs[0].rank = 17;
  return strcmp(how, "types") ? 0 : c->fail(c, "no such types");
}
static int badShape(dlc_op_call *c) {
  static int calls;
  const char *how = dlc_op_string(c, "how", "");
  c->outputs[0].dims[0] = !strcmp(how, "negative") ? -1 : c->inputs[0].dims[0] + (!strcmp(how, "grows") ? calls++ : 0);
  return strcmp(how, "silent") ? 0 : 1;
}
static int badCompute(dlc_op_call *c) { return c->fail(c, "no such numbers"); }
static int count(dlc_op_call *c) {
  static int calls;
  *(float *)c->outputs[0].data = (float)calls++;
  return 0;
}
static void leave(void *state) {
  const char *path = getenv("DLC_TEST_RELEASED");
  FILE *file = path ? fopen(path, "a") : 0;
  if (file) fprintf(file, "%d\n", *(int *)state), fclose(file);
  free(state);
}
static int keep(dlc_op_call *c) {
  if (!c->state) return *(float *)c->outputs[0].data = -1, 0;
  if (!*c->state) *c->state = calloc(1, sizeof(int));
  *(float *)c->outputs[0].data = (float)(++*(int *)*c->state + 100 * (int)c->constant_inputs);
  return 0;
}
static const dlc_custom_op keepOp = {sizeof keepOp, "com.example", "Keep", 1, 0, 1, 3, 1, DLC_OP_SAME_SHAPE, 0, 0, keep, 0, leave};
static const dlc_custom_op oldOp = {offsetof(dlc_custom_op, release), "com.example", "Old", 1, 0, 1, 3, 1, DLC_OP_SAME_SHAPE, 0, 0, keep, 0, leave};
static const dlc_custom_op countOp = {sizeof countOp, "com.example", "Count", 1, 0, 1, 1, 1, DLC_OP_SAME_SHAPE, 0, 0, count, 0};
static const dlc_custom_op padOp = {sizeof padOp, "com.example", "Pad2", 1, 1, 1, 2, 1, 0, types, padShape, pad, 0};
static const dlc_custom_op badOp = {sizeof badOp, "com.example", "Bad", 1, 0, 1, 1, 1, 0, badTypes, badShape, badCompute, 0};
static const dlc_custom_op *const ops[] = {&padOp, &badOp, &countOp, &keepOp, &oldOp};
const dlc_op_library *dlc_op_library_get(void) {
  static const dlc_op_library library = {sizeof library, DLC_OP_ABI_VERSION, 5, "test", ops};
  return &library;
}
"""


def floats(data):
    return array.array("f", data).tolist()


def text_attribute(name, text):
    return tiny.field(5, tiny.field(1, name) + tiny.field(4, text) + tiny.field(20, 3))


def tensor_attribute(name, tensor):
    return tiny.field(5, tiny.field(1, name) + tiny.field(5, tensor) + tiny.field(20, 4))


def graph(nodes, size, domains=(DOMAIN,), output=None):
    return tiny.model(nodes, [tiny.value("x", [size])], [tiny.value("y", [output or size])],
                      [tiny.tensor("ten", [1], [10])], domains)


def pad(outputs=("p",), inputs=("x", "ten")):
    node = (tiny.custom("com.example", "Pad2", list(inputs), list(outputs), count=2, list=[1, 2]) + text_attribute("text", "four") +
            tensor_attribute("table", tiny.tensor("", [2, 2], [5, 6, 7, 8])))
    return [tiny.node("Add", ["x", "x"], ["a"]), node, tiny.node("Neg", [outputs[0]], ["y"])]


class CustomOps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.library = cls.build("ops", OPS)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def build(cls, name, code, *options):
        result = subprocess.run(["cc", "-x", "c", "-std=c11", "-shared", "-fPIC", f"-I{INCLUDE}", "-o", cls.path(name + ".so"), "-", *options],
                                input=code, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        return cls.path(name + ".so")

    def write(self, data, name="model.onnx"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def compile(self, source, name="model.so", *options):
        result = tool.dlc("compile", source, "-o", self.path(name), "--op-library", self.library, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.path(name)

    def refused(self, data, *options):
        result = tool.dlc("compile", self.write(data, "refused.onnx"), "-o", self.path("refused.so"), *options)
        self.assertEqual(result.returncode, 1, result.stderr)
        return result.stderr

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_sizes_are_known_or_found_when_it_runs(self):
        for size in (3, "n"):
            path = self.compile(self.write(graph(pad(), size, output=5 if size == 3 else "m")))
            context = engine.Engine().load(path, [self.library]).context()
            for count in (3, 3) if size == 3 else (3, 1, 4):
                x = [float(i) for i in range(count)]
                # 1 + 7 + 10 + 4 and 2 + 7 + 10 + 4 behind x
                self.assertEqual(floats(context.run({"x": ([count], x)}, ["y"])["y"]), [-each for each in [*x, 22, 23]])
            report = tool.dlc("inspect", path, "--op-library", self.library).stdout
            self.assertIn("com.example:Pad2", report)

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_the_example(self):
        with open(EXAMPLE) as file:
            library = self.build("example", file.read(), "-Wall", "-Wextra", "-Werror")
        result = subprocess.run(["python3", os.path.join(os.path.dirname(EXAMPLE), "make_model.py"), self.path("example.onnx")])
        self.assertEqual(result.returncode, 0)
        result = tool.dlc("compile", self.path("example.onnx"), "-o", self.path("example_model.so"), "--op-library", library)
        self.assertEqual(result.returncode, 0, result.stderr)
        context = engine.Engine().load(self.path("example_model.so"), [library]).context()
        for x, y, twice in (([1.5, 0.5, 0.25, 0.125, 3], [2, 1, 0.5, 0.25, 2], [4, 2, 1]), ([0.0], [0], []), ([9, 9], [2, 2], [4, 4])):
            result = context.run({"x": ([len(x)], x)}, ["y", "twice"])
            self.assertEqual((floats(result["y"]), floats(result["twice"])), (y, twice))

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_what_ops_keep(self):
        # Each place of the model has a state, for all contexts and until the model goes; libraries made before had none.
        ops = (("Keep", ["x", "ten"], "k"), ("Keep", ["x", "", "x"], "l"), ("Old", ["x"], "o"))
        nodes = [tiny.custom("com.example", op, inputs, [output]) for op, inputs, output in ops]
        source = self.write(tiny.model(nodes, [tiny.value("x", [1])], [tiny.value(output, [1]) for _, _, output in ops],
                                       [tiny.tensor("ten", [1], [10])], [DOMAIN]))
        released = self.path("released")
        os.environ["DLC_TEST_RELEASED"] = released
        try:
            loaded = engine.Engine().load(self.compile(source), [self.library])
            contexts = [loaded.context(), loaded.context()]
            for run, context in enumerate(contexts + contexts, 1):
                result = context.run({"x": ([1], [1])}, ["k", "l", "o"])
                self.assertEqual([floats(result[name])[0] for name in "klo"], [200 + run, run, -1])
            self.assertFalse(os.path.exists(released))
            # The run command releases what it loads.
            self.assertEqual(tool.dlc("bench", self.path("model.so"), "--op-library", self.library, "--duration", "0.01").returncode, 0)
        finally:
            os.environ.pop("DLC_TEST_RELEASED")
        with open(released) as file:
            self.assertEqual(len(file.readlines()), 2)

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_a_constant_of_many_sizes_is_none(self):
        nodes = [tiny.node("Shape", ["x"], ["rows"]), tiny.node("Concat", ["rows", "rest"], ["sizes"], axis=0),
                 tiny.node("Reshape", ["table", "sizes"], ["view"]), tiny.node("Reshape", ["table", "four"], ["fixed"]),
                 tiny.custom("com.example", "Keep", ["x", "view", "fixed"], ["y"])]
        tensors = [tiny.tensor("table", [24], range(24)), tiny.tensor("rest", [1], [-1], tiny.INT64),
                   tiny.tensor("four", [2], [4, 6], tiny.INT64)]
        data = tiny.model(nodes, [tiny.value("x", ["n"])], [tiny.value("y", ["n"])], tensors, [DOMAIN])
        context = engine.Engine().load(self.compile(self.write(data)), [self.library]).context()
        for run, count in enumerate((2, 3, 2), 1):
            y = floats(context.run({"x": ([count], [0.0] * count)}, ["y"])["y"])
            self.assertEqual(y[0], 400 + run)  # only the third input is

    @unittest.skipUnless(engine.is_available(), "there is no libdlc_rt.so beside dlc")
    def test_libraries_beside_the_engine_are_found_from_everywhere(self):
        folder = self.path("engine")
        os.mkdir(folder)
        shutil.copy(engine.LIBRARY, os.path.join(folder, "libdlc_rt.so"))
        shutil.copy(self.library, os.path.join(folder, "libdlc_test.so"))
        code = """import ctypes, os
engine = ctypes.CDLL("engine/libdlc_rt.so")
os.chdir("/")
engine.dlc_last_error.restype = ctypes.c_char_p
print(engine.dlc_op_library_find(b"dlc.test", ctypes.byref(ctypes.c_void_p())), engine.dlc_last_error())
"""
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=self.folder)
        self.assertTrue(result.stdout.startswith("0 "), result.stdout + result.stderr)

    def test_command_line(self):
        path = self.compile(self.write(graph(pad(), 3, output=5)))
        x = self.path("x.bin")
        with open(x, "wb") as file:
            array.array("f", [1, 2, 3]).tofile(file)
        for model in (path, self.path("model.onnx")):
            result = tool.dlc("run", model, "--input", f"raw:{x}:f32:3", "--op-library", self.library)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("-1, -2, -3, -22, -23", result.stdout)
        for command in (["run", path, "--input", f"raw:{x}:f32:3"], ["bench", path], ["inspect", path]):
            result = tool.dlc(*command)
            self.assertEqual(result.returncode, 1)
            self.assertIn("calls op 'Pad2' of domain 'com.example' version 1, which no library has", result.stderr)
        result = tool.dlc("check", self.path("model.onnx"), "--op-library", self.library)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_what_the_library_says_is_checked(self):
        def bad(how, size=3):
            return graph([tiny.custom("com.example", "Bad", ["x"], ["y"]) + text_attribute("how", how)], size)

        library = ["--op-library", self.library]
        for how, message in (("types", "(com.example.Bad, opset 1): no such types"), ("dtype", "got type 99 and rank 1"),
                             ("rank", "and rank 17"), ("negative", "expected the library to give output 0 sizes"),
                             ("silent", "the library's function 'shape' failed without a reason")):
            self.assertIn(message, self.refused(bad(how), *library))
        self.assertIn("expected 1 to 2 inputs, got 3", self.refused(graph(pad(inputs=("x", "ten", "x")), 3, output=5), *library))
        self.assertIn("expected 1 to 1 outputs, got 2", self.refused(graph(pad(outputs=("p", "q")), 3, output=5), *library))
        self.assertIn("the op is not supported; a library may bring it", self.refused(graph(pad(), 3, output=5)))
        self.assertIn("the op is not supported; a library may bring it",
                      self.refused(graph(pad(), 3, domains=[("com.example", 2)], output=5), *library))
        if engine.is_available():
            loaded = engine.Engine().load(self.compile(self.write(bad("computes"))), [self.library])
            with self.assertRaisesRegex(engine.Failure, "no such numbers"):
                loaded.context().run({"x": ([3], [1, 2, 3])}, ["y"])
            loaded = engine.Engine().load(self.compile(self.write(bad("grows"))), [self.library])
            with self.assertRaisesRegex(engine.Failure, "expected size 3 of dimension 0 of output 0, as when the model was compiled, got"):
                context = loaded.context()
                for _ in range(3):
                    try:
                        context.run({"x": ([3], [1, 2, 3])}, ["y"])
                    except engine.Failure as failure:
                        if "no such numbers" not in str(failure):
                            raise

    def test_broken_libraries_are_refused(self):
        header = '#include "dlc/custom_op.h"\n'
        library = "const dlc_op_library *dlc_op_library_get(void) {{ static const dlc_op_library l = {}; return &l; }}\n"
        op = "static int f(dlc_op_call *c) {{ (void)c; return 0; }}\nstatic const dlc_custom_op o = {};\nstatic const dlc_custom_op *const ops[] = {{&o}};\n"
        one = library.format('{sizeof l, DLC_OP_ABI_VERSION, 1, "l", ops}')
        broken = {
            "empty": (header, "expected a function dlc_op_library_get"),
            "null": (header + "const dlc_op_library *dlc_op_library_get(void) { return 0; }", "expected a dlc_op_library, got null"),
            "version": (header + library.format('{sizeof l, 7, 0, "l", 0}'), "expected version 1, got 7"),
            "short": (header + library.format('{8, DLC_OP_ABI_VERSION, 0, "l", 0}'), "expected version 1, got 0"),
            "nothing": (header + library.format('{sizeof l, DLC_OP_ABI_VERSION, 1, "l", 0}'), "expected op 0 ('')"),
            "compute": (header + op.format('{sizeof o, "d", "Op", 1, 0, 1, 1, 1, 0, f, f, 0, 0}') + one, "expected op 0 ('Op') to have a name, functions"),
            "shape": (header + op.format('{sizeof o, "d", "Op", 1, 0, 1, 1, 1, 0, f, 0, f, 0}') + one, "expected op 0 ('Op')"),
            "outputs": (header + op.format('{sizeof o, "d", "Op", 1, 0, 1, 1, 17, 0, f, f, f, 0}') + one, "expected op 0 ('Op')"),
            "symbol": (header + "int nowhere(void);\nconst dlc_op_library *dlc_op_library_get(void) { return (void *)(long)nowhere(); }", "undefined symbol: nowhere"),
        }
        model = graph(pad(), 3, output=5)
        for name, (code, message) in broken.items():
            self.assertIn(message, self.refused(model, "--op-library", self.build("broken_" + name, code)), name)
        self.assertIn("cannot open shared object file", self.refused(model, "--op-library", self.path("nowhere.so")))
        with open(self.path("text.so"), "w") as file:
            file.write("no library")
        self.assertIn("text.so", self.refused(model, "--op-library", self.path("text.so")))

    def test_verify_asks_the_library_on_both_sides(self):
        note = "the reference evaluator asks the op libraries too for com.example:Pad2: whether their own results are right"
        for size in (3, "n"):
            source = self.write(graph(pad(), size, output=5 if size == 3 else "m"), f"verified_{size}.onnx")
            result = tool.dlc("verify", source, "--op-library", self.library)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn(note, result.stdout)
            result = tool.dlc("verify", source, "--op-library", self.library, "--layers")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("no layer differs: compared 2 values", result.stdout)
        counted = self.write(graph([tiny.custom("com.example", "Count", ["x"], ["c"]), tiny.node("Neg", ["c"], ["y"])], 1), "counted.onnx")
        result = tool.dlc("verify", counted, "--op-library", self.library, "--layers")
        self.assertEqual(result.returncode, 1)
        self.assertIn('the first layer that differs: node "count_c" (nn.custom)', result.stdout)
        bad = self.write(graph([tiny.custom("com.example", "Bad", ["x"], ["y"])], 3), "bad.onnx")
        self.assertIn("no such numbers", tool.dlc("verify", bad, "--op-library", self.library).stderr)

    def test_verify_with_stored_outputs(self):
        folder = self.path("stored")
        source = os.path.join(folder, "model.onnx")
        os.makedirs(os.path.join(folder, "test_data_set_0"))
        with open(source, "wb") as file:
            file.write(graph(pad(), 3, output=5))
        for last, code in ((-23, 0), (-24, 1)):
            for file, name, numbers in (("input_0", "x", [1, 2, 3]), ("output_0", "y", [-1, -2, -3, -22, last])):
                with open(os.path.join(folder, "test_data_set_0", file + ".pb"), "wb") as stored:
                    stored.write(tiny.tensor(name, [len(numbers)], numbers))
            result = tool.dlc("verify", source, "--op-library", self.library)
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
            self.assertIn("against stored outputs", result.stdout)
            self.assertNotIn("asks the op libraries", result.stdout)

    def test_programs_load_no_libraries(self):
        message = "expected no ops of libraries in a program: it is static and loads none; write a shared object or an object instead"
        self.assertIn(message, self.refused(graph(pad(), 3, output=5), "--op-library", self.library, "--emit", "exe"))

    def test_artifacts_are_byte_equal(self):
        source, contents = self.write(graph(pad(), "n", output="m")), []
        for name in ("a.so", "b.so"):
            with open(self.compile(source, name, "--name", "m"), "rb") as file:
                contents.append(file.read())
        self.assertEqual(contents[0], contents[1])


if __name__ == "__main__":
    unittest.main()
