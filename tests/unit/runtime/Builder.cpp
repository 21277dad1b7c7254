#include "Builder.h"
#include <cstddef>
#include <elf.h>

namespace dlc::test {

namespace {
template <typename T> void put(std::string &out, dlc_abi_table &table, const std::vector<T> &entries) {
  out.resize((out.size() + 7) & ~size_t(7));
  table = {out.size(), uint32_t(entries.size()), uint32_t(sizeof(T))};
  out.append(reinterpret_cast<const char *>(entries.data()), entries.size() * sizeof(T));
}
} // namespace

uint32_t Builder::text(const std::string &s) {
  uint32_t at = uint32_t(strings.size());
  strings += s;
  strings += '\0';
  return at;
}
uint32_t Builder::pooled(const Ids &ids) {
  uint32_t at = uint32_t(pool.size());
  pool.insert(pool.end(), ids.begin(), ids.end());
  return at;
}
uint32_t Builder::block(const char *name) {
  blocks.push_back({});
  blocks.back().abi.name = text(name);
  return uint32_t(blocks.size() - 1);
}
uint32_t Builder::stage(uint32_t block) {
  if (blocks[block].abi.stage_count++ == 0) {
    blocks[block].abi.first_stage = uint32_t(stages.size());
  }
  stages.push_back({});
  stages.back().abi.frame_size = stages.back().abi.frame_value = none;
  return uint32_t(stages.size() - 1);
}
uint32_t Builder::dim(uint32_t stage, uint32_t op, uint32_t a, uint32_t b, int64_t imm) {
  stages[stage].instrs.push_back({op, slots, a, b, imm});
  return slots++;
}
uint32_t Builder::kernel(const char *name, dlc_kernel_fn fn) {
  kernels.push_back({name, fn});
  return uint32_t(kernels.size() - 1);
}
uint32_t Builder::host(const char *name) {
  hosts.push_back({text(name), 1});
  return uint32_t(hosts.size() - 1);
}
uint32_t Builder::value(const char *name, uint8_t kind, uint8_t dtype, const Ids &shape, uint8_t storage,
                        uint32_t index, uint32_t offset, uint32_t size) {
  dlc_abi_value v = {text(name), kind, dtype, uint8_t(shape.size()), storage, index, pooled(shape), offset, size, 0};
  values.push_back(v);
  return uint32_t(values.size() - 1);
}
uint32_t Builder::frameTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims) {
  int64_t count = 1;
  Ids shape;
  for (int64_t d : dims) {
    shape.push_back(constant(stage, d));
    count *= d;
  }
  int64_t bytes = count * dlc_dtype_bits(dtype) / 8;
  uint32_t v = value(name, DLC_KIND_TENSOR, dtype, shape, DLC_STORAGE_FRAME, stage,
                     constant(stage, stages[stage].cursor), constant(stage, bytes));
  stages[stage].cursor += (bytes + 63) & ~int64_t(63);
  stages[stage].abi.frame_size = constant(stage, stages[stage].cursor);
  return v;
}
uint32_t Builder::constantTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims,
                                 const void *data, size_t bytes) {
  Ids shape;
  for (int64_t d : dims) {
    shape.push_back(constant(stage, d));
  }
  weights.resize((weights.size() + 63) & ~size_t(63));
  constants.push_back({weights.size(), bytes, text(name), dtype});
  weights.append(static_cast<const char *>(data), bytes);
  return value(name, dtype == DLC_STRING ? DLC_KIND_STRINGS : DLC_KIND_TENSOR, dtype, shape, DLC_STORAGE_CONSTANT,
               uint32_t(constants.size() - 1), none, constant(stage, int64_t(bytes)));
}
uint32_t Builder::preparedTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims,
                                 uint32_t kernel, const std::string &source, uint64_t tiles, const Ids &kernelDims) {
  Ids shape, halves;
  uint64_t bytes = dlc_dtype_bits(dtype) / 8;
  for (int64_t d : dims) {
    shape.push_back(constant(stage, d));
    bytes *= uint64_t(d);
  }
  for (uint32_t d : kernelDims) {
    halves.insert(halves.end(), {d, 0});
  }
  uint64_t before = preparations.empty() ? 0 : preparations.back().offset + preparations.back().size;
  uint64_t offset = (before + 63) & ~uint64_t(63);
  sources.resize((sources.size() + 63) & ~size_t(63));
  preparations.push_back({sources.size(),
                          source.size(),
                          offset,
                          bytes,
                          tiles,
                          text(name),
                          kernel,
                          {pooled(halves), uint32_t(halves.size())},
                          0,
                          0});
  sources += source;
  constants.push_back({offset, bytes, text(name), dtype, uint32_t(preparations.size()), 0});
  features |= DLC_FEATURE_PREPARED;
  return value(name, DLC_KIND_TENSOR, dtype, shape, DLC_STORAGE_CONSTANT, uint32_t(constants.size() - 1), none,
               constant(stage, int64_t(bytes)));
}
uint32_t Builder::input(const char *name, uint8_t dtype, const std::vector<int64_t> &dims, uint8_t kind,
                        const std::vector<std::string> &symbols, uint8_t flags) {
  Ids shape(dims.size(), 0); // replaced by the caller where somebody asks for it
  uint32_t v = value(name, kind, dtype, shape, DLC_STORAGE_INPUT, uint32_t(inputs.size() - inputsDone));
  uint32_t firstDim = uint32_t(portDims.size());
  for (size_t d = 0; d < dims.size(); ++d) {
    portDims.push_back({dims[d], dims[d] < 0 && d < symbols.size() ? text(symbols[d]) : none, none, 0, -1});
  }
  inputs.push_back({text(name), none, v, kind, dtype, uint8_t(dims.size()), flags, firstDim, none});
  return v;
}
uint32_t Builder::output(const char *name, uint8_t dtype, const Ids &shape, uint32_t size, uint8_t kind) {
  uint32_t v = value(name, kind, dtype, shape, DLC_STORAGE_OUTPUT, uint32_t(outputs.size() - outputsDone), none, size);
  uint32_t firstDim = uint32_t(portDims.size());
  for (uint32_t slot : shape) {
    portDims.push_back({-1, text("n"), slot, 0, -1});
  }
  outputs.push_back({text(name), none, v, kind, dtype, uint8_t(shape.size()), 0, firstDim, none});
  return v;
}
uint32_t Builder::step(uint32_t stage, uint8_t kind, uint32_t target, const Ids &args, const Ids &dims,
                       uint32_t outputCount, uint32_t tiles, const Ids &extra, uint32_t other) {
  StepData s;
  s.abi.kind = kind;
  s.abi.name = text("step" + std::to_string(stage) + "." + std::to_string(stages[stage].steps.size()));
  s.abi.strategy = text("test");
  s.abi.reason = kind == DLC_STEP_DISPATCH ? 1 + text("it is a test") : 0;
  s.abi.target = target, s.abi.other = other, s.abi.output_count = outputCount, s.abi.tiles = tiles;
  s.abi.scratch = s.abi.flops = s.abi.bytes = none;
  s.args = args, s.dims = dims, s.extra = extra;
  stages[stage].steps.push_back(s);
  return uint32_t(stages[stage].steps.size() - 1);
}
void Builder::after(uint32_t stage, uint32_t first, uint32_t then) {
  stages[stage].steps[first].succ.push_back(then);
  ++stages[stage].steps[then].abi.dependency_count;
}
void Builder::entry(const char *name, uint32_t block) {
  dlc_abi_entry e = {text(name), block, 0, 0, 0, 0};
  e.first_input = uint32_t(ports.size());
  ports.insert(ports.end(), inputs.begin() + long(inputsDone), inputs.end());
  e.input_count = uint32_t(inputs.size() - inputsDone);
  e.first_output = uint32_t(ports.size());
  ports.insert(ports.end(), outputs.begin() + long(outputsDone), outputs.end());
  e.output_count = uint32_t(outputs.size() - outputsDone);
  inputsDone = inputs.size(), outputsDone = outputs.size();
  entries.push_back(e);
}

