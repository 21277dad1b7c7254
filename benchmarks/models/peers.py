"""Other engines, one class each. Each is given what suits it best: static sizes, its own settings for latency."""
import ctypes
import glob
import importlib.metadata
import os
import re
import subprocess
import sys

import numpy as np

from engine import DTYPES, Call, Engine, address

SMALL_MS = 0.3  # networks below this are timed through the C interface, where there is one


class OrtApi:
    """The C interface of the library that ONNX Runtime's package holds: a table of functions, of which new versions only
    append to (positions from onnxruntime_c_api.h)."""
    POSITIONS = {"error_message": 2, "create_env": 3, "create_session": 7, "run": 9, "create_options": 10, "set_threads": 24,
                 "create_tensor": 49, "create_memory_info": 69}

    def __init__(self, package):
        library = ctypes.CDLL(glob.glob(os.path.join(package, "capi", "libonnxruntime.so*"))[0])
        library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
        get = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32)(library.OrtGetApiBase()[0])
        self.table = get(16)

    def __call__(self, name, *arguments):
        failed = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.table[self.POSITIONS[name]])(*arguments)
        if failed:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p)(self.table[self.POSITIONS["error_message"]])
            raise RuntimeError(message(ctypes.c_void_p(failed)).decode())

    def create(self, name, *arguments):
        """The last argument of these functions is where the new object goes."""
        made = ctypes.c_void_p()
        self(name, *arguments, ctypes.byref(made))
        return made


class OnnxRuntime(Engine):
    NAME = "ONNX Runtime"
    LEVEL = "ORT_ENABLE_ALL"

    @classmethod
    def prepare(cls, job):
        import onnxruntime  # noqa: F401

    def __init__(self, job):
        import onnxruntime
        self.job, self.package = job, os.path.dirname(onnxruntime.__file__)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = job.threads, 3
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, self.LEVEL)
        self.session = onnxruntime.InferenceSession(job.model, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        for name, value in job.inputs.items():
            self.binding.bind_cpu_input(name, value)
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name)

    @staticmethod
    def version():
        return importlib.metadata.version("onnxruntime")

    def run(self):
        self.session.run_with_iobinding(self.binding)
        return self.binding.copy_outputs_to_cpu()

    def run_only(self):
        self.session.run_with_iobinding(self.binding)

    def call(self):
        if np.median(self.python_times(0.01)) > SMALL_MS:
            return None
        api, job = OrtApi(self.package), self.job
        options = api.create("create_options")
        api("set_threads", options, job.threads)
        session = api.create("create_session", api.create("create_env", 3, b"benchmark"), job.model.encode(), options)
        info = api.create("create_memory_info", 0, 0)

        def tensors(arrays):
            values = []
            for array in arrays:
                dims = (ctypes.c_int64 * array.ndim)(*array.shape)
                values.append(api.create("create_tensor", info, address(array), ctypes.c_size_t(array.nbytes), dims,
                                         ctypes.c_size_t(array.ndim), DTYPES[array.dtype.name]))
            return (ctypes.c_void_p * len(values))(*values)

        def strings(names):
            return (ctypes.c_char_p * len(names))(*(name.encode() for name in names))

        outputs = [np.ascontiguousarray(value) for value in self.run()]
        ins, outs = list(job.inputs), [output.name for output in self.session.get_outputs()]
        self.kept = [outputs, tensors(job.inputs.values()), tensors(outputs), strings(ins), strings(outs)]
        run = ctypes.c_void_p(api.table[OrtApi.POSITIONS["run"]])
        return Call(run, session, 0, self.kept[3], self.kept[1], len(ins), self.kept[4], len(outs), self.kept[2])


class Literal(OnnxRuntime):
    """Node by node what the network says, as a reference for outputs; not measured."""
    NAME, LEVEL = "ONNX Runtime without optimisations", "ORT_DISABLE_ALL"


class OpenVino(Engine):
    NAME = "OpenVINO"

    @classmethod
    def prepare(cls, job):
        import openvino  # noqa: F401

    def __init__(self, job):
        import openvino
        self.job, self.core = job, openvino.Core()
        self.settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(job.threads)}
        # Its own choice for f16 may be bf16, which has three bits less than the network asks for.
        if job.precision in ("f32", "f16"):
            self.settings["INFERENCE_PRECISION_HINT"] = "f32"
        self.model = self.core.read_model(job.model)
        self.request = self.core.compile_model(self.model, "CPU", self.settings).create_infer_request()
        for name, value in job.inputs.items():
            self.request.set_tensor(name, self.tensor(value))

    @staticmethod
    def version():
        return importlib.metadata.version("openvino")

    def run(self):
        self.request.infer()
        return [self.array(tensor) for tensor in self.request.output_tensors]

    @staticmethod
    def tensor(value):
        """A view of the array; numpy has no bf16 that OpenVINO knows."""
        import openvino
        if value.dtype.name != "bfloat16":
            return openvino.Tensor(value, shared_memory=True)
        return openvino.Tensor(value.view(np.uint16), openvino.Shape(list(value.shape)), openvino.Type.bf16)

    @staticmethod
    def array(tensor):
        if tensor.element_type.to_string() != "bf16":
            return np.array(tensor.data)
        return (tensor.data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)

    def run_only(self):
        self.request.infer()

    def call(self):
        if np.median(self.python_times(0.01)) > SMALL_MS:
            return None
        import openvino
        library = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(openvino.__file__), "libs", "libopenvino_c.so*"))[0])

        def create(name, *arguments):
            made = ctypes.c_void_p()
            status = getattr(library, name)(*arguments, ctypes.byref(made))
            if status:
                raise RuntimeError(f"{name} of OpenVINO's C interface failed with {status}")
            return made

        core = create("ov_core_create")
        model = create("ov_core_read_model", core, self.job.model.encode(), None)
        made = ctypes.c_void_p()
        settings = [word.encode() for pair in self.settings.items() for word in pair]
        if library.ov_core_compile_model(core, model, b"CPU", ctypes.c_size_t(len(settings)), ctypes.byref(made), *settings):
            raise RuntimeError("ov_core_compile_model failed")
        request = create("ov_compiled_model_create_infer_request", made)
        for name, value in self.job.inputs.items():
            tensor = create("ov_infer_request_get_tensor", request, name.encode())
            ctypes.memmove(create("ov_tensor_data", tensor), address(value), value.nbytes)
        return Call(library.ov_infer_request_infer, request)


