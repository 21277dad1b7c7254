#include "tools/common/Compare.h"
#include "tools/common/ElementType.h"
#include <cmath>
#include <cstring>

namespace dlc {
namespace {

/// Maps a float's bits to an integer in the order of the values; +0 and -0 become the same.
template <typename Bits> int64_t orderedBits(const uint8_t *data, size_t index) {
  Bits bits;
  std::memcpy(&bits, data + index * sizeof(Bits), sizeof(Bits));
  constexpr Bits sign = Bits(Bits(1) << (8 * sizeof(Bits) - 1));
  auto magnitude = static_cast<int64_t>(bits & static_cast<Bits>(~sign));
  return bits & sign ? -magnitude : magnitude;
}

template <typename Bits> uint64_t bitDistance(const uint8_t *left, const uint8_t *right, size_t index) {
  auto a = static_cast<uint64_t>(orderedBits<Bits>(left, index));
  auto b = static_cast<uint64_t>(orderedBits<Bits>(right, index));
  return static_cast<int64_t>(a) > static_cast<int64_t>(b) ? a - b : b - a;
}

std::string placeString(uint64_t index, llvm::ArrayRef<int64_t> dims) {
  std::string text;
  for (size_t i = dims.size(); i-- > 0;) {
    auto dim = static_cast<uint64_t>(std::max<int64_t>(dims[i], 1));
    text = std::to_string(index % dim) + (text.empty() ? "" : ", ") + text;
    index /= dim;
  }
  return "[" + text + "]";
}

Comparison mismatched(std::string why) {
  Comparison result;
  result.mismatch = std::move(why);
  result.passed = false;
  result.failures = 1;
  result.cosine = result.equalFraction = 0;
  return result;
}

Comparison compareStrings(const HostTensor &expected, const HostTensor &actual, const Tolerance &tolerance) {
  Comparison result;
  result.count = expected.strings.size();
  for (uint64_t i = 0; i < result.count; ++i) {
    if (expected.strings[i] != actual.strings[i] && result.failures++ == 0) {
      result.worstIndex = i;
      result.mismatch =
          "expected '" + expected.strings[i] + "', got '" + actual.strings[i] + "' at " + placeString(i, expected.dims);
    }
  }
  double count = static_cast<double>(std::max<uint64_t>(result.count, 1));
  result.equalFraction = 1 - static_cast<double>(result.failures) / count;
  result.passed = static_cast<double>(result.failures) <= tolerance.allowedFraction * count;
  return result;
}

/// Complex numbers are compared as pairs of real ones.
HostTensor asRealPairs(const HostTensor &tensor) {
  HostTensor real = tensor;
  real.dtype = tensor.dtype == DLC_C64 ? DLC_F32 : DLC_F64;
  real.dims.push_back(2);
  return real;
}

/// Gathers the statistics of one pair of tensors.
class NumberComparer {
public:
  NumberComparer(const HostTensor &expected, const HostTensor &actual, const Tolerance &tolerance)
      : expected(expected), actual(actual), tolerance(tolerance) {
    result.count = static_cast<uint64_t>(expected.elementCount());
    size_t channels = expected.dims.empty() ? 0 : static_cast<size_t>(expected.dims.back());
    result.channelAbs.assign(result.count == 0 ? 0 : channels, 0);
    hasUlps = expected.dtype == DLC_F16 || expected.dtype == DLC_BF16 || expected.dtype == DLC_F32 ||
              expected.dtype == DLC_F64;
    isWide = expected.dtype == DLC_I64 || expected.dtype == DLC_U64;
    for (uint64_t i = 0; i < result.count; ++i) {
      double value = std::fabs(expected.at(i));
      peak = std::isfinite(value) ? std::fmax(peak, value) : peak;
    }
  }

  Comparison run() {
    for (uint64_t i = 0; i < result.count; ++i) {
      compareElement(i);
    }
    double count = static_cast<double>(std::max<uint64_t>(result.count, 1));
    result.equalFraction = static_cast<double>(result.count == 0 ? 1 : equal) / count;
    result.peakError = peak > 0 ? result.maxAbs / peak : result.maxAbs;
    double norms = std::sqrt(expectedSquares) * std::sqrt(actualSquares);
    result.cosine = norms > 0 ? products / norms : (expectedSquares == actualSquares ? 1 : 0);
    result.passed = static_cast<double>(result.failures) <= tolerance.allowedFraction * count;
    return result;
  }

private:
  void compareElement(uint64_t i) {
    double wanted = expected.at(i), found = actual.at(i);
    if (!std::isfinite(wanted) || !std::isfinite(found)) {
      return compareSpecial(i, wanted, found);
    }
    expectedSquares += wanted * wanted;
    actualSquares += found * found;
    products += wanted * found;
    // Doubles round 64-bit integers: equality is the bytes' business there.
    bool isEqual = isWide ? std::memcmp(&expected.bytes[i * 8], &actual.bytes[i * 8], 8) == 0 : wanted == found;
    if (isEqual) {
      ++equal;
      return;
    }
    double difference = std::fabs(found - wanted);
    uint64_t ulps = hasUlps ? ulpDistance(expected.dtype, expected.bytes.data(), actual.bytes.data(), i) : 0;
    record(i, wanted, found, difference, ulps);
    double allowed = tolerance.absolute + tolerance.relative * std::fabs(wanted) + tolerance.peak * peak;
    bool isExact = tolerance.absolute == 0 && tolerance.relative == 0 && tolerance.peak == 0;
    bool isWithinUlps = hasUlps && ulps <= tolerance.ulps;
    if ((isExact || difference > allowed) && !isWithinUlps) {
      ++result.failures;
    }
  }

