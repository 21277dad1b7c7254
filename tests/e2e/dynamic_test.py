"""Real models with dynamic dims: one compilation serves batches of other sizes (against the stored outputs, stacked) and
other lengths and resolutions (against the reference evaluator)."""
import glob
import json
import os
import random
import tempfile
import unittest

import tensor_file
import tool
from tensor_file import INT64, Tensor

BATCHES = (1, 2, 3, 5)
SECONDS = 300


class Model:
    """`rows`: the dim of each input and output that counts rows, by name; 0 where it is not said; None: has no rows.
    `whole`: rows are not independent (quantisation looks at all of them), so all stored ones are repeated.
    `lengths`: shapes of inputs to try. `numbers`: least and greatest in integer inputs. `dims`: names of dims, with
    the size that a specialisation for three times the stored rows gives them."""

    def __init__(self, name, rows=None, whole=False, lengths=(), numbers=None, dims=None):
        self.name, self.rows, self.whole, self.lengths = name, rows or {}, whole, lengths
        self.numbers, self.dims = numbers or {}, dims or {}


def silero(name, batch):
    rows = {"state": 1, "sr": None, "stateN": 1}
    lengths = [{"input": [b, n], "state": [2, b, 128], "sr": rate} for b, n, rate in
               ((1, 320, 16000), (2, 640, 16000), (3, 288, 8000), (1, 200, 8000))]
    return Model(name, rows, lengths=lengths, dims={symbol: 3 for symbol in batch})


MODELS = [
    silero("silero_vad_op16_fp32/silero_vad", ("input_d0", "state_d1")),
    silero("silero_vad_op18_fp32/silero_vad_op18_ifless", ("batch",)),
    Model("minilm_l6_int8dyn/model", whole=True, dims={"batch_size": 9, "sequence_length": 16},
          numbers={"input_ids": (0, 30000), "attention_mask": (1, 1), "token_type_ids": (0, 1)},
          lengths=[dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), s) for s in ([1, 1], [2, 7], [1, 65])]),
    Model("resnet20_cifar10_fp32/resnet20_cifar10_fp32", dims={"N": 3}, lengths=[{"input": [4, 3, 32, 32]}]),
    Model("resnet20_cifar10_qdq_int8/resnet20_cifar10_qdq_int8", dims={"N": 3}),
    Model("resnet50_keras_qdq_int8/resnet50_keras_qdq_int8"),
    Model("mobilenetv2_int8_qop/mobilenetv2-12-int8"),
    Model("micro_kws_qdq_int8/micro_kws_m_static_qdq", dims={"unk__68": 3}),
    Model("ppocr_v4_mobile_fp32/ch_PP-OCRv4_det_infer", lengths=[{"x": [1, 3, 64, 96]}, {"x": [2, 3, 96, 32]}]),
    Model("ppocr_v4_mobile_fp32/ch_PP-OCRv4_rec_infer", lengths=[{"x": [1, 3, 48, 40]}, {"x": [2, 3, 48, 104]}]),
    Model("ppocr_v4_mobile_fp32/ch_ppocr_mobile_v2.0_cls_infer", lengths=[{"x": [1, 3, 32, 64]}, {"x": [2, 3, 48, 100]}]),
]


def path_of(model):
    return os.path.join(tool.SHARED, "models", model.name + ".onnx")


def read_sets(model):
    """Per stored set, {"input_N" or "output_N": tensor}."""
    path = path_of(model)
    base = path[:-len(".onnx")] + ".test_data_set_*"
    folders = sorted(glob.glob(base)) or sorted(glob.glob(os.path.join(os.path.dirname(path), "test_data_set_*")))
    return [{os.path.basename(file)[:-3]: tensor_file.read(file) for file in glob.glob(os.path.join(folder, "*.pb"))}
            for folder in folders]


