//===- CouplingRules.cpp - what each op couples --------------------------------------------===//
#include "compiler/passes/prune/Coupling.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::prune {
namespace {
void fixAll(mlir::Operation *op, Coupling &c) {
  op->walk([&](mlir::Operation *inner) {
    for (Value v : inner->getOperands()) {
      c.fix(v);
    }
    for (Value v : inner->getResults()) {
      c.fix(v);
    }
    for (mlir::Region &region : inner->getRegions()) {
      for (Value v : region.getArguments()) {
        c.fix(v);
      }
    }
  });
}

bool isNumber(Value v, int64_t dim, int64_t size) { return dim::isConstant(nn::shapeOf(v)[dim], size); }

/// Dims aligned at the end; an operand's dims of size 1 repeat.
void tieBroadcast(Value operand, Value result, Coupling &c) {
  int64_t rank = nn::rankOf(operand), lead = nn::rankOf(result) - rank;
  for (int64_t d = 0; d < rank; ++d) {
    if (!isNumber(operand, d, 1) || isNumber(result, lead + d, 1)) {
      c.tie(operand, d, result, lead + d);
    }
  }
}

/// Every dim but those in `except`, which are fixed.
void tieSame(Value a, Value b, Coupling &c, llvm::ArrayRef<int64_t> except = {}) {
  for (int64_t d = 0; d < nn::rankOf(a); ++d) {
    if (llvm::is_contained(except, d)) {
      c.fix(a, d);
      c.fix(b, d);
    } else {
      c.tie(a, d, b, d);
    }
  }
}

/// The dims of an input between batch and channels.
llvm::SmallVector<int64_t> spatialDims(Value v, bool channelLast) {
  llvm::SmallVector<int64_t> dims;
  for (int64_t d = channelLast ? 1 : 2; d < nn::rankOf(v) - (channelLast ? 1 : 0); ++d) {
    dims.push_back(d);
  }
  return dims;
}

void fixWindow(Value x, Value weight, Value result, bool channelLast, Coupling &c) {
  for (int64_t d : spatialDims(x, channelLast)) {
    c.fix(x, d);
    c.fix(result, d);
  }
  for (int64_t d = 2; weight && d < nn::rankOf(weight); ++d) {
    c.fix(weight, d);
  }
  c.tie(x, 0, result, 0);
}

/// Groups of channels go as a whole: their inputs, weights and outputs.
template <class Conv> void ruleGroups(Conv op, int64_t channels, int64_t weightRows, Coupling &c) {
  std::optional<size_t> in = c.axisOf(op.getInput(), channels), out = c.axisOf(op.getResult(), channels);
  int64_t groups = op.getGroups();
  if (!in || !out || c.axes()[*in].size % groups || c.axes()[*out].size % groups) {
    return fixAll(op, c);
  }
  int64_t inputs = c.axes()[*in].size / groups, outputs = c.axes()[*out].size / groups;
  for (int64_t i = 0; i < inputs * groups; ++i) {
    c.tie(op.getInput(), channels, i, op.getResult(), channels, i / inputs * outputs);
  }
  for (int64_t o = 0; o < outputs * groups; ++o) {
    c.tie(op.getResult(), channels, o, op.getResult(), channels, o / outputs * outputs);
  }
  int64_t rows = weightRows / groups;
  for (int64_t r = 0; r < weightRows; ++r) {
    c.tie(op.getWeight(), 0, r, op.getResult(), channels, r / rows * outputs);
  }
  c.fix(op.getWeight(), 1);
}

template <class Conv> void ruleConv(Conv op, Coupling &c) {
  constexpr bool isTransposed = std::is_same_v<Conv, nn::ConvTransposeOp>;
  auto weight = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType());
  int64_t channels = op.getChannelLast() ? nn::rankOf(op.getInput()) - 1 : 1;
  fixWindow(op.getInput(), op.getWeight(), op.getResult(), op.getChannelLast(), c);
  if (op.getBias()) {
    c.tie(op.getBias(), 0, op.getResult(), channels);
  }
  if (op.getGroups() == 1) {
    c.tie(op.getInput(), channels, op.getWeight(), isTransposed ? 0 : 1);
    c.tie(op.getResult(), channels, op.getWeight(), isTransposed ? 1 : 0);
  } else if (weight.isDynamicDim(0)) {
    fixAll(op, c);
  } else {
    ruleGroups(op, channels, weight.getDimSize(0), c);
  }
}

