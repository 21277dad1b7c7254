// dlc/inspect.h: the tables of a program, entry by entry.
#include "dlc/inspect.h"
#include "api/Guard.h"
#include "host/CustomOp.h"
#include "model/Model.h"

using namespace dlc::rt;

namespace {
template <typename T>
dlc_status check(const dlc_model *model, uint32_t index, Vector<T> Program::*table, const void *out) {
  if (!model || !out) {
    return nullArgument(model ? "out" : "model");
  }
  size_t count = (model->program.*table).size();
  return index < count ? DLC_OK
                       : fail(freshError(), DLC_INVALID_ARGUMENT, "expected an index below %zu, got %u", count, index);
}

const char *targetName(const Program &p, const dlc_abi_step &s) {
  switch (s.kind) {
  case DLC_STEP_DISPATCH:
    return p.string(p.kernels[s.target].name);
  case DLC_STEP_HOST_CALL:
    return p.string(p.hostFunctions[s.target].name);
  case DLC_STEP_COPY:
    return "";
  default:
    return p.string(p.blocks[s.target].name);
  }
}
} // namespace

extern "C" {

dlc_status dlc_inspect_get_counts(const dlc_model *model, dlc_inspect_counts *out) {
  if (!model || !out) {
    return nullArgument(model ? "out" : "model");
  }
  const Program &p = model->program;
  *out = {uint32_t(p.values.size()),    uint32_t(p.ports.size()),         uint32_t(p.entries.size()),
          uint32_t(p.blocks.size()),    uint32_t(p.stages.size()),        uint32_t(p.steps.size()),
          uint32_t(p.constants.size()), uint32_t(p.variables.size()),     uint32_t(p.kernels.size()),
          uint32_t(p.variants.size()),  uint32_t(p.hostFunctions.size()), p.header.slot_count,
          uint32_t(p.instrs.size())};
  return DLC_OK;
}

dlc_status dlc_inspect_get_entry(const dlc_model *model, uint32_t index, dlc_inspect_entry *out) {
  if (dlc_status s = check(model, index, &Program::entries, out)) {
    return s;
  }
  const Program &p = model->program;
  uint32_t group = p.groupOf[index];
  *out = {p.string(p.entries[index].name), p.entries[index].block, group, group == none ? 0 : index - p.groups[group].first};
  return DLC_OK;
}

dlc_status dlc_inspect_get_block(const dlc_model *model, uint32_t index, dlc_inspect_block *out) {
  if (dlc_status s = check(model, index, &Program::blocks, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_block &b = p.blocks[index];
  Span<const uint32_t> params = p.range(b.params), results = p.range(b.results);
  *out = {p.string(b.name),
          b.first_stage,
          b.stage_count,
          params.data,
          b.params.count,
          results.data,
          b.results.count,
          p.blockInfo[index].entry,
          p.blockInfo[index].parentStep};
  return DLC_OK;
}

dlc_status dlc_inspect_get_stage(const dlc_model *model, uint32_t index, dlc_inspect_stage *out) {
  if (dlc_status s = check(model, index, &Program::stages, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_stage &x = p.stages[index];
  *out = {p.stageInfo[index].block,
          x.first_instr,
          x.instr_count,
          x.first_step,
          x.step_count,
          x.frame_size,
          x.frame_value,
          uint32_t(p.stageInfo[index].sizes)};
  return DLC_OK;
}

dlc_status dlc_inspect_get_step(const dlc_model *model, uint32_t index, dlc_inspect_step *out) {
  if (dlc_status s = check(model, index, &Program::steps, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_step &x = p.steps[index];
  *out = {};
  out->kind = x.kind, out->device = x.device, out->queue = x.queue;
  out->name = p.string(x.name), out->strategy = p.string(x.strategy), out->target = targetName(p, x);
  out->target_index = x.target, out->other_index = x.other;
  out->stage = p.stepInfo[index].stage, out->block = p.stageInfo[out->stage].block;
  out->args = p.range(x.args).data, out->arg_count = x.args.count, out->output_count = x.output_count;
  out->dims = p.range(x.dims).data, out->dim_count = x.dims.count;
  out->extra = p.range(x.extra).data, out->extra_count = x.extra.count;
  out->successors = p.range(x.successors).data, out->successor_count = x.successors.count;
  out->dependency_count = x.dependency_count;
  out->tiles = x.tiles, out->scratch = x.scratch, out->flops = x.flops, out->bytes = x.bytes;
  return DLC_OK;
}

const char *dlc_inspect_step_reason(const dlc_model *model, uint32_t index) {
  if (!model || index >= model->program.steps.size()) {
    return "";
  }
  uint32_t reason = model->program.steps[index].reason;
  return reason ? model->program.string(reason - 1) : "";
}

dlc_status dlc_inspect_get_value(const dlc_model *model, uint32_t index, dlc_inspect_value *out) {
  if (dlc_status s = check(model, index, &Program::values, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_value &v = p.values[index];
  *out = {p.string(v.name), v.kind,    v.dtype,
          v.rank,           v.storage, v.index,
          v.offset,         v.size,    v.shape == none ? nullptr : v.rank ? p.shape(index) : p.pool.data(),
          v.space};
  return DLC_OK;
}

dlc_status dlc_inspect_get_constant(const dlc_model *model, uint32_t index, dlc_inspect_constant *out) {
  if (dlc_status s = check(model, index, &Program::constants, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_constant &c = p.constants[index];
  bool isThere = !c.preparation || p.isVisible(p.preparations[c.preparation - 1]);
  *out = {p.string(c.name), c.dtype, c.offset, c.size, isThere ? model->constant(index) : nullptr};
  return DLC_OK;
}

uint32_t dlc_inspect_preparation_count(const dlc_model *model) {
  return model ? uint32_t(model->program.preparations.size()) : 0;
}
dlc_status dlc_inspect_get_preparation(const dlc_model *model, uint32_t index, dlc_inspect_preparation *out) {
  if (dlc_status s = check(model, index, &Program::preparations, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_preparation &x = p.preparations[index];
  *out = {p.string(p.kernels[x.kernel].name), x.source_size, x.size, x.tiles, uint32_t(p.isVisible(x)), x.source};
  return DLC_OK;
}

dlc_status dlc_inspect_get_variable(const dlc_model *model, uint32_t index, dlc_inspect_variable *out) {
  if (dlc_status s = check(model, index, &Program::variables, out)) {
    return s;
  }
  const Program &p = model->program;
  const dlc_abi_variable &v = p.variables[index];
  *out = {p.string(v.name), v.constant, v.size, v.value, "", p.exchanged[index], 0};
  for (const dlc_abi_feedback &f : p.feedback) {
    const dlc_abi_entry &e = p.entries[f.entry];
    bool mine = p.values[f.input].storage == DLC_STORAGE_VARIABLE && p.values[f.input].index == index;
    for (uint32_t i = e.first_output; mine && i < e.first_output + e.output_count; ++i) {
      if (p.ports[i].value == f.output) {
        out->output = p.string(p.ports[i].name);
        out->copied |= p.portVariable[i] == none || p.values[p.valueInfo[f.output].root].storage != DLC_STORAGE_OUTPUT;
      }
    }
  }
  return DLC_OK;
}

const char *dlc_inspect_kernel_name(const dlc_model *model, uint32_t index) {
  return index < model->program.kernels.size() ? model->program.string(model->program.kernels[index].name) : nullptr;
}
const void *dlc_inspect_kernel_code(const dlc_model *model, uint32_t index) {
  return index < model->kernels.size() ? reinterpret_cast<const void *>(model->kernels[index]) : nullptr;
}
const char *dlc_inspect_variant_name(const dlc_model *model, uint32_t index) {
  return index < model->program.variants.size() ? model->program.string(model->program.variants[index].name) : nullptr;
}
uint64_t dlc_inspect_variant_cpu(const dlc_model *model, uint32_t index) {
  return index < model->program.variants.size() ? model->program.variants[index].cpu : 0;
}
int64_t dlc_inspect_op_attributes(const void *data, size_t size, dlc_op_attribute *out, size_t room) {
  size_t count = 0;
  return readOpAttributes(data, size, {out, room}, count) ? int64_t(count) : -1;
}
const char *dlc_inspect_host_function_name(const dlc_model *model, uint32_t index) {
  return index < model->program.hostFunctions.size() ? model->program.string(model->program.hostFunctions[index].name)
                                                     : nullptr;
}

} // extern "C"
