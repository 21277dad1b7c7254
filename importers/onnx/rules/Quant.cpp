//===- Quant.cpp - quantisation, and products of integers -------------------------------------------------===//
#include "importers/onnx/rules/Window.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// `axis` as the op wants it: it means nothing where there is one scale.
int64_t scaleAxis(Node &n) {
  int64_t axis = n.getInt("axis", 1), rank = nn::rankOf(n.in(0));
  bool vector = nn::rankOf(n.in(1)) > 0 && !dim::isConstant(nn::shapeOf(n.in(1))[0], 1);
  bool blocks = n.getInt("block_size", 0) != 0;
  return vector || blocks ? n.axis(axis, rank) : 0;
}

Result quantizeLinear(Node &n) {
  int64_t axis = scaleAxis(n), block = n.getInt("block_size", 0), dataType = n.getInt("output_dtype", 0);
  bool saturate = n.getBool("saturate", true);
  Type to = n.has(2) ? nn::elementOf(n.in(2)) : Type(n.builder.getIntegerType(8, false));
  if (dataType) {
    Type stated = n.getElementType("output_dtype", 0);
    if (stated && n.has(2) && stated != to) {
      return n.fail("expected a zero point of the type that output_dtype states");
    }
    to = stated;
  }
  mlir::TypeAttr precision;
  if (n.getInt("precision", 0)) {
    precision = mlir::TypeAttr::get(n.getElementType("precision", 0));
  }
  if (n.failed()) {
    return mlir::failure();
  }
  return n.result(n.make<nn::QuantizeLinearOp>(n.in(0), n.in(1), n.in(2), to, axis, block, saturate, precision));
}

Result dequantizeLinear(Node &n) {
  int64_t axis = scaleAxis(n), block = n.getInt("block_size", 0);
  Type to = n.getInt("output_dtype", 0) ? n.getElementType("output_dtype", 0) : nn::elementOf(n.in(1));
  if (to && !to.isF32() && !to.isF16() && !to.isBF16()) {
    std::string text;
    llvm::raw_string_ostream(text) << to;
    return n.fail("expected a result of type f32, f16 or bf16, got " + text + "; state output_dtype");
  }
  return n.failed() ? mlir::failure()
                    : n.result(n.make<nn::DequantizeLinearOp>(n.in(0), n.in(1), n.in(2), to, axis, block));
}

Result dynamicQuantizeLinear(Node &n) {
  auto results = n.makeAll<nn::DynamicQuantizeOp, 3>(n.in(0));
  for (unsigned i = 0; i < 3; ++i) {
    n.set(i, results[i]);
  }
  return n.status();
}

Result matMulInteger(Node &n) {
  return n.result(n.make<nn::MatmulIntegerOp>(n.in(0), n.in(1), n.in(2), n.in(3)));
}

/// A zero point as scalar where it has one element.
Value scalarOf(Node &n, Value v) {
  return v && nn::rankOf(v) == 1 && dim::isConstant(nn::shapeOf(v)[0], 1) ? n.reshape(v, {}) : v;
}

Value convolve(Node &n, Value x, Value weight, Value inputZero, Value weightZero) {
  Ints kernel;
  Shape sizes = nn::shapeOf(weight);
  for (Expr e : llvm::ArrayRef(sizes).drop_front(std::min<size_t>(2, sizes.size()))) {
    kernel.push_back(dim::getConstant(e).value_or(0));
  }
  Ints stated = n.getInts("kernel_shape", kernel);
  int64_t groups = n.getInt("group", 1);
  if (stated != kernel) {
    (void)n.fail("expected a weight with the sizes that kernel_shape states");
    return {};
  }
  // What stands for 0 is the zero point.
  Value zero = inputZero ? scalarOf(n, inputZero) : n.scalar(nn::elementOf(x), 0);
  std::optional<Window> w = readWindow(n, x, kernel, zero);
  if (!w) {
    return {};
  }
  return withOutputSizes(n, *w, n.make<nn::ConvIntegerOp>(x, weight, scalarOf(n, inputZero), scalarOf(n, weightZero),
                                                          w->strides, w->dilations, w->pads, groups, false));
}

Result convInteger(Node &n) { return n.result(convolve(n, n.in(0), n.in(1), n.in(2), n.in(3))); }

/// round(sums * factor) + zero point. The factor is rounded to f32 before the multiplication, as ONNX Runtime has it.
Value requantize(Node &n, Value sums, Value factor, Value zero) {
  if (n.failed()) {
    return {};
  }
  Type f32 = n.builder.getF32Type();
  Value real = n.mul(n.cast(sums, f32), factor);
  return n.make<nn::QuantizeLinearOp>(real, n.scalar(f32, 1), scalarOf(n, zero), nn::elementOf(zero),
                                      0, 0, true, mlir::TypeAttr());
}

/// Operands: x, its scale and zero point, w, its, the output's, and a bias in units of x scale * w scale.
Result qlinearConv(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  Value sums = convolve(n, n.in(0), n.in(3), n.in(2), n.in(5));
  if (n.has(8)) {
    sums = n.add(sums, n.perChannel(n.in(8), 1, rank));
  }
  auto scale = [&](unsigned i) { return scalarOf(n, n.in(i)); };
  Value factor = n.div(n.mul(scale(1), scale(4)), scale(6));
  return n.failed() ? mlir::failure() : n.result(requantize(n, sums, n.perChannel(factor, 1, rank), n.in(7)));
}

Result qlinearMatMul(Node &n) {
  Value sums = n.make<nn::MatmulIntegerOp>(n.in(0), n.in(3), n.in(2), n.in(5));
  // A vector of scales of the left operand has one per row.
  Value left = scalarOf(n, n.in(1)), right = scalarOf(n, n.in(4));
  if (n.failed()) {
    return mlir::failure();
  }
  if (nn::rankOf(left) == 1) {
    left = n.reshape(left, {nn::shapeOf(left)[0], n.number(1)});
  }
  Value factor = n.div(n.mul(left, right), scalarOf(n, n.in(6)));
  return n.result(requantize(n, sums, n.cast(factor, n.builder.getF32Type()), n.in(7)));
}
} // namespace

void addQuantRules(RuleTable &table) {
  table.add({{"", "QuantizeLinear", {10, 13, 19, 21, 23, 24, 25}, quantizeLinear, {2, 3}},
             {"", "DequantizeLinear", {10, 13, 19, 21, 23, 24, 25}, dequantizeLinear, {2, 3}},
             {"", "DynamicQuantizeLinear", {11}, dynamicQuantizeLinear, {1, 1}},
             {"", "MatMulInteger", {10}, matMulInteger, {2, 4}},
             {"", "ConvInteger", {10}, convInteger, {2, 4}},
             {"", "QLinearConv", {10}, qlinearConv, {8, 9}},
             {"", "QLinearMatMul", {10, 21}, qlinearMatMul, {8, 8}},
             {kMicrosoft, "QuantizeLinear", {1}, quantizeLinear, {2, 3}},
             {kMicrosoft, "DequantizeLinear", {1}, dequantizeLinear, {2, 3}}});
}
} // namespace dlc::onnx_import
