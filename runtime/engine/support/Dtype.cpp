#include "support/Dtype.h"
#include "support/Half.h"
#include "support/Vector.h"

namespace dlc::rt {

namespace {
struct Info {
  uint8_t bits;
  const char *name;
};
// In the order of enum dlc_dtype.
constexpr Info infos[] = {{0, "undefined"},  {32, "f32"},  {8, "u8"},       {8, "i8"},         {16, "u16"},
                          {16, "i16"},       {32, "i32"},  {64, "i64"},     {0, "string"},     {8, "bool"},
                          {16, "f16"},       {64, "f64"},  {32, "u32"},     {64, "u64"},       {64, "c64"},
                          {128, "c128"},     {16, "bf16"}, {8, "f8e4m3fn"}, {8, "f8e4m3fnuz"}, {8, "f8e5m2"},
                          {8, "f8e5m2fnuz"}, {4, "u4"},    {4, "i4"},       {4, "f4e2m1"},     {8, "f8e8m0"},
                          {2, "u2"},         {2, "i2"}};
constexpr uint32_t infoCount = sizeof infos / sizeof infos[0];

template <typename T> T load(const void *data, uint64_t index) {
  T value;
  memcpy(&value, static_cast<const char *>(data) + index * sizeof(T), sizeof(T));
  return value;
}

bool truncate(double value, int64_t &out) {
  if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0)) {
    return false;
  }
  out = int64_t(value);
  return true;
}
} // namespace

uint32_t dtypeBits(uint32_t dtype) { return dtype < infoCount ? infos[dtype].bits : 0; }
const char *dtypeText(uint32_t dtype) { return dtype < infoCount ? infos[dtype].name : "unknown"; }

bool dtypeBytes(uint32_t dtype, int64_t count, int64_t &bytes) {
  int64_t bits = dtypeBits(dtype);
  if (bits == 0 || count < 0) {
    return false;
  }
  if (bits >= 8) {
    return mul(count, bits / 8, bytes);
  }
  int64_t perByte = 8 / bits;
  bytes = count / perByte + (count % perByte != 0);
  return true;
}

uint32_t dtypeAlignment(uint32_t dtype) {
  uint32_t bits = dtypeBits(dtype);
  if (dtype == DLC_C64 || dtype == DLC_C128) {
    bits /= 2;
  }
  return bits < 8 ? 1 : bits / 8;
}

bool elementCount(const int64_t *dims, uint32_t rank, int64_t &count) {
  count = 1;
  bool zero = false;
  for (uint32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0) {
      return false;
    }
    zero |= dims[i] == 0;
  }
  if (zero) {
    count = 0;
    return true;
  }
  for (uint32_t i = 0; i < rank; ++i) {
    if (!mul(count, dims[i], count)) {
      return false;
    }
  }
  return true;
}

bool isReadable(uint32_t dtype) {
  int64_t unused;
  static constexpr uint64_t zero = 0;
  return readInteger(dtype, &zero, 0, unused);
}

bool readInteger(uint32_t dtype, const void *data, uint64_t index, int64_t &value) {
  switch (dtype) {
  case DLC_BOOL:
    value = load<uint8_t>(data, index) != 0;
    return true;
  case DLC_U8:
    value = load<uint8_t>(data, index);
    return true;
  case DLC_I8:
    value = load<int8_t>(data, index);
    return true;
  case DLC_U16:
    value = load<uint16_t>(data, index);
    return true;
  case DLC_I16:
    value = load<int16_t>(data, index);
    return true;
  case DLC_U32:
    value = load<uint32_t>(data, index);
    return true;
  case DLC_I32:
    value = load<int32_t>(data, index);
    return true;
  case DLC_I64:
    value = load<int64_t>(data, index);
    return true;
  case DLC_U64: {
    uint64_t wide = load<uint64_t>(data, index);
    value = int64_t(wide);
    return wide <= INT64_MAX;
  }
  case DLC_F16:
    return truncate(fromHalf(load<uint16_t>(data, index)), value);
  case DLC_BF16:
    return truncate(fromBfloat(load<uint16_t>(data, index)), value);
  case DLC_F32:
    return truncate(double(load<float>(data, index)), value);
  case DLC_F64:
    return truncate(load<double>(data, index), value);
  default:
    return false;
  }
}

} // namespace dlc::rt
