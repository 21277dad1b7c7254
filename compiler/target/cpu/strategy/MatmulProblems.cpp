//===- MatmulProblems.cpp - from nn's matrix products to those of the emitters -----------------------===//
#include "compiler/target/cpu/strategy/MatmulProblems.h"

namespace dlc::cpu {
using mlir::Value;

namespace {
mlir::RankedTensorType typeOf(Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }

bool hasContractionType(mlir::Type t) {
  return t.isF32() || t.isF64() || t.isF16() || t.isBF16() || t.isInteger(8) || t.isInteger(32) || t.isInteger(64);
}
} // namespace

Product::Product(nn::MatmulOp op) : op(op), a(nn::shapeOf(op.getLhs())), b(nn::shapeOf(op.getRhs())), result(nn::shapeOf(op.getResult())) {
  dim::Expr one = dim::constant(op.getContext(), 1);
  vectorA = a.size() == 1;
  vectorB = b.size() == 1;
  m = vectorA ? one : a[a.size() - (op.getTransposeLhs() ? 1 : 2)];
  k = vectorA ? a[0] : a[a.size() - (op.getTransposeLhs() ? 2 : 1)];
  n = vectorB ? one : b[b.size() - (op.getTransposeRhs() ? 2 : 1)];
  // A run has checked that the inner sizes are equal: weights are packed by their own.
  if (dim::Expr own = vectorB ? b[0] : b[b.size() - (op.getTransposeRhs() ? 1 : 2)]; dim::getConstant(own)) {
    k = own;
  }
  batch = dim::Shape(llvm::ArrayRef(result).drop_back(!vectorA + !vectorB));
  // One matrix for all: rows of all batches are rows of one product.
  sharedB = b.size() <= 2 && !(op.getTransposeLhs() && !vectorA && a.size() > 2);
  if (sharedB && !batch.empty()) {
    m = dim::mul(m, dim::product(op.getContext(), batch));
    batch.clear();
  }
}

bool Product::broadcastsStatically() const {
  auto known = [&](const dim::Shape &s, bool vector) {
    llvm::ArrayRef<dim::Expr> own = llvm::ArrayRef(s).drop_back(vector ? 1 : 2);
    for (size_t i = 0; i < own.size(); ++i) {
      dim::Expr r = batch[batch.size() - own.size() + i];
      if (!dim::equal(own[i], r) && !dim::isConstant(own[i], 1)) {
        return false;
      }
    }
    return true;
  };
  return batch.empty() || (known(a, vectorA) && known(b, vectorB));
}

bool fitsGemm(mlir::Operation *root, Reason &reason) {
  auto op = llvm::dyn_cast<nn::MatmulOp>(root);
  if (!op) {
    return false;
  }
  for (Value v : op->getOperands()) {
    if (!hasContractionType(nn::elementOf(v))) {
      std::string text;
      llvm::raw_string_ostream(text) << nn::elementOf(v);
      return reason.no("elements of type " + text);
    }
  }
  // The epilogue's columns are the result's last dim; a vector on the right has none.
  if (nn::rankOf(op.getRhs()) < 2) {
    return reason.no("a vector on the right");
  }
  return Product(op).broadcastsStatically() || reason.no("only a run knows which batch dims repeat");
}

bool isConstantMatrix(Value v) {
  mlir::RankedTensorType type = typeOf(v);
  return v.getDefiningOp<nn::ConstantOp>() && type.getRank() == 2 && type.hasStaticShape() && type.getNumElements() > 0;
}

GemmProblem problemOf(KernelBuilder &kb, const Product &product, llvm::function_ref<Idx(dim::Expr)> size) {
  nn::MatmulOp op = product.op;
  GemmProblem p;
  mlir::Type x = nn::elementOf(op.getLhs()), y = nn::elementOf(op.getRhs());
  p.types = ContractionTypes::of(nn::getStorageType(x), nn::getStorageType(y), !x.isUnsignedInteger(), !y.isUnsignedInteger());
  auto product1 = [&](llvm::ArrayRef<dim::Expr> factors) {
    Idx r = 1;
    for (dim::Expr e : factors) {
      r = kb.mul(r, size(e));
    }
    return r;
  };
  Idx rows = product.vectorA ? Idx(1) : size(product.a[product.a.size() - (op.getTransposeLhs() ? 1 : 2)]);
  p.k = size(product.k);
  p.n = size(product.n);
  bool merged = product.batch.empty();
  p.m = merged ? kb.mul(rows, product1(llvm::ArrayRef(product.result).drop_back(!product.vectorA + 1))) : rows;
  bool transposeA = op.getTransposeLhs() && !product.vectorA;
  p.aRow = transposeA ? Idx(1) : p.k;
  p.aK = transposeA ? rows : Idx(1);
  p.bK = op.getTransposeRhs() ? Idx(1) : p.n;
  p.bColumn = op.getTransposeRhs() ? p.k : Idx(1);
  p.cRow = p.n;
  // Strides of batch dims, innermost first.
  Idx strideA = kb.mul(rows, p.k), strideB = kb.mul(p.k, p.n), strideC = kb.mul(rows, p.n);
  for (size_t i = product.batch.size(); i-- > 0;) {
    size_t fromEnd = product.batch.size() - i;
    GemmBatch dimension;
    dimension.size = size(product.batch[i]);
    auto stride = [&](const dim::Shape &s, bool vector, Idx &running) -> Idx {
      int64_t position = static_cast<int64_t>(s.size()) - (vector ? 1 : 2) - static_cast<int64_t>(fromEnd);
      if (position < 0) {
        return Idx(0);
      }
      bool repeats = dim::isConstant(s[position], 1);
      Idx here = repeats ? Idx(0) : running;
      running = kb.mul(running, size(s[position]));
      return here;
    };
    dimension.a = stride(product.a, product.vectorA, strideA);
    dimension.b = stride(product.b, product.vectorB, strideB);
    dimension.c = strideC;
    strideC = kb.mul(strideC, dimension.size);
    p.batch.insert(p.batch.begin(), dimension);
  }
  return p;
}
} // namespace dlc::cpu
