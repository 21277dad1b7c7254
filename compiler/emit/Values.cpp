//===- Values.cpp - values and constants in the tables ------------------------------------------===//
#include "compiler/emit/Values.h"
#include "compiler/passes/DType.h"
#include "compiler/passes/Storage.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc::emit {
namespace {
constexpr uint64_t kWeightAlignment = 64, kPage = 4096;

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

mlir::FailureOr<WeightRun> Values::store(rt::ConstantOp op, Section &section) {
  mlir::FailureOr<nn::Tensor> tensor = nn::tensorFromAttr(op.getValue());
  if (mlir::failed(tensor) || getDType(tensor->element()) == DLC_UNDEFINED || nn::isString(tensor->element())) {
    return op.emitOpError() << "expected a constant of numbers whose data is present";
  }
  auto owner = std::make_shared<nn::Tensor>(*tensor);
  llvm::ArrayRef<char> bytes(owner->raw(), owner->bytes());
  size_t runs = section.runs.size();
  uint64_t offset = section.place(llvm::StringRef(bytes.data(), bytes.size()));
  if (section.runs.size() > runs) {
    program.owners.push_back(owner);
  }
  return WeightRun{offset, bytes};
}

llvm::LogicalResult Values::addConstant(rt::ConstantOp op) {
  mlir::FailureOr<WeightRun> run = store(op, weights);
  if (mlir::failed(run)) {
    return mlir::failure();
  }
  uint32_t dtype = getDType(rt::getTensorType(op.getResult()).getElementType());
  t.constants.push_back({run->offset, run->bytes.size(), t.string(""), dtype, 0, 0});
  add(op.getResult(), DLC_STORAGE_CONSTANT, t.constants.size() - 1, "");
  setShape(op.getResult());
  return mlir::success();
}

llvm::LogicalResult Values::addPrepared(rt::PrepareOp op, uint32_t kernel, uint32_t variant) {
  auto source = op.getSource().getDefiningOp<rt::ConstantOp>();
  if (!source) {
    return op.emitOpError() << "expected a constant as the source";
  }
  mlir::FailureOr<WeightRun> run = store(source, sources);
  if (mlir::failed(run)) {
    return mlir::failure();
  }
  mlir::RankedTensorType type = rt::getTensorType(op.getResult());
  uint64_t size = llvm::divideCeil(uint64_t(type.getNumElements()) * nn::getElementBits(type.getElementType()), 8);
  std::vector<uint64_t> key{kernel, run->offset, run->bytes.size(), size, uint64_t(op.getTiles())};
  llvm::SmallVector<uint32_t> dims;
  for (int64_t d : op.getDims()) {
    key.push_back(d);
    dims.append({uint32_t(d), uint32_t(uint64_t(d) >> 32)});
  }
  auto [it, isNew] = known.try_emplace(key, uint32_t(t.preparations.size()));
  if (isNew) {
    uint64_t offset = llvm::alignTo(preparedSize, kWeightAlignment);
    preparedSize = offset + size;
    t.preparations.push_back({run->offset, run->bytes.size(), offset, size, uint64_t(op.getTiles()), t.string(""),
                              kernel, t.range(dims), variant, 0});
  }
  const dlc_abi_preparation &preparation = t.preparations[it->second];
  uint32_t dtype = getDType(type.getElementType());
  t.constants.push_back({preparation.offset, size, t.string(""), dtype, 1 + it->second, 0});
  add(op.getResult(), DLC_STORAGE_CONSTANT, t.constants.size() - 1, "");
  setShape(op.getResult());
  t.features |= DLC_FEATURE_PREPARED;
  return mlir::success();
}

void Values::endVariant() {
  largestPrepared = std::max(largestPrepared, preparedSize);
  preparedSize = 0;
  known.clear();
}

void Values::finish(dlc_abi_model &header) {
  program.weights = std::move(weights.runs);
  program.weightsSize = weights.size;
  if (!t.preparations.empty()) {
    uint64_t base = llvm::alignTo(weights.size, kPage);
    for (dlc_abi_preparation &p : t.preparations) {
      p.source += base;
    }
    for (const WeightRun &run : sources.runs) {
      program.weights.push_back({base + run.offset, run.bytes});
    }
    program.weightsSize = base + sources.size;
    header.sources = base;
    header.prepared_size = largestPrepared;
  }
  header.weights_size = program.weightsSize;
}

uint64_t Values::Section::place(llvm::StringRef content) {
  uint64_t hash = fnv1a(llvm::ArrayRef(content.data(), content.size())) ^ content.size();
  for (size_t i : runsByHash[hash]) {
    if (llvm::StringRef(runs[i].bytes.data(), runs[i].bytes.size()) == content) {
      return runs[i].offset;
    }
  }
  uint64_t offset = llvm::alignTo(size, kWeightAlignment);
  runsByHash[hash].push_back(runs.size());
  runs.push_back({offset, llvm::ArrayRef(content.data(), content.size())});
  size = offset + content.size();
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
