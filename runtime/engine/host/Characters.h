// Characters of UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>

namespace dlc::rt {

/// The character of UTF-8 at `at`, which moves behind it; a byte that belongs to none is U+FFFD.
inline uint32_t nextCharacter(const char *&at, const char *end) {
  auto byte = [&](ptrdiff_t i) { return uint32_t(uint8_t(at[i])); };
  uint32_t first = byte(0);
  int more = first < 0x80                    ? 0
             : first >= 0xc2 && first < 0xe0 ? 1
             : (first & 0xf0) == 0xe0        ? 2
             : first >= 0xf0 && first < 0xf5 ? 3
                                             : -1;
  if (more < 0 || end - at <= more) {
    ++at;
    return 0xfffd;
  }
  uint32_t c = more == 0 ? first : first & (0x3fu >> more);
  for (int i = 1; i <= more; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      ++at;
      return 0xfffd;
    }
    c = c << 6 | (byte(i) & 0x3f);
  }
  bool isLegal =
      !(more == 2 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) && !(more == 3 && (c < 0x10000 || c > 0x10ffff));
  at += isLegal ? more + 1 : 1;
  return isLegal ? c : 0xfffd;
}

/// Whether a character may have another case: false for ASCII but its letters, and for blocks of scripts, signs and
/// pictures that have none (https://www.unicode.org/Public/UCD/latest/ucd/UnicodeData.txt).
inline bool mayHaveCase(uint32_t c) {
  constexpr uint32_t caseless[][2] = {{0, 0x40},        {0x5b, 0x60},     {0x7b, 0xb4},       {0xb6, 0xbf},
                                      {0xd7, 0xd7},     {0xf7, 0xf7},     {0x590, 0x109f},    {0x2000, 0x20ff},
                                      {0x3000, 0xa63f}, {0xac00, 0xd7ff}, {0x1f000, 0x1faff}, {0x20000, 0x3ffff}};
  for (const auto &range : caseless) {
    if (c >= range[0] && c <= range[1]) {
      return false;
    }
  }
  return true;
}

} // namespace dlc::rt