void ruleMatmul(nn::MatmulOp op, Coupling &c) {
  Value a = op.getLhs(), b = op.getRhs(), r = op.getResult();
  int64_t left = nn::rankOf(a), right = nn::rankOf(b), rank = nn::rankOf(r);
  if (left < 2 || right < 2) {
    return fixAll(op, c);
  }
  bool ta = op.getTransposeLhs(), tb = op.getTransposeRhs();
  c.tie(a, ta ? left - 2 : left - 1, b, tb ? right - 1 : right - 2);
  c.tie(a, ta ? left - 1 : left - 2, r, rank - 2);
  c.tie(b, tb ? right - 2 : right - 1, r, rank - 1);
  for (Value v : {a, b}) {
    int64_t lead = rank - nn::rankOf(v);
    for (int64_t d = 0; d < nn::rankOf(v) - 2; ++d) {
      if (!isNumber(v, d, 1) || isNumber(r, lead + d, 1)) {
        c.tie(v, d, r, lead + d);
      }
    }
  }
}

void ruleConcat(nn::ConcatOp op, Coupling &c) {
  int64_t axis = op.getAxis(), offset = 0;
  for (Value v : op.getInputs()) {
    for (int64_t d = 0; d < nn::rankOf(v); ++d) {
      if (d != axis) {
        c.tie(v, d, op.getResult(), d);
      }
    }
    std::optional<int64_t> size = dim::getConstant(nn::shapeOf(v)[axis]);
    if (!size || !c.axisOf(op.getResult(), axis)) {
      return fixAll(op, c);
    }
    for (int64_t i = 0; i < *size; ++i) {
      c.tie(v, axis, i, op.getResult(), axis, offset + i);
    }
    offset += *size;
  }
}

void ruleSlice(nn::SliceOp op, Coupling &c) {
  for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
    std::optional<int64_t> start = dim::getConstant(op.getStarts().getDims()[d]);
    std::optional<int64_t> size = dim::getConstant(op.getSizes().getDims()[d]);
    bool isTracked = start && size && c.axisOf(op.getInput(), d);
    if (!isTracked || op.getSteps()[d] != 1) {
      c.fix(op.getInput(), d);
      c.fix(op.getResult(), d);
      continue;
    }
    for (int64_t i = 0; i < *size; ++i) {
      c.tie(op.getInput(), d, *start + i, op.getResult(), d, i);
    }
  }
}

/// Dims whose order and size a reshape keeps, and runs of dims that it merges into one, or one that it splits.
class ReshapeRule {
public:
  ReshapeRule(nn::ReshapeOp op, Coupling &c) : input(op.getInput()), result(op.getResult()), c(c) {
    from = dimsOf(input);
    to = dimsOf(result);
  }
  void run() {
    size_t i = 0, j = 0, endI = from.size(), endJ = to.size();
    while (i < endI && j < endJ && sizeIn(i) == sizeOut(j)) {
      c.tie(input, from[i++], result, to[j++]);
    }
    while (endI > i && endJ > j && sizeIn(endI - 1) == sizeOut(endJ - 1)) {
      --endI, --endJ;
      c.tie(input, from[endI], result, to[endJ]);
    }
    while (i < endI || j < endJ) {
      size_t firstI = i, firstJ = j;
      std::optional<int64_t> left = 1, right = 1;
      do {
        bool takesIn = j == endJ || (i < endI && left && right && *left <= *right);
        std::optional<int64_t> &product = takesIn ? left : right;
        std::optional<int64_t> size = dim::getConstant(takesIn ? sizeIn(i++) : sizeOut(j++));
        product = product && size ? std::optional(*product * *size) : std::nullopt;
      } while ((i < endI || j < endJ) && (!left || !right || *left != *right));
      if (i - firstI == 1 && j - firstJ == 1 && sizeIn(firstI) == sizeOut(firstJ)) {
        c.tie(input, from[firstI], result, to[firstJ]);
      } else {
        group(firstI, i, firstJ, j);
      }
    }
  }

private:
  static llvm::SmallVector<int64_t> dimsOf(Value v) {
    llvm::SmallVector<int64_t> dims;
    for (int64_t d = 0; d < nn::rankOf(v); ++d) {
      if (!isNumber(v, d, 1)) {
        dims.push_back(d);
      }
    }
    return dims;
  }
  dim::Expr sizeIn(size_t i) const { return nn::shapeOf(input)[from[i]]; }
  dim::Expr sizeOut(size_t j) const { return nn::shapeOf(result)[to[j]]; }

