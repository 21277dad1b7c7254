//===- StrassenStrategy.cpp - matrix products and 1x1 convolutions with fewer multiplications ---------------===//
#include "compiler/target/cpu/contraction/Strassen.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"
#include "compiler/target/cpu/strategy/MatmulProblems.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// A product with a constant matrix, which is a matmul or a 1x1 convolution.
struct ConstantProduct {
  Value left, matrix, bias;
  /// The sizes whose product is m.
  dim::Shape rows;
  int64_t n = 0, k = 0;
  /// Elements between the matrix's rows and columns.
  int64_t kStride = 1, columnStride = 1;

  dim::Expr m() const { return dim::product(left.getContext(), rows); }
  StrassenProblem problem(Idx count) const {
    StrassenProblem p{count, n, k, k, n};
    int64_t known = 1; // a plane, of one image at least
    for (dim::Expr e : rows) {
      known *= dim::getConstant(e).value_or(1);
    }
    p.expectedRows = known > 1 ? known : p.expectedRows;
    return p;
  }
};

bool allAre(llvm::ArrayRef<int64_t> numbers, int64_t x) {
  return llvm::all_of(numbers, [=](int64_t n) { return n == x; });
}

std::optional<ConstantProduct> productOf(nn::MatmulOp op) {
  Product product(op);
  std::optional<int64_t> n = dim::getConstant(product.n), k = dim::getConstant(product.k);
  if (!product.batch.empty() || product.vectorA || op.getTransposeLhs() || !n || !k) {
    return std::nullopt;
  }
  ConstantProduct result{op.getLhs(), op.getRhs(), {}, dim::Shape(llvm::ArrayRef(product.a).drop_back()), *n, *k, *n, 1};
  if (op.getTransposeRhs()) {
    result.kStride = 1;
    result.columnStride = *k;
  }
  return result;
}

std::optional<ConstantProduct> productOf(nn::ConvOp op) {
  if (op.getGroups() != 1 || !op.getChannelLast() || !allAre(op.getStrides(), 1) || !allAre(op.getPads(), 0)) {
    return std::nullopt;
  }
  llvm::ArrayRef<int64_t> weight = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType()).getShape();
  if (!allAre(weight.drop_front(2), 1)) {
    return std::nullopt;
  }
  dim::Shape pixels = nn::shapeOf(op.getInput());
  pixels.pop_back();
  return ConstantProduct{op.getInput(), op.getWeight(), op.getBias(), pixels, weight[0], weight[1], 1, weight[1]};
}

/// The product that a kernel's root computes, whose constants may be arguments.
std::optional<ConstantProduct> productOf(mlir::Operation *root) {
  std::optional<ConstantProduct> result;
  if (auto op = llvm::dyn_cast<nn::MatmulOp>(root)) {
    result = productOf(op);
  } else if (auto op = llvm::dyn_cast<nn::ConvOp>(root)) {
    result = productOf(op);
  }
  bool isF32 = result && nn::elementOf(result->left).isF32() && nn::elementOf(result->matrix).isF32();
  return isF32 ? result : std::nullopt;
}

bool fitsEmitters(mlir::Operation *root) {
  Reason other; // which says it
  if (auto op = llvm::dyn_cast<nn::ConvOp>(root)) {
    return fitsEmitter(op, other);
  }
  return fitsGemm(root, other) && isConstantMatrix(root->getOperand(1));
}

Idx productOfSizes(KernelFrame &f, llvm::ArrayRef<dim::Expr> sizes) {
  Idx product = 1;
  for (dim::Expr e : sizes) {
    product = f.builder().mul(product, f.size(e));
  }
  return product;
}

/// The matrix is stored as `[k][n]`, for all targets, and summed when the engine prepares constants.
Preparation preparationOf(const ConstantProduct &product, const StrassenPlan &plan) {
  Preparation preparation;
  preparation.store = [=](const nn::Tensor &source) {
    PackedWeights rows;
    rows.columns = rows.panel = product.n;
    rows.k = product.k;
    rows.elementBytes = nn::getElementBits(source.element()) / 8;
    nn::Tensor result = bytesLike(source, rows.bytes());
    packWeights(rows, {0, product.columnStride, 0, product.kStride}, source.raw(), result.rawMutable());
    return result;
  };
  int64_t panel = plan.panel();
  preparation.kernel = "strassen_weights_" + std::to_string(panel);
  preparation.dims = {product.n, plan.depth};
  preparation.bytes = strassenWeights(product.problem(0)) * 4;
  preparation.tiles = product.k / plan.depth * (product.n / (2 * panel));
  preparation.emit = [panel](KernelBuilder &kb, Value from, Value to, mlir::ValueRange dims, Idx begin, Idx end) {
    emitStrassenWeights(kb, panel, from, to, dims[0], dims[1], begin, end);
  };
  return preparation;
}
} // namespace

bool matchesStrassen(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  std::optional<ConstantProduct> product = fitsEmitters(root) ? productOf(root) : std::nullopt;
  if (!product) {
    return false;
  }
  if (!target.strassen) {
    return reason.no("turned off");
  }
  if (!target.fma) {
    return reason.no("the target has no fused multiply-add");
  }
  if (!chooseStrassen(product->problem(sizeForChoice(product->m())), target)) {
    return reason.no("no gain expected with " + llvm::Twine(product->k) + " to " + llvm::Twine(product->n));
  }
  return reason.yes("a constant matrix, 7 products of halves for 8");
}

llvm::LogicalResult emitStrassenKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  std::optional<ConstantProduct> product = productOf(f.root());
  assert(product && "the op matched");
  // The plan is the one that matched: it depends on static sizes only.
  StrassenProblem sizes = product->problem(sizeForChoice(product->m()));
  std::optional<StrassenPlan> plan = chooseStrassen(sizes, target, f.choice());
  assert(plan && "the op matched");
  PackedArgument argument;
  argument.argument = f.argumentOf(product->matrix);
  argument.key = keyOf("strassen", {product->n, product->k, product->kStride, plan->panel(), plan->depth});
  argument.pack = [=](const nn::Tensor &source) {
    nn::Tensor result = bytesLike(source, strassenWeights(sizes) * 4);
    packStrassenWeights(sizes, *plan, source.values<float>().data(), product->kStride, product->columnStride,
                        result.values<float>().data());
    return result;
  };
  argument.preparation = preparationOf(*product, *plan);
  packed.push_back(argument);
  StrassenProblem p = product->problem(productOfSizes(f, product->rows));
  emitStrassen(f.builder(), p, *plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(product->bias),
               f.begin(), f.end(), f.scratch());
  dim::Expr pairs = dim::floorDiv(product->m(), f.constant(2 * plan->rows));
  dim::Expr many = dim::mul(ceilDiv(f, pairs, 2 * plan->pairs), f.constant(2 * (product->n / plan->columns)));
  dim::Expr lacking = dim::sub(f.constant(plan->rowsAtLeast), product->m());
  dim::Expr areFew = dim::max(dim::min(lacking, f.constant(1)), f.constant(0));
  dim::Expr tiles = dim::add(many, dim::mul(areFew, dim::sub(f.constant(product->n / plan->fewColumns), many)));
  dim::Expr flops = dim::mul(product->m(), f.constant(2 * product->n * product->k));
  f.finish(tiles, f.constant(strassenScratch(sizes, *plan)), flops);
  return mlir::success();
}
} // namespace dlc::cpu