class Ncnn(Engine):
    """ncnn, on what its converter pnnx makes of the network; called through Python."""
    NAME = "ncnn"

    @classmethod
    def prepare(cls, job):
        import ncnn  # noqa: F401
        convert(job)

    def __init__(self, job):
        import ncnn
        stem = stem_of(job)
        with open(stem + "_ncnn.py") as file:  # which inputs and outputs have a batch axis
            script = file.read()
        self.inputs = []
        for index, value in enumerate(job.inputs.values()):
            made = re.search(rf'ex\.input\("in{index}", (.*)\)\n', script)
            if not made:
                raise RuntimeError(f"ncnn: its converter dropped input {index}")
            self.inputs.append((f"in{index}", mat(ncnn, value, made.group(1))))
        self.outputs = re.findall(r'out\d+ = ex\.extract\("(out\d+)"\)\n\s*out\.append\(torch\.from_numpy\(out\d+\.numpy\((.*?)\)\)(.*)\)\n', script)
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads, options.use_vulkan_compute = job.threads, False
        if job.precision == "f32":
            for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage"):
                setattr(options, name, False)
        if self.net.load_param(stem + ".ncnn.param") or self.net.load_model(stem + ".ncnn.bin"):
            raise RuntimeError("ncnn can't load what its converter wrote")

    @staticmethod
    def version():
        return importlib.metadata.version("ncnn")

    def run(self):
        results = []
        with self.net.create_extractor() as extractor:
            for name, value in self.inputs:
                extractor.input(name, value)
            for name, arguments, after in self.outputs:
                status, value = extractor.extract(name)
                if status:
                    raise RuntimeError(f"ncnn failed with {status} at {name}")
                result = np.array(value.numpy(**keywords(arguments)))
                results.append(result[None] if "unsqueeze(0)" in after else result)
        return results


def keywords(text):
    return {name: int(value) for name, value in re.findall(r"(\w+)=(-?\d+)", text)}


def mat(ncnn, value, script):
    """The input as ncnn's matrix, the way that the converter's own script makes it."""
    value = value.squeeze(0) if "squeeze(0)" in script else value
    if value.dtype == np.int64:
        value = value.astype(np.int32)
    made = re.search(r"numpy\(\)(.*?)\)", script)
    return ncnn.Mat(value, **keywords(made.group(1) if made else "")).clone()


def stem_of(job):
    return os.path.join(job.folder, "pnnx")


def convert(job):
    """Runs pnnx, unless it has written its files before, and refuses what ncnn has no layers for."""
    stem, files = stem_of(job), []
    if any(value.dtype.name == "bfloat16" for value in job.inputs.values()):
        raise RuntimeError("ncnn's converter takes no inputs of bf16")
    if not os.path.exists(stem + ".onnx"):
        os.link(job.model, stem + ".onnx")
        for value in job.inputs.values():
            files.append(f"{stem}_{len(files)}.npy")
            np.save(files[-1], value)
        program = os.path.join(os.path.dirname(sys.executable), "pnnx")
        command = [program, stem + ".onnx", f"input={','.join(files)}", f"fp16={int(job.precision != 'f32')}"]
        with open(stem + ".log", "w") as log:
            subprocess.run(command, cwd=job.folder, stdout=log, stderr=log, timeout=300)
    if not os.path.exists(stem + ".ncnn.param"):
        with open(stem + ".log") as log:
            raise RuntimeError(f"pnnx can't convert the network: {log.read().strip().splitlines()[-1:]}")
    with open(stem + ".ncnn.param") as file:
        kinds = {line.split()[0] for line in file.readlines()[2:]}
    unknown = sorted(kind for kind in kinds if "." in kind or kind.startswith("pnnx") or kind.startswith("aten"))
    if unknown:
        raise RuntimeError(f"ncnn has no layers for {', '.join(unknown)}")


PEERS = [OnnxRuntime, OpenVino, Ncnn]
