//===- Dispatch.h - from element types to native types, and between these ---------------===//
#ifndef DLC_DIALECTS_NN_EVAL_DISPATCH_H
#define DLC_DIALECTS_NN_EVAL_DISPATCH_H
#include "dialects/nn/eval/Eval.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace dlc::nn {
/// Sets of element types.
enum ElementClass {
  Floats = 1,
  Integers = 2,
  Bools = 4,
  Complexes = 8,
  Strings = 16,
  Numbers = Floats | Integers,
  AllElements = 31
};
template <class T>
constexpr int classOf = std::is_same_v<T, std::string> ? Strings
                        : isComplex<T>                 ? Complexes
                        : std::is_same_v<T, bool>      ? Bools
                        : std::is_integral_v<T>        ? Integers
                                                       : Floats;

/// "expected <what>, got <type>".
llvm::LogicalResult failElement(EvalContext &context, mlir::Type element);

/// Calls `f(Tag<T>())` for the native type of `element`; fails when that is not in `allowed`.
template <int allowed, class F> llvm::LogicalResult dispatch(EvalContext &context, mlir::Type element, F &&f) {
  bool done = false;
  visitElement(element, [&](auto tag) {
    if constexpr ((classOf<typename decltype(tag)::type> & allowed) != 0) {
      f(tag);
      done = true;
    }
  });
  return done ? mlir::success() : failElement(context, element);
}

/// What sums of T are kept in: doubles for floats, unsigned integers (which wrap) for integers.
template <class T>
using Sum = std::conditional_t<isFloating<T>, double, std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>>;

/// ONNX's Cast between numbers: floats to integers truncate and saturate (NaN gives 0), the rest as C converts.
template <class To, class From> To convert(From x) {
  if constexpr (isFloating<From> && std::is_integral_v<To> && !std::is_same_v<To, bool>) {
    double v = double(Compute<From>(x));
    double low = double(std::numeric_limits<To>::min()), high = double(std::numeric_limits<To>::max());
    return v != v      ? To(0)
           : v <= low  ? std::numeric_limits<To>::min()
           : v >= high ? std::numeric_limits<To>::max()
                       : To(v);
  } else if constexpr (std::is_same_v<To, bool>) {
    return Compute<From>(x) != Compute<From>(0);
  } else if constexpr (isSmallFloat<To>) {
    return To(float(Compute<From>(x)));
  } else {
    return To(Compute<From>(x));
  }
}

/// A double as an element: integers truncate and saturate; floats round, and 8-bit ones, with `saturate`, go to their
/// greatest value where they would overflow (ONNX's Cast, from version 24 on).
template <class To> To fromDouble(double v, bool saturate = false) {
  if constexpr (isSmallFloat<To> && sizeof(To) == 1) {
    double greatest = double(To::greatest());
    return To(float(saturate ? std::clamp(v, -greatest, greatest) : v));
  } else {
    return convert<To>(v);
  }
}

/// All elements of a tensor of numbers or bools.
std::vector<double> toDoubles(const Tensor &t);
/// Fills a tensor of numbers (fromDouble).
llvm::LogicalResult storeDoubles(EvalContext &context, Tensor &t, llvm::ArrayRef<double> values, bool saturate = false);
/// `v` rounded to a float type.
double roundTo(mlir::Type type, double v);

/// The least value that a T can have: minus infinity for floats.
template <class T> Compute<T> lowest() {
  if constexpr (isFloating<T>) {
    return -std::numeric_limits<Compute<T>>::infinity();
  } else {
    return std::numeric_limits<T>::min();
  }
}
template <class T> Compute<T> highest() {
  if constexpr (isFloating<T>) {
    return std::numeric_limits<Compute<T>>::infinity();
  } else {
    return std::numeric_limits<T>::max();
  }
}

int64_t countOf(llvm::ArrayRef<int64_t> shape);

/// A shape seen from one axis: element (o, i, r) is at (o * size + i) * inner + r.
struct AxisSplit {
  int64_t outer, size, inner;
  AxisSplit(llvm::ArrayRef<int64_t> shape, int64_t axis)
      : outer(countOf(shape.take_front(axis))), size(shape[axis]), inner(countOf(shape.drop_front(axis + 1))) {}
  int64_t at(int64_t o, int64_t i, int64_t r) const { return (o * size + i) * inner + r; }
};

/// Broadcasts sizes; fails when they differ and neither is 1.
mlir::FailureOr<llvm::SmallVector<int64_t>> broadcastSizes(EvalContext &context,
                                                           llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);
/// Per dim of `shape`, the step in an operand of shape `own` that broadcasts to it.
llvm::SmallVector<int64_t> broadcastSteps(llvm::ArrayRef<int64_t> own, llvm::ArrayRef<int64_t> shape);

inline int64_t dot(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  int64_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}
} // namespace dlc::nn
#endif
