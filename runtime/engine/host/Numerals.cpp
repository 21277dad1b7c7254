// numbers_to_strings and strings_to_numbers, whatever the program's locale is.
#include "host/Builtins.h"
#include "host/Elements.h"
#include "support/Half.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

namespace dlc::rt {
namespace {

/// The locale "C" for this thread, as long as it lives.
class PlainLocale {
public:
  PlainLocale() : plain(newlocale(LC_ALL_MASK, "C", nullptr)), before(plain ? uselocale(plain) : nullptr) {}
  ~PlainLocale() {
    if (plain) {
      uselocale(before);
      freelocale(plain);
    }
  }
  explicit operator bool() const { return plain; }

private:
  locale_t plain, before;
};

constexpr size_t room = 400; // of the longest numeral

/// As few digits as read back to the same number, in plain notation between 1e-4 and 1e16: "0.5", "1.0", "1e+16".
template <typename T> int writeFloat(char *to, T x) {
  if (x != x || isinf(double(x))) {
    return snprintf(to, room, "%s", x != x ? "NaN" : x < 0 ? "-INF" : "INF");
  }
  constexpr bool wide = sizeof(T) == 8;
  int digits = 1;
  for (; digits < (wide ? 17 : 9); ++digits) {
    snprintf(to, room, "%.*e", digits - 1, double(x));
    if (wide ? T(strtod(to, nullptr)) == x : T(strtof(to, nullptr)) == x) {
      break;
    }
  }
  snprintf(to, room, "%.*e", digits - 1, double(x));
  double size = fabs(double(x));
  if (size != 0 && (size < double(T(1e-4)) || size >= double(T(1e16)))) {
    return int(strlen(to));
  }
  int exponent = size == 0 ? 0 : atoi(strchr(to, 'e') + 1), decimals = digits - 1 - exponent;
  return snprintf(to, room, "%.*f", decimals > 1 ? decimals : 1, double(x));
}

int writeNumber(char *to, const dlc_value &x, int64_t i) {
  switch (x.dtype) {
  case DLC_F32:
    return writeFloat(to, static_cast<const float *>(x.data)[i]);
  case DLC_F64:
    return writeFloat(to, static_cast<const double *>(x.data)[i]);
  case DLC_F16:
    return writeFloat(to, float(fromHalf(static_cast<const uint16_t *>(x.data)[i])));
  case DLC_BF16:
    return writeFloat(to, float(fromBfloat(static_cast<const uint16_t *>(x.data)[i])));
  case DLC_BOOL:
    return snprintf(to, room, "%s", static_cast<const uint8_t *>(x.data)[i] ? "True" : "False");
  case DLC_U64:
    return snprintf(to, room, "%llu", (unsigned long long)static_cast<const uint64_t *>(x.data)[i]);
  default:
    break;
  }
  int64_t value;
  return readInteger(x.dtype, x.data, uint64_t(i), value) ? snprintf(to, room, "%lld", (long long)value) : -1;
}

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// A number in plain or scientific notation between white space; inf and nan in any case.
bool readNumber(const dlc_string &s, char (&text)[room], double &value) {
  const char *at = s.data, *end = s.data + s.size;
  for (; at < end && isSpace(*at); ++at) {
  }
  for (; at < end && isSpace(end[-1]); --end) {
  }
  if (at == end || size_t(end - at) >= room || memchr(at, 0, size_t(end - at)) || memchr(at, 'x', size_t(end - at)) ||
      memchr(at, '(', size_t(end - at))) {
    return false;
  }
  memcpy(text, at, size_t(end - at));
  text[end - at] = 0;
  char *stop;
  value = strtod(text, &stop);
  return *stop == 0;
}

template <typename T> T saturated(double v, double low, double high) {
  return v != v ? T(0) : v <= low ? T(low) : v >= high ? T(high) : T(v);
}

/// Integers as exactly as they are written; others truncate and saturate.
void storeInteger(dlc_value &y, int64_t i, const char *text, double v) {
  bool isWhole = text[strspn(text, "+-0123456789")] == 0;
  int64_t exact = isWhole ? strtoll(text, nullptr, 10) : saturated<int64_t>(v, -0x1p63, 0x1.fffffffffffffp62);
  if (!isWhole && v >= 0x1p63) {
    exact = INT64_MAX;
  }
  auto clamp = [&](int64_t low, int64_t high) { return exact < low ? low : exact > high ? high : exact; };
  switch (y.dtype) {
  case DLC_I8:
    static_cast<int8_t *>(y.data)[i] = int8_t(clamp(INT8_MIN, INT8_MAX));
    break;
  case DLC_U8:
    static_cast<uint8_t *>(y.data)[i] = uint8_t(clamp(0, UINT8_MAX));
    break;
  case DLC_I16:
    static_cast<int16_t *>(y.data)[i] = int16_t(clamp(INT16_MIN, INT16_MAX));
    break;
  case DLC_U16:
    static_cast<uint16_t *>(y.data)[i] = uint16_t(clamp(0, UINT16_MAX));
    break;
  case DLC_I32:
    static_cast<int32_t *>(y.data)[i] = int32_t(clamp(INT32_MIN, INT32_MAX));
    break;
  case DLC_U32:
    static_cast<uint32_t *>(y.data)[i] = uint32_t(clamp(0, UINT32_MAX));
    break;
  case DLC_I64:
    static_cast<int64_t *>(y.data)[i] = exact;
    break;
  default: // u64
    static_cast<uint64_t *>(y.data)[i] = v <= 0 || v != v ? 0
                                         : isWhole        ? strtoull(text, nullptr, 10)
                                         : v >= 0x1p64    ? UINT64_MAX
                                                          : uint64_t(v);
  }
}
} // namespace

// https://onnx.ai/onnx/operators/onnx__Cast.html
dlc_status hostNumbersToStrings(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (expectInput(*call, 0, DLC_KIND_TENSOR) || !y) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  PlainLocale locale;
  Vector<char> text;
  Vector<int64_t> starts;
  Vector<dlc_string> strings;
  bool ok = locale && starts.resize(size_t(x.count) + 1) && strings.resize(size_t(x.count));
  int64_t total = 0;
  for (int64_t i = 0; ok && i < x.count; ++i) {
    char numeral[room];
    int size = writeNumber(numeral, x, i);
    if (size < 0) {
      return fail(*call->error, DLC_RUN_FAILED, "expected numbers that have numerals, got %s", dtypeText(x.dtype));
    }
    starts[size_t(i)] = total;
    total += size;
    ok = text.resize(size_t(total));
    if (ok) {
      memcpy(text.data() + total - size, numeral, size_t(size));
    }
  }
  if (!ok) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %lld numerals", (long long)x.count);
  }
  starts[size_t(x.count)] = total;
  for (int64_t i = 0; i < x.count; ++i) {
    strings[size_t(i)] = {text.data() + starts[size_t(i)], size_t(starts[size_t(i) + 1] - starts[size_t(i)])};
  }
  return y->setStrings(x.rank, x.dims, strings.data(), *call->error);
}

