//===- WinogradTransform.h - the three transforms of F(m x m, 3 x 3), in one dimension -------------------------===//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: interpolation at 0, 1, -1 (and 2, -2 for
// m = 4) and infinity. Each is written once, for numbers and for vectors under construction.
#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADTRANSFORM_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADTRANSFORM_H

#include <array>

namespace dlc::cpu {

/// Elements of a transformed row: m outputs and the two more inputs that they see.
constexpr int winogradSide(int m) { return m + 2; }
template <class T> using WinogradRow = std::array<T, 6>;

/// m + 2 inputs. `o.add(x, y)`, `o.sub(x, y)` and `o.fma(number, x, y)` = number * x + y.
template <class T, class Ops> WinogradRow<T> winogradInput(int m, const WinogradRow<T> &d, Ops &o) {
  if (m == 2) {
    return {o.sub(d[0], d[2]), o.add(d[1], d[2]), o.sub(d[2], d[1]), o.sub(d[1], d[3])};
  }
  T even = o.fma(-4, d[2], d[4]), odd = o.fma(-4, d[1], d[3]);
  T even2 = o.sub(d[4], d[2]), odd2 = o.sub(d[3], d[1]);
  return {o.fma(4, d[0], o.fma(-5, d[2], d[4])), o.add(even, odd),          o.sub(even, odd),
          o.fma(2, odd2, even2),                 o.fma(-2, odd2, even2), o.fma(4, d[1], o.fma(-5, d[3], d[5]))};
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

/// 3 weights to m + 2.
inline WinogradRow<double> winogradWeights(int m, double a, double b, double c) {
  if (m == 2) {
    return {a, (a + b + c) / 2, (a - b + c) / 2, c};
  }
  return {a / 4, -(a + b + c) / 6, -(a - b + c) / 6, (a + 2 * b + 4 * c) / 24, (a - 2 * b + 4 * c) / 24, c};
}

} // namespace dlc::cpu

#endif
