//===- QLinear.cpp - ops on quantised tensors that ONNX Runtime adds ---------------------------------------===//
#include "importers/onnx/rules/Window.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Value scalarOf(Node &n, Value v) {
  return v && nn::rankOf(v) == 1 && dim::isConstant(nn::shapeOf(v)[0], 1) ? n.reshape(v, {}) : v;
}

/// (value - zero point) * scale of operands first, first + 1, first + 2.
Value real(Node &n, unsigned first) {
  return n.make<nn::DequantizeLinearOp>(n.in(first), scalarOf(n, n.in(first + 1)), scalarOf(n, n.in(first + 2)),
                                        n.builder.getF32Type(), 0, 0);
}

/// Quantised with scale and zero point of operands `scale` and scale + 1; the type is that of operand `like`.
Value quantized(Node &n, Value v, unsigned scale, unsigned like) {
  if (!v) {
    return {};
  }
  return n.make<nn::QuantizeLinearOp>(v, scalarOf(n, n.in(scale)), scalarOf(n, n.in(scale + 1)),
                                      nn::elementOf(n.in(like)), 0, 0, true, mlir::TypeAttr());
}

template <class OpTy> Result binary(Node &n) {
  return n.result(quantized(n, n.make<OpTy>(real(n, 0), real(n, 3)), 6, 0));
}
Result sigmoid(Node &n) { return n.result(quantized(n, n.make<nn::SigmoidOp>(real(n, 0)), 3, 0)); }
Result leakyRelu(Node &n) {
  double alpha = n.getFloat("alpha", 0.01);
  return n.result(quantized(n, n.make<nn::LeakyReluOp>(real(n, 0), llvm::APFloat(alpha), llvm::APFloat(0.0)), 3, 0));
}
Result softmax(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", -1), nn::rankOf(n.in(0)));
  int64_t opset = n.getInt("opset", 13);
  if (opset < 13 && axis != nn::rankOf(n.in(0)) - 1) {
    return n.fail("expected the last axis for opsets below 13");
  }
  return n.result(quantized(n, n.make<nn::SoftmaxOp>(real(n, 0), axis, false), 3, 0));
}

/// [N, spatial..., C] -> [N, C, spatial...], or back.
Value channelsFirst(Node &n, Value v, bool back) {
  if (!v) {
    return {};
  }
  int64_t rank = nn::rankOf(v);
  Ints permutation{0};
  if (back) {
    for (int64_t i = 2; i < rank; ++i) {
      permutation.push_back(i);
    }
    permutation.push_back(1);
  } else {
    permutation.push_back(rank - 1);
    for (int64_t i = 1; i + 1 < rank; ++i) {
      permutation.push_back(i);
    }
  }
  return n.transpose(v, permutation);
}

Result globalAveragePool(Node &n) {
  bool last = n.getBool("channels_last", false);
  int64_t rank = nn::rankOf(n.in(0));
  Ints axes;
  for (int64_t i = 2; i < rank; ++i) {
    axes.push_back(last ? i - 1 : i);
  }
  if (rank < 3) {
    return n.fail("expected an input of rank 3 or more, got rank " + llvm::Twine(rank));
  }
  return n.result(quantized(n, n.reduce(real(n, 0), nn::ReduceKind::Mean, axes), 3, 0));
}

Result averagePool(Node &n) {
  bool last = n.getBool("channels_last", false), countPad = n.getBool("count_include_pad", false);
  Value x = real(n, 0);
  x = last ? channelsFirst(n, x, false) : x;
  std::optional<Window> w = x ? readWindow(n, x, {}, countPad ? n.scalar(nn::elementOf(x), 0) : Value()) : std::nullopt;
  if (!w) {
    return mlir::failure();
  }
  Value y = n.make<nn::AvgPoolOp>(x, w->kernel, w->strides, w->dilations, w->pads, w->ceilMode, false, countPad);
  y = withOutputSizes(n, *w, y);
  return n.result(quantized(n, last ? channelsFirst(n, y, true) : y, 3, 0));
}

Result reduceMean(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  Ints all;
  for (int64_t i = 0; i < rank; ++i) {
    all.push_back(i);
  }
  bool keep = n.getBool("keepdims", true);
  Ints axes = n.axes(n.getInts("axes", all), rank);
  return n.result(n.failed() ? Value() : quantized(n, n.reduce(real(n, 0), nn::ReduceKind::Mean, axes, keep), 3, 0));
}