Blob Builder::finish() { return link(program()); }

/// The program's tables behind its header; strings come last.
std::string Builder::program() {
  dlc_abi_model h = {};
  if (!preparations.empty()) {
    weights.resize((weights.size() + 4095) & ~size_t(4095));
    h.sources = weights.size();
    h.prepared_size = preparations.back().offset + preparations.back().size;
    weights += sources;
    for (dlc_abi_preparation &p : preparations) {
      p.source += h.sources;
    }
  }
  std::vector<dlc_abi_dim_instr> instrs;
  std::vector<dlc_abi_stage> stageTable;
  std::vector<dlc_abi_step> steps;
  std::vector<dlc_abi_block> blockTable;
  std::vector<dlc_abi_kernel> kernelTable;
  for (StageData &s : stages) {
    dlc_abi_stage a = s.abi;
    a.first_instr = uint32_t(instrs.size()), a.instr_count = uint32_t(s.instrs.size());
    a.first_step = uint32_t(steps.size()), a.step_count = uint32_t(s.steps.size());
    instrs.insert(instrs.end(), s.instrs.begin(), s.instrs.end());
    for (StepData &step : s.steps) {
      dlc_abi_step x = step.abi;
      auto range = [&](const Ids &ids) { return dlc_abi_range{pooled(ids), uint32_t(ids.size())}; };
      x.args = range(step.args), x.dims = range(step.dims), x.extra = range(step.extra);
      x.successors = range(step.succ);
      steps.push_back(x);
    }
    stageTable.push_back(a);
  }
  for (BlockData &b : blocks) {
    dlc_abi_block a = b.abi;
    a.params = {pooled(b.params), uint32_t(b.params.size())};
    a.results = {pooled(b.results), uint32_t(b.results.size())};
    blockTable.push_back(a);
  }
  for (auto &k : kernels) {
    kernelTable.push_back({text(k.first), 0});
  }
  if (variants.empty()) {
    variants.push_back({text("any"), 0, 0});
  }
  h.name = text("test"), h.producer = text("by hand");

  std::string out(sizeof h, '\0');
  put(out, h.index_pool, pool);
  put(out, h.dim_program, instrs);
  put(out, h.values, values);
  put(out, h.port_dims, portDims);
  put(out, h.ports, ports);
  put(out, h.entries, entries);
  put(out, h.blocks, blockTable);
  put(out, h.stages, stageTable);
  put(out, h.steps, steps);
  put(out, h.constants, constants);
  put(out, h.variables, variables);
  put(out, h.feedback, feedback);
  put(out, h.kernels, kernelTable);
  put(out, h.variants, variants);
  put(out, h.host_functions, hosts);
  put(out, h.metadata, metadata);
  put(out, h.preparations, preparations);
  h.strings = out.size(), h.strings_size = strings.size();
  out += strings;
  out.resize((out.size() + 7) & ~size_t(7));
  memcpy(h.magic, DLC_ABI_MAGIC, 8);
  h.struct_size = sizeof h, h.abi_version = DLC_ABI_VERSION, h.features = features;
  h.program_size = out.size(), h.weights_size = weights.size(), h.slot_count = slots;
  memcpy(out.data(), &h, sizeof h);
  return out;
}

