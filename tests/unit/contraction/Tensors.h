#ifndef DLC_TESTS_UNIT_CONTRACTION_TENSORS_H
#define DLC_TESTS_UNIT_CONTRACTION_TENSORS_H

#include "mlir/IR/BuiltinTypes.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace dlc::cpu {

enum class Dtype { F32, F64, F16, BF16, I8, U8, I32, I64 };

int bytesOf(Dtype dtype);
mlir::Type mlirType(mlir::MLIRContext &context, Dtype dtype);

/// Elements of one type whose end is the end of a mapped page: reading or writing beyond it faults.
class Tensor {
public:
  Tensor(Dtype dtype, int64_t size);

  Dtype dtype() const { return type; }
  int64_t size() const { return count; }
  void *data() const { return bytes; }
  double get(int64_t i) const;
  void set(int64_t i, double value);
  /// Deterministic values that the type holds exactly: small integers, or multiples of 1/64 in [-1, 1).
  void randomize(unsigned seed);
  void fill(double value);
  std::vector<uint8_t> copyBytes() const;

private:
  Dtype type;
  int64_t count;
  std::shared_ptr<void> mapping;
  uint8_t *bytes;
};

/// The largest |actual - expected| relative to the largest |expected| (at least 1).
double relativeError(const Tensor &actual, const std::vector<double> &expected);

} // namespace dlc::cpu

#endif
