//===- DynamicEval.cpp - reference evaluation of ops whose sizes are found in data -------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Shape = llvm::SmallVector<int64_t>;

Tensor integers(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values) {
  Tensor t = Tensor::zeros(mlir::IntegerType::get(context, 64), shape);
  std::copy(values.begin(), values.end(), t.values<int64_t>().begin());
  return t;
}

llvm::LogicalResult evalNonZero(NonZeroOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<Shape> found;
  llvm::LogicalResult done = dispatch<Numbers | Bools>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    IndexSpace index(x.shape());
    for (int64_t i = 0; i < x.count(); ++i, index.next()) {
      if (Compute<T>(x.values<T>()[i]) != Compute<T>(0)) {
        found.emplace_back(*index);
      }
    }
  });
  std::vector<int64_t> positions;
  for (int64_t d = 0; d < x.rank(); ++d) {
    for (const Shape &index : found) {
      positions.push_back(index[d]);
    }
  }
  results.push_back(integers(op.getContext(), {x.rank(), int64_t(found.size())}, positions));
  return done;
}

/// The slices of `x` (seen along dim `axis`) at `places`, one after the other.
llvm::LogicalResult takeSlices(EvalContext &context, const Tensor &x, int64_t axis, llvm::ArrayRef<int64_t> places,
                               Results &results) {
  AxisSplit from(x.shape(), axis);
  Shape shape(x.shape());
  shape[axis] = places.size();
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *out = result.values<T>().data();
    for (int64_t o = 0; o < from.outer; ++o) {
      for (int64_t place : places) {
        auto row = x.values<T>().slice(from.at(o, place, 0), from.inner);
        out = std::copy(row.begin(), row.end(), out);
      }
    }
  });
}

llvm::LogicalResult evalCompress(CompressOp op, EvalContext &context, Operands operands, Results &results) {
  Tensor x = op.getAxis() ? operands[0].tensor() : operands[0].tensor().reshaped({operands[0].tensor().count()});
  const Tensor &condition = operands[1].tensor();
  int64_t axis = op.getAxis().value_or(0);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < std::min(condition.count(), x.shape()[axis]); ++i) {
    if (condition.integer(i)) {
      places.push_back(i);
    }
  }
  return takeSlices(context, x, axis, places, results);
}

/// Compares two slices along an axis: negative, zero or positive.
template <class T> int compareSlices(const Tensor &x, const AxisSplit &axis, int64_t a, int64_t b) {
  for (int64_t o = 0; o < axis.outer; ++o) {
    for (int64_t r = 0; r < axis.inner; ++r) {
      Compute<T> u = x.values<T>()[axis.at(o, a, r)], v = x.values<T>()[axis.at(o, b, r)];
      if (u < v || v < u) {
        return u < v ? -1 : 1;
      }
      if constexpr (isFloating<T>) {
        if ((u != u) != (v != v)) {
          return u != u ? 1 : -1; // NaN comes last
        }
      }
    }
  }
  return 0;
}

llvm::LogicalResult evalUnique(UniqueOp op, EvalContext &context, Operands operands, Results &results) {
  Tensor x = op.getAxis() ? operands[0].tensor() : operands[0].tensor().reshaped({operands[0].tensor().count()});
  int64_t axisNumber = op.getAxis().value_or(0);
  AxisSplit axis(x.shape(), axisNumber);
  std::vector<int64_t> order, first, inverse(axis.size), counts;
  for (int64_t i = 0; i < axis.size; ++i) {
    order.push_back(i);
  }
  llvm::LogicalResult done = dispatch<Numbers | Bools | Strings>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    llvm::sort(order, [&](int64_t a, int64_t b) {
      int c = compareSlices<T>(x, axis, a, b);
      return c < 0 || (c == 0 && a < b);
    });
    for (size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || compareSlices<T>(x, axis, order[i - 1], order[i]) != 0) {
        first.push_back(order[i]);
        counts.push_back(0);
      }
      ++counts.back();
      inverse[order[i]] = int64_t(first.size()) - 1;
    }
  });
  if (mlir::failed(done)) {
    return done;
  }
  if (!op.getSorted()) {
    std::vector<int64_t> rank(first.size()), byPlace(first.size());
    for (size_t i = 0; i < first.size(); ++i) {
      byPlace[i] = i;
    }
    llvm::sort(byPlace, [&](int64_t a, int64_t b) { return first[a] < first[b]; });
    std::vector<int64_t> oldFirst = first, oldCounts = counts;
    for (size_t i = 0; i < byPlace.size(); ++i) {
      rank[byPlace[i]] = i;
      first[i] = oldFirst[byPlace[i]];
      counts[i] = oldCounts[byPlace[i]];
    }
    for (int64_t &i : inverse) {
      i = rank[i];
    }
  }
  int64_t n = first.size();
  done = takeSlices(context, x, axisNumber, first, results);
  results.push_back(integers(op.getContext(), {n}, first));
  results.push_back(integers(op.getContext(), {axis.size}, inverse));
  results.push_back(integers(op.getContext(), {n}, counts));
  return done;
}

