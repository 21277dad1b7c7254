#include "model/Model.h"
#include "cpu/Cpu.h"
#include "host/Builtins.h"
#include "host/CustomOp.h"

// Weak: a static program that opens no libraries itself is linked without the loader for them.
extern "C" [[gnu::weak]] dlc_status dlc_op_library_find(const char *domain, const dlc_op_library **out);

void dlc_model::release() {
  if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    for (uint32_t i = 0; i < opStates.size(); ++i) {
      if (opStates[i]) {
        dlc::rt::releaseOpState(hostFunctions[program.steps[i].target], opStates[i]);
      }
    }
    dlc::rt::destroy(this);
  }
}

namespace dlc::rt {
namespace {

bool chooseVariant(dlc_model &m, const dlc_model_options &options, Error &error) {
  uint64_t cpu = cpuFeatures();
  if (options.cpu_mask) {
    cpu &= options.cpu_mask;
  }
  const Program &p = m.program;
  for (uint32_t i = 0; i < p.variants.size(); ++i) {
    if ((p.variants[i].cpu & ~cpu) == 0) {
      m.variant = m.program.variant = i;
    }
  }
  if (m.variant == none && !p.kernels.empty()) {
    fail(error, DLC_UNSUPPORTED,
         "the model has %zu cpu variants, the weakest of which needs features 0x%llx, and this processor has 0x%llx: "
         "compile it for this processor",
         p.variants.size(), p.variants.empty() ? 0ull : (unsigned long long)p.variants[0].cpu, (unsigned long long)cpu);
    return false;
  }
  return true;
}

bool resolveLinks(dlc_model &m, Error &error) {
  const Program &p = m.program;
  uint64_t count = uint64_t(p.variants.size()) * p.kernels.size();
  const char *links = reinterpret_cast<const char *>(m.image.program) + p.header.program_size;
  if (count > (1u << 26) || !within(p.header.program_size, 8 * (count + 1), m.image.available)) {
    fail(error, DLC_INVALID_MODEL, "the links to %llu kernels exceed the program's segment", (unsigned long long)count);
    return false;
  }
  auto target = [&](uint64_t index) {
    int64_t relative;
    memcpy(&relative, links + 8 * index, 8);
    return reinterpret_cast<const char *>(uint64_t(links) + 8 * index + uint64_t(relative));
  };
  if (p.header.weights_size) {
    m.weights = target(0);
    if (m.weights == links || uint64_t(m.weights) % DLC_ABI_ALIGNMENT ||
        !m.image.contains(m.weights, p.header.weights_size, false)) {
      fail(error, DLC_INVALID_MODEL, "the weights' %llu bytes lie in no segment, or are not aligned",
           (unsigned long long)p.header.weights_size);
      return false;
    }
  }
  if (!m.kernels.resize(p.kernels.size())) {
    fail(error, DLC_OUT_OF_MEMORY, "no memory for %zu kernels", p.kernels.size());
    return false;
  }
  for (uint32_t k = 0; k < p.kernels.size(); ++k) {
    uint64_t index = 1 + uint64_t(m.variant) * p.kernels.size() + k;
    const char *code = target(index);
    if (code == links + 8 * index && (p.header.features & DLC_FEATURE_VARIANT_ENTRIES)) {
      continue; // of another variant
    }
    if (!m.image.contains(code, 1, true)) {
      fail(error, DLC_INVALID_MODEL, "kernel %u ('%s') of variant '%s' lies in no executable segment", k,
           p.string(p.kernels[k].name), p.string(p.variants[m.variant].name));
      return false;
    }
    m.kernels[k] = reinterpret_cast<dlc_kernel_fn>(uintptr_t(code));
  }
  return true;
}

/// Kernels may be absent where only entries of other variants run them.
bool checkKernels(const dlc_model &m, Error &error) {
  const Program &p = m.program;
  bool mayMiss = p.header.features & DLC_FEATURE_VARIANT_ENTRIES;
  for (uint32_t i = 0; i < p.preparations.size(); ++i) {
    if (p.isVisible(p.preparations[i]) && !m.kernels[p.preparations[i].kernel]) {
      fail(error, DLC_INVALID_MODEL, "preparation %u: the chosen variant does not have its kernel", i);
      return false;
    }
  }
  for (uint32_t i = 0; mayMiss && i < p.steps.size(); ++i) {
    const dlc_abi_step &s = p.steps[i];
    if (s.kind == DLC_STEP_DISPATCH && p.isVisible(p.entryOf(p.stepInfo[i].stage)) && !m.kernels[s.target]) {
      fail(error, DLC_INVALID_MODEL, "step %u ('%s'): the chosen variant does not have its kernel", i,
           p.string(s.name));
      return false;
    }
  }
  return true;
}

/// An op of a library that comes with dlc. The error says why there is none; it stays empty where the domain is not
/// dlc's.
const dlc_custom_op *findOwnOp(const char *function, uint32_t version, Error &error) {
  const char *colon = strrchr(function, ':');
  char domain[64];
  if (!colon || strncmp(function, "dlc.", 4) != 0 || size_t(colon - function) >= sizeof domain) {
    return nullptr;
  }
  memcpy(domain, function, size_t(colon - function));
  domain[colon - function] = 0;
  const dlc_op_library *library = nullptr;
  if (!dlc_op_library_find) {
    fail(error, DLC_UNSUPPORTED, "this program is linked without opening libraries");
    return nullptr;
  }
  if (dlc_op_library_find(domain, &library)) {
    fail(error, DLC_UNSUPPORTED, "%s", threadError().text);
    threadError().clear(); // the caller's may be this one
    return nullptr;
  }
  const dlc_custom_op *op = findCustomOp({&library, 1}, function, version);
  if (!op) {
    fail(error, DLC_UNSUPPORTED, "libdlc_%s.so does not have it: it is of another version of dlc", domain + 4);
  }
  return op;
}

bool resolveHostFunction(const char *name, uint32_t version, const dlc_model_options &options, dlc_host_function &out,
                         Error &error) {
  const char *at = reinterpret_cast<const char *>(options.host_functions);
  for (size_t i = 0; i < options.host_function_count; ++i) {
    // The caller's struct may be shorter or longer than ours.
    size_t size;
    memcpy(&size, at, sizeof size);
    dlc_host_function f = {};
    memcpy(&f, at, size < sizeof f ? size : sizeof f);
    if (f.name && f.run && strcmp(f.name, name) == 0 && f.version >= version) {
      out = f;
      return true;
    }
    at += size;
  }
  const dlc_custom_op *op = findCustomOp({options.op_libraries, options.op_library_count}, name, version);
  if (op || (op = findOwnOp(name, version, error))) {
    out = {sizeof out, name, version, runCustomOp, nullptr, const_cast<dlc_custom_op *>(op)};
    return true;
  }
  return findBuiltin(name, version, out);
}

/// A place for what ops keep, when one of them does.
bool makeOpStates(dlc_model &m, Error &error) {
  bool any = false;
  for (const dlc_host_function &f : m.hostFunctions) {
    any = any || keepsState(f);
  }
  if (any && !m.opStates.resize(m.program.steps.size())) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for %zu steps", m.program.steps.size()) == DLC_OK;
  }
  return true;
}

bool resolveHostFunctions(dlc_model &m, const dlc_model_options &options, Error &error) {
  const Program &p = m.program;
  for (size_t i = 0; i < options.op_library_count; ++i) {
    if (!options.op_libraries || checkOpLibrary(options.op_libraries[i], "", error)) {
      return fail(error, DLC_INVALID_ARGUMENT, "expected options->op_libraries not to be null") == DLC_OK;
    }
  }
  if (!m.hostFunctions.resize(p.hostFunctions.size())) {
    fail(error, DLC_OUT_OF_MEMORY, "no memory for %zu host functions", p.hostFunctions.size());
    return false;
  }
  for (uint32_t i = 0; i < p.hostFunctions.size(); ++i) {
    const char *name = p.string(p.hostFunctions[i].name), *colon = strrchr(name, ':');
    Error why;
    if (!resolveHostFunction(name, p.hostFunctions[i].version, options, m.hostFunctions[i], why)) {
      if (colon) {
        fail(error, DLC_UNSUPPORTED,
             "the model calls op '%s' of domain '%.*s' version %u, which no library has: pass one that does in "
             "dlc_model_options.op_libraries (--op-library)%s%s",
             colon + 1, int(colon - name), name, p.hostFunctions[i].version, why ? "; " : "", why.text);
        return false;
      }
      fail(error, DLC_UNSUPPORTED,
           "the model calls host function '%s' version %u, which this engine does not have: pass it in "
           "dlc_model_options.host_functions",
           name, p.hostFunctions[i].version);
      return false;
    }
  }
  return makeOpStates(m, error);
}
} // namespace

bool finishModel(dlc_model &m, const dlc_model_options &options, Error &error) {
  m.log = {options.log, options.log_user};
  if (!readProgram(m.image.program, m.image.available, options.skip_checksum, m.program, error) ||
      !validateProgram(m.program, error) || !chooseVariant(m, options, error) || !analyseProgram(m.program, error) ||
      !resolveLinks(m, error) || !checkKernels(m, error) || !resolveHostFunctions(m, options, error)) {
    return false;
  }
  const Program &p = m.program;
  log(m.log, DLC_LOG_INFO, "loaded model '%s': %zu steps, %llu bytes of weights, cpu variant '%s'",
      p.string(p.header.name), p.steps.size(), (unsigned long long)p.header.weights_size,
      m.variant == none ? "" : p.string(p.variants[m.variant].name));
  return true;
}

} // namespace dlc::rt