def stack(model, sets, batch):
    """A set of `batch` rows: the stored ones in turn, or all of them `batch` times."""
    result = {}
    for key, tensor in sets[0].items():
        axis = model.rows.get(tensor.name, 0)
        if axis is None:
            result[key] = tensor
            continue
        rows = [s[key] if model.whole else s[key].take(axis, i) for s in sets
                for i in range(1 if model.whole else s[key].dims[axis])]
        result[key] = tensor_file.concat([rows[i % len(rows)] for i in range(batch)], axis)
    return result


def random_inputs(model, sets, shapes, seed):
    """Stored types, other shapes. A shape that is a number is a scalar of that value."""
    draw, result = random.Random(seed), {}
    for key, tensor in sets[0].items():
        if not key.startswith("input"):
            continue
        shape = shapes[tensor.name]
        if isinstance(shape, int):
            result[key] = Tensor.of([], INT64, [shape], tensor.name)
            continue
        count = 1
        for size in shape:
            count *= size
        numbers = ([draw.randint(*model.numbers[tensor.name]) for _ in range(count)] if tensor.dtype == INT64
                   else [draw.uniform(-1, 1) for _ in range(count)])
        result[key] = Tensor.of(shape, tensor.dtype, numbers, tensor.name)
    return result


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, tensors):
        folder = os.path.join(self.folder.name, name)
        os.makedirs(folder)
        for key, tensor in tensors.items():
            tensor_file.write(os.path.join(folder, key + ".pb"), tensor)
        return folder

    def sets_of(self, model):
        if not os.path.exists(path_of(model)):
            self.skipTest("no shared folder of models")
        sets = read_sets(model)
        self.assertTrue(sets, "expected stored inputs and outputs")
        return sets


class Dynamic(Files):
    def verify(self, model, folders, *options):
        data = [word for folder in folders for word in ("--data", folder)]
        result = tool.dlc("verify", path_of(model), "--json", *data, *options, timeout=SECONDS)
        self.assertEqual(result.returncode, 0, result.stdout[-3000:] + result.stderr[:2000])
        report = json.loads(result.stdout)
        self.assertEqual(len(report["runs"]), len(folders))
        return report


def add_tests(model):
    def test_batches(self):
        sets = self.sets_of(model)
        self.verify(model, [self.write(f"batch{b}", stack(model, sets, b)) for b in BATCHES])

    def test_lengths(self):
        sets = self.sets_of(model)
        self.verify(model, [self.write(f"length{i}", random_inputs(model, sets, shapes, i))
                            for i, shapes in enumerate(model.lengths)])

    def test_specialised(self):
        sets = self.sets_of(model)
        words = [word for item in model.dims.items() for word in ("--dim", "{}={}".format(*item))]
        self.verify(model, [self.write("three", stack(model, sets, 3))], *words)

    name = "".join(c if c.isalnum() else "_" for c in os.path.basename(model.name))
    setattr(Dynamic, f"test_{name}_batches", test_batches)
    if model.lengths:
        setattr(Dynamic, f"test_{name}_lengths", test_lengths)
    if model.dims:
        setattr(Dynamic, f"test_{name}_specialised", test_specialised)


for m in MODELS:
    add_tests(m)


class Refused(Files):
    """Sizes that mean nothing in a model: no result, and an error that says where."""

    def run_silero(self, shapes):
        model = MODELS[0]
        folder = self.write("refused", random_inputs(model, self.sets_of(model), shapes, 0))
        return tool.dlc("run", path_of(model), "--input-dir", folder, "--output-dir", folder, timeout=SECONDS)

    def test_a_branch_that_the_graph_excludes(self):
        result = self.run_silero({"input": [1, 800], "state": [2, 1, 128], "sr": 16000})
        self.assertEqual(result.returncode, 1)
        self.assertIn("can only take its then_branch", result.stderr)

    def test_inputs_that_do_not_fit_each_other(self):
        result = self.run_silero({"input": [2, 576], "state": [2, 1, 128], "sr": 16000})
        self.assertEqual(result.returncode, 1)
        self.assertIn("batch of the initial state: expected 2, got 1", result.stderr)


if __name__ == "__main__":
    unittest.main()
