//===- UniformSlices.cpp - channels that hold one number everywhere ------------------------===//
#include "compiler/passes/prune/UniformSlices.h"
#include "compiler/passes/ConstantValues.h"
#include "dialects/nn/eval/Dispatch.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::prune {
namespace {
using mlir::Value;
constexpr unsigned kMaxDepth = 256;

int64_t productFrom(llvm::ArrayRef<int64_t> sizes, size_t first) {
  int64_t product = 1;
  for (int64_t size : sizes.drop_front(first)) {
    product = size < 0 || product < 0 ? -1 : product * size;
  }
  return product;
}

llvm::ArrayRef<int64_t> sizesOf(Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()).getShape(); }

/// Looks at as many elements as it takes to see that a slice is not uniform: few, in weights.
Numbers slicesOf(const nn::Tensor &t, int64_t dim) {
  int64_t size = t.shape()[dim], inner = productFrom(t.shape(), dim + 1), outer = size ? t.count() / (size * inner) : 0;
  Numbers result(size);
  for (int64_t i = 0; i < size && t.count(); ++i) {
    double first = elementAt(t, i * inner);
    bool same = true;
    for (int64_t o = 0; same && o < outer; ++o) {
      for (int64_t k = 0; same && k < inner; ++k) {
        same = elementAt(t, (o * size + i) * inner + k) == first;
      }
    }
    if (same) {
      result[i] = first;
    }
  }
  return result;
}

/// The sum of `count` elements from `first` on; nullopt when all are 0.
std::optional<double> sumUnlessZero(const nn::Tensor &t, int64_t first, int64_t count) {
  double sum = 0;
  bool isZero = true;
  for (int64_t i = first; i < first + count; ++i) {
    double v = elementAt(t, i);
    isZero &= v == 0;
    sum += v;
  }
  return isZero ? std::nullopt : std::optional(sum);
}

bool isZeroRun(const nn::Tensor &t, int64_t first, int64_t count) {
  for (int64_t i = first; i < first + count; ++i) {
    if (elementAt(t, i) != 0) {
      return false;
    }
  }
  return true;
}

Numbers onlyZeros(Numbers numbers) {
  for (std::optional<double> &n : numbers) {
    n = n == 0.0 ? n : std::nullopt;
  }
  return numbers;
}

bool areZero(llvm::ArrayRef<int64_t> values) {
  return llvm::all_of(values, [](int64_t v) { return v == 0; });
}
} // namespace

std::optional<nn::Tensor> constantNumbers(Value v) {
  auto op = v ? v.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  mlir::Type e = op ? nn::elementOf(v) : mlir::Type();
  bool isExact =
      e && ((nn::isInteger(e) && nn::getElementBits(e) >= 8) || e.isF32() || e.isF64() || e.isF16() || e.isBF16());
  return isExact ? constantTensor(v) : std::nullopt;
}

bool addsConstant(const Contraction &contraction, double number) {
  auto conv = llvm::dyn_cast<nn::ConvOp>(contraction.op);
  return conv ? areZero(conv.getPads()) || number == double(int64_t(conv.getPadValue()))
              : number == 0 || llvm::isa<nn::MatmulOp>(contraction.op);
}

const Numbers &UniformSlices::of(Value v, int64_t dim) {
  static const Numbers none;
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!type || dim < 0 || dim >= type.getRank() || type.isDynamicDim(dim)) {
    return none;
  }
  auto it = known.find({v, dim});
  if (it == known.end()) {
    ++depth;
    bool isEmpty = llvm::is_contained(type.getShape(), 0);
    Numbers numbers = depth < kMaxDepth && !isEmpty ? compute(v, dim, type.getDimSize(dim)) : Numbers();
    --depth;
    numbers.resize(type.getDimSize(dim));
    it = known.try_emplace({v, dim}, std::make_unique<Numbers>(std::move(numbers))).first;
  }
  return *it->second;
}

std::optional<double> UniformSlices::single(Value v) {
  std::optional<nn::Tensor> t = constantNumbers(v);
  if (!t || t->count() == 0) {
    return std::nullopt;
  }
  double first = elementAt(*t, 0);
  for (int64_t i = 1; i < t->count(); ++i) {
    if (elementAt(*t, i) != first) {
      return std::nullopt;
    }
  }
  return first;
}

