//===- OneDnnPattern.cpp - contractions that a call of oneDNN computes -----------------------------------===//
#include "compiler/target/cpu/strategy/OneDnnPattern.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

bool isF32(Value v) { return nn::elementOf(v).isF32(); }

/// In a kernel, weights are an argument: whoever uses the kernel tells whether they are constant.
bool areWeights(Value v, bool inKernel) {
  return inKernel ? llvm::isa<mlir::BlockArgument>(v) : v.getDefiningOp<nn::ConstantOp>() != nullptr;
}

/// The number that all elements of a constant of one element are.
std::optional<float> numberOf(Value v) {
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  if (!constant || !isF32(v) || llvm::cast<mlir::RankedTensorType>(v.getType()).getNumElements() != 1) {
    return std::nullopt;
  }
  mlir::FailureOr<nn::Tensor> tensor = nn::tensorFromAttr(constant.getValue());
  return mlir::succeeded(tensor) ? std::optional(tensor->values<float>()[0]) : std::nullopt;
}

bool sameSizes(Value a, Value b) {
  dim::Shape x = nn::shapeOf(a), y = nn::shapeOf(b);
  return x.size() == y.size() && llvm::all_of(llvm::zip_equal(x, y), [](auto pair) {
           return dim::equal(std::get<0>(pair), std::get<1>(pair));
         });
}

bool startConv(nn::ConvOp conv, OneDnnPattern &p, Reason &reason) {
  int64_t rank = nn::rankOf(conv.getInput());
  if (rank < 3 || rank > 5) {
    return reason.no("rank " + llvm::Twine(rank));
  }
  if (llvm::any_of(conv.getPads(), [](int64_t pad) { return pad < 0; })) {
    return reason.no("negative padding");
  }
  p.input = conv.getInput(), p.weights = conv.getWeight(), p.bias = conv.getBias();
  return true;
}

bool startMatmul(nn::MatmulOp product, OneDnnPattern &p, Reason &reason) {
  if (product.getTransposeLhs() || nn::rankOf(product.getRhs()) != 2 || nn::rankOf(product.getLhs()) < 2) {
    return reason.no("not rows of a matrix by one matrix");
  }
  p.input = product.getLhs(), p.weights = product.getRhs();
  return true;
}

bool start(OneDnnPattern &p, bool inKernel, Reason &reason) {
  auto conv = llvm::dyn_cast<nn::ConvOp>(p.root);
  auto product = llvm::dyn_cast<nn::MatmulOp>(p.root);
  if ((!conv && !product) || !(conv ? startConv(conv, p, reason) : startMatmul(product, p, reason))) {
    return false;
  }
  if (!isF32(p.input) || !isF32(p.weights) || !isF32(p.root->getResult(0)) || (p.bias && !isF32(p.bias))) {
    return reason.no("not f32");
  }
  auto weights = llvm::cast<mlir::RankedTensorType>(p.weights.getType());
  if (!areWeights(p.weights, inKernel) || !weights.hasStaticShape() || weights.getNumElements() == 0) {
    return reason.no("the weights are not constant");
  }
  return !p.bias || nn::rankOf(p.bias) == 1 || reason.no("a bias that is no vector");
}

/// Whether the last dim of the result is that of outputs.
bool hasOutputsLast(mlir::Operation *root) {
  auto conv = llvm::dyn_cast<nn::ConvOp>(root);
  return !conv || conv.getChannelLast();
}

bool takeAdd(OneDnnPattern &p, Value other) {
  if (p.low || p.high || p.addend || !isF32(other)) {
    return false;
  }
  Value result = p.root->getResult(0);
  bool isVector = nn::rankOf(other) == 1 && hasOutputsLast(p.root) && nn::rankOf(result) > 1 &&
                  dim::equal(nn::shapeOf(other)[0], nn::shapeOf(result).back());
  if (isVector && !p.bias) {
    p.bias = other;
    return true;
  }
  if (!sameSizes(other, result)) {
    return false;
  }
  p.addend = other;
  return true;
}

bool takeBound(OneDnnPattern &p, std::optional<float> number, bool isLow) {
  std::optional<float> low = p.low, high = p.high;
  std::optional<float> &bound = isLow ? low : high;
  if (!number || !std::isfinite(*number) || bound) {
    return false;
  }
  bound = number;
  if (low && high && *low > *high) {
    return false;
  }
  p.low = low, p.high = high;
  return true;
}

