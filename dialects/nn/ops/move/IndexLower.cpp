//===- IndexLower.cpp - gathers, and tensors made of positions -----------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

llvm::LogicalResult lowerGatherElements(GatherElementsOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Value size = c.size(shapeOf(op.getInput())[op.getAxis()]);
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Indices at(i);
    at[op.getAxis()] = m.wrapped(LowerContext::extract(b, loc, operands[1], i), size);
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerGatherND(GatherNDOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput()), indices = shapeOf(op.getIndices());
  int64_t batch = op.getBatchDims(), length = *dim::getConstant(indices.back()), space = indices.size() - 1;
  Indices sizes;
  for (int64_t k = 0; k < length; ++k) {
    sizes.push_back(c.size(input[batch + k]));
  }
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Indices at(i.take_front(batch));
    for (int64_t k = 0; k < length; ++k) {
      Indices from(i.take_front(space));
      from.push_back(m.c(k));
      at.push_back(m.wrapped(LowerContext::extract(b, loc, operands[1], from), sizes[k]));
    }
    llvm::append_range(at, i.drop_front(space));
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerOneHot(OneHotOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getIndices()), i64 = c.b.getI64Type();
  Value depth = c.size(op.getDepth());
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Indices at(i);
    at.erase(at.begin() + op.getAxis());
    Value raw = fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], at), element);
    raw = emitCast(b, loc, raw, isFloat(element) ? getComputeType(element) : element, i64);
    Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
    index = m.select(m.less(index, m.c(0)), m.add(index, depth), index);
    Value which = m.select(m.equal(index, i[op.getAxis()]), m.c(1), m.c(0));
    return LowerContext::extract(b, loc, operands[1], which);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerIota(IotaOp op, LowerContext &c, Lowered, LoweredResults &results) {
  mlir::Type to = op.getTo();
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Value v = arith::IndexCastOp::create(b, loc, b.getI64Type(), i[op.getAxis()]);
    return toStorage(b, loc, emitCast(b, loc, v, b.getI64Type(), to), to);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerTile(TileOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput());
  Indices sizes;
  llvm::transform(input, std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Indices at;
    for (auto [d, size] : llvm::enumerate(sizes)) {
      bool once = dim::isConstant(op.getRepeats().getDims()[d], 1);
      at.push_back(once                            ? i[d]
                   : dim::isConstant(input[d], 1) ? IndexMath{b, loc}.c(0)
                                                   : arith::RemUIOp::create(b, loc, i[d], size).getResult());
    }
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerReverseSequence(ReverseSequenceOp op, LowerContext &c, Lowered operands,
                                         LoweredResults &results) {
  Value time = c.size(shapeOf(op.getInput())[op.getTimeAxis()]);
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value raw = LowerContext::extract(b, loc, operands[1], i[op.getBatchAxis()]), t = i[op.getTimeAxis()];
    Value length = arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
    Indices at(i);
    // Clamped, so that no length reads out of bounds; the run has checked them.
    at[op.getTimeAxis()] = m.clamp(m.select(m.less(t, length), m.sub(m.add(length, -1), t), t), time);
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerTrilu(TriluOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getInput());
  Value rows = c.size(shape[shape.size() - 2]), columns = c.size(shape.back()), k = loweredOperand(op, operands, 1);
  mlir::Type storage = getStorageType(elementOf(op.getInput()));
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) -> Value {
    IndexMath m{b, loc};
    Value row = i[i.size() - 2], column = i.back(), start = row;
    if (k) {
      Indices first(rankOf(op.getK()), m.c(0));
      Value diagonal = arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, k, first));
      diagonal = m.max(m.min(diagonal, m.add(columns, 1)), m.sub(m.c(-1), rows));
      start = m.add(row, diagonal);
    }
    Value dropped = op.getUpper() ? m.less(column, start) : m.less(start, column);
    return m.select(dropped, constantOf(b, loc, storage, 0), LowerContext::extract(b, loc, operands[0], i));
  }));
  return mlir::success();
}

/// How many windows of the kernel fit along image dim `d`.
dim::Expr windowCount(Col2ImOp op, size_t d) {
  llvm::ArrayRef<dim::Expr> kernel = op.getKernel().getDims();
  int64_t dilation = op.getDilations()[d], extra = op.getPads()[d] + op.getPads()[kernel.size() + d] + dilation - 1;
  auto number = [&](int64_t v) { return dim::constant(op.getContext(), v); };
  dim::Expr span = dim::sub(dim::add(op.getImage().getDims()[d], number(extra)), dim::mul(kernel[d], number(dilation)));
  return dim::add(dim::floorDiv(span, number(op.getStrides()[d])), number(1));
}

/// Each element of the image gathers the window elements that stand on it: position = window * stride - pad + tap * dilation.
llvm::LogicalResult lowerCol2Im(Col2ImOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getInput()), type = getComputeType(element);
  dim::Shape shape = shapeOf(op.getResult()), kernel(op.getKernel().getDims());
  size_t n = kernel.size();
  Indices windows, taps;
  for (size_t d = 0; d < n; ++d) {
    windows.push_back(c.size(windowCount(op, d)));
    taps.push_back(c.size(kernel[d]));
  }
  Value sum = c.reduce(shape, kernel, type, constantOf(c.b, c.loc, type, 0),
                       [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) -> Value {
                         IndexMath m{b, loc};
                         Value channel = i[1], window = m.c(0), valid;
                         for (size_t d = 0; d < n; ++d) {
                           Value tap = i[shape.size() + d], stride = m.c(op.getStrides()[d]);
                           channel = m.add(m.mul(channel, taps[d]), tap);
                           Value p = m.sub(m.add(i[2 + d], op.getPads()[d]), m.mul(tap, op.getDilations()[d]));
                           Value q = m.floorDiv(p, stride);
                           valid = m.both(valid, m.both(m.equal(m.mul(q, stride), p), m.inside(q, windows[d])));
                           window = m.add(m.mul(window, windows[d]), m.clamp(q, windows[d]));
                         }
                         Value x = fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], {i[0], channel, window}), element);
                         return m.select(valid, emitAdd(b, loc, acc, x), acc);
                       });
  results.push_back(type == getStorageType(element)
                        ? sum
                        : c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
                            return toStorage(b, loc, LowerContext::extract(b, loc, sum, i), element);
                          }));
  return mlir::success();
}
} // namespace

void attachIndexLower(mlir::MLIRContext &context) {
  attachLower<GatherElementsOp, lowerGatherElements>(context);
  attachLower<GatherNDOp, lowerGatherND>(context);
  attachLower<OneHotOp, lowerOneHot>(context);
  attachLower<IotaOp, lowerIota>(context);
  attachLower<TileOp, lowerTile>(context);
  attachLower<ReverseSequenceOp, lowerReverseSequence>(context);
  attachLower<TriluOp, lowerTrilu>(context);
  attachLower<Col2ImOp, lowerCol2Im>(context);
}
} // namespace dlc::nn
