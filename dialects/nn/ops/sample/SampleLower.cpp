//===- SampleLower.cpp - grid_sample and roi_align ------------------------------------------------------------===//
#include "dialects/nn/lower/FloatMath.h"
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// An element as a number of f64.
Value readDouble(mlir::OpBuilder &b, mlir::Location loc, Value lowered, mlir::ValueRange at, mlir::Type element) {
  Value v = fromStorage(b, loc, LowerContext::extract(b, loc, lowered, at), element);
  return emitCast(b, loc, v, isFloat(element) ? getComputeType(element) : element, b.getF64Type());
}
Value storeDouble(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type element) {
  return toStorage(b, loc, emitCast(b, loc, v, b.getF64Type(), isFloat(element) ? getComputeType(element) : element), element);
}

/// grid_sample inside a body: positions are f64, in elements of the image.
class Sampler {
public:
  Sampler(GridSampleOp op, mlir::OpBuilder &b, mlir::Location loc, Value input, Value grid, llvm::ArrayRef<Value> sizes)
      : op(op), b(b), loc(loc), f{b, loc, b.getF64Type()}, m{b, loc}, input(input), grid(grid), sizes(sizes) {}

  /// The element at result indices [N, C, out...].
  Value sample(mlir::ValueRange i) const {
    Indices position;
    for (size_t d = 0; d < sizes.size(); ++d) {
      Indices at{i[0]};
      llvm::append_range(at, i.drop_front(2));
      at.push_back(m.c(int64_t(sizes.size() - 1 - d)));
      position.push_back(denormalize(d, readDouble(b, loc, grid, at, elementOf(op.getGrid()))));
    }
    Indices at(i.take_front(2));
    at.resize(2 + sizes.size());
    if (op.getMode() == SampleMode::Nearest) {
      for (size_t d = 0; d < sizes.size(); ++d) {
        at[2 + d] = f.toIndex(settle(d, f.roundEven(position[d])));
      }
      return pixel(at);
    }
    for (size_t d = 0; d < sizes.size(); ++d) {
      position[d] = settle(d, position[d]);
    }
    return interpolate(position, at, 0);
  }

private:
  Value last(size_t d) const { return f.add(f.fromIndex(sizes[d]), -1); }
  Value denormalize(size_t d, Value x) const {
    Value up = f.add(x, 1);
    return op.getAlignCorners() ? f.mul(f.mul(up, 0.5), last(d)) : f.mul(f.add(f.mul(up, f.fromIndex(sizes[d])), -1), 0.5);
  }
  /// Moves a position outside of the image onto it, where the mode says so.
  Value settle(size_t d, Value x) const {
    if (op.getOutside() == OutsideMode::Zeros) {
      return x;
    }
    Value low = f.c(op.getAlignCorners() ? 0 : -0.5), high = op.getAlignCorners() ? last(d) : f.add(last(d), 0.5);
    Value moved = op.getOutside() == OutsideMode::Border ? f.clamp(x, f.c(0), last(d)) : reflect(x, low, high);
    return f.select(f.within(x, low, high), x, moved);
  }
  Value reflect(Value x, Value low, Value high) const {
    Value span = f.sub(high, low), period = f.mul(span, 2), distance = f.abs(f.sub(x, low));
    Value beyond = f.sub(distance, f.mul(period, f.floor(f.div(distance, period))));
    Value mirrored = f.select(f.less(span, beyond), f.sub(high, f.sub(beyond, span)), f.add(low, beyond));
    return f.select(f.lessEqual(span, f.c(0)), low, mirrored);
  }
  /// The element at [n, c, at...], which may be outside of the image.
  Value pixel(Indices at) const {
    Value inside;
    for (size_t d = 0; d < sizes.size(); ++d) {
      Value &p = at[2 + d];
      if (op.getOutside() == OutsideMode::Zeros) {
        inside = m.both(inside, m.inside(p, sizes[d]));
      } else {
        p = f.toIndex(settle(d, f.fromIndex(p)));
      }
      p = m.clamp(p, sizes[d]);
    }
    Value v = readDouble(b, loc, input, at, elementOf(op.getInput()));
    return inside ? f.select(inside, v, f.c(0)) : v;
  }
  Value interpolate(llvm::ArrayRef<Value> position, Indices &at, size_t d) const {
    if (d == sizes.size()) {
      return pixel(at);
    }
    int64_t reach = op.getMode() == SampleMode::Cubic ? 2 : 1;
    Value base = f.toIndex(f.floor(position[d])), sum;
    for (int64_t k = 1 - reach; k <= reach; ++k) {
      at[2 + d] = m.add(base, k);
      Value distance = f.sub(position[d], f.fromIndex(at[2 + d]));
      Value weight = reach == 2 ? f.cubicKernel(distance, -0.75) : f.linearKernel(distance);
      Value v = f.mul(weight, interpolate(position, at, d + 1));
      sum = sum ? f.add(sum, v) : v;
    }
    return sum;
  }

  mutable GridSampleOp op;
  mlir::OpBuilder &b;
  mlir::Location loc;
  FloatMath f;
  IndexMath m;
  Value input, grid;
  llvm::ArrayRef<Value> sizes;
};

llvm::LogicalResult lowerGridSample(GridSampleOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Indices sizes;
  dim::Shape image = shapeOf(op.getInput());
  llvm::transform(llvm::ArrayRef(image).drop_front(2), std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
  mlir::Type element = elementOf(op.getInput());
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return storeDouble(b, loc, Sampler(op, b, loc, operands[0], operands[1], sizes).sample(i), element);
  }));
  return mlir::success();
}

