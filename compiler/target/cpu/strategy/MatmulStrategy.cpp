//===- MatmulStrategy.cpp - matrix products -----------------------------------------------------------===//
#include "compiler/target/cpu/contraction/Gemm.h"
#include "compiler/target/cpu/strategy/KernelFrame.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

mlir::RankedTensorType typeOf(Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }

bool hasContractionType(mlir::Type t) {
  return t.isF32() || t.isF64() || t.isF16() || t.isBF16() || t.isInteger(8) || t.isInteger(32) || t.isInteger(64);
}

/// A product's dims as formulas: batch, m, n, k.
struct Product {
  nn::MatmulOp op;
  dim::Shape a, b, result, batch;
  dim::Expr m, n, k;
  bool vectorA, vectorB, sharedB;

  explicit Product(nn::MatmulOp op) : op(op), a(nn::shapeOf(op.getLhs())), b(nn::shapeOf(op.getRhs())), result(nn::shapeOf(op.getResult())) {
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
  bool broadcastsStatically() const {
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
};

bool fits(mlir::Operation *root, Reason &reason) {
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

using SizeOf = llvm::function_ref<Idx(dim::Expr)>;

GemmProblem problemOf(KernelBuilder &kb, const Product &product, SizeOf size) {
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

/// The problem of an op whose sizes are static: no code is needed to compute with them.
GemmProblem staticProblem(mlir::Operation *root, const TargetInfo &target, bool packedB) {
  mlir::OpBuilder b(root->getContext());
  KernelBuilder kb(b, root->getLoc(), target);
  auto size = [](dim::Expr e) { return Idx(*dim::getConstant(e)); };
  GemmProblem p = problemOf(kb, Product(llvm::cast<nn::MatmulOp>(root)), size);
  p.packedB = packedB;
  return p;
}

llvm::LogicalResult emit(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed, bool packedB) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::MatmulOp>(f.root());
  Product product(op);
  GemmProblem p = problemOf(f.builder(), product, [&](dim::Expr e) { return f.size(e); });
  p.packedB = packedB;
  GemmTile tile = chooseGemmTile(p, target, f.choice());
  if (packedB) {
    PackedWeights w = packedGemmB(p, tile);
    PackedArgument argument;
    argument.argument = f.argumentOf(op.getRhs());
    bool transposed = op.getTransposeRhs();
    argument.key = "matrix " + std::to_string(transposed) + " " + std::to_string(w.columns) + " " + std::to_string(w.k) + " " +
                   std::to_string(w.panel) + " " + std::to_string(w.kGroup);
    argument.pack = [w, transposed](const nn::Tensor &source) {
      nn::Tensor result = nn::Tensor::zeros(source.element(), {w.bytes() / w.elementBytes});
      packWeights(w, WeightStrides::matrix(w, transposed), source.raw(), result.rawMutable());
      return result;
    };
    packed.push_back(argument);
  }
  GemmScratch scratch = gemmScratch(p, tile);
  emitGemm(f.builder(), p, tile, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue({}), f.begin(), f.end(), f.scratch());
  dim::Expr batch = dim::product(op.getContext(), product.batch);
  dim::Expr tiles = dim::mul(batch, dim::mul(dim::ceilDiv(product.m, f.constant(tile.tileM)), dim::ceilDiv(product.n, f.constant(tile.tileN))));
  dim::Expr flops = dim::mul(dim::mul(batch, dim::mul(product.m, product.n)), dim::mul(product.k, f.constant(2)));
  dim::Expr bytes = dim::add(f.constant(scratch.fixed), dim::mul(product.k, f.constant(scratch.perK)));
  f.finish(tiles, bytes, flops);
  return mlir::success();
}
} // namespace

bool matchesPackedMatmul(mlir::Operation *root, const TargetInfo &, Reason &reason) {
  Reason gemm; // which says it
  if (!fits(root, gemm)) {
    return false;
  }
  return isConstantMatrix(llvm::cast<nn::MatmulOp>(root).getRhs())
             ? reason.yes("the right-hand side is one constant matrix")
             : reason.no("the right-hand side is no constant matrix");
}
bool matchesMatmul(mlir::Operation *root, const TargetInfo &, Reason &reason) { return fits(root, reason); }
std::vector<Choice> matmulKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return gemmTiles(staticProblem(root, target, false), target);
}
std::vector<Choice> matmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return gemmVariations(staticProblem(root, target, false), target, base);
}
std::vector<Choice> packedMatmulKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return gemmTiles(staticProblem(root, target, true), target);
}
std::vector<Choice> packedMatmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return gemmVariations(staticProblem(root, target, true), target, base);
}
llvm::LogicalResult emitPackedMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  return emit(kernel, target, packed, true);
}
llvm::LogicalResult emitMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  return emit(kernel, target, packed, false);
}
} // namespace dlc::cpu
