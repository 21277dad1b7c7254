//===- NormLower.cpp - normalisations: statistics as reductions, then one pass over the elements ----===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// Scalar arithmetic in the compute type. Sums may be reordered (into an order fixed when the kernel is compiled).
struct Scalar {
  mlir::OpBuilder &b;
  mlir::Location loc;
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) const { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) const { return arith::DivFOp::create(b, loc, x, y); }
  Value add(Value x, double y) const { return add(x, constantOf(b, loc, x.getType(), y)); }
  Value accumulate(Value sum, Value x) const {
    return arith::AddFOp::create(b, loc, sum, x, arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
  }
  /// 1 / sqrt(x + epsilon).
  Value inverseRoot(Value x, double epsilon) const {
    return div(constantOf(b, loc, x.getType(), 1), mlir::math::SqrtOp::create(b, loc, add(x, epsilon)));
  }
  Value count(Value n, mlir::Type type) const {
    return arith::SIToFPOp::create(b, loc, type, arith::IndexCastOp::create(b, loc, b.getI64Type(), n));
  }
};

/// Reads an element in its compute type.
Value read(mlir::OpBuilder &b, mlir::Location loc, Value lowered, mlir::ValueRange at, mlir::Type element) {
  return fromStorage(b, loc, LowerContext::extract(b, loc, lowered, at), element);
}

/// Mean and variance of groups of elements: `kept` sizes count the groups, `gone` sizes the elements of one.
/// `position` gives an element's indices from those of its group and those within it.
struct Moments {
  using Position = std::function<Indices(const IndexMath &, mlir::ValueRange group, mlir::ValueRange within)>;
  LowerContext &c;
  Value lowered;
  mlir::Type element, type = getComputeType(element);
  dim::Shape kept, gone;
  Position position;
  double epsilon;
  Value mean, squares, count; // sums of (x - mean)^2

  void compute(bool rms) {
    count = c.size(dim::product(c.b.getContext(), gone));
    Value zero = constantOf(c.b, c.loc, type, 0);
    if (!rms) {
      mean = c.reduce(kept, gone, type, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
        return Scalar{b, loc}.accumulate(acc, elementAt(b, loc, i));
      });
    }
    squares = c.reduce(kept, gone, type, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
      Scalar s{b, loc};
      Value x = centred(b, loc, elementAt(b, loc, i), i.take_front(kept.size()));
      return s.accumulate(acc, s.mul(x, x));
    });
  }
  /// (x - mean) / sqrt(variance + epsilon) for an element of a group.
  Value standardize(mlir::OpBuilder &b, mlir::Location loc, Value x, mlir::ValueRange group) const {
    Scalar s{b, loc};
    Value variance = s.div(LowerContext::extract(b, loc, squares, group), s.count(count, type));
    return s.mul(centred(b, loc, x, group), s.inverseRoot(variance, epsilon));
  }

private:
  Value elementAt(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) const {
    size_t n = kept.size();
    return read(b, loc, lowered, position(IndexMath{b, loc}, i.take_front(n), i.drop_front(n)), element);
  }
  Value centred(mlir::OpBuilder &b, mlir::Location loc, Value x, mlir::ValueRange group) const {
    if (!mean) {
      return x;
    }
    Scalar s{b, loc};
    return s.sub(x, s.div(LowerContext::extract(b, loc, mean, group), s.count(count, type)));
  }
};

/// The element itself: its group's indices come first.
Indices joined(const IndexMath &, mlir::ValueRange group, mlir::ValueRange within) {
  Indices at(group);
  llvm::append_range(at, within);
  return at;
}

llvm::LogicalResult lowerBatchNorm(BatchNormOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getInput()), type = getComputeType(element);
  // Parameters of another type are brought to the input's.
  auto parameter = [&](mlir::OpBuilder &b, mlir::Location loc, unsigned number, Value channel) {
    mlir::Type own = elementOf(op->getOperand(number));
    Value v = read(b, loc, operands[number], channel, own);
    return emitCast(b, loc, v, getComputeType(own), type);
  };
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Scalar s{b, loc};
    Value channel = i[op.getAxis()];
    Value factor = s.mul(parameter(b, loc, 1, channel),
                         s.inverseRoot(parameter(b, loc, 4, channel), op.getEpsilon().convertToDouble()));
    Value offset = s.sub(parameter(b, loc, 2, channel), s.mul(parameter(b, loc, 3, channel), factor));
    return toStorage(b, loc, s.add(s.mul(read(b, loc, operands[0], i, element), factor), offset), element);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerLayerNorm(LayerNormOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getInput());
  mlir::Type element = elementOf(op.getInput());
  size_t axis = op.getAxis();
  Moments m{c, operands[0], element};
  m.kept.assign(shape.begin(), shape.begin() + axis);
  m.gone.assign(shape.begin() + axis, shape.end());
  m.position = joined;
  m.epsilon = op.getEpsilon().convertToDouble();
  m.compute(op.getRms());
  auto broadcast = [&](mlir::OpBuilder &b, mlir::Location loc, unsigned number, mlir::ValueRange i) {
    dim::Shape own = shapeOf(op->getOperand(number));
    Indices at(i.take_back(own.size()));
    for (size_t k = 0; k < own.size(); ++k) {
      at[k] = c.broadcastIndex(b, loc, own[k], shape[shape.size() - own.size() + k], at[k]);
    }
    mlir::Type type = elementOf(op->getOperand(number));
    return emitCast(b, loc, read(b, loc, operands[number], at, type), getComputeType(type), m.type);
  };
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Scalar s{b, loc};
    Value v = m.standardize(b, loc, read(b, loc, operands[0], i, element), i.take_front(axis));
    v = s.mul(v, broadcast(b, loc, 1, i));
    return toStorage(b, loc, op.getBias() ? s.add(v, broadcast(b, loc, 2, i)) : v, element);
  }));
  return mlir::success();
}