/// The program, links to weights and kernels, then weights.
Blob Builder::link(const std::string &program) {
  size_t linkCount = 1 + variants.size() * kernels.size();
  size_t weightsAt = (program.size() + 8 * linkCount + 63) & ~size_t(63);
  Blob blob;
  blob.size = weightsAt + weights.size();
  blob.programSize = program.size();
  blob.memory = std::make_unique<char[]>(blob.size + 64);
  blob.base = reinterpret_cast<char *>((uintptr_t(blob.memory.get()) + 63) & ~uintptr_t(63));
  memcpy(blob.base, program.data(), program.size());
  if (!weights.empty()) {
    memcpy(blob.base + weightsAt, weights.data(), weights.size());
  }
  int64_t *links = reinterpret_cast<int64_t *>(blob.base + program.size());
  links[0] = weights.empty() ? 0 : int64_t(weightsAt - program.size());
  for (size_t i = 1; i < linkCount; ++i) {
    dlc_kernel_fn fn = kernels[(i - 1) % kernels.size()].second;
    links[i] = int64_t(reinterpret_cast<uintptr_t>(fn)) - int64_t(reinterpret_cast<uintptr_t>(&links[i]));
  }
  blob.seal();
  return blob;
}

void Blob::seal() {
  header()->checksum = 0;
  header()->checksum = fnv(0xcbf29ce484222325ull, base, programSize);
}

