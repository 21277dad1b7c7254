#ifndef DLC_TESTS_UNIT_MATH_ACCURACY_H
#define DLC_TESTS_UNIT_MATH_ACCURACY_H

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <type_traits>

namespace dlc {

/// `tools/test --full` takes every float.
inline bool isFullRun() {
  const char *full = std::getenv("DLC_TEST_FULL");
  return full && std::string_view(full) == "1";
}

/// Error of a float (f32 or f64) in units in the last place of the reference, which is of higher precision. A NaN
/// matches a NaN alone; zeros must agree in sign; an infinity counts as the first number after the largest one.
template <typename T, typename R> double ulpError(T got, R reference) {
  using Limits = std::numeric_limits<T>;
  double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(got) || std::isnan(reference)) {
    return std::isnan(got) && std::isnan(reference) ? 0 : wrong;
  }
  if (got == 0 && reference == 0) {
    return std::signbit(got) == std::signbit(reference) ? 0 : wrong;
  }
  R end = std::ldexp(R(1), Limits::max_exponent);
  auto limit = [&](R x) { return std::fmin(std::fmax(x, -end), end); };
  R value = limit(R(got)), exact = limit(reference);
  int exponent = exact == 0 ? Limits::min_exponent : std::ilogb(exact) + 1;
  exponent = std::fmin(std::fmax(exponent, Limits::min_exponent), Limits::max_exponent);
  return double(std::fabs(value - exact) / std::ldexp(R(1), exponent - Limits::digits));
}

/// The same for f32, quickly where the reference is a normal number.
inline double ulpErrorF32(float got, double reference) {
  uint64_t exponent = std::bit_cast<uint64_t>(reference) >> 52 & 0x7ff;
  if (exponent < 1023 - 126 || exponent > 1023 + 127 || !std::isfinite(got)) {
    return ulpError(got, reference);
  }
  return std::fabs(got - reference) * std::bit_cast<double>((2 * 1023 + 23 - exponent) << 52);
}

/// The largest error, and where it was.
template <typename T> struct Worst {
  double error = 0;
  T x = 0, y = 0, got = 0;

  template <typename R> void add(R reference, T result, T argument, T second = 0) {
    double e = 0;
    if constexpr (std::is_same_v<T, float> && std::is_same_v<R, double>) {
      e = ulpErrorF32(result, reference);
    } else {
      e = ulpError(result, reference);
    }
    if (e > error) {
      *this = {e, argument, second, result};
    }
  }
};

} // namespace dlc

#endif