  /// Dims [i, endI) become [j, endJ).
  void group(size_t i, size_t endI, size_t j, size_t endJ) {
    bool merges = endJ - j == 1, splits = endI - i == 1;
    Value many = merges ? input : result, one = merges ? result : input;
    llvm::ArrayRef<int64_t> dims =
        merges ? llvm::ArrayRef(from).slice(i, endI - i) : llvm::ArrayRef(to).slice(j, endJ - j);
    int64_t single = merges ? to[j] : from[i];
    bool isTracked = merges != splits && c.axisOf(one, single) &&
                     llvm::all_of(dims, [&](int64_t d) { return c.axisOf(many, d).has_value(); });
    // Of merged dims those with windows are fixed by now; what is left are the channels. Split channels go by their
    // first.
    auto chosen = llvm::find_if(dims, [&](int64_t d) { return isTracked && !c.isFixed(many, d); });
    for (int64_t d : dims) {
      if (chosen == dims.end() || d != *chosen) {
        c.fix(many, d);
      }
    }
    if (chosen == dims.end()) {
      return fixGroup(i, endI, j, endJ);
    }
    int64_t block = 1;
    for (const int64_t *d = chosen + 1; d != dims.end(); ++d) {
      block *= c.axes()[*c.axisOf(many, *d)].size;
    }
    int64_t size = c.axes()[*c.axisOf(many, *chosen)].size;
    for (int64_t k = 0; k < c.axes()[*c.axisOf(one, single)].size; ++k) {
      c.tie(one, single, k, many, *chosen, k / block % size);
    }
  }
  void fixGroup(size_t i, size_t endI, size_t j, size_t endJ) {
    for (; i < endI; ++i) {
      c.fix(input, from[i]);
    }
    for (; j < endJ; ++j) {
      c.fix(result, to[j]);
    }
  }

  Value input, result;
  Coupling &c;
  llvm::SmallVector<int64_t> from, to;
};

void ruleResize(nn::ResizeOp op, Coupling &c) {
  if (op.getRoi()) {
    return fixAll(op, c);
  }
  for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
    double scale = op.getScales()[d];
    bool isKept = (scale == 0 || scale == 1) && nn::shapeOf(op.getInput())[d] == op.getSizes().getDims()[d];
    if (isKept) {
      c.tie(op.getInput(), d, op.getResult(), d);
    } else {
      c.fix(op.getInput(), d);
      c.fix(op.getResult(), d);
    }
  }
}

void rulePad(nn::PadOp op, Coupling &c) {
  for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
    if (dim::isConstant(op.getBegins().getDims()[d], 0) && dim::isConstant(op.getEnds().getDims()[d], 0)) {
      c.tie(op.getInput(), d, op.getResult(), d);
    } else {
      c.fix(op.getInput(), d);
      c.fix(op.getResult(), d);
    }
  }
}

void ruleReduce(nn::ReduceOp op, Coupling &c) {
  int64_t to = 0;
  for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
    if (llvm::is_contained(op.getAxes(), d)) {
      c.fix(op.getInput(), d);
      to += op.getKeepDims();
    } else {
      c.tie(op.getInput(), d, op.getResult(), to++);
    }
  }
}

/// Scale and zero point: one element, or one per index of `axis`.
template <class Op> void ruleQuant(Op op, Coupling &c) {
  if (op.getBlockSize() > 0) {
    return fixAll(op, c);
  }
  tieSame(op.getInput(), op.getResult(), c);
  for (Value v : {Value(op.getScale()), Value(op.getZeroPoint())}) {
    if (v && nn::rankOf(v) == 1 && !isNumber(v, 0, 1)) {
      c.tie(v, 0, op.getInput(), op.getAxis());
    }
  }
}

