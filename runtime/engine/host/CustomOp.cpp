#include "host/CustomOp.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

/// Reads 64-bit integers one after the other; `ok` says whether all were there.
struct Reader {
  const char *base;
  uint64_t size, at = 0;
  bool ok = true;
  uint64_t next() {
    uint64_t value = 0;
    ok = ok && within(at, 8, size);
    if (ok) {
      memcpy(&value, base + at, 8);
      at += 8;
    }
    return value;
  }
  /// `bytes` bytes at an offset, which is a multiple of 8.
  const char *part(uint64_t offset, uint64_t bytes) {
    ok = ok && offset % 8 == 0 && within(offset, bytes, size);
    return ok ? base + offset : nullptr;
  }
  bool isText(uint64_t offset) const { return offset < size && memchr(base + offset, 0, size - offset); }
};

bool readAttribute(Reader &r, dlc_op_attribute &a) {
  uint64_t name = r.next(), type = r.next(), dtype = r.next(), count = r.next(), rank = r.next(), dims = r.next(),
           data = r.next();
  int64_t bytes = 0;
  bool sized = type == DLC_OP_STRINGS || (count <= INT64_MAX && dtypeBytes(uint32_t(dtype), int64_t(count), bytes));
  if (!r.ok || !r.isText(name) || type < DLC_OP_INTS || type > DLC_OP_TENSOR || rank > DLC_OP_MAX_RANK || !sized) {
    return false;
  }
  a = {r.base + name, uint32_t(type), uint32_t(dtype), count, rank, nullptr, nullptr};
  a.dims = reinterpret_cast<const int64_t *>(r.part(dims, rank * 8));
  a.data = r.part(data, uint64_t(bytes));
  uint64_t at = data;
  for (uint64_t i = 0; type == DLC_OP_STRINGS && i < count; ++i) {
    if (!r.isText(at)) {
      return false;
    }
    at += strlen(r.base + at) + 1;
  }
  return r.ok;
}

int failCall(dlc_op_call *call, const char *message) {
  fail(*static_cast<Error *>(call->engine), DLC_RUN_FAILED, "%s", message ? message : "no reason was given");
  return 1;
}

/// Of a library that was made before ops could keep state.
constexpr size_t leastOpSize = offsetof(dlc_custom_op, release);

bool hasRelease(const dlc_custom_op &op) { return op.struct_size >= sizeof op && op.release; }

bool isComplete(const dlc_custom_op &op) {
  bool same = op.flags & DLC_OP_SAME_SHAPE;
  return op.struct_size >= leastOpSize && op.domain && op.name && *op.name && !strchr(op.name, ':') && op.compute &&
         (same ? op.least_inputs > 0 : op.types && op.shape) && op.least_inputs <= op.most_inputs &&
         op.most_inputs <= DLC_OP_MAX_INPUTS && op.most_outputs > 0 && op.most_outputs <= DLC_OP_MAX_OUTPUTS;
}

/// What a call of an op sees. Lives for one call, on the stack.
class Call {
public:
  Call(dlc_host_call &host, const dlc_custom_op &op) : host(host), op(op) {}

  dlc_status run() {
    const dlc_value *encoded = host.input(0);
    size_t attributeCount = 0;
    if (!encoded || encoded->dtype != DLC_U8 || host.inputs.size > DLC_OP_MAX_INPUTS + 1 ||
        host.outputs.size > DLC_OP_MAX_OUTPUTS ||
        !readOpAttributes(encoded->data, size_t(encoded->bytes), {attributes, DLC_OP_MAX_ATTRIBUTES}, attributeCount)) {
      return fail(*host.error, DLC_INVALID_MODEL, "expected the attributes of op '%s'", op.name);
    }
    call = {sizeof call,
            attributes,
            attributeCount,
            inputs,
            host.inputs.size - 1,
            outputs,
            host.outputs.size,
            op.user,
            failCall,
            host.error,
            0,
            nullptr};
    for (size_t i = 0; i < call.input_count; ++i) {
      describe(host.input(i + 1), inputs[i]);
    }
    if (findShapes() || makeOutputs()) {
      return host.error->status;
    }
    if (hasRelease(op)) {
      call.constant_inputs = host.constants >> 1; // the first is the attributes
      call.state = host.state;
    }
    return apply(op.compute, "compute");
  }

private:
  static void describe(const dlc_value *v, dlc_op_tensor &t) {
    t = {};
    if (v) {
      t.dtype = v->dtype, t.rank = v->rank, t.count = uint64_t(v->count), t.data = v->data;
      memcpy(t.dims, v->dims, sizeof t.dims);
    }
  }
  dlc_status apply(dlc_op_fn function, const char *what) {
    if (function(&call) != 0 && !*host.error) {
      fail(*host.error, DLC_RUN_FAILED, "its function '%s' failed without a reason", what);
    }
    return host.error->status;
  }

