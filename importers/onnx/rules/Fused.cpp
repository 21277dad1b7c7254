//===- Fused.cpp - what ONNX Runtime's optimiser makes of ONNX ops
//--------------------------------------------------------===//
#include "importers/onnx/rules/Window.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// Attributes `activation` and `activation_params` (or `activation_alpha`, ...).
Value activate(Node &n, Value v) {
  std::string name = n.getString("activation", "");
  llvm::SmallVector<float> p = n.getFloats("activation_params");
  double alpha = p.empty() ? n.getFloat("activation_alpha", 0.01) : double(p[0]);
  double beta = p.size() < 2 ? n.getFloat("activation_beta", 0.0) : double(p[1]);
  n.ignore({"activation_gamma"});
  if (!v || name.empty()) {
    return v;
  }
  if (name == "Relu") {
    return n.make<nn::ReluOp>(v);
  }
  if (name == "Sigmoid") {
    return n.make<nn::SigmoidOp>(v);
  }
  if (name == "Tanh") {
    return n.make<nn::TanhOp>(v);
  }
  if (name == "LeakyRelu") {
    return n.make<nn::LeakyReluOp>(v, llvm::APFloat(alpha), llvm::APFloat(0.0));
  }
  if (name == "HardSigmoid") {
    return n.make<nn::HardSigmoidOp>(v, llvm::APFloat(alpha), llvm::APFloat(beta));
  }
  if (name == "Clip" && p.size() == 2) {
    Type e = nn::elementOf(v);
    return n.min(n.max(v, n.scalar(e, alpha)), n.scalar(e, beta));
  }
  (void)n.fail("expected a known activation, got '" + name + "'");
  return {};
}

Result conv(Node &n) {
  Value x = n.in(0), weight = n.in(1);
  Ints kernel;
  Shape sizes = nn::shapeOf(weight);
  for (Expr e : llvm::ArrayRef(sizes).drop_front(std::min<size_t>(2, sizes.size()))) {
    kernel.push_back(dim::getConstant(e).value_or(0));
  }
  n.ignore({"kernel_shape"});
  int64_t groups = n.getInt("group", 1);
  std::optional<Window> w = readWindow(n, x, kernel, n.scalar(nn::elementOf(x), 0));
  if (!w) {
    return mlir::failure();
  }
  Value y =
      withOutputSizes(n, *w, n.make<nn::ConvOp>(x, weight, n.in(2), w->strides, w->dilations, w->pads, groups, false));
  return n.result(activate(n, n.has(3) ? n.add(y, n.in(3)) : y));
}

Result matMul(Node &n) {
  double alpha = n.getFloat("alpha", 1.0);
  bool transA = n.getBool("transA", false), transB = n.getBool("transB", false);
  if (n.getBool("transBatchA", false) || n.getBool("transBatchB", false)) {
    return n.fail("expected transBatchA and transBatchB 0");
  }
  Value y = n.make<nn::MatmulOp>(n.in(0), n.in(1), transA, transB);
  return n.result(alpha == 1.0 ? y : n.mul(y, alpha));
}

Result gemm(Node &n) {
  double alpha = n.getFloat("alpha", 1.0), beta = n.getFloat("beta", 1.0);
  bool transA = n.getBool("transA", false), transB = n.getBool("transB", false);
  Value y = n.make<nn::MatmulOp>(n.in(0), n.in(1), transA, transB);
  y = alpha == 1.0 ? y : n.mul(y, alpha);
  if (n.has(2)) {
    y = n.add(y, beta == 1.0 ? n.in(2) : n.mul(n.in(2), beta));
  }
  return n.result(activate(n, y));
}

/// Operands: input, skip, gamma, then beta (not in the simplified one) and a bias. Output 3 is the sum.
Result skipLayerNorm(Node &n) {
  bool rms = n.op() == "SkipSimplifiedLayerNormalization";
  double epsilon = n.getFloat("epsilon", 1e-12);
  Value sum = n.add(n.in(0), n.in(1)), beta = rms ? Value() : n.in(3), bias = n.in(rms ? 3 : 4);
  sum = bias ? n.add(sum, bias) : sum;
  n.set(3, sum);
  return n.result(sum ? n.make<nn::LayerNormOp>(sum, n.in(2), beta, nn::rankOf(sum) - 1, llvm::APFloat(epsilon), rms)
                      : Value());
}

