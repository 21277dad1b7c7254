#include "tools/common/RandomTensor.h"
#include "tools/common/ElementType.h"

namespace dlc {
namespace {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class SplitMix {
public:
  explicit SplitMix(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// In [0, 1), with 53 random bits.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  uint64_t below(uint64_t limit) { return next() % limit; }

private:
  uint64_t state;
};

/// What indices are made of.
bool isIndex(dlc_dtype dtype) { return dtype == DLC_I32 || dtype == DLC_I64; }

double randomElement(SplitMix &random, dlc_dtype dtype) {
  if (dtype == DLC_BOOL) {
    return static_cast<double>(random.below(2));
  }
  if (dtype == DLC_F8E8M0) {
    return 1; // has no sign and no fraction
  }
  if (isFloatElement(dtype) || isComplexElement(dtype)) {
    return 2 * random.unit() - 1;
  }
  if (isPackedElement(dtype)) {
    auto half = static_cast<double>(1 << (elementBits(dtype) - 1));
    bool isSigned = dtype == DLC_I4 || dtype == DLC_I2;
    return static_cast<double>(random.below(1u << elementBits(dtype))) - (isSigned ? half : 0);
  }
  return static_cast<double>(random.below(isIndex(dtype) ? 2 : 8));
}

} // namespace

llvm::Expected<HostTensor> randomTensor(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims, uint64_t seed) {
  auto tensor = HostTensor::create(dtype, dims);
  if (!tensor) {
    return tensor.takeError();
  }
  SplitMix random(seed);
  for (std::string &text : tensor->strings) {
    text = "text" + std::to_string(random.below(8));
  }
  for (size_t i = 0, count = tensor->strings.empty() ? tensor->elementCount() : 0; i < count; ++i) {
    tensor->set(i, randomElement(random, dtype));
  }
  return tensor;
}

} // namespace dlc