  dlc_status findShapes() {
    size_t at = 0;
    for (size_t i = 0; i < call.output_count; ++i) {
      dlc_op_tensor &t = outputs[i];
      t = {};
      t.dtype = uint32_t(host.attribute(at));
      t.rank = uint32_t(host.attribute(at + 1));
      at += 2 + t.rank;
      if (t.rank > DLC_OP_MAX_RANK) {
        return fail(*host.error, DLC_INVALID_MODEL, "expected output %zu of op '%s' to have a rank", i, op.name);
      }
      if (op.flags & DLC_OP_SAME_SHAPE) {
        memcpy(t.dims, inputs[0].dims, sizeof t.dims);
      }
    }
    // Sizes never come from data that the op did not ask for.
    if (!(op.flags & DLC_OP_SAME_SHAPE)) {
      void *data[DLC_OP_MAX_INPUTS];
      bool hide = !(op.flags & DLC_OP_SIZES_FROM_DATA);
      for (size_t i = 0; hide && i < call.input_count; ++i) {
        data[i] = inputs[i].data;
        inputs[i].data = nullptr;
      }
      dlc_status s = apply(op.shape, "shape");
      for (size_t i = 0; hide && i < call.input_count; ++i) {
        inputs[i].data = data[i];
      }
      return s;
    }
    return DLC_OK;
  }

  /// Sizes that the model was compiled for must be those of this call: kernels rely on them.
  dlc_status makeOutputs() {
    size_t at = 0;
    for (size_t i = 0; i < call.output_count; ++i) {
      dlc_op_tensor &t = outputs[i];
      uint32_t rank = uint32_t(host.attribute(at + 1));
      int64_t count;
      if (t.dtype != uint32_t(host.attribute(at)) || t.rank != rank || !elementCount(t.dims, t.rank, count)) {
        return fail(*host.error, DLC_RUN_FAILED, "expected output %zu to keep its type and rank, and to have sizes", i);
      }
      for (uint32_t d = 0; d < rank; ++d) {
        int64_t want = host.attribute(at + 2 + d);
        if (want >= 0 && want != t.dims[d]) {
          return fail(*host.error, DLC_RUN_FAILED,
                      "expected size %lld of dimension %u of output %zu, as when the model was compiled, got %lld",
                      (long long)want, d, i, (long long)t.dims[d]);
        }
      }
      at += 2 + rank;
      dlc_value *out = host.output(i);
      if (!out) {
        return fail(*host.error, DLC_INVALID_MODEL, "expected output %zu of op '%s'", i, op.name);
      }
      if (out->setTensor(t.dtype, t.rank, t.dims, *host.error)) {
        return host.error->status;
      }
      t.count = uint64_t(out->count);
      t.data = out->data;
    }
    return DLC_OK;
  }

  dlc_host_call &host;
  const dlc_custom_op &op;
  dlc_op_call call = {};
  dlc_op_attribute attributes[DLC_OP_MAX_ATTRIBUTES];
  dlc_op_tensor inputs[DLC_OP_MAX_INPUTS], outputs[DLC_OP_MAX_OUTPUTS];
};
} // namespace

bool readOpAttributes(const void *data, size_t size, Span<dlc_op_attribute> out, size_t &count) {
  Reader r{static_cast<const char *>(data), size};
  uint64_t n = r.next();
  if (!r.ok || n > out.size) {
    return false;
  }
  for (count = 0; count < n; ++count) {
    if (!readAttribute(r, out.data[count])) {
      return false;
    }
  }
  return true;
}

dlc_status checkOpLibrary(const dlc_op_library *library, const char *path, Error &error) {
  if (!library) {
    return fail(error, DLC_INVALID_ARGUMENT, "op library '%s': expected a dlc_op_library, got null", path);
  }
  if (library->struct_size < sizeof *library || library->abi_version != DLC_OP_ABI_VERSION) {
    return fail(error, DLC_UNSUPPORTED,
                "op library '%s': expected version %u, got %u: compile it with this dlc/custom_op.h", path,
                DLC_OP_ABI_VERSION, library->struct_size < sizeof *library ? 0 : library->abi_version);
  }
  for (uint32_t i = 0; i < library->op_count; ++i) {
    const dlc_custom_op *op = library->ops ? library->ops[i] : nullptr;
    if (!op || !isComplete(*op)) {
      return fail(
          error, DLC_INVALID_ARGUMENT,
          "op library '%s': expected op %u ('%s') to have a name, functions, and 1 to %d outputs of at most %d inputs",
          path, i, op && op->struct_size >= leastOpSize && op->name ? op->name : "", DLC_OP_MAX_OUTPUTS,
          DLC_OP_MAX_INPUTS);
    }
  }
  return DLC_OK;
}

const dlc_custom_op *findCustomOp(Span<const dlc_op_library *const> libraries, const char *function, uint32_t version) {
  const char *colon = strrchr(function, ':');
  for (const dlc_op_library *library : libraries) {
    for (uint32_t i = 0; colon && i < library->op_count; ++i) {
      const dlc_custom_op &op = *library->ops[i];
      bool isNamed = strcmp(op.name, colon + 1) == 0 && strlen(op.domain) == size_t(colon - function) &&
                     strncmp(op.domain, function, size_t(colon - function)) == 0;
      if (isNamed && op.since_version <= version && (!op.until_version || version <= op.until_version)) {
        return &op;
      }
    }
  }
  return nullptr;
}

dlc_status runCustomOp(dlc_host_call *call, void *op) {
  return Call(*call, *static_cast<const dlc_custom_op *>(op)).run();
}

bool keepsState(const dlc_host_function &function) {
  return function.run == runCustomOp && hasRelease(*static_cast<const dlc_custom_op *>(function.user));
}

void releaseOpState(const dlc_host_function &function, void *state) {
  static_cast<const dlc_custom_op *>(function.user)->release(state);
}

} // namespace dlc::rt
