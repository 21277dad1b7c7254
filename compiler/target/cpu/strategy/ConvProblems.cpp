//===- ConvProblems.cpp - from nn's convolutions to those of the emitters --------------------------------===//
#include "compiler/target/cpu/strategy/ConvProblems.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

bool isConstant(Value v) { return v.getDefiningOp<nn::ConstantOp>() != nullptr; }

mlir::RankedTensorType typeOf(Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }

/// Element types that the emitters have.
bool hasContractionType(mlir::Type t) {
  return t.isF32() || t.isF64() || t.isF16() || t.isBF16() || t.isInteger(8);
}

template <class Op> bool fits(Op op, Reason &reason) {
  int64_t rank = nn::rankOf(op.getInput());
  mlir::RankedTensorType weight = typeOf(op.getWeight());
  if (!isConstant(op.getWeight())) {
    return reason.no("the weights are not constant");
  }
  if (!op.getChannelLast() || rank < 3 || rank > 5) {
    return reason.no("rank " + llvm::Twine(rank) + (op.getChannelLast() ? "" : ", channels first"));
  }
  if (!weight.hasStaticShape() || weight.getNumElements() == 0) {
    return reason.no("the weights are empty");
  }
  for (mlir::Type element : {weight.getElementType(), nn::elementOf(op.getInput())}) {
    if (!hasContractionType(element)) {
      std::string text;
      llvm::raw_string_ostream(text) << element;
      return reason.no("elements of type " + text);
    }
  }
  return true;
}

/// "3x3".
std::string sizesText(llvm::ArrayRef<int64_t> sizes) {
  std::string text;
  for (int64_t size : sizes) {
    text += (text.empty() ? "" : "x") + std::to_string(size);
  }
  return text;
}

template <class Op> std::string describeConv(Op op) {
  std::string text = sizesText(typeOf(op.getWeight()).getShape().drop_front(2));
  auto isOne = [](int64_t size) { return size == 1; };
  if (!llvm::all_of(op.getStrides(), isOne)) {
    text += ", stride " + sizesText(op.getStrides());
  }
  if (!llvm::all_of(op.getDilations(), isOne)) {
    text += ", dilation " + sizesText(op.getDilations());
  }
  return text + (op.getGroups() > 1 ? ", " + std::to_string(op.getGroups()) + " groups" : "");
}

/// The problem; `outputChannels` are all groups'.
template <class Op> ConvProblem problemOf(Op op, int64_t channels, int64_t outputChannels, llvm::function_ref<Idx(dim::Expr)> size) {
  ConvProblem p;
  dim::Shape input = nn::shapeOf(op.getInput()), output = nn::shapeOf(op.getResult());
  llvm::ArrayRef<int64_t> weight = typeOf(op.getWeight()).getShape();
  int64_t n = input.size() - 2;
  p.batch = size(input[0]);
  for (int64_t i = 0; i < n; ++i) {
    ConvAxis &a = p.axes[3 - n + i];
    a.input = size(input[1 + i]);
    a.output = size(output[1 + i]);
    a.kernel = weight[2 + i];
    a.stride = op.getStrides()[i];
    a.dilation = op.getDilations()[i];
    a.padBegin = op.getPads()[i];
    a.padEnd = op.getPads()[n + i];
  }
  p.channels = channels;
  p.outputChannels = outputChannels;
  p.groups = op.getGroups();
  mlir::Type x = nn::elementOf(op.getInput()), w = nn::elementOf(op.getWeight());
  p.types = ContractionTypes::of(nn::getStorageType(x), nn::getStorageType(w), !x.isUnsignedInteger(), !w.isUnsignedInteger());
  return p;
}
} // namespace

bool fitsEmitter(nn::ConvOp op, Reason &reason) { return fits(op, reason); }
bool fitsEmitter(nn::ConvTransposeOp op, Reason &reason) { return fits(op, reason); }
std::string describe(nn::ConvOp op) { return describeConv(op); }
std::string describe(nn::ConvTransposeOp op) { return describeConv(op); }
ConvProblem problemOf(nn::ConvOp op, llvm::function_ref<Idx(dim::Expr)> size) {
  llvm::ArrayRef<int64_t> weight = typeOf(op.getWeight()).getShape();
  ConvProblem p = problemOf(op, weight[1] * op.getGroups(), weight[0], size);
  p.padValue = double(int64_t(op.getPadValue()));
  return p;
}
ConvProblem problemOf(nn::ConvTransposeOp op, llvm::function_ref<Idx(dim::Expr)> size) {
  llvm::ArrayRef<int64_t> weight = typeOf(op.getWeight()).getShape();
  return problemOf(op, weight[0], weight[1] * op.getGroups(), size);
}
Idx sizeForChoice(dim::Expr e) {
  std::optional<int64_t> c = dim::getConstant(e);
  return c ? Idx(*c) : Idx(mlir::ShapedType::kDynamic);
}

nn::Tensor bytesLike(const nn::Tensor &t, int64_t bytes) {
  return nn::Tensor::zeros(t.element(), {bytes / int64_t(nn::getElementBits(t.element()) / 8)});
}

std::string keyOf(llvm::StringRef kind, std::initializer_list<int64_t> numbers) {
  std::string key = kind.str();
  for (int64_t n : numbers) {
    key += " " + std::to_string(n);
  }
  return key;
}

PackedArgument packedArgument(unsigned argument, const PackedWeights &w, bool transposed) {
  PackedArgument p;
  p.argument = argument;
  p.key = keyOf(transposed ? "ihw" : "ohw",
                {w.groups, w.columns, w.taps, w.k, w.panel, w.kGroup, w.elementBytes, w.rowTaps, w.rowChannels, w.lead});
  p.pack = [w, transposed](const nn::Tensor &source) {
    nn::Tensor packed = bytesLike(source, w.bytes());
    packWeights(w, transposed ? WeightStrides::inputMajor(w) : WeightStrides::outputMajor(w), source.raw(), packed.rawMutable());
    return packed;
  };
  return p;
}

PackedArgument packedArgument(unsigned argument, const PackedDepthwise &w) {
  PackedArgument p;
  p.argument = argument;
  p.key = keyOf("depthwise", {w.channels, w.taps, w.lanes, w.elementBytes});
  p.pack = [w](const nn::Tensor &source) {
    nn::Tensor packed = bytesLike(source, w.bytes());
    packDepthwise(w, source.raw(), packed.rawMutable());
    return packed;
  };
  return p;
}

dim::Expr convFlops(KernelFrame &f, mlir::Value result, mlir::Value weight, int64_t groups, bool transposed) {
  mlir::RankedTensorType w = typeOf(weight);
  int64_t perOutput = 2 * w.getNumElements() / (transposed ? w.getDimSize(1) : w.getDimSize(0));
  perOutput /= transposed ? groups : 1;
  dim::Shape shape = nn::shapeOf(result);
  return dim::mul(dim::product(result.getContext(), shape), f.constant(perOutput));
}

dim::Expr ceilDiv(KernelFrame &f, dim::Expr a, int64_t b) { return dim::ceilDiv(a, f.constant(b)); }


dim::Shape spatialOf(mlir::Value result) {
  dim::Shape shape = nn::shapeOf(result);
  return dim::Shape(llvm::ArrayRef(shape).drop_front().drop_back());
}
} // namespace dlc::cpu
