// Loading and asking models.
#include "api/Guard.h"
#include "exec/Estimate.h"
#include "load/Load.h"

using namespace dlc::rt;

namespace {
template <typename Fn> dlc_status load(const dlc_model_options *options, dlc_model **out, Fn fn) {
  if (!out) {
    return nullArgument("out");
  }
  *out = nullptr;
  dlc_model_options o;
  if (!readOptions(options, o)) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected options to start with their struct_size");
  }
  return fn(o, *out, freshError());
}

dlc_status badEntry(const dlc_model *model, size_t entry) {
  return fail(freshError(), DLC_INVALID_ARGUMENT, "expected an entry below %zu, got %zu", model->program.groups.size(),
              entry);
}

dlc_dim describeDim(const Program &p, const dlc_abi_port_dim &dim) {
  bool named = dim.size < 0 && dim.symbol != none;
  return {dim.size, named ? p.string(dim.symbol) : nullptr, dim.size >= 0 ? dim.size : dim.min,
          dim.size >= 0 ? dim.size : dim.max};
}

/// A dimension that specialisations want different sizes of: what all of them accept together.
void widen(dlc_dim &d, const dlc_dim &o) {
  bool differ = d.size != o.size || d.min != o.min || d.max != o.max;
  d.size = differ ? -1 : d.size;
  d.min = o.min < d.min ? o.min : d.min;
  d.max = d.max < 0 || o.max < 0 ? -1 : o.max > d.max ? o.max : d.max;
}

/// Port `index` of the entries [first, first + count), which are specialisations of one another.
dlc_status describe(const dlc_model *model, uint32_t first, uint32_t count, size_t index, bool input, dlc_port *out) {
  const Program &p = model->program;
  const dlc_abi_entry &e = p.entries[first];
  size_t ports = input ? e.input_count : e.output_count;
  if (index >= ports) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected a port below %zu, got %zu", ports, index);
  }
  auto portOf = [&](uint32_t entry) -> const dlc_abi_port & {
    return p.ports[(input ? p.entries[entry].first_input : p.entries[entry].first_output) + index];
  };
  const dlc_abi_port &port = portOf(first);
  dlc_port r = {};
  r.name = p.string(port.name), r.doc = p.string(port.doc), r.type = p.string(port.type);
  r.kind = port.kind, r.dtype = port.dtype, r.rank = port.rank, r.flags = port.flags;
  for (uint32_t d = 0; d < port.rank; ++d) {
    const dlc_abi_port_dim &dim = p.portDims[port.dims + d];
    r.dims[d] = describeDim(p, dim);
    uint32_t symbol = dim.symbol;
    for (uint32_t k = first + 1; k < first + count; ++k) {
      const dlc_abi_port_dim &other = p.portDims[portOf(k).dims + d];
      widen(r.dims[d], describeDim(p, other));
      symbol = symbol == none ? other.symbol : symbol;
    }
    if (r.dims[d].size < 0) {
      r.dims[d].symbol = symbol == none ? "?" : p.string(symbol);
    }
  }
  return writeResult(out, r) ? DLC_OK
                             : fail(freshError(), DLC_INVALID_ARGUMENT, "expected port->struct_size to be set");
}

dlc_status describe(const dlc_model *model, size_t entry, size_t index, bool input, dlc_port *out) {
  if (!model || !out) {
    return nullArgument(model ? "port" : "model");
  }
  if (entry >= model->program.groups.size()) {
    return badEntry(model, entry);
  }
  const EntryGroup &group = model->program.groups[entry];
  return describe(model, group.first, group.count, index, input, out);
}

dlc_status describeOne(const dlc_model *model, size_t entry, size_t specialisation, size_t index, bool input,
                       dlc_port *out) {
  if (!model || !out) {
    return nullArgument(model ? "port" : "model");
  }
  if (entry >= model->program.groups.size()) {
    return badEntry(model, entry);
  }
  const EntryGroup &group = model->program.groups[entry];
  return specialisation < group.count
             ? describe(model, uint32_t(group.first + specialisation), 1, index, input, out)
             : fail(freshError(), DLC_INVALID_ARGUMENT, "expected a specialisation below %u, got %zu", group.count,
                    specialisation);
}

/// The entry whose ports stand for all of its specialisations; null when there is none.
const dlc_abi_entry *entryOf(const dlc_model *m, size_t entry) {
  return entry < m->program.groups.size() ? &m->program.entries[m->program.groups[entry].first] : nullptr;
}

dlc_status findPort(const dlc_model *model, size_t entry, const char *name, bool input, size_t *index) {
  if (!model || !name || !index) {
    return nullArgument(!model ? "model" : !name ? "name" : "index");
  }
  const Program &p = model->program;
  if (entry >= p.groups.size()) {
    return badEntry(model, entry);
  }
  const dlc_abi_entry &e = *entryOf(model, entry);
  uint32_t first = input ? e.first_input : e.first_output, count = input ? e.input_count : e.output_count;
  for (uint32_t i = 0; i < count; ++i) {
    if (strcmp(p.string(p.ports[first + i].name), name) == 0) {
      *index = i;
      return DLC_OK;
    }
  }
  return fail(freshError(), DLC_NOT_FOUND, "entry '%s' has no %s '%s'", p.string(e.name), input ? "input" : "output",
              name);
}
} // namespace

