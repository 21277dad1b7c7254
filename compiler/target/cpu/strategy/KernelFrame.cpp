//===- KernelFrame.cpp - the function around a contraction kernel -----------------------------------===//
#include "compiler/target/cpu/strategy/KernelFrame.h"
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/strategy/ByteEpilogue.h"
#include "dialects/nn/Precision.h"

namespace dlc::cpu {
mlir::MemRefType KernelFrame::bufferType(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  return kernelBufferType(nn::getStorageType(tensor.getElementType()), tensor.hasStaticShape() ? tensor.getNumElements() : -1);
}

KernelFrame::KernelFrame(mlir::func::FuncOp kernel, const TargetInfo &target)
    : kernel(kernel), b(kernel.getContext()), kb(b, kernel.getLoc(), target), old(&kernel.front()), entry(new mlir::Block()) {
  auto isRoot = [](mlir::Operation &op) { return !llvm::isa<nn::ConstantOp>(op); };
  rootOp = &*llvm::find_if(*old, isRoot);
  kernel.getBody().push_front(entry);
  mlir::Location loc = kernel.getLoc();
  auto collect = [&](mlir::Value v) {
    for (dim::Expr e : nn::shapeOf(v)) {
      if (!dim::getConstant(e) && !llvm::is_contained(dims, e)) {
        dims.push_back(e);
      }
    }
  };
  for (mlir::BlockArgument a : old->getArguments()) {
    buffers[a] = entry->addArgument(bufferType(a.getType()), loc);
    collect(a);
  }
  mlir::Value result = old->getTerminator()->getOperand(0);
  collect(result);
  output = entry->addArgument(bufferType(result.getType()), loc);
  for (size_t i = 0; i < dims.size(); ++i) {
    dimArguments.push_back(entry->addArgument(b.getIndexType(), loc));
  }
  tail = addKernelTail(*entry, loc);
  b.setInsertionPointToStart(entry);
}

Choice KernelFrame::choice() {
  auto text = kernel->getAttrOfType<mlir::StringAttr>(kChoiceAttr);
  return text ? Choice::parse(text.getValue()).value_or(Choice()) : Choice();
}

Idx KernelFrame::size(dim::Expr e) {
  std::optional<int64_t> constant = dim::getConstant(e);
  return constant ? Idx(*constant) : Idx(dimArguments[llvm::find(dims, e) - dims.begin()]);
}

llvm::SmallVector<Idx> KernelFrame::sizes(mlir::Value v) {
  llvm::SmallVector<Idx> result;
  for (dim::Expr e : nn::shapeOf(v)) {
    result.push_back(size(e));
  }
  return result;
}

mlir::Value KernelFrame::splat(nn::ConstantOp constant, int width) {
  auto element = llvm::cast<mlir::DenseElementsAttr>(constant.getValue()).getSplatValue<mlir::Attribute>();
  mlir::Type type = nn::elementOf(constant.getResult()), storage = nn::getStorageType(type);
  if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(element)) {
    element = mlir::IntegerAttr::get(storage, integer.getValue().zextOrTrunc(nn::getElementBits(type)));
  }
  auto vector = mlir::DenseElementsAttr::get(kb.vectorType(storage, width), element);
  return mlir::arith::ConstantOp::create(b, kernel.getLoc(), vector);
}

mlir::Value KernelFrame::loadOperand(mlir::Value v, mlir::Operation *contraction, KernelBuilder &k,
                                     const EpilogueCoord &coord) {
  if (auto constant = v.getDefiningOp<nn::ConstantOp>()) {
    return splat(constant, coord.lanes.width);
  }
  mlir::Value from = buffer(v);
  switch (placeOf(nn::shapeOf(v), nn::shapeOf(contraction->getResult(0)))) {
  case OperandPlace::Same:
    return loadLikeOutput(k, from, coord);
  case OperandPlace::Columns:
    return loadColumns(k, from, coord);
  case OperandPlace::Rows:
    return loadRow(k, from, coord);
  default:
    return loadSplat(k, from, Idx(0), coord);
  }
}

bool KernelFrame::roundsWhenStored(mlir::Operation *op) {
  auto isBrain = [](mlir::Value v) { return nn::elementOf(v).isBF16(); };
  bool last = op == rootOp || (llvm::isa<nn::CastOp>(op) && nn::elementOf(op->getOperand(0)).isF32());
  return last && kb.targetInfo().bf16 && op->getNextNode() == old->getTerminator() && isBrain(op->getResult(0)) &&
         llvm::all_of(rootOp->getOperands(), isBrain);
}

