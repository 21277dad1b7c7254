//===- ConvertParts.cpp - a batch that runs in parts ------------------------------------ ===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/blocks/BlockBuilder.h"

namespace dlc {
using mlir::Value;

llvm::LogicalResult BlockBuilder::convertSplitBatch(nn::SplitBatchOp op) {
  auto scalar = [&](mlir::Type element, llvm::StringRef name) -> Value {
    auto type = mlir::RankedTensorType::get({}, element);
    return rt::BufferOp::create(b, op.getLoc(), ref(type), zero(), byteSize(type), name);
  };
  llvm::SmallVector<Value> wholes;
  for (Value v : op.getResults_()) {
    wholes.push_back(place(v));
  }
  llvm::StringSet<> before = defined;
  splitBatch = op;
  if (op.getPart()) {
    // Memory is planned for the largest part: it must not depend on which part runs.
    largestPart =
        defineSize("part.most", dim::min(dim::constant(func.getContext(), op.getSize()), op.getBatch()), op.getLoc());
  }
  auto step = rt::LoopOp::create(b, op.getLoc(), Value(), Value(), scalar(b.getI64Type(), "part"),
                                 scalar(b.getI1Type(), "going"), mlir::ValueRange(), mlir::ValueRange(),
                                 mlir::ValueRange(), mlir::ValueRange(), op.getParts(), noSteps());
  step->setAttr("strategy", b.getStringAttr("split_batch"));
  step->setAttr("reason", op->getAttr(kReasonAttr));
  llvm::LogicalResult converted = convertPart(op, step, wholes);
  defined = before;
  splitBatch = {};
  return converted;
}

dim::Expr BlockBuilder::unusedSymbol(std::string name) {
  while (defined.contains(name)) {
    name += "_";
  }
  defined.insert(name);
  return dim::symbol(func.getContext(), name);
}

dim::Expr BlockBuilder::defineSize(llvm::StringRef name, dim::Expr value, mlir::Location loc) {
  dim::Expr symbol = unusedSymbol(name.str());
  rt::SizeOp::create(b, loc, symbol.getSymbol(), value);
  return symbol;
}

dim::Expr BlockBuilder::withPart(dim::Expr e, dim::Expr images) {
  return dim::substitute(e, [&](llvm::StringRef name) { return name == *splitBatch.getPart() ? images : dim::Expr(); });
}

dim::Expr BlockBuilder::atMost(dim::Expr bytes) { return partsDiffer() ? withPart(bytes, largestPart) : bytes; }

dim::Expr BlockBuilder::onAverage(dim::Expr operations) {
  dim::Expr one = dim::constant(func.getContext(), 1);
  return partsDiffer()
             ? dim::floorDiv(withPart(operations, splitBatch.getBatch()), dim::max(splitBatch.getParts(), one))
             : operations;
}

llvm::LogicalResult BlockBuilder::convertPart(nn::SplitBatchOp op, rt::LoopOp step, llvm::ArrayRef<Value> wholes) {
  mlir::OpBuilder::InsertionGuard guard(b);
  llvm::DenseSet<Value> producedBefore = produced;
  mlir::Block &from = op.getBody().front();
  b.createBlock(&step.getBody());
  openStage(op.getLoc());
  dim::Expr index = unusedSymbol("part.index"), first = dim::mul(index, dim::constant(func.getContext(), op.getSize()));
  rt::SymbolOp::create(b, op.getLoc(), step.getIteration(), index.getSymbol(), 0, true);
  if (op.getPart()) {
    defineSize(*op.getPart(), dim::min(largestPart, dim::sub(op.getBatch(), first)), op.getLoc());
  }
  auto partOf = [&](Value whole, Value part) -> Rows {
    auto one = nn::withImages(llvm::cast<mlir::RankedTensorType>(part.getType()), op.getPartImages(),
                              dim::constant(func.getContext(), 1));
    return {whole, dim::mul(byteSize(one), first)};
  };
  for (auto [input, argument] : llvm::zip(op.getInputs(), from.getArguments())) {
    map.map(argument, view(argument, partOf(lookup(input), argument)));
  }
  auto yielded = from.getTerminator()->getOperands();
  for (auto [v, whole] : llvm::zip(yielded, wholes)) {
    if (Value base = writtenInPlace(v); base && base.getParentBlock() == &from) {
      rowsOf.try_emplace(base, partOf(whole, v));
    }
  }
  if (mlir::failed(convertOps(from))) {
    return mlir::failure();
  }
  for (auto [v, whole] : llvm::zip(yielded, wholes)) {
    auto it = rowsOf.find(writtenInPlace(v));
    if (it == rowsOf.end() || it->second.whole != whole) {
      rt::CopyOp::create(b, op.getLoc(), lookup(v), view(v, partOf(whole, v)), noSteps());
    }
  }
  rt::YieldOp::create(b, op.getLoc(), mlir::ValueRange{step.getGoing()});
  produced = producedBefore;
  return mlir::success();
}

} // namespace dlc