dlc_status hostStringsToNumbers(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  auto type = uint32_t(call->attribute(0));
  if (expectInput(*call, 0, DLC_KIND_STRINGS) || !y) {
    return call->error->status;
  }
  if (!isReadable(type)) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a type that numerals are read as, got %s", dtypeText(type));
  }
  const dlc_value &x = *call->input(0);
  PlainLocale locale;
  if (!locale) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for a locale");
  }
  if (y->setTensor(type, x.rank, x.dims, *call->error)) {
    return call->error->status;
  }
  for (int64_t i = 0; i < x.count; ++i) {
    char text[room];
    double v;
    const dlc_string &s = x.strings()[i];
    if (!readNumber(s, text, v)) {
      return fail(*call->error, DLC_RUN_FAILED, "expected a number, got '%.*s' at element %lld",
                  int(s.size < 60 ? s.size : 60), s.data, (long long)i);
    }
    if (type == DLC_F32) {
      static_cast<float *>(y->data)[i] = float(v);
    } else if (type == DLC_F64) {
      static_cast<double *>(y->data)[i] = v;
    } else if (type == DLC_BOOL) {
      static_cast<uint8_t *>(y->data)[i] = v != 0;
    } else if (type == DLC_F16) {
      static_cast<uint16_t *>(y->data)[i] = toHalf(float(v));
    } else if (type == DLC_BF16) {
      static_cast<uint16_t *>(y->data)[i] = toBfloat(float(v));
    } else {
      storeInteger(*y, i, text, v);
    }
  }
  return DLC_OK;
}

} // namespace dlc::rt