Numbers UniformSlices::elementwise(mlir::Operation *op, int64_t fromEnd, int64_t size) {
  Numbers result(size);
  std::vector<Numbers> numbers;
  llvm::SmallVector<nn::Datum> operands;
  nn::EvalContext context([](llvm::StringRef) { return std::nullopt; });
  for (Value v : op->getOperands()) {
    int64_t dim = nn::rankOf(v) - fromEnd;
    bool repeats = dim < 0 || sizesOf(v)[dim] == 1;
    if (!nn::isNumber(nn::elementOf(v)) || llvm::isa<mlir::ComplexType>(nn::elementOf(v))) {
      return result;
    }
    numbers.push_back(repeats ? Numbers(size, single(v)) : of(v, dim));
    numbers.back().resize(size);
    std::vector<double> values(repeats ? 1 : size);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = numbers.back()[i].value_or(1);
    }
    nn::Tensor t = nn::Tensor::zeros(nn::elementOf(v), repeats ? llvm::ArrayRef<int64_t>() : llvm::ArrayRef(size));
    if (mlir::failed(nn::storeDoubles(context, t, values))) {
      return result;
    }
    operands.push_back(t);
  }
  llvm::SmallVector<nn::Datum> results;
  auto rule = llvm::dyn_cast<nn::Evaluate>(op);
  bool any =
      llvm::any_of(numbers, [](const Numbers &n) { return llvm::any_of(n, [](auto v) { return v.has_value(); }); });
  if (!rule || !any || mlir::failed(rule.evaluate(context, operands, results)) ||
      results.front().tensor().count() != size) {
    return result;
  }
  std::vector<double> values = nn::toDoubles(results.front().tensor());
  bool isProduct = llvm::isa<nn::MulOp>(op);
  for (int64_t i = 0; i < size; ++i) {
    if (llvm::all_of(numbers, [&](const Numbers &n) { return n[i].has_value(); })) {
      result[i] = values[i];
    } else if (isProduct && llvm::any_of(numbers, [&](const Numbers &n) { return n[i] == 0.0; })) {
      result[i] = 0;
    }
  }
  return result;
}

Numbers UniformSlices::conv(nn::ConvOp op, int64_t size) {
  Numbers result(size);
  std::optional<nn::Tensor> weight = constantNumbers(op.getWeight()), bias = constantNumbers(op.getBias());
  if (!weight || (op.getBias() && !bias)) {
    return result;
  }
  Contraction self = *contractionOf(op);
  const Numbers &input = of(op.getInput(), op.getChannelLast() ? nn::rankOf(op.getInput()) - 1 : 1);
  int64_t perGroup = weight->shape()[1], taps = productFrom(weight->shape(), 2), outputs = size / op.getGroups();
  for (int64_t o = 0; o < size; ++o) {
    double value = bias ? elementAt(*bias, o) : 0;
    bool isKnown = true;
    for (int64_t j = 0; isKnown && j < perGroup; ++j) {
      int64_t channel = o / outputs * perGroup + j, first = (o * perGroup + j) * taps;
      std::optional<double> number = channel < int64_t(input.size()) ? input[channel] : std::nullopt;
      if (!number || !addsConstant(self, *number)) {
        isKnown = isZeroRun(*weight, first, taps);
      } else if (std::optional<double> sum = sumUnlessZero(*weight, first, taps)) {
        value += *number * *sum;
      }
    }
    if (isKnown) {
      result[o] = value;
    }
  }
  return result;
}

Numbers UniformSlices::convTranspose(nn::ConvTransposeOp op, int64_t size) {
  Numbers result(size);
  std::optional<nn::Tensor> weight = constantNumbers(op.getWeight()), bias = constantNumbers(op.getBias());
  if (!weight || (op.getBias() && !bias)) {
    return result;
  }
  const Numbers &input = of(op.getInput(), op.getChannelLast() ? nn::rankOf(op.getInput()) - 1 : 1);
  int64_t outputs = weight->shape()[1], taps = productFrom(weight->shape(), 2),
          inputs = weight->shape()[0] / op.getGroups();
  for (int64_t o = 0; o < size; ++o) {
    bool isKnown = true;
    for (int64_t j = 0; isKnown && j < inputs; ++j) {
      int64_t channel = o / outputs * inputs + j;
      bool isZero = channel < int64_t(input.size()) && input[channel] == 0.0;
      isKnown = isZero || isZeroRun(*weight, (channel * outputs + o % outputs) * taps, taps);
    }
    if (isKnown) {
      result[o] = bias ? elementAt(*bias, o) : 0;
    }
  }
  return result;
}