/// Makes `op`, which uses `value`, part of the pattern if it can be.
bool take(OneDnnPattern &p, mlir::Operation *op, Value value) {
  if (llvm::isa<nn::ReluOp>(op)) {
    return takeBound(p, 0.0f, true);
  }
  if (!llvm::isa<nn::AddOp, nn::MaxOp, nn::MinOp>(op)) {
    return false;
  }
  Value other = op->getOperand(0) == value ? op->getOperand(1) : op->getOperand(0);
  if (other == value || !sameSizes(op->getResult(0), value)) {
    return false;
  }
  return llvm::isa<nn::AddOp>(op) ? takeAdd(p, other) : takeBound(p, numberOf(other), llvm::isa<nn::MaxOp>(op));
}
} // namespace

llvm::StringRef OneDnnPattern::function() const { return llvm::isa<nn::ConvOp>(root) ? "conv" : "matmul"; }

mlir::DictionaryAttr OneDnnPattern::parameters() const {
  mlir::Builder b(root->getContext());
  mlir::NamedAttrList list;
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(root)) {
    list.set("strides", b.getDenseI64ArrayAttr(conv.getStrides()));
    list.set("dilations", b.getDenseI64ArrayAttr(conv.getDilations()));
    list.set("pads", b.getDenseI64ArrayAttr(conv.getPads()));
    list.set("groups", b.getI64IntegerAttr(conv.getGroups()));
    list.set("channel_last", b.getI64IntegerAttr(conv.getChannelLast()));
  } else {
    list.set("transpose_rhs", b.getI64IntegerAttr(llvm::cast<nn::MatmulOp>(root).getTransposeRhs()));
  }
  if (low) {
    list.set("low", b.getF32FloatAttr(*low));
  }
  if (high) {
    list.set("high", b.getF32FloatAttr(*high));
  }
  return list.getDictionary(root->getContext());
}

dim::Expr OneDnnPattern::flops() const {
  mlir::MLIRContext *c = root->getContext();
  auto type = llvm::cast<mlir::RankedTensorType>(weights.getType());
  auto product = llvm::dyn_cast<nn::MatmulOp>(root);
  int64_t outputs = type.getDimSize(product && !product.getTransposeRhs() ? 1 : 0);
  dim::Expr results = dim::product(c, nn::shapeOf(root->getResult(0)));
  return dim::mul(results, dim::constant(c, 2 * type.getNumElements() / outputs));
}

static std::optional<OneDnnPattern> find(mlir::Operation *root, bool inKernel, Reason &reason) {
  OneDnnPattern p;
  p.root = root;
  if (!start(p, inKernel, reason)) {
    return std::nullopt;
  }
  p.ops.push_back(root);
  for (Value value = root->getResult(0); value.hasOneUse(); value = p.ops.back()->getResult(0)) {
    mlir::Operation *next = *value.user_begin();
    if (next->getBlock() != root->getBlock() || !take(p, next, value)) {
      break;
    }
    p.ops.push_back(next);
  }
  return p;
}

std::optional<OneDnnPattern> findOneDnn(mlir::Operation *root, Reason &reason) {
  return find(root, /*inKernel=*/false, reason);
}

std::optional<OneDnnPattern> findOneDnnKernel(mlir::func::FuncOp kernel) {
  mlir::Block &body = kernel.front();
  for (mlir::Operation &op : body) {
    if (llvm::isa<nn::ConstantOp>(op)) {
      continue;
    }
    Reason reason;
    std::optional<OneDnnPattern> p = find(&op, /*inKernel=*/true, reason);
    size_t count =
        llvm::count_if(body.without_terminator(), [](mlir::Operation &o) { return !llvm::isa<nn::ConstantOp>(o); });
    mlir::ValueRange results = body.getTerminator()->getOperands();
    bool isAll = p && p->ops.size() == count && results.size() == 1 && results[0] == p->ops.back()->getResult(0);
    return isAll ? p : std::nullopt;
  }
  return std::nullopt;
}

bool matchesOneDnn(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  if (target.oneDnn != OneDnnUse::Always) {
    return false;
  }
  return findOneDnn(root, reason) && reason.yes("--kernels=onednn");
}

llvm::SmallVector<mlir::Operation *> oneDnnMembers(mlir::Operation *root) {
  Reason reason;
  return findOneDnn(root, reason)->ops;
}

llvm::LogicalResult emitOneDnnKernel(mlir::func::FuncOp kernel, const TargetInfo &, PackedArguments &) {
  return kernel.emitError() << "expected dlc-call-libraries to have replaced this kernel";
}
} // namespace dlc::cpu