mlir::Value KernelFrame::emitElement(mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands, KernelBuilder &k) {
  if (roundsWhenStored(op)) {
    return operands[0];
  }
  if (auto quantize = llvm::dyn_cast<nn::QuantizeLinearOp>(op)) {
    if (op->getNextNode() == old->getTerminator() && byteRounding(op)) {
      return emitQuotient(k, quantize, operands[0], operands[1]);
    }
    if (staysFloat(op)) {
      return emitRounded(k, quantize, operands[0], operands[1]);
    }
  }
  auto dequantize = llvm::dyn_cast<nn::DequantizeLinearOp>(op);
  mlir::Operation *quantize = dequantize ? dequantize.getInput().getDefiningOp() : nullptr;
  if (quantize && staysFloat(quantize)) {
    return emitDequantized(k, dequantize, operands[0], operands[1]);
  }
  return llvm::cast<nn::EmitElement>(op).emitElement(k.builder(), k.location(), operands);
}

/// Whether ops are so many instructions for a vector that a loop around them costs nothing beside.
static bool isLong(llvm::ArrayRef<mlir::Operation *> ops) {
  int instructions = 0;
  for (mlir::Operation *op : ops) {
    bool isFunction = llvm::isa<nn::ExpOp, nn::LogOp, nn::TanhOp, nn::ErfOp, nn::SigmoidOp, nn::SoftplusOp, nn::PowOp>(op);
    int function = op->hasAttr(nn::kHalfPrecisionAttr) ? 10 : 20;
    instructions += isFunction ? function : llvm::isa<nn::QuantizeLinearOp, nn::DivOp>(op) ? 4 : 1;
  }
  return instructions >= 24;
}

Epilogue KernelFrame::epilogue(mlir::Value bias) {
  llvm::SmallVector<mlir::Operation *> behind;
  for (mlir::Operation *op = rootOp->getNextNode(); op != old->getTerminator(); op = op->getNextNode()) {
    behind.push_back(op);
  }
  return epilogue(rootOp, bias, behind);
}

Epilogue KernelFrame::epilogue(mlir::Operation *contraction, mlir::Value bias, llvm::ArrayRef<mlir::Operation *> behind) {
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::copy_if(behind, std::back_inserter(ops), [](mlir::Operation *op) { return !llvm::isa<nn::ConstantOp>(op); });
  Epilogue epilogue = [this, contraction, bias, ops](KernelBuilder &k, mlir::Value accumulators, const EpilogueCoord &coord) {
    mlir::Type accumulator = llvm::cast<mlir::VectorType>(accumulators.getType()).getElementType();
    if (bias) {
      mlir::Value columns = k.convert(loadColumns(k, buffer(bias), coord), accumulator);
      accumulators = k.addValues(accumulators, columns);
    }
    llvm::DenseMap<mlir::Value, mlir::Value> values;
    mlir::Value sums = contraction->getResult(0), last = sums;
    bool kept = ops.empty() && roundsWhenStored(contraction);
    values[sums] = kept ? accumulators : k.convert(accumulators, nn::getStorageType(nn::elementOf(sums)));
    for (mlir::Operation *op : ops) {
      llvm::SmallVector<mlir::Value> operands;
      for (mlir::Value v : op->getOperands()) {
        auto it = values.find(v);
        operands.push_back(it != values.end() ? it->second : loadOperand(v, contraction, k, coord));
      }
      last = op->getResult(0);
      // What only the model rounds.
      bool asSummed = llvm::isa<nn::CastOp>(op) && op->hasAttr(nn::kHalfPrecisionAttr) && op->getOperand(0) == sums &&
                      nn::elementOf(last) == accumulator;
      values[last] = asSummed ? accumulators : emitElement(op, operands, k);
    }
    return values[last];
  };
  epilogue.isLong = isLong(ops);
  epilogue.roundsPairs = roundsWhenStored(ops.empty() ? contraction : ops.back());
  if (!ops.empty()) {
    epilogue.rounding = byteRounding(ops.back());
  }
  return epilogue;
}

void KernelFrame::finish(dim::Expr tiles, dim::Expr scratchBytes, dim::Expr flops) {
  finishKernel(kernel, b, old);
  kernel->setAttr(kDimsAttr, dim::ShapeAttr::get(kernel.getContext(), dims));
  kernel->setAttr(kTilesAttr, tiles);
  kernel->setAttr(kScratchAttr, scratchBytes);
  kernel->setAttr(kFlopsAttr, flops);
}
} // namespace dlc::cpu
