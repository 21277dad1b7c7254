//===- SplitBatch.cpp - result types of nn.split_batch ---------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/ops/control/BatchRows.h"

namespace dlc::nn {
std::optional<int64_t> rowsPerImage(dim::Expr rows, dim::Expr images) {
  auto [factor, rest] = dim::takeFactor(rows);
  auto [imageFactor, imageRest] = dim::takeFactor(images);
  bool isMultiple = imageFactor > 0 && factor % imageFactor == 0 && dim::equal(rest, imageRest);
  if (std::optional<int64_t> number = dim::getConstant(rows), count = dim::getConstant(images); number && count) {
    return *count > 0 && *number % *count == 0 ? std::optional(*number / *count) : std::nullopt;
  }
  return isMultiple ? std::optional(factor / imageFactor) : std::nullopt;
}

mlir::RankedTensorType withImages(mlir::RankedTensorType type, dim::Expr from, dim::Expr to) {
  dim::Shape dims = dim::getShape(type);
  std::optional<int64_t> rows = dims.empty() ? std::nullopt : rowsPerImage(dims[0], from);
  if (!rows) {
    return {};
  }
  dims[0] = dim::mul(dim::constant(type.getContext(), *rows), to);
  return dim::getTensorType(dims, type.getElementType());
}

dim::Expr SplitBatchOp::getPartImages() {
  return getPart() ? dim::symbol(getContext(), *getPart()) : dim::constant(getContext(), int64_t(getSize()));
}
dim::Expr SplitBatchOp::getParts() { return dim::ceilDiv(getBatch(), dim::constant(getContext(), int64_t(getSize()))); }

llvm::LogicalResult SplitBatchOp::inferResultTypes(Types &types) {
  mlir::Block &body = getBody().front();
  auto yield = body.empty() ? YieldOp() : llvm::dyn_cast<YieldOp>(body.back());
  if (!yield) {
    return emitOpError() << "expected a region that ends in nn.yield";
  }
  if (int64_t(getSize()) < 1) {
    return emitOpError() << "expected a part of at least one image, got " << int64_t(getSize());
  }
  if (!getPart() && !dim::isConstant(dim::mod(getBatch(), getPartImages()), 0)) {
    return emitOpError() << "expected a name for parts that are not all equal: " << int64_t(getSize())
                         << " does not divide " << dim::toString(getBatch());
  }
  if (body.getNumArguments() != getInputs().size()) {
    return emitOpError() << "expected a region with " << getInputs().size() << " arguments, got "
                         << body.getNumArguments();
  }
  for (auto [input, argument] : llvm::zip(getInputs(), body.getArguments())) {
    mlir::Type type = withImages(llvm::cast<mlir::RankedTensorType>(input.getType()), getBatch(), getPartImages());
    if (argument.getType() != type) {
      return emitOpError() << "expected an argument that is a part of " << input.getType() << ", got "
                           << argument.getType();
    }
  }
  for (mlir::Value v : yield.getOperands()) {
    auto part = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    mlir::Type type = part ? withImages(part, getPartImages(), getBatch()) : mlir::Type();
    if (!type) {
      return emitOpError() << "expected rows of " << dim::toString(getPartImages()) << " images, got " << v.getType();
    }
    types.push_back(type);
  }
  return mlir::success();
}
} // namespace dlc::nn