/// Groups of `perGroup` channels (null: 1) of [N, C, spatial...].
template <class Op>
llvm::LogicalResult lowerChannelGroups(Op op, LowerContext &c, Lowered operands, LoweredResults &results, dim::Expr groups,
                                       dim::Expr perGroup) {
  dim::Shape shape = shapeOf(op.getInput());
  mlir::Type element = elementOf(op.getInput());
  Moments m{c, operands[0], element};
  m.kept = {shape[0], groups};
  m.gone.assign(shape.begin() + 2, shape.end());
  m.epsilon = op.getEpsilon().convertToDouble();
  m.position = joined;
  Value channels = perGroup ? c.size(perGroup) : Value();
  if (perGroup) {
    m.gone.insert(m.gone.begin(), perGroup);
    m.position = [channels](const IndexMath &im, mlir::ValueRange group, mlir::ValueRange within) {
      Indices at{group[0], im.add(im.mul(group[1], channels), within[0])};
      llvm::append_range(at, within.drop_front());
      return at;
    };
  }
  m.compute(false);
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Scalar s{b, loc};
    Indices group{i[0], channels ? arith::DivUIOp::create(b, loc, i[1], channels).getResult() : i[1]};
    auto parameter = [&](unsigned number) {
      mlir::Type type = elementOf(op->getOperand(number));
      return emitCast(b, loc, read(b, loc, operands[number], i[1], type), getComputeType(type), m.type);
    };
    Value v = m.standardize(b, loc, read(b, loc, operands[0], i, element), group);
    return toStorage(b, loc, s.add(s.mul(v, parameter(1)), parameter(2)), element);
  }));
  return mlir::success();
}
llvm::LogicalResult lowerInstanceNorm(InstanceNormOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  return lowerChannelGroups(op, c, operands, results, shapeOf(op.getInput())[1], {});
}
llvm::LogicalResult lowerGroupNorm(GroupNormOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Expr groups = dim::constant(op.getContext(), op.getNumGroups());
  return lowerChannelGroups(op, c, operands, results, groups, dim::floorDiv(shapeOf(op.getInput())[1], groups));
}

llvm::LogicalResult lowerLrn(LrnOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getInput());
  mlir::Type element = elementOf(op.getInput()), type = getComputeType(element);
  Value channels = c.size(shape[1]);
  int64_t size = op.getSize();
  Value squares = c.reduce(shape, {dim::constant(op.getContext(), size)}, type, constantOf(c.b, c.loc, type, 0),
                           [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                             IndexMath m{b, loc};
                             Scalar s{b, loc};
                             Indices at(i.drop_back());
                             Value channel = m.add(m.add(i[1], i.back()), -((size - 1) / 2));
                             at[1] = m.clamp(channel, channels);
                             Value x = read(b, loc, operands[0], at, element);
                             return m.select(m.inside(channel, channels), s.accumulate(acc, s.mul(x, x)), acc);
                           });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Scalar s{b, loc};
    Value factor = constantOf(b, loc, type, op.getAlpha().convertToDouble() / double(size));
    Value base = s.add(s.mul(LowerContext::extract(b, loc, squares, i), factor), op.getBias().convertToDouble());
    Value divisor = mlir::math::PowFOp::create(b, loc, base, constantOf(b, loc, type, op.getBeta().convertToDouble()));
    return toStorage(b, loc, s.div(read(b, loc, operands[0], i, element), divisor), element);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerLpNormalize(LpNormalizeOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape kept = shapeOf(op.getInput());
  mlir::Type element = elementOf(op.getInput()), type = getComputeType(element);
  int64_t axis = op.getAxis();
  dim::Expr size = kept[axis];
  kept.erase(kept.begin() + axis);
  Value norm = c.reduce(kept, {size}, type, constantOf(c.b, c.loc, type, 0),
                        [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                          Scalar s{b, loc};
                          Indices at(i.drop_back());
                          at.insert(at.begin() + axis, i.back());
                          Value x = read(b, loc, operands[0], at, element);
                          return s.accumulate(acc, op.getP() == 1 ? mlir::math::AbsFOp::create(b, loc, x).getResult() : s.mul(x, x));
                        });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Indices at(i);
    at.erase(at.begin() + axis);
    Value n = LowerContext::extract(b, loc, norm, at), zero = constantOf(b, loc, type, 0);
    n = op.getP() == 1 ? n : mlir::math::SqrtOp::create(b, loc, n).getResult();
    Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, n, zero);
    n = arith::SelectOp::create(b, loc, isZero, constantOf(b, loc, type, 1), n);
    return toStorage(b, loc, Scalar{b, loc}.div(read(b, loc, operands[0], i, element), n), element);
  }));
  return mlir::success();
}
} // namespace

void attachNormLower(mlir::MLIRContext &context) {
  attachLower<BatchNormOp, lowerBatchNorm>(context);
  attachLower<LayerNormOp, lowerLayerNorm>(context);
  attachLower<InstanceNormOp, lowerInstanceNorm>(context);
  attachLower<GroupNormOp, lowerGroupNorm>(context);
  attachLower<LrnOp, lowerLrn>(context);
  attachLower<LpNormalizeOp, lowerLpNormalize>(context);
}
} // namespace dlc::nn
