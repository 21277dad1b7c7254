// Floats of 16 bits.
#pragma once
#include <stdint.h>
#include <string.h>

namespace dlc::rt {

inline float floatOf(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
inline uint32_t bitsOf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float fromHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 0) { // subnormal: a multiple of 2^-24
    float value = float(fraction) * 0x1p-24f;
    return sign ? -value : value;
  }
  exponent = exponent == 31 ? 255 : exponent + (127 - 15);
  return floatOf(sign | exponent << 23 | fraction << 13);
}

/// Rounds to nearest, ties to even.
inline uint16_t toHalf(float value) {
  uint32_t bits = bitsOf(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    return uint16_t(sign | 0x7e00);
  }
  if (magnitude >= 0x477ff000) { // 65520 is halfway to what would be 2^16
    return uint16_t(sign | 0x7c00);
  }
  if (magnitude < 0x38800000) { // below 2^-14: the sum with 0.5 has steps of 2^-24
    return uint16_t(sign | (bitsOf(floatOf(magnitude) + 0.5f) - bitsOf(0.5f)));
  }
  return uint16_t(sign | ((magnitude - ((127 - 15) << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

inline float fromBfloat(uint16_t bits) { return floatOf(uint32_t(bits) << 16); }

/// Rounds to nearest, ties to even.
inline uint16_t toBfloat(float value) {
  uint32_t bits = bitsOf(value);
  return (bits & 0x7fffffff) > 0x7f800000 ? uint16_t(bits >> 16 | 0x40)
                                          : uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

} // namespace dlc::rt
