//===- ContractionEval.cpp - reference evaluation of matrix products ----------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Gemm.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
/// A stack of matrices within a tensor.
struct Matrices {
  llvm::SmallVector<int64_t> batch;
  int64_t rows, columns, rowStep, columnStep;
};

/// `vectorIsRow` says what a 1-D operand stands for: a row (left) or a column (right).
Matrices matricesOf(llvm::ArrayRef<int64_t> shape, bool transposed, bool vectorIsRow) {
  if (shape.size() == 1) {
    return vectorIsRow ? Matrices{{}, 1, shape[0], shape[0], 1} : Matrices{{}, shape[0], 1, 1, 1};
  }
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  Matrices m{llvm::SmallVector<int64_t>(shape.drop_back(2)), rows, columns, columns, 1};
  if (transposed) {
    std::swap(m.rows, m.columns);
    std::swap(m.rowStep, m.columnStep);
  }
  return m;
}

/// Copies a block of a matrix, as numbers of type Acc.
template <class T, class Acc> void copyBlock(const T *matrix, const Matrices &m, Block block, Acc *out) {
  for (int64_t i = 0; i < block.rows; ++i) {
    const T *row = matrix + (block.row + i) * m.rowStep + block.column * m.columnStep;
    for (int64_t j = 0; j < block.columns; ++j) {
      *out++ = Acc(Compute<T>(row[j * m.columnStep]));
    }
  }
}

/// All products of a batch. L and R: the operands' types, T: the result's.
template <class L, class R, class T>
void multiplyBatch(const Tensor &lhs, const Matrices &a, const Tensor &rhs, const Matrices &b,
                   llvm::ArrayRef<int64_t> batch, Tensor &result) {
  llvm::SmallVector<int64_t> stepsA = broadcastSteps(a.batch, batch), stepsB = broadcastSteps(b.batch, batch);
  T *out = result.values<T>().data();
  IndexSpace index(batch);
  for (int64_t n = countOf(batch); n > 0; --n, index.next(), out += a.rows * b.columns) {
    const L *x = lhs.values<L>().data() + dot(*index, stepsA) * a.rows * a.columns;
    const R *y = rhs.values<R>().data() + dot(*index, stepsB) * b.rows * b.columns;
    multiply<Sum<T>>(
        a.rows, b.columns, a.columns, [&](Block block, Sum<T> *buffer) { copyBlock(x, a, block, buffer); },
        [&](Block block, Sum<T> *buffer) { copyBlock(y, b, block, buffer); },
        [&](Block block, const Sum<T> *sums) {
          for (int64_t i = 0; i < block.rows; ++i) {
            for (int64_t j = 0; j < block.columns; ++j) {
              out[(block.row + i) * b.columns + block.column + j] = T(*sums++);
            }
          }
        });
  }
}

/// The sizes of a product.
struct Product {
  Matrices lhs, rhs;
  llvm::SmallVector<int64_t> batch, shape;
};
mlir::FailureOr<Product> productOf(EvalContext &context, const Tensor &lhs, const Tensor &rhs, bool transposeLhs,
                                   bool transposeRhs) {
  Product p{matricesOf(lhs.shape(), transposeLhs, true), matricesOf(rhs.shape(), transposeRhs, false), {}, {}};
  if (p.lhs.columns != p.rhs.rows) {
    return context.fail("expected equal inner dims, got " + llvm::Twine(p.lhs.columns) + " and " +
                        llvm::Twine(p.rhs.rows));
  }
  mlir::FailureOr<llvm::SmallVector<int64_t>> batch = broadcastSizes(context, {p.lhs.batch, p.rhs.batch});
  if (mlir::failed(batch)) {
    return mlir::failure();
  }
  p.batch = p.shape = *batch;
  if (lhs.rank() > 1) {
    p.shape.push_back(p.lhs.rows);
  }
  if (rhs.rank() > 1) {
    p.shape.push_back(p.rhs.columns);
  }
  return p;
}

llvm::LogicalResult evalMatmul(MatmulOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &lhs = operands[0].tensor(), &rhs = operands[1].tensor();
  mlir::FailureOr<Product> p = productOf(context, lhs, rhs, op.getTransposeLhs(), op.getTransposeRhs());
  if (mlir::failed(p)) {
    return mlir::failure();
  }
  Tensor result = Tensor::zeros(elementOf(op.getResult()), p->shape);
  results.push_back(result);
  return dispatch<Numbers>(context, lhs.element(), [&](auto left) {
    using L = typename decltype(left)::type;
    if constexpr (std::is_integral_v<L> && sizeof(L) == 1) {
      if (rhs.element().isUnsignedInteger()) {
        multiplyBatch<L, uint8_t, int32_t>(lhs, p->lhs, rhs, p->rhs, p->batch, result);
      } else {
        multiplyBatch<L, int8_t, int32_t>(lhs, p->lhs, rhs, p->rhs, p->batch, result);
      }
    } else {
      multiplyBatch<L, L, L>(lhs, p->lhs, rhs, p->rhs, p->batch, result);
    }
  });
}

/// x - zero in i32; `zero` (null: 0) broadcasts to x once it has the shape `zeroShape`.
mlir::FailureOr<Tensor> lessZero(EvalContext &context, mlir::Type i32, const Tensor &x, const Tensor *zero,
                                 llvm::ArrayRef<int64_t> zeroShape) {
  Tensor result = Tensor::zeros(i32, x.shape());
  llvm::SmallVector<int64_t> steps(x.rank(), 0);
  if (zero && zero->count() != 1) {
    if (mlir::failed(broadcastSizes(context, {x.shape(), zeroShape}))) {
      return mlir::failure();
    }
    steps = broadcastSteps(zeroShape, x.shape());
  }
  IndexSpace index(x.shape());
  for (int64_t i = 0; i < x.count(); ++i, index.next()) {
    result.values<int32_t>()[i] = int32_t(x.integer(i) - (zero ? zero->integer(dot(*index, steps)) : 0));
  }
  return result;
}

llvm::LogicalResult evalMatmulInteger(MatmulIntegerOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &lhs = operands[0].tensor(), &rhs = operands[1].tensor();
  const Tensor *lhsZero = optionalOperand(op, operands, 2), *rhsZero = optionalOperand(op, operands, 3);
  mlir::FailureOr<Product> p = productOf(context, lhs, rhs, false, false);
  if (mlir::failed(p)) {
    return mlir::failure();
  }
  llvm::SmallVector<int64_t> rows(lhsZero ? lhsZero->shape() : llvm::ArrayRef<int64_t>());
  if (rows.size() == 1 && lhs.rank() > 1) {
    rows.push_back(1); // a vector has one element per row
  }
  mlir::Type i32 = elementOf(op.getResult());
  mlir::FailureOr<Tensor> a = lessZero(context, i32, lhs, lhsZero, rows);
  mlir::FailureOr<Tensor> b =
      lessZero(context, i32, rhs, rhsZero, rhsZero ? rhsZero->shape() : llvm::ArrayRef<int64_t>());
  if (mlir::failed(a) || mlir::failed(b)) {
    return mlir::failure();
  }
  Tensor result = Tensor::zeros(i32, p->shape);
  results.push_back(result);
  multiplyBatch<int32_t, int32_t, int32_t>(*a, p->lhs, *b, p->rhs, p->batch, result);
  return mlir::success();
}
} // namespace

void attachContractionEval(mlir::MLIRContext &context) {
  attachEvaluate<MatmulOp, evalMatmul>(context);
  attachEvaluate<MatmulIntegerOp, evalMatmulInteger>(context);
}
} // namespace dlc::nn
