//===- Values.cpp - values and constants in the tables ------------------------------------------===//
#include "compiler/emit/Values.h"
#include "compiler/passes/DType.h"
#include "compiler/passes/Storage.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc::emit {
namespace {
constexpr uint64_t kWeightAlignment = 64;

dlc_kind kindOf(mlir::Type type) {
  if (llvm::isa<nn::SequenceType>(type)) {
    return DLC_KIND_SEQUENCE;
  }
  if (llvm::isa<nn::OptionalType>(type)) {
    return DLC_KIND_OPTIONAL;
  }
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && nn::isString(tensor.getElementType()) ? DLC_KIND_STRINGS : DLC_KIND_TENSOR;
}
} // namespace

uint32_t Values::add(mlir::Value v, dlc_storage storage, uint32_t index, llvm::StringRef name, uint32_t offset) {
  mlir::RankedTensorType type = rt::getTensorType(v);
  dlc_abi_value e{};
  e.name = t.string(name);
  e.kind = kindOf(llvm::cast<rt::RefType>(v.getType()).getValue());
  e.dtype = type ? getDType(type.getElementType()) : DLC_UNDEFINED;
  e.rank = type ? type.getRank() : 0;
  e.storage = storage;
  e.index = index;
  e.offset = offset;
  e.shape = e.size = DLC_NONE;
  rows[v] = t.values.size();
  t.values.push_back(e);
  return t.values.size() - 1;
}

void Values::setShape(mlir::Value v) {
  mlir::RankedTensorType type = rt::getTensorType(v);
  if (!type || nn::isString(type.getElementType())) {
    return;
  }
  llvm::SmallVector<uint32_t> slots;
  mlir::MLIRContext *c = type.getContext();
  for (dim::Expr e : dim::getShape(type)) {
    slots.push_back(t.slot(e));
  }
  dim::Expr bits = dim::constant(c, nn::getElementBits(type.getElementType()));
  uint32_t size = t.slot(dim::ceilDiv(dim::mul(dim::product(c, dim::getShape(type)), bits), dim::constant(c, 8)));
  dlc_abi_value &e = t.values[rows[v]];
  e.shape = t.range(slots).first;
  e.size = size;
}

llvm::LogicalResult Values::addConstant(rt::ConstantOp op) {
  mlir::FailureOr<nn::Tensor> tensor = nn::tensorFromAttr(op.getValue());
  if (mlir::failed(tensor) || getDType(tensor->element()) == DLC_UNDEFINED || nn::isString(tensor->element())) {
    return op.emitOpError() << "expected a constant of numbers whose data is present";
  }
  auto owner = std::make_shared<nn::Tensor>(*tensor);
  llvm::ArrayRef<char> bytes(owner->raw(), owner->bytes());
  uint64_t hash = fnv1a(bytes) ^ bytes.size();
  uint32_t index = t.constants.size();
  size_t runs = program.weights.size();
  uint64_t offset = place(hash, llvm::StringRef(bytes.data(), bytes.size()));
  if (program.weights.size() > runs) {
    program.owners.push_back(owner);
  }
  t.constants.push_back({offset, bytes.size(), t.string(""), uint32_t(getDType(tensor->element()))});
  add(op.getResult(), DLC_STORAGE_CONSTANT, index, "");
  setShape(op.getResult());
  return mlir::success();
}

/// The offset of `content` in the weights section. Equal bytes are written once.
uint64_t Values::place(uint64_t hash, llvm::StringRef content) {
  for (size_t i : runsByHash[hash]) {
    if (llvm::StringRef(program.weights[i].bytes.data(), program.weights[i].bytes.size()) == content) {
      return program.weights[i].offset;
    }
  }
  uint64_t offset = (program.weightsSize + kWeightAlignment - 1) / kWeightAlignment * kWeightAlignment;
  runsByHash[hash].push_back(program.weights.size());
  program.weights.push_back({offset, llvm::ArrayRef(content.data(), content.size())});
  program.weightsSize = offset + content.size();
  return offset;
}

uint32_t Values::absent() {
  if (absentRow == DLC_NONE) {
    absentRow = t.values.size();
    dlc_abi_value e{};
    e.name = t.string("");
    e.storage = DLC_STORAGE_NONE;
    e.offset = e.shape = e.size = DLC_NONE;
    t.values.push_back(e);
  }
  return absentRow;
}

dlc_abi_range Values::range(mlir::ValueRange values) {
  llvm::SmallVector<uint32_t> indices;
  for (mlir::Value v : values) {
    indices.push_back(rows.lookup(v));
  }
  return t.range(indices);
}
} // namespace dlc::emit
