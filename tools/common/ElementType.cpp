#include "tools/common/ElementType.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSwitch.h"
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace dlc {
namespace {

struct ElementInfo {
  const char *name;
  const char *longName;
  uint8_t bits;
};

constexpr size_t elementTypeCount = DLC_I2 + 1;

/// Indexed by dlc_dtype.
constexpr ElementInfo elementInfos[elementTypeCount] = {
    {"undefined", "undefined", 0},
    {"f32", "float32", 32},
    {"u8", "uint8", 8},
    {"i8", "int8", 8},
    {"u16", "uint16", 16},
    {"i16", "int16", 16},
    {"i32", "int32", 32},
    {"i64", "int64", 64},
    {"string", "string", 0},
    {"bool", "bool", 8},
    {"f16", "float16", 16},
    {"f64", "float64", 64},
    {"u32", "uint32", 32},
    {"u64", "uint64", 64},
    {"c64", "complex64", 64},
    {"c128", "complex128", 128},
    {"bf16", "bfloat16", 16},
    {"f8e4m3fn", "float8e4m3fn", 8},
    {"f8e4m3fnuz", "float8e4m3fnuz", 8},
    {"f8e5m2", "float8e5m2", 8},
    {"f8e5m2fnuz", "float8e5m2fnuz", 8},
    {"u4", "uint4", 4},
    {"i4", "int4", 4},
    {"f4e2m1", "float4e2m1", 4},
    {"f8e8m0", "float8e8m0", 8},
    {"u2", "uint2", 2},
    {"i2", "int2", 2},
};

const ElementInfo *findInfo(dlc_dtype dtype) {
  auto index = static_cast<size_t>(dtype);
  return index < elementTypeCount ? &elementInfos[index] : nullptr;
}

/// The semantics of floats narrower than 32 bits; null for other types.
const llvm::fltSemantics *narrowFloat(dlc_dtype dtype) {
  switch (dtype) {
  case DLC_F16:
    return &llvm::APFloat::IEEEhalf();
  case DLC_BF16:
    return &llvm::APFloat::BFloat();
  case DLC_F8E4M3FN:
    return &llvm::APFloat::Float8E4M3FN();
  case DLC_F8E4M3FNUZ:
    return &llvm::APFloat::Float8E4M3FNUZ();
  case DLC_F8E5M2:
    return &llvm::APFloat::Float8E5M2();
  case DLC_F8E5M2FNUZ:
    return &llvm::APFloat::Float8E5M2FNUZ();
  case DLC_F4E2M1:
    return &llvm::APFloat::Float4E2M1FN();
  case DLC_F8E8M0:
    return &llvm::APFloat::Float8E8M0FNU();
  default:
    return nullptr;
  }
}

template <typename T> T loadAs(const uint8_t *data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T> void storeAs(uint8_t *data, size_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

/// Truncates toward zero and clamps to T's range; NaN becomes 0.
template <typename T> T saturate(double value) {
  if (std::isnan(value)) {
    return 0;
  }
  if (value <= static_cast<double>(std::numeric_limits<T>::min())) {
    return std::numeric_limits<T>::min();
  }
  if (value >= static_cast<double>(std::numeric_limits<T>::max())) {
    return std::numeric_limits<T>::max();
  }
  return static_cast<T>(value);
}

unsigned loadPacked(const uint8_t *data, size_t index, unsigned bits) {
  size_t bit = index * bits;
  return (data[bit / 8] >> (bit % 8)) & ((1u << bits) - 1);
}

void storePacked(uint8_t *data, size_t index, unsigned bits, unsigned value) {
  size_t bit = index * bits;
  unsigned mask = ((1u << bits) - 1) << (bit % 8);
  data[bit / 8] = static_cast<uint8_t>((data[bit / 8] & ~mask) | ((value << (bit % 8)) & mask));
}

double signExtend(unsigned value, unsigned bits) {
  return static_cast<double>(value >> (bits - 1) ? static_cast<int>(value) - (1 << bits) : static_cast<int>(value));
}

double narrowToDouble(dlc_dtype dtype, uint64_t bits) {
  const llvm::fltSemantics &semantics = *narrowFloat(dtype);
  return llvm::APFloat(semantics, llvm::APInt(elementBits(dtype), bits)).convertToDouble();
}

uint64_t doubleToNarrow(dlc_dtype dtype, double value) {
  llvm::APFloat number(value);
  bool losesInfo = false;
  number.convert(*narrowFloat(dtype), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt().getZExtValue();
}

/// All values of an 8-bit float type, computed once: a table makes loading as cheap as for wider types.
const std::array<double, 256> &byteFloatTable(dlc_dtype dtype) {
  static const auto tables = [] {
    std::array<std::array<double, 256>, elementTypeCount> all{};
    for (dlc_dtype type : {DLC_F8E4M3FN, DLC_F8E4M3FNUZ, DLC_F8E5M2, DLC_F8E5M2FNUZ, DLC_F8E8M0}) {
      for (unsigned bits = 0; bits < 256; ++bits) {
        all[type][bits] = narrowToDouble(type, bits);
      }
    }
    return all;
  }();
  return tables[dtype];
}

double halfToDouble(uint16_t bits) {
  _Float16 value;
  std::memcpy(&value, &bits, sizeof(value));
  return static_cast<double>(value);
}

double bfloatToDouble(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

} // namespace

unsigned elementBits(dlc_dtype dtype) {
  const ElementInfo *info = findInfo(dtype);
  return info ? info->bits : 0;
}

llvm::StringRef elementName(dlc_dtype dtype) {
  const ElementInfo *info = findInfo(dtype);
  return info ? info->name : "unknown";
}

std::optional<dlc_dtype> parseElementName(llvm::StringRef name) {
  for (size_t i = 1; i < elementTypeCount; ++i) {
    if (name == elementInfos[i].name || name == elementInfos[i].longName) {
      return static_cast<dlc_dtype>(i);
    }
  }
  return std::nullopt;
}

bool isFloatElement(dlc_dtype dtype) { return dtype == DLC_F32 || dtype == DLC_F64 || narrowFloat(dtype); }

bool isComplexElement(dlc_dtype dtype) { return dtype == DLC_C64 || dtype == DLC_C128; }

bool isIntegerElement(dlc_dtype dtype) {
  return elementBits(dtype) != 0 && dtype != DLC_BOOL && !isFloatElement(dtype) && !isComplexElement(dtype);
}

bool isPackedElement(dlc_dtype dtype) {
  unsigned bits = elementBits(dtype);
  return bits != 0 && bits < 8;
}

std::optional<uint64_t> elementBytes(dlc_dtype dtype, uint64_t count) {
  constexpr uint64_t limit = uint64_t(1) << 60;
  uint64_t bits = elementBits(dtype);
  if (bits == 0 || count > limit / bits) {
    return bits == 0 && count == 0 ? std::optional<uint64_t>(0) : std::nullopt;
  }
  return (count * bits + 7) / 8;
}

double loadElement(dlc_dtype dtype, const uint8_t *data, size_t index) {
  switch (dtype) {
  case DLC_F32:
    return loadAs<float>(data, index);
  case DLC_F64:
    return loadAs<double>(data, index);
  case DLC_C64:
    return loadAs<float>(data, 2 * index);
  case DLC_C128:
    return loadAs<double>(data, 2 * index);
  case DLC_F16:
    return halfToDouble(loadAs<uint16_t>(data, index));
  case DLC_BF16:
    return bfloatToDouble(loadAs<uint16_t>(data, index));
  case DLC_U8:
    return data[index];
  case DLC_BOOL:
    return data[index] != 0;
  case DLC_I8:
    return loadAs<int8_t>(data, index);
  case DLC_U16:
    return loadAs<uint16_t>(data, index);
  case DLC_I16:
    return loadAs<int16_t>(data, index);
  case DLC_U32:
    return loadAs<uint32_t>(data, index);
  case DLC_I32:
    return loadAs<int32_t>(data, index);
  case DLC_U64:
    return static_cast<double>(loadAs<uint64_t>(data, index));
  case DLC_I64:
    return static_cast<double>(loadAs<int64_t>(data, index));
  case DLC_U4:
  case DLC_U2:
    return loadPacked(data, index, elementBits(dtype));
  case DLC_I4:
  case DLC_I2:
    return signExtend(loadPacked(data, index, elementBits(dtype)), elementBits(dtype));
  case DLC_F4E2M1:
    return narrowToDouble(dtype, loadPacked(data, index, 4));
  case DLC_F8E4M3FN:
  case DLC_F8E4M3FNUZ:
  case DLC_F8E5M2:
  case DLC_F8E5M2FNUZ:
  case DLC_F8E8M0:
    return byteFloatTable(dtype)[data[index]];
  case DLC_STRING:
  case DLC_UNDEFINED:
    break;
  }
  return 0;
}

void storeElement(dlc_dtype dtype, uint8_t *data, size_t index, double value) {
  switch (dtype) {
  case DLC_F32:
    return storeAs(data, index, static_cast<float>(value));
  case DLC_F64:
    return storeAs(data, index, value);
  case DLC_C64:
    storeAs(data, 2 * index + 1, 0.0f);
    return storeAs(data, 2 * index, static_cast<float>(value));
  case DLC_C128:
    storeAs(data, 2 * index + 1, 0.0);
    return storeAs(data, 2 * index, value);
  case DLC_F16:
  case DLC_BF16:
    return storeAs(data, index, static_cast<uint16_t>(doubleToNarrow(dtype, value)));
  case DLC_U8:
    return storeAs(data, index, saturate<uint8_t>(value));
  case DLC_BOOL:
    return storeAs(data, index, static_cast<uint8_t>(value != 0));
  case DLC_I8:
    return storeAs(data, index, saturate<int8_t>(value));
  case DLC_U16:
    return storeAs(data, index, saturate<uint16_t>(value));
  case DLC_I16:
    return storeAs(data, index, saturate<int16_t>(value));
  case DLC_U32:
    return storeAs(data, index, saturate<uint32_t>(value));
  case DLC_I32:
    return storeAs(data, index, saturate<int32_t>(value));
  case DLC_U64:
    return storeAs(data, index, saturate<uint64_t>(value));
  case DLC_I64:
    return storeAs(data, index, saturate<int64_t>(value));
  case DLC_U4:
  case DLC_U2: {
    double top = (1 << elementBits(dtype)) - 1;
    double clamped = std::fmin(std::fmax(value, 0), top);
    return storePacked(data, index, elementBits(dtype), static_cast<unsigned>(clamped));
  }
  case DLC_I4:
  case DLC_I2: {
    double half = 1 << (elementBits(dtype) - 1);
    double clamped = std::isnan(value) ? 0 : std::fmin(std::fmax(value, -half), half - 1);
    return storePacked(data, index, elementBits(dtype), static_cast<unsigned>(static_cast<int>(clamped)));
  }
  case DLC_F4E2M1:
    return storePacked(data, index, 4, static_cast<unsigned>(doubleToNarrow(dtype, value)));
  case DLC_F8E4M3FN:
  case DLC_F8E4M3FNUZ:
  case DLC_F8E5M2:
  case DLC_F8E5M2FNUZ:
  case DLC_F8E8M0:
    return storeAs(data, index, static_cast<uint8_t>(doubleToNarrow(dtype, value)));
  case DLC_STRING:
  case DLC_UNDEFINED:
    break;
  }
}

} // namespace dlc