extern "C" {

dlc_status dlc_model_load_file(const char *path, const dlc_model_options *options, dlc_model **out) {
  return dlc_model_load_file_at(path, 0, 0, options, out);
}
dlc_status dlc_model_load_file_at(const char *path, uint64_t offset, uint64_t size, const dlc_model_options *options,
                                  dlc_model **out) {
  return path ? load(options, out,
                     [&](const dlc_model_options &o, dlc_model *&model, Error &error) {
                       return loadFile(path, offset, size, o, model, error);
                     })
              : nullArgument("path");
}
dlc_status dlc_model_load_memory(const void *data, size_t size, const dlc_model_options *options, dlc_model **out) {
  return data ? load(options, out,
                     [&](const dlc_model_options &o, dlc_model *&model, Error &error) {
                       return loadMemory(data, size, o, model, error);
                     })
              : nullArgument("data");
}
dlc_status dlc_model_load_static(const dlc_abi_model *program, const dlc_model_options *options, dlc_model **out) {
  return program ? load(options, out,
                        [&](const dlc_model_options &o, dlc_model *&model, Error &error) {
                          return loadStatic(program, o, model, error);
                        })
                 : nullArgument("program");
}
void dlc_model_release(dlc_model *model) {
  if (model) {
    model->release();
  }
}

const char *dlc_model_name(const dlc_model *m) { return m->program.string(m->program.header.name); }
const char *dlc_model_producer(const dlc_model *m) { return m->program.string(m->program.header.producer); }
uint64_t dlc_model_features(const dlc_model *m) { return m->program.header.features; }
const char *dlc_model_variant(const dlc_model *m) {
  return m->variant == none ? "" : m->program.string(m->program.variants[m->variant].name);
}
uint64_t dlc_model_weights_size(const dlc_model *m) {
  return m->program.plainWeights() + m->program.preparedWeights();
}
uint64_t dlc_model_stored_weights_size(const dlc_model *m) { return m->program.header.weights_size; }

size_t dlc_model_metadata_count(const dlc_model *m) { return m->program.metadata.size(); }
const char *dlc_model_metadata_key(const dlc_model *m, size_t i) {
  return i < m->program.metadata.size() ? m->program.string(m->program.metadata[i].key) : nullptr;
}
const char *dlc_model_metadata_value(const dlc_model *m, size_t i) {
  return i < m->program.metadata.size() ? m->program.string(m->program.metadata[i].value) : nullptr;
}
const char *dlc_model_metadata_find(const dlc_model *m, const char *key) {
  for (const dlc_abi_metadata &entry : m->program.metadata) {
    if (key && strcmp(m->program.string(entry.key), key) == 0) {
      return m->program.string(entry.value);
    }
  }
  return nullptr;
}

size_t dlc_model_entry_count(const dlc_model *m) { return m->program.groups.size(); }
const char *dlc_model_entry_name(const dlc_model *m, size_t entry) {
  return entryOf(m, entry) ? m->program.string(entryOf(m, entry)->name) : nullptr;
}
dlc_status dlc_model_find_entry(const dlc_model *m, const char *name, size_t *entry) {
  if (!m || !name || !entry) {
    return nullArgument(!m ? "model" : !name ? "name" : "entry");
  }
  for (size_t i = 0; i < m->program.groups.size(); ++i) {
    if (strcmp(dlc_model_entry_name(m, i), name) == 0) {
      *entry = i;
      return DLC_OK;
    }
  }
  return fail(freshError(), DLC_NOT_FOUND, "the model has no entry '%s'", name);
}
size_t dlc_model_input_count(const dlc_model *m, size_t entry) {
  return entryOf(m, entry) ? entryOf(m, entry)->input_count : 0;
}
size_t dlc_model_output_count(const dlc_model *m, size_t entry) {
  return entryOf(m, entry) ? entryOf(m, entry)->output_count : 0;
}
dlc_status dlc_model_input(const dlc_model *m, size_t entry, size_t index, dlc_port *port) {
  return describe(m, entry, index, true, port);
}
dlc_status dlc_model_output(const dlc_model *m, size_t entry, size_t index, dlc_port *port) {
  return describe(m, entry, index, false, port);
}
size_t dlc_model_specialisation_count(const dlc_model *m, size_t entry) {
  return entry < m->program.groups.size() ? m->program.groups[entry].count : 0;
}
dlc_status dlc_model_specialisation_input(const dlc_model *m, size_t entry, size_t specialisation, size_t index,
                                          dlc_port *port) {
  return describeOne(m, entry, specialisation, index, true, port);
}
dlc_status dlc_model_specialisation_output(const dlc_model *m, size_t entry, size_t specialisation, size_t index,
                                           dlc_port *port) {
  return describeOne(m, entry, specialisation, index, false, port);
}
dlc_status dlc_model_find_input(const dlc_model *m, size_t entry, const char *name, size_t *index) {
  return findPort(m, entry, name, true, index);
}
dlc_status dlc_model_find_output(const dlc_model *m, size_t entry, const char *name, size_t *index) {
  return findPort(m, entry, name, false, index);
}
size_t dlc_model_variable_count(const dlc_model *m) { return m->program.variables.size(); }
const char *dlc_model_variable_name(const dlc_model *m, size_t i) {
  return i < m->program.variables.size() ? m->program.string(m->program.variables[i].name) : nullptr;
}

dlc_status dlc_model_memory(const dlc_model *model, size_t entry, const dlc_tensor *inputs, size_t count,
                            uint32_t threads, dlc_memory *memory) {
  if (!model || !memory) {
    return nullArgument(model ? "memory" : "model");
  }
  if (entry >= model->program.groups.size()) {
    return badEntry(model, entry);
  }
  dlc_memory r = {};
  if (dlc_status s = estimateMemory(*model, uint32_t(entry), {inputs, count}, threads, r, freshError())) {
    return s;
  }
  return writeResult(memory, r) ? DLC_OK
                                : fail(freshError(), DLC_INVALID_ARGUMENT, "expected memory->struct_size to be set");
}

} // extern "C"