/// The sum of the embeddings of words, positions and segments, normalised. Output 1: how many words the mask keeps.
Result embedLayerNorm(Node &n) {
  double epsilon = n.getFloat("epsilon", 1e-12);
  n.ignore({"mask_index_type"});
  if (nn::rankOf(n.in(0)) != 2 || n.has(1) != n.has(4)) {
    return n.fail("expected word ids of rank 2, and segment ids together with their embedding");
  }
  Shape ids = nn::shapeOf(n.in(0));
  Value place = n.has(8) ? n.in(8) : n.make<nn::IotaOp>(n.shapeAttr({ids[1]}), 0, n.builder.getI64Type());
  Value sum = n.add(n.make<nn::GatherOp>(n.in(2), n.in(0), 0), n.make<nn::GatherOp>(n.in(3), place, 0));
  if (n.has(1)) {
    sum = n.add(sum, n.make<nn::GatherOp>(n.in(4), n.in(1), 0));
  }
  Type i32 = n.builder.getI32Type();
  if (n.wants(1)) {
    n.set(1, n.has(7) ? n.reduce(n.cast(n.cast(n.in(7), n.builder.getI1Type()), i32), nn::ReduceKind::Sum, {1}, false)
                      : n.broadcast(n.scalar(i32, 0), {ids[0]}));
  }
  n.set(2, sum);
  return n.result(n.make<nn::LayerNormOp>(sum, n.in(5), n.in(6), 2, llvm::APFloat(epsilon), false));
}

/// A convolution whose input and output have their channels last.
Result nhwcConv(Node &n) {
  int64_t rank = nn::rankOf(n.in(0)), groups = n.getInt("group", 1);
  if (rank < 3) {
    return n.fail("expected an input of rank 3 or more, got rank " + llvm::Twine(rank));
  }
  Ints first{0, rank - 1}, last{0}, kernel;
  for (int64_t i = 1; i < rank - 1; ++i) {
    first.push_back(i);
    last.push_back(i + 1);
  }
  last.push_back(1);
  Shape sizes = nn::shapeOf(n.in(1));
  for (Expr e : llvm::ArrayRef(sizes).drop_front(std::min<size_t>(2, sizes.size()))) {
    kernel.push_back(dim::getConstant(e).value_or(0));
  }
  n.ignore({"kernel_shape"});
  Value x = n.transpose(n.in(0), first);
  Value padding = n.scalar(nn::elementOf(n.in(0)), 0);
  std::optional<Window> w = n.failed() ? std::nullopt : readWindow(n, x, kernel, padding);
  if (!w) {
    return mlir::failure();
  }
  Value y = n.make<nn::ConvOp>(x, n.in(1), n.in(2), w->strides, w->dilations, w->pads, groups, false);
  y = withOutputSizes(n, *w, y);
  return n.failed() ? mlir::failure() : n.result(n.transpose(y, last));
}
} // namespace

void addFusedRules(RuleTable &table) {
  table.add({{kMicrosoft, "FusedConv", {1}, conv, {2, 4}},
             {kMicrosoft, "FusedMatMul", {1}, matMul, {2, 2}},
             {kMicrosoft, "FusedGemm", {1}, gemm, {2, 3}},
             {kMicrosoft, "NhwcConv", {1}, nhwcConv, {2, 3}},
             {kMicrosoft, "EmbedLayerNormalization", {1}, embedLayerNorm, {7, 9}},
             {kMicrosoft, "SkipLayerNormalization", {1}, skipLayerNorm, {3, 5}},
             {kMicrosoft, "SkipSimplifiedLayerNormalization", {1}, skipLayerNorm, {3, 4}}});
}
} // namespace dlc::onnx_import