Numbers UniformSlices::matmul(const Contraction &product, int64_t size) {
  std::optional<nn::Tensor> weight = constantNumbers(product.weight);
  if (!weight || weight->rank() != 2) {
    return onlyZeros(of(product.weight, product.filterDim));
  }
  Numbers result(size);
  const Numbers &input = of(product.input, product.inputDim);
  int64_t count = weight->shape()[product.weightDim];
  int64_t step = product.weightDim == 0 ? size : 1, filterStep = product.weightDim == 0 ? 1 : count;
  for (int64_t n = 0; n < size; ++n) {
    double value = 0;
    bool isKnown = true;
    for (int64_t k = 0; isKnown && k < count; ++k) {
      double w = elementAt(*weight, k * step + n * filterStep);
      std::optional<double> number = k < int64_t(input.size()) ? input[k] : std::nullopt;
      isKnown = w == 0 || number;
      value += w == 0 || !number ? 0 : w * *number;
    }
    if (isKnown) {
      result[n] = value;
    }
  }
  return result;
}

Numbers UniformSlices::batchNorm(nn::BatchNormOp op, int64_t dim, int64_t size) {
  Numbers result(size);
  std::optional<nn::Tensor> scale = constantNumbers(op.getScale()), bias = constantNumbers(op.getBias()),
                            mean = constantNumbers(op.getMean()), variance = constantNumbers(op.getVariance());
  if (dim != int64_t(op.getAxis()) || !scale || !bias || !mean || !variance) {
    return result;
  }
  const Numbers &input = of(op.getInput(), dim);
  for (int64_t c = 0; c < size; ++c) {
    double factor = elementAt(*scale, c) / std::sqrt(elementAt(*variance, c) + op.getEpsilon().convertToDouble());
    if (factor == 0 || input[c]) {
      result[c] = elementAt(*bias, c) + (factor == 0 ? 0 : (*input[c] - elementAt(*mean, c)) * factor);
    }
  }
  return result;
}

/// An index of a dim says something of a dim of the input where both count the same steps through the elements: merged
/// dims are digits of the one that they become, split ones the reverse.
Numbers UniformSlices::reshape(nn::ReshapeOp op, int64_t dim, int64_t size) {
  Numbers result(size);
  llvm::ArrayRef<int64_t> from = sizesOf(op.getInput()), to = sizesOf(op.getResult());
  int64_t inner = productFrom(to, dim + 1);
  for (size_t d = 0; d < from.size() && inner > 0; ++d) {
    int64_t own = productFrom(from, d + 1);
    if (own <= 0 || from[d] <= 1) {
      continue;
    }
    bool isDigit = own % inner == 0 && (inner * size) % (own * from[d]) == 0;
    bool isSplit = inner % own == 0 && (own * from[d]) % (inner * size) == 0;
    const Numbers &numbers = of(op.getInput(), static_cast<int64_t>(d));
    for (int64_t i = 0; isDigit && i < size; ++i) {
      result[i] = result[i] ? result[i] : numbers[i * inner / own % from[d]];
    }
    if (isDigit || !isSplit) {
      continue;
    }
    for (int64_t i = 0; i < from[d]; ++i) {
      int64_t digit = i * own / inner % size;
      bool isFirst = i * own % inner == 0 && i * own / inner < size;
      result[digit] = isFirst || result[digit] == numbers[i] ? numbers[i] : std::nullopt;
    }
  }
  return result;
}

Numbers UniformSlices::concat(nn::ConcatOp op, int64_t dim, int64_t size) {
  Numbers result;
  for (auto [place, v] : llvm::enumerate(op.getInputs())) {
    const Numbers &numbers = of(v, dim);
    if (dim == int64_t(op.getAxis())) {
      llvm::append_range(result, numbers);
    } else if (place == 0) {
      result = numbers;
    } else {
      for (int64_t i = 0; i < size; ++i) {
        result[i] = i < int64_t(numbers.size()) && result[i] == numbers[i] ? result[i] : std::nullopt;
      }
    }
  }
  return int64_t(result.size()) == size ? result : Numbers(size);
}

Numbers UniformSlices::dequantize(nn::DequantizeLinearOp op, int64_t dim, int64_t size) {
  Numbers result(size);
  std::optional<nn::Tensor> zero = constantNumbers(op.getZeroPoint());
  const Numbers &input = of(op.getInput(), dim);
  if (op.getBlockSize() > 0 || (op.getZeroPoint() && !zero) || input.empty()) {
    return result;
  }
  // Only zeros: what is asked of quantised values is whether they matter.
  bool isPerIndex = zero && zero->count() > 1;
  std::optional<double> one = zero ? single(op.getZeroPoint()) : 0.0;
  for (int64_t i = 0; i < size; ++i) {
    std::optional<double> point = one                                          ? one
                                  : isPerIndex && dim == int64_t(op.getAxis()) ? elementAt(*zero, i)
                                                                               : std::optional<double>();
    if (point && input[i] == point) {
      result[i] = 0;
    }
  }
  return result;
}

