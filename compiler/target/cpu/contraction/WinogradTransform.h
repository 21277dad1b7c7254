//===- WinogradTransform.h - the three transforms of F(m x m, 3 x 3), in one dimension -------------------------===//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: interpolation at 0, 1, -1 (and 2, -2 for
// m = 4) and infinity. Each is written once, for numbers and for vectors under construction.
#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADTRANSFORM_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADTRANSFORM_H

#include "compiler/target/cpu/KernelBuilder.h"

#include <array>

namespace dlc::cpu {

/// Elements of a transformed row: m outputs and the two more inputs that they see.
constexpr int winogradSide(int m) { return m + 2; }
template <class T> using WinogradRow = std::array<T, 6>;

/// The operations on vectors under construction.
struct WinogradVectors {
  KernelBuilder &kb;
  mlir::Value add(mlir::Value x, mlir::Value y) { return kb.addValues(x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return kb.subValues(x, y); }
  mlir::Value fma(double a, mlir::Value x, mlir::Value y) { return kb.multiplyAdd(kb.constant(x.getType(), a), x, y); }
};

/// m + 2 inputs. `o.add(x, y)`, `o.sub(x, y)` and `o.fma(number, x, y)` = number * x + y.
template <class T, class Ops> WinogradRow<T> winogradInput(int m, const WinogradRow<T> &d, Ops &o) {
  if (m == 2) {
    return {o.sub(d[0], d[2]), o.add(d[1], d[2]), o.sub(d[2], d[1]), o.sub(d[1], d[3])};
  }
  T even = o.fma(-4, d[2], d[4]), odd = o.fma(-4, d[1], d[3]);
  T even2 = o.sub(d[4], d[2]), odd2 = o.sub(d[3], d[1]);
  return {o.fma(4, d[0], o.fma(-5, d[2], d[4])),
          o.add(even, odd),
          o.sub(even, odd),
          o.fma(2, odd2, even2),
          o.fma(-2, odd2, even2),
          o.fma(4, d[1], o.fma(-5, d[3], d[5]))};
}

/// m + 2 sums of products to m outputs (the others are not set).
template <class T, class Ops> WinogradRow<T> winogradOutput(int m, const WinogradRow<T> &x, Ops &o) {
  T sum = o.add(x[1], x[2]), difference = o.sub(x[1], x[2]);
  if (m == 2) {
    return {o.add(x[0], sum), o.sub(difference, x[3])};
  }
  T sum2 = o.add(x[3], x[4]), difference2 = o.sub(x[3], x[4]);
  return {o.add(o.add(x[0], sum), sum2), o.fma(2, difference2, difference), o.fma(4, sum2, sum),
          o.add(o.fma(8, difference2, difference), x[5])};
}

/// 3 weights to m + 2, each to be multiplied by `winogradWeightScale`. All factors here are powers of two: a fused
/// multiplication gives the same bits as one that is not.
template <class T, class Ops> WinogradRow<T> winogradWeights(int m, const T &a, const T &b, const T &c, Ops &o) {
  T sum = o.add(a, c), plus = o.add(sum, b), minus = o.sub(sum, b);
  if (m == 2) {
    return {a, plus, minus, c};
  }
  T sum2 = o.fma(4, c, a);
  return {a, plus, minus, o.fma(2, b, sum2), o.fma(-2, b, sum2), c};
}

/// The factor of element `i` of transformed weights. Rows' and columns' are applied at once: one rounding for both.
constexpr double winogradWeightScale(int m, int i) {
  constexpr double two[] = {1, 0.5, 0.5, 1}, four[] = {0.25, -1.0 / 6, -1.0 / 6, 1.0 / 24, 1.0 / 24, 1};
  return m == 2 ? two[i] : four[i];
}

// F(4 x 4, 3 x 3) in integers, exact modulo 2^32: weights are multiplied by the factors below, which are 24 of
// winogradWeightScale divided by a power of two, that the outputs are multiplied by instead, as far as it does not
// divide all of an output's terms.

constexpr int winogradIntegerFactor(int i) {
  constexpr int factors[] = {3, -2, -2, 1, 1, 3};
  return factors[i];
}

/// 6 sums of products with such weights to 3 * 2^winogradIntegerShift(i) times output i.
template <class T, class Ops> WinogradRow<T> winogradIntegerOutput(const WinogradRow<T> &x, Ops &o) {
  T sum = o.add(x[1], x[2]), difference = o.sub(x[1], x[2]), sum2 = o.add(x[3], x[4]), difference2 = o.sub(x[3], x[4]);
  return {o.fma(2, o.add(x[0], sum), sum2), o.add(difference, difference2), o.fma(2, sum2, sum),
          o.fma(4, o.add(difference2, x[5]), difference)};
}
constexpr int winogradIntegerShift(int i) { return i == 0 ? 3 : 2; }

} // namespace dlc::cpu

#endif