  void record(uint64_t i, double wanted, double found, double difference, uint64_t ulps) {
    result.maxUlps = std::max(result.maxUlps, ulps);
    if (wanted != 0) {
      result.maxRel = std::fmax(result.maxRel, difference / std::fabs(wanted));
    }
    if (!result.channelAbs.empty()) {
      double &channel = result.channelAbs[i % result.channelAbs.size()];
      channel = std::fmax(channel, difference);
    }
    if (difference > result.maxAbs && !hasSpecial) {
      setWorst(i, wanted, found);
    }
    result.maxAbs = std::fmax(result.maxAbs, difference);
  }

  void compareSpecial(uint64_t i, double wanted, double found) {
    bool isNan = std::isnan(wanted) || std::isnan(found);
    bool isSame = isNan ? std::isnan(wanted) && std::isnan(found) && tolerance.nanEqual : wanted == found;
    if (isSame) {
      ++equal;
      return;
    }
    ++(isNan ? result.nanMismatches : result.infMismatches);
    ++result.failures;
    if (!hasSpecial) {
      hasSpecial = true;
      setWorst(i, wanted, found);
    }
  }

  void setWorst(uint64_t i, double wanted, double found) {
    result.worstIndex = i;
    result.worstExpected = wanted;
    result.worstActual = found;
  }

  const HostTensor &expected, &actual;
  const Tolerance &tolerance;
  Comparison result;
  bool hasUlps = false, isWide = false, hasSpecial = false;
  double peak = 0, expectedSquares = 0, actualSquares = 0, products = 0;
  uint64_t equal = 0;
};

} // namespace

uint64_t ulpDistance(dlc_dtype dtype, const uint8_t *left, const uint8_t *right, size_t index) {
  switch (dtype) {
  case DLC_F16:
  case DLC_BF16:
    return bitDistance<uint16_t>(left, right, index);
  case DLC_F32:
    return bitDistance<uint32_t>(left, right, index);
  case DLC_F64:
    return bitDistance<uint64_t>(left, right, index);
  default:
    return 0;
  }
}

Comparison compareTensors(const HostTensor &expected, const HostTensor &actual, const Tolerance &tolerance) {
  if (expected.dtype != actual.dtype || expected.dims != actual.dims) {
    return mismatched("expected " + typeString(expected) + ", got " + typeString(actual));
  }
  if (expected.dtype == DLC_STRING) {
    return compareStrings(expected, actual, tolerance);
  }
  if (isComplexElement(expected.dtype)) {
    return NumberComparer(asRealPairs(expected), asRealPairs(actual), tolerance).run();
  }
  return NumberComparer(expected, actual, tolerance).run();
}

Comparison compareValues(const HostValue &expected, const HostValue &actual, const Tolerance &tolerance) {
  if (expected.kind != actual.kind || expected.elements.size() != actual.elements.size()) {
    return mismatched("expected " + typeString(expected) + ", got " + typeString(actual));
  }
  if (expected.kind == DLC_KIND_TENSOR || expected.kind == DLC_KIND_STRINGS) {
    return compareTensors(expected.tensor, actual.tensor, tolerance);
  }
  Comparison worst;
  for (size_t i = 0; i < expected.elements.size(); ++i) {
    Comparison element = compareValues(expected.elements[i], actual.elements[i], tolerance);
    bool isWorse = i == 0 || (worst.passed && !element.passed) ||
                   (worst.passed == element.passed && element.maxAbs > worst.maxAbs);
    if (isWorse) {
      worst = std::move(element);
      if (!worst.passed) {
        worst.mismatch = "element " + std::to_string(i) + (worst.mismatch.empty() ? "" : ": " + worst.mismatch);
      }
    }
  }
  return worst;
}

std::string Comparison::toString() const {
  std::string numbers = llvm::formatv("max abs {0:e2}, max rel {1:e2}, of peak {2:e2}, cosine {3:f6}, equal {4:P}",
                                      maxAbs, maxRel, peakError, cosine, equalFraction)
                            .str();
  if (passed) {
    return "ok: " + numbers;
  }
  if (!mismatch.empty() && maxAbs == 0 && nanMismatches == 0 && infMismatches == 0) {
    return "failed: " + mismatch;
  }
  std::string prefix = mismatch.empty() ? "" : mismatch + ": ";
  return llvm::formatv("failed: {0}{1} of {2} elements; worst at {3}: expected {4:e6}, got {5:e6}; {6}", prefix,
                       failures, count, worstIndex, worstExpected, worstActual, numbers)
      .str();
}

} // namespace dlc
