//===- NNTest.h - evaluates nn ops given as text ---------------------------------------===//
#ifndef DLC_TESTS_UNIT_NN_NNTEST_H
#define DLC_TESTS_UNIT_NN_NNTEST_H
#include "dialects/nn/eval/Eval.h"
#include "gtest/gtest.h"

namespace dlc::nn {
class NNTest : public testing::Test {
protected:
  NNTest();

  /// Evaluates one op on `inputs`, which its text names %0, %1, ...; `resultTypes` as in its function type. On failure
  /// the result is empty and `errors` tells why.
  std::vector<Datum> eval(llvm::StringRef op, llvm::ArrayRef<Datum> inputs, llvm::StringRef resultTypes);
  /// Evaluates @main of a module.
  std::vector<Datum> evalModule(llvm::StringRef text, llvm::ArrayRef<Datum> inputs);
  /// The result types inferred for an op on operands of the types `operands`; empty on failure.
  std::vector<std::string> infer(llvm::StringRef op, llvm::ArrayRef<llvm::StringRef> operands,
                                 llvm::StringRef resultTypes);

  template <class T> mlir::Type elementType();
  template <class T> Tensor tensor(llvm::ArrayRef<int64_t> shape, std::vector<T> values) {
    Tensor t = Tensor::zeros(elementType<T>(), shape);
    EXPECT_EQ(size_t(t.count()), values.size());
    std::copy(values.begin(), values.end(), t.values<T>().begin());
    return t;
  }
  Tensor floats(llvm::ArrayRef<int64_t> shape, std::vector<float> values) { return tensor<float>(shape, values); }
  Tensor longs(llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values) { return tensor<int64_t>(shape, values); }
  /// 0, 1, 2, ...
  Tensor range(llvm::ArrayRef<int64_t> shape);

  mlir::MLIRContext context;
  std::string errors;
};

/// Checks shape, element type and elements.
template <class T> void expectEqual(const std::vector<Datum> &got, size_t i, const Tensor &expected) {
  ASSERT_LT(i, got.size());
  const Tensor &t = got[i].tensor();
  EXPECT_EQ(t.element(), expected.element());
  ASSERT_EQ(t.shape(), expected.shape());
  for (int64_t e = 0; e < t.count(); ++e) {
    EXPECT_EQ(t.values<T>()[e], expected.values<T>()[e]) << "at element " << e;
  }
}
/// As expectEqual, within `tolerance` of floats; NaN equals NaN.
void expectNear(const std::vector<Datum> &got, size_t i, const Tensor &expected, double tolerance = 1e-5);
} // namespace dlc::nn
#endif
