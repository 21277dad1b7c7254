//===- Contraction.cpp - matrix products -----------------------------------------------------------===//
#include "importers/onnx/Node.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Result matMul(Node &n) { return n.result(n.make<nn::MatmulOp>(n.in(0), n.in(1), false, false)); }

/// The value times a number, which must be one that its element type has.
Value scaled(Node &n, Value v, double factor) {
  if (!v || factor == 1.0) {
    return v;
  }
  if (nn::isInteger(nn::elementOf(v)) && factor != std::nearbyint(factor)) {
    (void)n.fail("expected integers to be multiplied by an integer, got " + std::to_string(factor));
    return {};
  }
  return n.mul(v, factor);
}

Result gemm(Node &n) {
  double alpha = n.getFloat("alpha", 1.0), beta = n.getFloat("beta", 1.0);
  bool transA = n.getBool("transA", false), transB = n.getBool("transB", false);
  n.ignore({"broadcast"});
  if (nn::rankOf(n.in(0)) != 2 || nn::rankOf(n.in(1)) != 2) {
    return n.fail("expected matrices, got tensors of rank " + llvm::Twine(nn::rankOf(n.in(0))) + " and " +
                  llvm::Twine(nn::rankOf(n.in(1))));
  }
  Value y = scaled(n, n.make<nn::MatmulOp>(n.in(0), n.in(1), transA, transB), alpha);
  if (!n.has(2) || beta == 0.0) {
    return n.result(y);
  }
  return n.result(n.add(y, scaled(n, n.in(2), beta)));
}
} // namespace

void addContractionRules(RuleTable &table) {
  table.add({{"", "MatMul", {1, 9, 13}, matMul, {2, 2}}, {"", "Gemm", {1, 6, 7, 9, 11, 13}, gemm, {2, 3}}});
}
} // namespace dlc::onnx_import