struct Box {
  double top, left, bottom, right;
  double area() const { return (bottom - top) * (right - left); }
};
Box boxOf(const double *v, bool centerPoint) {
  if (centerPoint) {
    return {v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
  }
  return {std::min(v[0], v[2]), std::min(v[1], v[3]), std::max(v[0], v[2]), std::max(v[1], v[3])};
}

bool suppresses(const Box &a, const Box &b, double threshold) {
  Box both{std::max(a.top, b.top), std::max(a.left, b.left), std::min(a.bottom, b.bottom), std::min(a.right, b.right)};
  if (both.bottom <= both.top || both.right <= both.left || a.area() <= 0 || b.area() <= 0) {
    return false;
  }
  return both.area() / (a.area() + b.area() - both.area()) > threshold;
}

llvm::LogicalResult evalNonMaxSuppression(NonMaxSuppressionOp op, EvalContext &, Operands operands, Results &results) {
  const Tensor &boxes = operands[0].tensor(), &scores = operands[1].tensor();
  const Tensor *most = optionalOperand(op, operands, 2), *iou = optionalOperand(op, operands, 3),
               *least = optionalOperand(op, operands, 4);
  std::vector<double> corners = toDoubles(boxes), marks = toDoubles(scores);
  int64_t batches = scores.shape()[0], classes = scores.shape()[1], count = scores.shape()[2];
  double threshold = iou ? toDoubles(*iou)[0] : 0, floor = least ? toDoubles(*least)[0] : lowest<double>();
  std::vector<int64_t> chosen;
  for (int64_t n = 0; n < batches * classes; ++n) {
    const double *score = marks.data() + n * count, *first = corners.data() + n / classes * count * 4;
    std::vector<int64_t> order, kept;
    for (int64_t i = 0; i < count; ++i) {
      if (!least || score[i] > floor) {
        order.push_back(i);
      }
    }
    llvm::sort(order, [&](int64_t a, int64_t b) { return score[a] > score[b] || (score[a] == score[b] && a < b); });
    for (int64_t i : order) {
      bool free = llvm::none_of(kept, [&](int64_t k) {
        return suppresses(boxOf(first + i * 4, op.getCenterPointBox()), boxOf(first + k * 4, op.getCenterPointBox()),
                          threshold);
      });
      if (free && int64_t(kept.size()) < (most ? most->integer(0) : 0)) {
        kept.push_back(i);
        chosen.insert(chosen.end(), {n / classes, n % classes, i});
      }
    }
  }
  results.push_back(integers(op.getContext(), {int64_t(chosen.size()) / 3, 3}, chosen));
  return mlir::success();
}
} // namespace

void attachDynamicEval(mlir::MLIRContext &context) {
  attachEvaluate<NonZeroOp, evalNonZero>(context);
  attachEvaluate<CompressOp, evalCompress>(context);
  attachEvaluate<UniqueOp, evalUnique>(context);
  attachEvaluate<NonMaxSuppressionOp, evalNonMaxSuppression>(context);
}
} // namespace dlc::nn