/// Operands: the output's scale and zero point, then value, scale and zero point of each part.
Result concat(Node &n) {
  if (n.numInputs() < 5 || (n.numInputs() - 2) % 3) {
    return n.fail("expected scale, zero point, and three inputs per part, got " + llvm::Twine(n.numInputs()) + " inputs");
  }
  llvm::SmallVector<Value> parts;
  for (unsigned i = 2; i < n.numInputs(); i += 3) {
    parts.push_back(quantized(n, real(n, i), 0, i));
  }
  int64_t axis = n.failed() ? 0 : n.axis(n.getInt("axis", 0), nn::rankOf(parts[0]));
  return n.result(n.failed() ? Value() : n.concat(parts, axis));
}

Result where(Node &n) {
  auto part = [&](unsigned first) {
    return n.make<nn::DequantizeLinearOp>(n.in(first), scalarOf(n, n.in(first + 1)), scalarOf(n, n.in(first + 2)),
                                          n.builder.getF32Type(), 0, 0);
  };
  return n.result(quantized(n, n.select(n.in(0), part(1), part(4)), 7, 1));
}

/// Operands: A, its scale and zero point, B, its, C (i32, or absent), the output's (absent: the result is f32).
Result gemm(Node &n) {
  bool transA = n.getBool("transA", false), transB = n.getBool("transB", false);
  double alpha = n.getFloat("alpha", 1.0);
  Value a = n.in(0), b = n.in(3);
  if (nn::rankOf(a) != 2 || nn::rankOf(b) != 2) {
    return n.fail("expected matrices");
  }
  a = transA ? n.transpose(a, {1, 0}) : a;
  b = transB ? n.transpose(b, {1, 0}) : b;
  Value sums = n.make<nn::MatmulIntegerOp>(a, b, scalarOf(n, n.in(2)), scalarOf(n, n.in(5)));
  if (n.has(6)) {
    sums = n.add(sums, n.in(6));
  }
  Type f32 = n.builder.getF32Type();
  Value factor = n.mul(n.mul(scalarOf(n, n.in(1)), scalarOf(n, n.in(4))), alpha);
  Value y = n.mul(n.cast(sums, f32), factor);
  if (!n.has(7) || !n.has(8)) {
    return n.result(y);
  }
  return n.result(quantized(n, y, 7, 8));
}

/// Operands: A, B, their scales and zero points, and a bias in f32.
Result matMulIntegerToFloat(Node &n) {
  Value sums = n.make<nn::MatmulIntegerOp>(n.in(0), n.in(1), scalarOf(n, n.in(4)), scalarOf(n, n.in(5)));
  Value y = n.mul(n.cast(sums, n.builder.getF32Type()), n.mul(scalarOf(n, n.in(2)), scalarOf(n, n.in(3))));
  return n.result(n.has(6) ? n.add(y, n.in(6)) : y);
}

/// Operands: A in f32, B, its scale and zero point, and a bias in f32.
Result dynamicQuantizeMatMul(Node &n) {
  auto [a, scale, zero] = n.makeAll<nn::DynamicQuantizeOp, 3>(n.in(0));
  Value sums = n.make<nn::MatmulIntegerOp>(a, n.in(1), zero, scalarOf(n, n.in(3)));
  Value y = n.mul(n.cast(sums, n.builder.getF32Type()), n.mul(scale, scalarOf(n, n.in(2))));
  return n.result(n.has(4) ? n.add(y, n.in(4)) : y);
}
} // namespace

void addQLinearRules(RuleTable &table) {
  table.add({{kMicrosoft, "QLinearAdd", {1}, binary<nn::AddOp>, {7, 8}},
             {kMicrosoft, "QLinearMul", {1}, binary<nn::MulOp>, {7, 8}},
             {kMicrosoft, "QLinearSigmoid", {1}, sigmoid, {4, 5}},
             {kMicrosoft, "QLinearLeakyRelu", {1}, leakyRelu, {4, 5}},
             {kMicrosoft, "QLinearSoftmax", {1}, softmax, {5, 5}},
             {kMicrosoft, "QLinearGlobalAveragePool", {1}, globalAveragePool, {5, 5}},
             {kMicrosoft, "QLinearAveragePool", {1}, averagePool, {4, 5}},
             {kMicrosoft, "QLinearReduceMean", {1}, reduceMean, {4, 5}},
             {kMicrosoft, "QLinearConcat", {1}, concat, {5, kAnyNumber}},
             {kMicrosoft, "QLinearWhere", {1}, where, {9, 9}},
             {kMicrosoft, "QGemm", {1}, gemm, {6, 9}},
             {kMicrosoft, "MatMulIntegerToFloat", {1}, matMulIntegerToFloat, {4, 7}},
             {kMicrosoft, "DynamicQuantizeMatMul", {1}, dynamicQuantizeMatMul, {3, 5}}});
}
} // namespace dlc::onnx_import
