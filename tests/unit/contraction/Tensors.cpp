#include "Tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace dlc::cpu {

int bytesOf(Dtype dtype) {
  switch (dtype) {
  case Dtype::F64:
  case Dtype::I64:
    return 8;
  case Dtype::F32:
  case Dtype::I32:
    return 4;
  case Dtype::F16:
  case Dtype::BF16:
    return 2;
  default:
    return 1;
  }
}

mlir::Type mlirType(mlir::MLIRContext &context, Dtype dtype) {
  switch (dtype) {
  case Dtype::F64:
    return mlir::Float64Type::get(&context);
  case Dtype::F32:
    return mlir::Float32Type::get(&context);
  case Dtype::F16:
    return mlir::Float16Type::get(&context);
  case Dtype::BF16:
    return mlir::BFloat16Type::get(&context);
  default:
    return mlir::IntegerType::get(&context, bytesOf(dtype) * 8);
  }
}

Tensor::Tensor(Dtype dtype, int64_t size) : type(dtype), count(size) {
  int64_t page = sysconf(_SC_PAGESIZE), need = size * bytesOf(dtype);
  int64_t pages = (need + page - 1) / page * page;
  void *base = mmap(nullptr, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(static_cast<uint8_t *>(base) + pages, page, PROT_NONE);
  mapping = std::shared_ptr<void>(base, [pages, page](void *p) { munmap(p, pages + page); });
  bytes = static_cast<uint8_t *>(base) + pages - need;
}

double Tensor::get(int64_t i) const {
  const uint8_t *at = bytes + i * bytesOf(type);
  auto read = [&](auto value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (type) {
  case Dtype::F64:
    return read(double());
  case Dtype::F32:
    return read(float());
  case Dtype::F16:
    return static_cast<double>(static_cast<float>(read(_Float16())));
  case Dtype::BF16: {
    uint32_t wide = static_cast<uint32_t>(read(uint16_t())) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  case Dtype::I8:
    return read(int8_t());
  case Dtype::U8:
    return read(uint8_t());
  case Dtype::I32:
    return read(int32_t());
  case Dtype::I64:
    return static_cast<double>(read(int64_t()));
  }
  return 0;
}

void Tensor::set(int64_t i, double value) {
  uint8_t *at = bytes + i * bytesOf(type);
  auto write = [&](auto x) { std::memcpy(at, &x, sizeof x); };
  switch (type) {
  case Dtype::F64:
    return write(value);
  case Dtype::F32:
    return write(static_cast<float>(value));
  case Dtype::F16:
    return write(static_cast<_Float16>(static_cast<float>(value)));
  case Dtype::BF16: {
    float narrow = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &narrow, 4);
    return write(static_cast<uint16_t>(bits >> 16));
  }
  case Dtype::I8:
    return write(static_cast<int8_t>(value));
  case Dtype::U8:
    return write(static_cast<uint8_t>(value));
  case Dtype::I32:
    return write(static_cast<int32_t>(value));
  case Dtype::I64:
    return write(static_cast<int64_t>(value));
  }
}

void Tensor::randomize(unsigned seed) {
  uint32_t state = seed * 2654435761u + 12345;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    int value = static_cast<int>(state >> 16) & 0xff;
    bool integer = type == Dtype::I8 || type == Dtype::U8 || type == Dtype::I32 || type == Dtype::I64;
    set(i, integer ? (type == Dtype::U8 ? value : value - 128) : (value - 128) / 128.0);
  }
}

void Tensor::fill(double value) {
  for (int64_t i = 0; i < count; ++i) {
    set(i, value);
  }
}

std::vector<uint8_t> Tensor::copyBytes() const { return std::vector<uint8_t>(bytes, bytes + count * bytesOf(type)); }

double relativeError(const Tensor &actual, const std::vector<double> &expected) {
  double error = 0, largest = 1;
  for (int64_t i = 0; i < actual.size(); ++i) {
    double difference = std::fabs(actual.get(i) - expected[i]);
    error = std::isnan(difference) ? INFINITY : std::max(error, difference);
    largest = std::max(largest, std::fabs(expected[i]));
  }
  return error / largest;
}

} // namespace dlc::cpu
