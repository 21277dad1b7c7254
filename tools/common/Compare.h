/// \file How far two tensors are apart, and whether that is close enough.
#ifndef DLC_TOOLS_COMMON_COMPARE_H
#define DLC_TOOLS_COMMON_COMPARE_H

#include "tools/common/HostTensor.h"
#include <limits>

namespace dlc {

/// An element passes when |actual - expected| <= absolute + relative * |expected| + peak * max|expected|, or when it is
/// within `ulps`. NaN equals NaN, and an infinity itself, unless `nanEqual` is off. Integers, bools and strings that
/// have no tolerance set must be equal.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
  double peak = 0;   ///< relative to the largest finite |expected|
  uint64_t ulps = 0; ///< of f16, bf16, f32 and f64
  bool nanEqual = true;
  double allowedFraction = 0; ///< of the elements that may fail
};

/// The result of a comparison. Differences are over the elements where both sides are finite.
struct Comparison {
  std::string mismatch;       ///< of kinds, types or shapes, or of strings; empty when the numbers could be compared
  uint64_t count = 0;         ///< elements
  uint64_t failures = 0;      ///< elements outside of the tolerance
  uint64_t nanMismatches = 0; ///< NaN on one side only
  uint64_t infMismatches = 0; ///< different infinities, or an infinity against a number
  double maxAbs = 0;
  double maxRel = 0;        ///< |actual - expected| / |expected|, where expected isn't 0
  double peakError = 0;     ///< maxAbs / max|expected|; equal to maxAbs when the peak is 0
  uint64_t maxUlps = 0;     ///< 0 for types without ulps
  double cosine = 1;        ///< of the angle between both, as vectors; 1 when both are 0, 0 when one is
  double equalFraction = 1; ///< of elements with the same value (0 equals -0)
  uint64_t worstIndex = 0;  ///< where maxAbs is, or the first failure that is no number
  double worstExpected = 0, worstActual = 0;
  std::vector<double> channelAbs; ///< maxAbs per index of the last axis; empty for scalars
  bool passed = true;

  /// One line: "ok: max abs 1.2e-06, ..." or what went wrong and where.
  std::string toString() const;
};

/// Compares tensors of the same type and shape.
Comparison compareTensors(const HostTensor &expected, const HostTensor &actual, const Tolerance &tolerance = {});

/// Compares values of any kind; the worst element of a sequence is reported, with its place in `mismatch`.
Comparison compareValues(const HostValue &expected, const HostValue &actual, const Tolerance &tolerance = {});

/// The number of representable values between two finite elements of f16, bf16, f32 or f64; 0 for other types.
uint64_t ulpDistance(dlc_dtype dtype, const uint8_t *left, const uint8_t *right, size_t index);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_COMPARE_H
