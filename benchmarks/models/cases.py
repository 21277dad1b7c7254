"""What is measured: networks at sizes."""
import dataclasses
import json
import os


@dataclasses.dataclass
class Case:
    path: str
    sizes: dict = dataclasses.field(default_factory=dict)
    specialised: bool = False  # whether dlc is told the sizes when it compiles
    values: dict = dataclasses.field(default_factory=dict)  # of all elements of an input

    @property
    def model(self):
        return os.path.basename(self.path).removesuffix(".onnx")


# Networks of generate.py with other sizes than a batch of 1.
SIZES = {"resnet50": [{}, {"batch": 32}], "mobilenetv2": [{}, {"batch": 32}],
         "encoder": [{"sequence": 16}, {"sequence": 128}, {"sequence": 512}],
         "encoder_int8": [{"sequence": 16}, {"sequence": 128}, {"sequence": 512}],
         "encoder_f16": [{"sequence": 128}], "encoder_bf16": [{"sequence": 128}],
         "bert_base": [{"sequence": 128}], "gpt2_step": [{"past": 128}]}
VALUES = {"bert_base": {"attention_mask": 1}}
# Those for which dlc is told the sizes: what that is worth.
SPECIALISED = {"encoder": [{"sequence": 128, "batch": 1}]}


def generated(folder, names):
    """The networks that generate.py has written into the folder, in its order."""
    cases = []
    for name in names:
        path = os.path.join(folder, name + ".onnx")
        if os.path.exists(path):
            cases += [Case(path, sizes, False, VALUES.get(name, {})) for sizes in SIZES.get(name, [{}])]
            cases += [Case(path, sizes, True, VALUES.get(name, {})) for sizes in SPECIALISED.get(name, [])]
    return cases


def real(folder, sizes_file):
    """All *.onnx below the folder. The file says {file name: {"dims": {name: size}, "values": {input: number}}}."""
    sizes = {}
    if sizes_file:
        with open(sizes_file) as file:
            sizes = json.load(file)
    paths = sorted(os.path.join(where, name) for where, _, names in os.walk(folder, followlinks=True) for name in names)
    own = lambda path: sizes.get(os.path.basename(path), {})
    return [Case(path, own(path).get("dims", {}), False, own(path).get("values", {})) for path in paths if path.endswith(".onnx")]
