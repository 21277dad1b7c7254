#include "compiler/target/cpu/contraction/Pack.h"

#include <algorithm>
#include <cstring>

namespace dlc::cpu {

WeightStrides WeightStrides::outputMajor(const PackedWeights &p) {
  int64_t column = p.kernelChannels() * p.kernelTaps();
  return {p.columns * column, column, 1, p.kernelTaps()};
}

WeightStrides WeightStrides::inputMajor(const PackedWeights &p) {
  return {p.columns * p.k * p.taps, p.taps, 1, p.columns * p.taps};
}

WeightStrides WeightStrides::matrix(const PackedWeights &p, bool transposed) {
  return transposed ? WeightStrides{p.columns * p.k, p.k, 0, 1} : WeightStrides{p.columns * p.k, 1, 0, p.columns};
}

namespace {

/// One column of a panel: reads along k and taps, as the usual layouts have them adjacent.
template <typename T> void packColumn(const PackedWeights &p, const WeightStrides &s, const T *source, T *destination) {
  int64_t channels = p.kernelChannels();
  for (int64_t at = 0; at < channels * p.rowTaps; ++at) {
    int64_t k = p.lead + at;
    T *to = destination + (k / p.kGroup) * p.panel * p.kGroup + k % p.kGroup;
    const T *from = source + at % channels * s.k + at / channels * s.tap;
    for (int64_t tap = 0; tap < p.taps; ++tap) {
      to[tap * p.tapElements()] = from[tap * p.rowTaps * s.tap];
    }
  }
}

template <typename T> void pack(const PackedWeights &p, const WeightStrides &s, const T *source, T *destination) {
  for (int64_t g = 0; g < p.groups; ++g) {
    for (int64_t column = 0; column < p.columns; ++column) {
      T *panel = destination + g * p.groupElements() + column / p.panel * p.panelElements();
      packColumn(p, s, source + g * s.group + column * s.column, panel + column % p.panel * p.kGroup);
    }
  }
}

template <typename T> void packDepthwiseOf(const PackedDepthwise &p, const T *source, T *destination) {
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t tap = 0; tap < p.taps; ++tap) {
      destination[tap * p.paddedChannels() + c] = source[c * p.taps + tap];
    }
  }
}

/// Calls `body` with pointers to unsigned integers of that many bytes.
template <typename Body> void withElement(int64_t bytes, const void *source, void *destination, Body body) {
  switch (bytes) {
  case 1:
    return body(static_cast<const uint8_t *>(source), static_cast<uint8_t *>(destination));
  case 2:
    return body(static_cast<const uint16_t *>(source), static_cast<uint16_t *>(destination));
  case 4:
    return body(static_cast<const uint32_t *>(source), static_cast<uint32_t *>(destination));
  default:
    return body(static_cast<const uint64_t *>(source), static_cast<uint64_t *>(destination));
  }
}

} // namespace

void packWeights(const PackedWeights &packed, const WeightStrides &strides, const void *source, void *destination) {
  std::memset(destination, 0, packed.bytes());
  withElement(packed.elementBytes, source, destination, [&](auto *from, auto *to) { pack(packed, strides, from, to); });
}

void packDepthwise(const PackedDepthwise &packed, const void *source, void *destination) {
  std::memset(destination, 0, packed.bytes());
  withElement(packed.elementBytes, source, destination,
              [&](auto *from, auto *to) { packDepthwiseOf(packed, from, to); });
}

} // namespace dlc::cpu