std::string Builder::elf(const std::string &code) {
  Blob blob = finish();
  size_t linkCount = 1 + variants.size() * kernels.size();
  constexpr size_t page = 4096, noteAt = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr);
  size_t programAt = elfProgram, textAt = (programAt + blob.programSize + 8 * linkCount + page - 1) & ~(page - 1);
  size_t weightsAt = textAt + page;
  std::string out(weightsAt + weights.size(), '\0');
  memcpy(out.data() + programAt, blob.base, blob.programSize);
  memcpy(out.data() + textAt, code.data(), code.size());
  memcpy(out.data() + weightsAt, weights.data(), weights.size());
  for (size_t i = 0; i < linkCount; ++i) {
    size_t at = programAt + blob.programSize + 8 * i;
    int64_t link = i == 0 ? (weights.empty() ? 0 : int64_t(weightsAt - at)) : int64_t(textAt - at);
    memcpy(out.data() + at, &link, 8);
  }
  Elf64_Ehdr e = {};
  memcpy(e.e_ident, ELFMAG, SELFMAG);
  e.e_ident[EI_CLASS] = ELFCLASS64, e.e_ident[EI_DATA] = ELFDATA2LSB, e.e_ident[EI_VERSION] = 1;
  e.e_type = ET_DYN, e.e_machine = EM_X86_64, e.e_version = 1;
  e.e_phoff = sizeof e, e.e_ehsize = sizeof e, e.e_phentsize = sizeof(Elf64_Phdr), e.e_phnum = 4;
  Elf64_Phdr ph[4] = {};
  ph[0] = {PT_LOAD, PF_R, 0, 0, 0, textAt, textAt, page};
  ph[1] = {PT_LOAD, PF_R | PF_X, textAt, textAt, textAt, page, page, page};
  ph[2] = {PT_LOAD, PF_R, weightsAt, weightsAt, weightsAt, weights.size(), weights.size(), page};
  struct {
    Elf64_Nhdr h;
    char name[4];
    dlc_abi_note note;
  } n = {{4, sizeof(dlc_abi_note), DLC_NOTE_TYPE}, {'d', 'l', 'c', 0}, {}};
  size_t noteSize = sizeof n.h + 4 + sizeof n.note;
  n.note = {sizeof n.note, DLC_ABI_VERSION, programAt, out.size(), weightsAt, weights.size(), 0};
  ph[3] = {PT_NOTE, PF_R, noteAt, noteAt, noteAt, noteSize, noteSize, 4};
  memcpy(out.data(), &e, sizeof e);
  memcpy(out.data() + sizeof e, ph, sizeof ph);
  memcpy(out.data() + noteAt, &n.h, sizeof n.h);
  memcpy(out.data() + noteAt + sizeof n.h, n.name, 4);
  memcpy(out.data() + noteAt + sizeof n.h + 4, &n.note, sizeof n.note);
  size_t sumAt = noteAt + sizeof n.h + 4 + offsetof(dlc_abi_note, checksum);
  uint64_t hash = fnv(0xcbf29ce484222325ull, out.data(), sumAt);
  hash = fnv(hash, out.data() + sumAt + 8, weightsAt - sumAt - 8);
  memcpy(out.data() + sumAt, &hash, 8);
  return out;
}