Numbers UniformSlices::compute(Value v, int64_t dim, int64_t size) {
  mlir::Operation *op = v.getDefiningOp();
  if (!op || op->getNumResults() != 1) {
    return {};
  }
  auto window = [&](auto pool, bool isKept) -> Numbers {
    bool isChannel = dim == (pool.getChannelLast() ? nn::rankOf(pool.getInput()) - 1 : 1);
    return !isChannel || pool.getCeilMode() ? Numbers()
           : isKept                         ? of(pool.getInput(), dim)
                                            : onlyZeros(of(pool.getInput(), dim));
  };
  return llvm::TypeSwitch<mlir::Operation *, Numbers>(op)
      .Case([&](nn::ConstantOp) {
        std::optional<nn::Tensor> t = constantNumbers(v);
        return t ? slicesOf(*t, dim) : Numbers();
      })
      .Case([&](nn::ConvOp o) { return dim == contractionOf(o)->resultDim ? conv(o, size) : Numbers(); })
      .Case([&](nn::ConvTransposeOp o) {
        return dim == contractionOf(o)->resultDim ? convTranspose(o, size) : Numbers();
      })
      .Case([&](nn::MatmulOp o) {
        std::optional<Contraction> product = contractionOf(o);
        return product && dim == product->resultDim ? matmul(*product, size) : Numbers();
      })
      .Case([&](nn::BatchNormOp o) { return batchNorm(o, dim, size); })
      .Case([&](nn::ReshapeOp o) { return reshape(o, dim, size); })
      .Case([&](nn::TransposeOp o) { return of(o.getInput(), o.getPermutation()[dim]); })
      .Case([&](nn::ConcatOp o) { return concat(o, dim, size); })
      .Case([&](nn::SliceOp o) {
        std::optional<int64_t> start = dim::getConstant(o.getStarts().getDims()[dim]);
        const Numbers &input = of(o.getInput(), dim);
        bool isKnown = start && o.getSteps()[dim] == 1 && *start + size <= int64_t(input.size());
        return isKnown ? Numbers(input.begin() + *start, input.begin() + *start + size) : Numbers();
      })
      // Padding never wins; a mean leaves it out, or counts zeros.
      .Case([&](nn::MaxPoolOp o) { return window(o, areZero(o.getPads())); })
      .Case([&](nn::AvgPoolOp o) { return window(o, areZero(o.getPads()) || !o.getCountIncludePad()); })
      .Case([&](nn::ReduceOp o) {
        int64_t from = dim;
        for (int64_t d = 0; !o.getKeepDims() && d <= from; ++d) {
          from += llvm::is_contained(o.getAxes(), d);
        }
        bool isMean = o.getKind() == nn::ReduceKind::Mean || o.getKind() == nn::ReduceKind::Max ||
                      o.getKind() == nn::ReduceKind::Min;
        bool isSum = o.getKind() == nn::ReduceKind::Sum || o.getKind() == nn::ReduceKind::L1 ||
                     o.getKind() == nn::ReduceKind::L2 || o.getKind() == nn::ReduceKind::SumSquare;
        if (llvm::is_contained(o.getAxes(), from)) {
          return Numbers();
        }
        return isMean ? of(o.getInput(), from) : isSum ? onlyZeros(of(o.getInput(), from)) : Numbers();
      })
      .Case([&](nn::PadOp o) {
        bool isInside =
            dim::isConstant(o.getBegins().getDims()[dim], 0) && dim::isConstant(o.getEnds().getDims()[dim], 0);
        std::optional<double> outside = o.getValue() ? single(o.getValue()) : std::nullopt;
        Numbers numbers = isInside ? of(o.getInput(), dim) : Numbers();
        for (std::optional<double> &n : numbers) {
          n = o.getMode() != nn::PadMode::Constant || n == outside ? n : std::nullopt;
        }
        return numbers;
      })
      .Case([&](nn::ResizeOp o) {
        double scale = o.getScales()[dim];
        bool isLeft = (scale == 0 || scale == 1) && nn::shapeOf(o.getInput())[dim] == o.getSizes().getDims()[dim] &&
                      o.getCoordinates() != nn::CoordinateMode::TfCropAndResize;
        bool copies = o.getMode() == nn::SampleMode::Nearest;
        return !isLeft ? Numbers() : copies ? of(o.getInput(), dim) : onlyZeros(of(o.getInput(), dim));
      })
      .Case([&](nn::DequantizeLinearOp o) { return dequantize(o, dim, size); })
      .Default([&](mlir::Operation *other) {
        return nn::isElementwise(other) ? elementwise(other, nn::rankOf(v) - dim, size) : Numbers();
      });
}
} // namespace dlc::prune
