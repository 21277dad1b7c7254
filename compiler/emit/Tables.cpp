//===- Tables.cpp - laying out the program blob --------------------------------------------------===//
#include "compiler/emit/Tables.h"
#include <cstring>

namespace dlc::emit {
uint64_t fnv1a(llvm::ArrayRef<char> bytes, uint64_t state) {
  for (char c : bytes) {
    state = (state ^ uint8_t(c)) * 0x100000001b3ull;
  }
  return state;
}

uint32_t Tables::string(llvm::StringRef text) {
  auto [it, isNew] = stringOffsets.try_emplace(text, uint32_t(strings.size()));
  if (isNew) {
    strings += text.str();
    strings.push_back('\0');
  }
  return it->second;
}

dlc_abi_range Tables::range(llvm::ArrayRef<uint32_t> entriesOfPool) {
  dlc_abi_range r{uint32_t(pool.size()), uint32_t(entriesOfPool.size())};
  pool.insert(pool.end(), entriesOfPool.begin(), entriesOfPool.end());
  return r;
}

uint32_t Tables::instruction(dlc_dim_op op, uint32_t a, uint32_t b, int64_t imm) {
  uint32_t dst = newSlot();
  program.push_back({uint32_t(op), dst, a, b, imm});
  return dst;
}

uint32_t Tables::chain(dlc_dim_op op, llvm::ArrayRef<mlir::Attribute> operands, uint32_t first, bool hasFirst) {
  uint32_t acc = hasFirst ? first : slot(llvm::cast<dim::ExprAttr>(operands.front()));
  for (mlir::Attribute a : operands.drop_front(hasFirst ? 0 : 1)) {
    uint32_t next = slot(llvm::cast<dim::ExprAttr>(a));
    acc = instruction(op, acc, next);
  }
  return acc;
}

uint32_t Tables::slot(dim::Expr e) {
  auto it = slots.find(e);
  if (it != slots.end()) {
    return it->second;
  }
  uint32_t result = 0;
  switch (e.getKind()) {
  case dim::ExprKind::Const:
    result = instruction(DLC_DIM_CONST, 0, 0, e.getValue());
    break;
  case dim::ExprKind::Unknown:
    unbound.push_back("?");
    break;
  case dim::ExprKind::Symbol: {
    auto symbol = symbols.find(e.getSymbol());
    if (symbol == symbols.end()) {
      unbound.push_back(e.getSymbol().str());
      return 0;
    }
    return symbol->second;
  }
  case dim::ExprKind::Sum:
    result = chain(DLC_DIM_ADD, e.getOperands(), 0, false);
    break;
  case dim::ExprKind::Product:
    result = e.getValue() == 1 ? chain(DLC_DIM_MUL, e.getOperands(), 0, false)
                               : chain(DLC_DIM_MUL, e.getOperands(), slot(dim::constant(e.getContext(), e.getValue())), true);
    break;
  case dim::ExprKind::FloorDiv:
    result = chain(DLC_DIM_FLOORDIV, e.getOperands(), 0, false);
    break;
  case dim::ExprKind::Mod:
    result = chain(DLC_DIM_MOD, e.getOperands(), 0, false);
    break;
  case dim::ExprKind::Min:
    result = chain(DLC_DIM_MIN, e.getOperands(), 0, false);
    break;
  case dim::ExprKind::Max:
    result = chain(DLC_DIM_MAX, e.getOperands(), 0, false);
    break;
  }
  slots[e] = result;
  return result;
}

namespace {
void pad(std::vector<char> &bytes, size_t alignment) { bytes.resize((bytes.size() + alignment - 1) / alignment * alignment); }

template <class T> void append(std::vector<char> &bytes, dlc_abi_table &table, const std::vector<T> &entries) {
  pad(bytes, 8);
  table = {bytes.size(), uint32_t(entries.size()), uint32_t(sizeof(T))};
  const char *data = reinterpret_cast<const char *>(entries.data());
  bytes.insert(bytes.end(), data, data + entries.size() * sizeof(T));
}
} // namespace

std::vector<char> Tables::finish(dlc_abi_model header) {
  std::vector<char> bytes(sizeof(dlc_abi_model));
  append(bytes, header.index_pool, pool);
  append(bytes, header.dim_program, allInstructions);
  append(bytes, header.values, values);
  append(bytes, header.port_dims, portDims);
  append(bytes, header.ports, ports);
  append(bytes, header.entries, entries);
  append(bytes, header.blocks, blocks);
  append(bytes, header.stages, stages);
  append(bytes, header.steps, steps);
  append(bytes, header.constants, constants);
  append(bytes, header.variables, variables);
  append(bytes, header.feedback, feedback);
  append(bytes, header.kernels, kernels);
  append(bytes, header.variants, variants);
  append(bytes, header.host_functions, hostFunctions);
  append(bytes, header.spaces, spaces);
  append(bytes, header.metadata, metadata);
  append(bytes, header.preparations, preparations);
  header.strings = bytes.size();
  header.strings_size = strings.size();
  bytes.insert(bytes.end(), strings.begin(), strings.end());
  pad(bytes, 8);
  std::memcpy(header.magic, DLC_ABI_MAGIC, sizeof(header.magic));
  header.struct_size = sizeof(dlc_abi_model);
  header.abi_version = DLC_ABI_VERSION;
  header.program_size = bytes.size();
  header.slot_count = slotCount;
  header.features = features;
  header.checksum = 0;
  std::memcpy(bytes.data(), &header, sizeof(header));
  header.checksum = fnv1a(bytes);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}
} // namespace dlc::emit
