//===- Svm.cpp - support vector machines (ai.onnx.ml) ----------------------------------------===//
#include "importers/onnx/rules/Svm.h"

namespace dlc::onnx_import {
namespace {
Value matrixOf(Node &n, llvm::ArrayRef<float> values, int64_t rows) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getF32Type(), {rows, int64_t(values.size()) / rows});
  llvm::copy(values, t.values<float>().begin());
  return n.constant(nn::attrFromTensor(t));
}

/// The kernel of each row of x, [N, F], with each row of `with`, [S, F]: [N, S]. kernel_params are gamma, coef0,
/// degree.
Value kernelOf(Node &n, Value x, Value with) {
  std::string kind = n.getString("kernel_type", "LINEAR");
  llvm::SmallVector<float> p = n.getFloats("kernel_params");
  if (n.failed() || (kind != "LINEAR" && kind != "POLY" && kind != "RBF" && kind != "SIGMOID") ||
      (kind != "LINEAR" && p.size() != 3)) {
    (void)n.fail("expected kernel_type LINEAR, or POLY, RBF or SIGMOID with three kernel_params");
    return {};
  }
  if (kind == "RBF") { // the differences themselves, [N, S, F]: no cancellation
    Shape shape = nn::shapeOf(x);
    Value away = n.sub(n.reshape(x, {shape[0], n.number(1), shape[1]}), with);
    return n.make<nn::ExpOp>(n.mul(n.reduce(n.mul(away, away), nn::ReduceKind::Sum, {2}, false), -p[0]));
  }
  Value dot = n.make<nn::MatmulOp>(x, with, false, true);
  if (kind == "LINEAR") {
    return dot;
  }
  Value scaled = n.add(n.mul(dot, p[0]), p[1]);
  return kind == "SIGMOID" ? n.make<nn::TanhOp>(scaled)
                           : n.make<nn::PowOp>(scaled, n.scalar(n.builder.getF32Type(), p[2]));
}
} // namespace

/// The sum of the kernel with each support vector times its coefficient, plus rho; without support vectors, the kernel
/// with the coefficients. One class: 1 where that is above zero, else -1.
llvm::LogicalResult svmRegressor(Node &n) {
  llvm::SmallVector<float> coefficients = n.getFloats("coefficients"), vectors = n.getFloats("support_vectors"),
                           rho = n.getFloats("rho");
  int64_t supports = n.getInt("n_supports", 0);
  bool oneClass = n.getBool("one_class", false);
  std::string transform = n.getString("post_transform", "NONE");
  bool fits = supports == 0 ? !coefficients.empty()
                            : supports > 0 && int64_t(coefficients.size()) == supports && !vectors.empty() &&
                                  vectors.size() % supports == 0;
  if (!fits || rho.size() != 1 || transform != "NONE" || nn::rankOf(n.in(0)) != 2) {
    return n.fail(
        "expected a matrix, a coefficient for each of n_supports support_vectors, one rho, and no post_transform");
  }
  Type f32 = n.builder.getF32Type();
  Value x = n.cast(n.in(0), f32), y;
  if (supports == 0) {
    y = kernelOf(n, x, matrixOf(n, coefficients, 1));
  } else {
    Value kernels = kernelOf(n, x, matrixOf(n, vectors, supports));
    y = n.make<nn::MatmulOp>(kernels, matrixOf(n, coefficients, 1), false, true);
  }
  y = n.add(y, rho[0]);
  if (oneClass) {
    Value above = n.make<nn::LessOp>(n.scalar(f32, 0), y);
    y = n.select(above, n.scalar(f32, 1), n.scalar(f32, -1));
  }
  return n.failed() ? mlir::failure() : n.result(y);
}
} // namespace dlc::onnx_import
