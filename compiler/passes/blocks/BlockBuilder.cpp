//===- BlockBuilder.cpp - a block, its symbols, and places of values --------------------- ===//
#include "compiler/passes/blocks/BlockBuilder.h"
#include "compiler/passes/Entries.h"
#include "compiler/passes/Kernels.h"

namespace dlc {
using mlir::Value;

dim::Expr byteSize(mlir::RankedTensorType type) {
  mlir::MLIRContext *c = type.getContext();
  dim::Expr bits = dim::constant(c, nn::getElementBits(type.getElementType()));
  dim::Expr total = dim::mul(dim::product(c, dim::getShape(type)), bits), eight = dim::constant(c, 8);
  return dim::ceilDiv(total, eight);
}

std::string nameOf(mlir::Location loc) {
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc)) {
    std::string text;
    for (mlir::Location part : fused.getLocations()) {
      std::string name = nameOf(part);
      text += (text.empty() || name.empty() ? "" : "+") + name;
    }
    return text;
  }
  auto name = llvm::dyn_cast<mlir::NameLoc>(loc);
  return name ? name.getName().str() : "";
}

llvm::LogicalResult BlockBuilder::run() {
  create();
  chooseOutputs();
  if (mlir::failed(convertOps(func.front()))) {
    return mlir::failure();
  }
  return finish();
}

llvm::SmallVector<mlir::Attribute> BlockBuilder::names(bool inputs) {
  llvm::SmallVector<mlir::Attribute> result;
  unsigned n = inputs ? func.getNumArguments() : func.getNumResults();
  for (unsigned i = 0; i < n; ++i) {
    auto name = inputs ? func.getArgAttrOfType<mlir::StringAttr>(i, "nn.name")
                       : func.getResultAttrOfType<mlir::StringAttr>(i, "nn.name");
    result.push_back(name ? name : b.getStringAttr((inputs ? "input_" : "output_") + std::to_string(i)));
  }
  return result;
}

mlir::ArrayAttr BlockBuilder::dimNames() {
  llvm::SmallVector<mlir::Attribute> all;
  bool any = false;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto names = func.getArgAttrOfType<mlir::ArrayAttr>(i, kDimNamesAttr);
    any |= bool(names);
    all.push_back(names ? names : b.getArrayAttr({}));
  }
  return any ? b.getArrayAttr(all) : mlir::ArrayAttr();
}

mlir::DenseI64ArrayAttr BlockBuilder::state() {
  llvm::SmallVector<int64_t> outputs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto output = func.getArgAttrOfType<mlir::IntegerAttr>(i, kStateAttr);
    outputs.push_back(output ? output.getInt() : -1);
  }
  return llvm::all_of(outputs, [](int64_t o) { return o < 0; }) ? mlir::DenseI64ArrayAttr()
                                                                : b.getDenseI64ArrayAttr(outputs);
}

void BlockBuilder::create() {
  b.setInsertionPoint(func);
  block = rt::BlockOp::create(b, func.getLoc(), func.getSymNameAttr(), b.getArrayAttr(names(true)),
                              b.getArrayAttr(names(false)), func->getAttrOfType<mlir::StringAttr>(kEntryAttr),
                              func->getAttrOfType<mlir::DictionaryAttr>(kBoundsAttr), dimNames(), state());
  mlir::Block *body = b.createBlock(&block.getBody());
  for (mlir::BlockArgument a : func.getArguments()) {
    map.map(a, body->addArgument(ref(a.getType()), a.getLoc()));
  }
  defineInputSymbols();
  openStage(func.getLoc());
}

void BlockBuilder::defineInputSymbols() {
  for (mlir::BlockArgument a : func.getArguments()) {
    if (llvm::isa<mlir::RankedTensorType>(a.getType())) {
      defineDims(a, map.lookup(a));
    }
  }
}

void BlockBuilder::defineDims(Value v, Value where) {
  for (auto [i, e] : llvm::enumerate(nn::shapeOf(v))) {
    if (e.getKind() == dim::ExprKind::Symbol && defined.insert(e.getSymbol()).second) {
      rt::SymbolOp::create(b, v.getLoc(), where, e.getSymbol(), i, false);
    }
  }
}