void ruleLayerNorm(nn::LayerNormOp op, Coupling &c) {
  llvm::SmallVector<int64_t> axes;
  for (int64_t d = op.getAxis(); d < nn::rankOf(op.getInput()); ++d) {
    axes.push_back(d);
  }
  tieSame(op.getInput(), op.getResult(), c, axes);
  c.fix(op.getScale());
  c.fix(op.getBias());
}

void ruleGather(nn::GatherOp op, Coupling &c) {
  int64_t axis = op.getAxis(), inserted = nn::rankOf(op.getIndices());
  c.fix(op.getInput(), axis);
  for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
    if (d != axis) {
      c.tie(op.getInput(), d, op.getResult(), d < axis ? d : d - 1 + inserted);
    }
  }
  for (int64_t d = 0; d < inserted; ++d) {
    c.tie(op.getIndices(), d, op.getResult(), axis + d);
  }
}
} // namespace

void addRule(mlir::Operation *op, Coupling &c) {
  auto byAxis = [&](auto axisOp) { tieSame(axisOp.getInput(), axisOp.getResult(), c, {int64_t(axisOp.getAxis())}); };
  auto pool = [&](auto pool) {
    tieSame(pool.getInput(), pool.getResult(), c, spatialDims(pool.getInput(), pool.getChannelLast()));
  };
  llvm::TypeSwitch<mlir::Operation *>(op)
      .Case<nn::ConstantOp, nn::AssumeOp>([](auto) {})
      .Case([&](nn::SizesOp o) { fixAll(o, c); })
      .Case<nn::ConvOp, nn::ConvTransposeOp>([&](auto conv) { ruleConv(conv, c); })
      .Case([&](nn::MatmulOp o) { ruleMatmul(o, c); })
      .Case([&](nn::ShapeOp o) {
        for (int64_t d = o.getStart(); d < int64_t(o.getEnd()); ++d) {
          c.fix(o.getInput(), d);
        }
      })
      .Case([&](nn::BatchNormOp o) {
        tieSame(o.getInput(), o.getResult(), c);
        for (Value v : {o.getScale(), o.getBias(), o.getMean(), o.getVariance()}) {
          c.tie(v, 0, o.getInput(), o.getAxis());
        }
      })
      .Case([&](nn::InstanceNormOp o) {
        tieSame(o.getInput(), o.getResult(), c, spatialDims(o.getInput(), false));
        c.tie(o.getScale(), 0, o.getInput(), 1);
        c.tie(o.getBias(), 0, o.getInput(), 1);
      })
      .Case([&](nn::LayerNormOp o) { ruleLayerNorm(o, c); })
      .Case<nn::SoftmaxOp, nn::LpNormalizeOp, nn::CumSumOp>(byAxis)
      .Case([&](nn::LrnOp o) { tieSame(o.getInput(), o.getResult(), c, {1}); })
      .Case<nn::MaxPoolOp, nn::AvgPoolOp, nn::LpPoolOp>(pool)
      .Case([&](nn::ReduceOp o) { ruleReduce(o, c); })
      .Case([&](nn::ReshapeOp o) { ReshapeRule(o, c).run(); })
      .Case([&](nn::TransposeOp o) {
        for (auto [to, from] : llvm::enumerate(o.getPermutation())) {
          c.tie(o.getInput(), from, o.getResult(), static_cast<int64_t>(to));
        }
      })
      .Case([&](nn::BroadcastOp o) { tieBroadcast(o.getInput(), o.getResult(), c); })
      .Case([&](nn::ConcatOp o) { ruleConcat(o, c); })
      .Case([&](nn::SliceOp o) { ruleSlice(o, c); })
      .Case([&](nn::PadOp o) { rulePad(o, c); })
      .Case([&](nn::ResizeOp o) { ruleResize(o, c); })
      .Case([&](nn::GatherOp o) { ruleGather(o, c); })
      .Case<nn::QuantizeLinearOp, nn::DequantizeLinearOp>([&](auto o) { ruleQuant(o, c); })
      .Default([&](mlir::Operation *other) {
        if (!nn::isElementwise(other) || other->getNumResults() != 1) {
          return fixAll(other, c);
        }
        for (Value v : other->getOperands()) {
          tieBroadcast(v, other->getResult(0), c);
        }
      });
}
} // namespace dlc::prune
