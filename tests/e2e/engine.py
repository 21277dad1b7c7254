"""The engine's C interface through its shared library, as far as the tests need it."""
import array
import ctypes
import os
import shutil

import tool

DLC = os.path.realpath(shutil.which(tool.DLC) or tool.DLC)
LIBRARY = os.path.join(os.path.dirname(DLC), "..", "..", "runtime", "libdlc_rt.so")
F32, I64 = 1, 7
UNSUPPORTED, SHAPE_MISMATCH = 5, 7


def is_available():
    return os.path.exists(LIBRARY)


class Tensor(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32),
                ("dims", ctypes.c_int64 * 16), ("data", ctypes.c_void_p), ("byte_size", ctypes.c_size_t)]

    def __init__(self):
        super().__init__(ctypes.sizeof(Tensor))


class ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("log", ctypes.c_void_p), ("log_user", ctypes.c_void_p),
                ("host_functions", ctypes.c_void_p), ("host_function_count", ctypes.c_size_t), ("cpu_mask", ctypes.c_uint64),
                ("skip_checksum", ctypes.c_uint32), ("op_libraries", ctypes.POINTER(ctypes.c_void_p)),
                ("op_library_count", ctypes.c_size_t)]

    def __init__(self):
        super().__init__(ctypes.sizeof(ModelOptions))


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Engine:
    def __init__(self):
        self.library = ctypes.CDLL(LIBRARY)
        self.library.dlc_last_error.restype = ctypes.c_char_p
        self.library.dlc_model_variant.restype = ctypes.c_char_p
        self.library.dlc_context_specialisation.restype = ctypes.c_size_t

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status:
            raise Failure(status, self.library.dlc_last_error().decode())

    def load(self, path, libraries=(), cpu_mask=0):
        return Model(self, path, libraries, cpu_mask)


class Model:
    def __init__(self, engine, path, libraries, cpu_mask):
        self.engine, self.handle = engine, ctypes.c_void_p()
        options = ModelOptions()
        options.cpu_mask = cpu_mask
        opened = (ctypes.c_void_p * max(1, len(libraries)))()
        for i, library in enumerate(libraries):
            engine.call("dlc_op_library_open", library.encode(), ctypes.byref(opened, 8 * i))
        options.op_libraries, options.op_library_count = opened, len(libraries)
        engine.call("dlc_model_load_file", path.encode(), ctypes.byref(options), ctypes.byref(self.handle))

    def context(self):
        return Context(self)

    def variant(self):
        return self.engine.library.dlc_model_variant(self.handle).decode()

    def __del__(self):
        self.engine.library.dlc_model_release(self.handle)


class Context:
    """`run` takes (dims, numbers or bytes[, dtype]) by input name, and gives {output name: bytes}."""

    def __init__(self, model):
        self.engine, self.model, self.handle = model.engine, model, ctypes.c_void_p()
        self.engine.call("dlc_context_create", model.handle, None, ctypes.byref(self.handle))

    def find(self, what, name):
        index = ctypes.c_size_t()
        self.engine.call("dlc_model_find_" + what, self.model.handle, ctypes.c_size_t(0), name.encode(), ctypes.byref(index))
        return index

    @staticmethod
    def tensor(dims, data, dtype=F32):
        result, keep = Tensor(), (ctypes.c_char * max(1, len(data))).from_buffer_copy(data or b"\0")
        result.dtype, result.rank, result.data, result.byte_size = dtype, len(dims), ctypes.addressof(keep), len(data)
        result.dims[:len(dims)] = dims
        return result, keep

    @staticmethod
    def bytes_of(tensor):
        return ctypes.string_at(tensor.data, tensor.byte_size) if tensor.byte_size else b""

    def run(self, inputs, outputs):
        kept = []
        for name, (dims, data, *dtype) in inputs.items():
            data = data if isinstance(data, bytes) else array.array("f", data).tobytes()
            tensor, keep = self.tensor(dims, data, *dtype)
            kept.append(keep)
            self.engine.call("dlc_context_set_input", self.handle, ctypes.c_size_t(0), self.find("input", name),
                             ctypes.byref(tensor))
        self.engine.call("dlc_context_run", self.handle, ctypes.c_size_t(0))
        result = {}
        for name in outputs:
            tensor = Tensor()
            self.engine.call("dlc_context_get_output", self.handle, ctypes.c_size_t(0), self.find("output", name),
                             ctypes.byref(tensor))
            result[name] = self.bytes_of(tensor)
        return result

    def variable(self, name):
        tensor = Tensor()
        self.engine.call("dlc_context_get_variable", self.handle, name.encode(), ctypes.byref(tensor))
        return self.bytes_of(tensor)

    def set_variable(self, name, dims, data):
        tensor, _keep = self.tensor(dims, data)
        self.engine.call("dlc_context_set_variable", self.handle, name.encode(), ctypes.byref(tensor))

    def reset(self):
        self.engine.call("dlc_context_reset_variables", self.handle)

    def specialisation(self):
        return self.engine.library.dlc_context_specialisation(self.handle)

    def __del__(self):
        self.engine.library.dlc_context_destroy(self.handle)