dlc_model *load(const Blob &blob, const dlc_model_options *options) {
  dlc_model *model = nullptr;
  dlc_model_load_static(blob.model(), options, &model);
  return model;
}
dlc_context *context(const dlc_model *model, uint32_t threads, uint64_t seed) {
  dlc_context_options o = DLC_CONTEXT_OPTIONS_INIT;
  o.threads = threads;
  o.tile_order_seed = seed;
  dlc_context *c = nullptr;
  dlc_context_create(model, &o, &c);
  return c;
}
dlc_tensor tensor(const void *data, uint32_t dtype, const std::vector<int64_t> &dims) {
  dlc_tensor t = DLC_TENSOR_INIT;
  t.dtype = dtype;
  t.data = const_cast<void *>(data);
  int64_t count = 1;
  for (int64_t d : dims) {
    t.dims[t.rank++] = d;
    count *= d;
  }
  t.byte_size = dtype == DLC_STRING ? size_t(count) * sizeof(dlc_string) : size_t(count) * dlc_dtype_bits(dtype) / 8;
  return t;
}

namespace {
template <typename Fn> void each(const int64_t *dims, int64_t begin, int64_t end, Fn fn) {
  for (int64_t i = begin * 16; i < end * 16 && i < dims[0]; ++i) {
    fn(i);
  }
}
} // namespace

int32_t kernelAdd(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *) {
  auto *a = static_cast<const float *>(buffers[0]), *b = static_cast<const float *>(buffers[1]);
  auto *out = static_cast<float *>(buffers[2]);
  each(dims, begin, end, [&](int64_t i) { out[i] = a[i] + b[i]; });
  return 0;
}
int32_t kernelScale(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *) {
  auto *a = static_cast<const float *>(buffers[0]);
  auto *out = static_cast<float *>(buffers[1]);
  each(dims, begin, end, [&](int64_t i) { out[i] = 2 * a[i] + 1; });
  return 0;
}
int32_t kernelFail(void *const *, const int64_t *, int64_t, int64_t, void *) { return DLC_KERNEL_INDEX_OUT_OF_RANGE; }
int32_t kernelNothing(void *const *, const int64_t *, int64_t, int64_t, void *) { return 0; }

Builder diamond(int64_t n) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  uint32_t add = b.kernel("add", kernelAdd), scale = b.kernel("scale", kernelScale);
  uint32_t x = b.input("x", DLC_F32, {n}, DLC_KIND_TENSOR, {"n"});
  uint32_t count = n < 0 ? b.dim(s, DLC_DIM_VALUE_DIM, x, 0) : b.constant(s, n);
  uint32_t bytes = b.dim(s, DLC_DIM_MUL, count, b.constant(s, 4));
  uint32_t sixteen = b.constant(s, 16), sixtyFour = b.constant(s, 64);
  auto up = [&](uint32_t a, uint32_t unit) {
    uint32_t sum = b.dim(s, DLC_DIM_ADD, a, b.dim(s, DLC_DIM_ADD, unit, b.constant(s, -1)));
    return b.dim(s, DLC_DIM_FLOORDIV, sum, unit);
  };
  uint32_t tiles = up(count, sixteen), room = b.dim(s, DLC_DIM_MUL, up(bytes, sixtyFour), sixtyFour);
  auto at = [&](int64_t k) { return b.dim(s, DLC_DIM_MUL, room, b.constant(s, k)); };
  auto temp = [&](const char *name, int64_t k) {
    return b.value(name, DLC_KIND_TENSOR, DLC_F32, {count}, DLC_STORAGE_FRAME, s, at(k), bytes);
  };
  uint32_t left = temp("left", 0), right = temp("right", 1), sum = temp("sum", 2);
  b.stages[s].abi.frame_size = at(3);
  uint32_t y = b.output("y", DLC_F32, {count}, bytes);
  uint32_t k0 = b.step(s, DLC_STEP_DISPATCH, scale, {x, left}, {count}, 1, tiles);
  uint32_t k1 = b.step(s, DLC_STEP_DISPATCH, scale, {x, right}, {count}, 1, tiles);
  uint32_t k2 = b.step(s, DLC_STEP_DISPATCH, add, {left, right, sum}, {count}, 1, tiles);
  uint32_t k3 = b.step(s, DLC_STEP_DISPATCH, add, {sum, x, y}, {count}, 1, tiles);
  b.after(s, k0, k2), b.after(s, k1, k2), b.after(s, k2, k3);
  b.entry("main", main);
  return b;
}

} // namespace dlc::test