/// roi_align inside a body.
class Bin {
public:
  Bin(RoiAlignOp op, mlir::OpBuilder &b, mlir::Location loc, Lowered operands, llvm::ArrayRef<Value> sizes)
      : op(op), b(b), loc(loc), f{b, loc, b.getF64Type()}, m{b, loc}, operands(operands), sizes(sizes) {}

  /// The bin at [region, channel, y, x].
  Value pool(mlir::ValueRange i) {
    Value raw = LowerContext::extract(b, loc, operands[2], i[0]);
    image = {m.clamp(arith::IndexCastOp::create(b, loc, b.getIndexType(), raw), sizes[0]), i[1]};
    Side y = side(i[0], 1, i[2], op.getHeight()), x = side(i[0], 0, i[3], op.getWidth());
    Value init = op.getMax() ? f.c(-std::numeric_limits<double>::infinity()) : f.c(0);
    Value total = loop(y.count, init, [&](const Bin &outer, Value row, Value acc) {
      return outer.loop(x.count, acc, [&](const Bin &inner, Value column, Value sum) {
        return inner.add(sum, inner.position(y, row), inner.position(x, column));
      });
    });
    Value samples = m.mul(y.count, x.count), none = m.less(samples, m.c(1));
    return f.select(none, f.c(0), op.getMax() ? total : f.div(total, f.fromIndex(samples)));
  }

private:
  /// A bin along one dim: where it starts, how long it is, and how many samples it takes.
  struct Side {
    Value start, length, count;
  };
  Side side(Value region, int64_t coordinate, Value bin, int64_t bins) const {
    auto corner = [&](int64_t k) {
      Value v = readDouble(b, loc, operands[1], {region, m.c(k)}, elementOf(op.getRois()));
      return f.add(f.mul(v, op.getSpatialScale().convertToDouble()), op.getHalfPixel() ? -0.5 : 0);
    };
    Value first = corner(coordinate), extent = f.sub(corner(coordinate + 2), first);
    extent = op.getHalfPixel() ? extent : f.max(extent, f.c(1)); // malformed regions become 1 x 1
    Value length = f.div(extent, f.c(double(bins)));
    Value count = op.getSamplingRatio() ? m.c(op.getSamplingRatio()) : m.max(f.toIndex(f.ceil(length)), m.c(0));
    return {f.add(first, f.mul(f.fromIndex(bin), length)), length, count};
  }
  Value position(const Side &s, Value sample) const {
    return f.add(s.start, f.div(f.mul(f.add(f.fromIndex(sample), 0.5), s.length), f.fromIndex(s.count)));
  }

  template <class Body> Value loop(Value count, Value init, Body body) const {
    auto loopOp = mlir::scf::ForOp::create(b, loc, m.c(0), count, m.c(1), init,
                                       [&](mlir::OpBuilder &nested, mlir::Location l, Value i, mlir::ValueRange carried) {
                                         Bin inner(op, nested, l, operands, sizes);
                                         inner.image = image;
                                         mlir::scf::YieldOp::create(nested, l, body(inner, i, carried[0]));
                                       });
    return loopOp.getResult(0);
  }

  /// acc and the bilinear sample at (y, x), or its greatest weighted corner; beyond the image's border it is 0.
  Value add(Value acc, Value y, Value x) const {
    Value inside = m.both(f.within(y, f.c(-1), f.fromIndex(sizes[1])), f.within(x, f.c(-1), f.fromIndex(sizes[2])));
    Value rows[2], columns[2], rowWeights[2], columnWeights[2];
    neighbours(y, sizes[1], rows, rowWeights);
    neighbours(x, sizes[2], columns, columnWeights);
    for (int r = 0; r < 2; ++r) {
      for (int k = 0; k < 2; ++k) {
        Indices at(image);
        at.append({rows[r], columns[k]});
        Value v = readDouble(b, loc, operands[0], at, elementOf(op.getInput()));
        v = f.select(inside, f.mul(f.mul(rowWeights[r], columnWeights[k]), v), f.c(0));
        acc = op.getMax() ? f.max(acc, v) : f.add(acc, v);
      }
    }
    return acc;
  }
  void neighbours(Value p, Value size, Value (&at)[2], Value (&weight)[2]) const {
    Value clamped = f.clamp(p, f.c(0), f.add(f.fromIndex(size), -1)), low = f.floor(clamped);
    at[0] = f.toIndex(low);
    at[1] = m.clamp(m.add(at[0], 1), size);
    weight[1] = f.sub(clamped, low);
    weight[0] = f.sub(f.c(1), weight[1]);
  }

  mutable RoiAlignOp op;
  mlir::OpBuilder &b;
  mlir::Location loc;
  FloatMath f;
  IndexMath m;
  Lowered operands;
  llvm::ArrayRef<Value> sizes; // of the batch, then of the image
  Indices image;               // the batch index and the channel
};

llvm::LogicalResult lowerRoiAlign(RoiAlignOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput());
  Indices sizes{c.size(input[0]), c.size(input[2]), c.size(input[3])};
  mlir::Type element = elementOf(op.getInput());
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return storeDouble(b, loc, Bin(op, b, loc, operands, sizes).pool(i), element);
  }));
  return mlir::success();
}
} // namespace

void attachSampleLower(mlir::MLIRContext &context) {
  attachLower<GridSampleOp, lowerGridSample>(context);
  attachLower<RoiAlignOp, lowerRoiAlign>(context);
}
} // namespace dlc::nn