void BlockBuilder::checkDims(Value v, Value where) {
  llvm::SmallVector<std::pair<unsigned, dim::Expr>> stated;
  llvm::StringSet<> fresh;
  for (auto [i, e] : llvm::enumerate(nn::shapeOf(v))) {
    bool isNew = e.getKind() == dim::ExprKind::Symbol && !defined.contains(e.getSymbol()) &&
                 fresh.insert(e.getSymbol()).second;
    if (!isNew) {
      stated.push_back({i, e});
    }
  }
  defineDims(v, where);
  for (auto [i, e] : stated) {
    dim::Expr found = unusedSymbol("element.size");
    rt::SymbolOp::create(b, v.getLoc(), where, found.getSymbol(), i, false);
    std::string name = nameOf(v.getLoc()), what = "dimension " + std::to_string(i) + " of a sequence's element";
    rt::CheckOp::create(b, v.getLoc(), found, e, name.empty() ? what : "'" + name + "': " + what);
  }
}

void BlockBuilder::openStage(mlir::Location loc) {
  rt::StageOp::create(b, loc, zero());
  produced.clear();
}

void BlockBuilder::needStageAfter(Value v, mlir::Location loc) {
  if (produced.contains(v)) {
    openStage(loc);
  }
}

Value BlockBuilder::writtenInPlace(Value v) {
  while (auto reshape = v.getDefiningOp<nn::ReshapeOp>()) {
    v = reshape.getInput();
  }
  mlir::Operation *op = v.getDefiningOp();
  return op && (llvm::isa<nn::DispatchOp, nn::SplitBatchOp>(op) || getHostCall(op)) ? v : Value();
}

void BlockBuilder::chooseOutputs() {
  for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
    if (Value base = writtenInPlace(v)) {
      outputOf.try_emplace(base, i);
    }
  }
}

Value BlockBuilder::allocate(Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!type || nn::isString(type.getElementType()) || !sizesKnown(type)) {
    return rt::DynamicOp::create(b, v.getLoc(), ref(v.getType()));
  }
  auto it = outputOf.find(v);
  if (it != outputOf.end()) {
    return rt::OutputOp::create(b, v.getLoc(), ref(type), it->second);
  }
  if (auto rows = rowsOf.find(v); rows != rowsOf.end()) {
    return view(v, rows->second);
  }
  return rt::BufferOp::create(b, v.getLoc(), ref(type), zero(), atMost(byteSize(type)), nameOf(v.getLoc()));
}

bool BlockBuilder::sizesKnown(mlir::RankedTensorType type) {
  bool known = true;
  for (dim::Expr e : dim::getShape(type)) {
    known &= !dim::isUnknown(e);
    dim::forEachSymbol(e, [&](llvm::StringRef name) { known &= defined.contains(name); });
  }
  return known;
}

Value BlockBuilder::place(Value v) {
  Value where = allocate(v);
  map.map(v, where);
  produced.insert(where);
  return where;
}

Value BlockBuilder::stack(Value v) {
  Value where = rt::DynamicOp::create(b, v.getLoc(), ref(v.getType()));
  map.map(v, where);
  produced.insert(where);
  return where;
}

void BlockBuilder::nameDynamicSizes(mlir::ValueRange results, mlir::Location loc) {
  for (Value v : results) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    auto isTensor = [](mlir::Type t) { return llvm::isa<mlir::TensorType>(t); };
    mlir::Operation *op = v.getDefiningOp();
    bool fromCaller = !llvm::isa<nn::IfOp, nn::LoopOp>(op) && !llvm::all_of(op->getOperandTypes(), isTensor);
    // Places that are planned accept nothing of another shape; strings have none.
    if (!type || (sizesKnown(type) && !(fromCaller && nn::isString(type.getElementType())))) {
      continue;
    }
    needStageAfter(lookup(v), loc);
    if (fromCaller) {
      checkDims(v, lookup(v));
    } else {
      defineDims(v, lookup(v));
    }
  }
}

llvm::LogicalResult BlockBuilder::finish() {
  llvm::SmallVector<Value> results;
  for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
    Value base = v;
    while (auto reshape = base.getDefiningOp<nn::ReshapeOp>()) {
      base = reshape.getInput();
    }
    auto it = outputOf.find(base);
    bool direct = it != outputOf.end() && it->second == i && lookup(base).getDefiningOp<rt::OutputOp>();
    if (direct || lookup(base).getDefiningOp<rt::DynamicOp>()) {
      results.push_back(lookup(v));
      continue;
    }
    if (!llvm::isa<mlir::RankedTensorType>(v.getType()) || nn::isString(nn::elementOf(v))) {
      results.push_back(lookup(v));
      continue;
    }
    Value out = rt::OutputOp::create(b, v.getLoc(), ref(v.getType()), i);
    rt::CopyOp::create(b, v.getLoc(), lookup(v), out, noSteps());
    results.push_back(out);
  }
  rt::YieldOp::create(b, func.getLoc(), results);
  func.erase();
  return mlir::success();
}

} // namespace dlc
