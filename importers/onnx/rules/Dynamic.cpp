//===- Dynamic.cpp - results whose sizes are found in data, and random numbers ----------------===//
#include "importers/onnx/Node.h"
#include <cmath>
#include <cstring>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Expr found(Node &n) { return n.freshSize(n.op() + "_count"); }

Result nonZero(Node &n) {
  return n.result(n.make<nn::NonZeroOp>(n.in(0), n.shapeAttr({n.number(nn::rankOf(n.in(0))), found(n)})));
}

/// The optional attribute `axis`, counted from the front; null where it is absent.
mlir::IntegerAttr optionalAxis(Node &n) {
  return n.hasAttribute("axis") ? n.builder.getI64IntegerAttr(n.axis(n.getInt("axis", 0), nn::rankOf(n.in(0))))
                                : mlir::IntegerAttr();
}
/// The input's shape with a new size at the axis; a vector without one.
Shape shrunk(Node &n, mlir::IntegerAttr axis) {
  Shape shape = axis ? nn::shapeOf(n.in(0)) : Shape(1);
  if (!n.failed()) {
    shape[axis ? axis.getInt() : 0] = found(n);
  }
  return shape;
}

Result compress(Node &n) {
  mlir::IntegerAttr axis = optionalAxis(n);
  Shape shape = shrunk(n, axis);
  return n.failed() ? mlir::failure() : n.result(n.make<nn::CompressOp>(n.in(0), n.in(1), axis, n.shapeAttr(shape)));
}

Result unique(Node &n) {
  mlir::IntegerAttr axis = optionalAxis(n);
  mlir::BoolAttr sorted = n.builder.getBoolAttr(n.getBool("sorted", true));
  Shape shape = shrunk(n, axis);
  if (n.failed()) {
    return mlir::failure();
  }
  auto results = n.makeAll<nn::UniqueOp, 4>(n.in(0), axis, sorted, n.shapeAttr(shape));
  for (unsigned i = 0; i < 4; ++i) {
    n.set(i, results[i]);
  }
  return n.status();
}

Result nonMaxSuppression(Node &n) {
  bool center = n.getBool("center_point_box", false);
  for (unsigned i : {2, 3, 4}) {
    if (n.has(i)) {
      n.assume(dim::product(n.context(), nn::shapeOf(n.in(i))), n.number(1),
               "number of elements of input " + llvm::Twine(i));
    }
  }
  return n.result(n.make<nn::NonMaxSuppressionOp>(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), center,
                                                  n.shapeAttr({found(n), n.number(3)})));
}

/// The attribute's bits; without one, a number that the node's name decides, so that a model always gives the same.
int64_t seedOf(Node &n) {
  if (n.op() == "Dropout" && n.hasAttribute("seed")) { // an integer there
    return n.getInt("seed", 0);
  }
  if (n.hasAttribute("seed")) {
    float seed = float(n.getFloat("seed", 0));
    uint32_t bits;
    std::memcpy(&bits, &seed, sizeof(bits));
    return bits;
  }
  uint64_t hash = 1469598103934665603u; // FNV-1a
  for (unsigned char c : n.proto.name() + "/" + (n.numOutputs() ? n.proto.output(0) : std::string())) {
    hash = (hash ^ c) * 1099511628211u;
  }
  return int64_t(hash >> 1);
}

/// Shape and type of the attributes, or those of the input of a `Like`.
struct Wanted {
  Shape shape;
  Type element;
};
std::optional<Wanted> wantedOf(Node &n) {
  bool like = n.has(0);
  Type element = !like || n.hasAttribute("dtype") ? n.getElementType("dtype", 1) : nn::elementOf(n.in(0));
  if (!element || !nn::isFloat(element)) {
    (void)n.fail("expected a type of floating-point numbers");
    return std::nullopt;
  }
  return Wanted{like ? nn::shapeOf(n.in(0)) : n.numbers(n.getInts("shape")), element};
}

Result randomUniform(Node &n) {
  std::optional<Wanted> w = wantedOf(n);
  double low = n.getFloat("low", 0.0), high = n.getFloat("high", 1.0);
  return w ? n.result(n.make<nn::RandomUniformOp>(n.shapeAttr(w->shape), llvm::APFloat(low), llvm::APFloat(high),
                                                  seedOf(n), w->element))
           : mlir::failure();
}
Result randomNormal(Node &n) {
  std::optional<Wanted> w = wantedOf(n);
  double mean = n.getFloat("mean", 0.0), scale = n.getFloat("scale", 1.0);
  return w ? n.result(n.make<nn::RandomNormalOp>(n.shapeAttr(w->shape), llvm::APFloat(mean), llvm::APFloat(scale),
                                                 seedOf(n), w->element))
           : mlir::failure();
}
Result bernoulli(Node &n) {
  Type element = n.hasAttribute("dtype") ? n.getElementType("dtype", 1) : nn::elementOf(n.in(0));
  return element ? n.result(n.make<nn::BernoulliOp>(n.in(0), seedOf(n), element)) : mlir::failure();
}
/// Elements stay, times 1 / (1 - ratio), where a number of [0, 1) is not below the ratio; all do outside of training.
Result dropout(Node &n) {
  n.ignore({"consumed_inputs", "is_test", "ratio"});
  Value x = n.in(0), training = n.in(2);
  Shape shape = nn::shapeOf(x);
  Type e = nn::elementOf(x), maskType = n.since < 10 ? e : Type(n.builder.getI1Type()), f32 = n.builder.getF32Type();
  std::optional<Ints> known = training ? n.knownInts(training) : Ints{0};
  if (known && known->size() == 1 && !known->front()) {
    n.ignore({"seed"});
    if (n.wants(1)) {
      n.set(1, n.broadcast(n.scalar(maskType, 1), shape));
    }
    return n.result(x);
  }
  if (auto stated = n.knownFloats(n.in(1));
      stated && stated->size() == 1 && !(stated->front() >= 0 && stated->front() < 1)) {
    return n.fail("expected a ratio in [0, 1), got " + std::to_string(stated->front()));
  }
  Value ratio = n.has(1) ? n.cast(n.reshape(n.in(1), {}), f32) : n.scalar(f32, 0.5);
  training = n.reshape(training, {});
  ratio = n.select(training, ratio, n.scalar(f32, 0));
  Value drawn = n.make<nn::RandomUniformOp>(n.shapeAttr(shape), llvm::APFloat(0.0), llvm::APFloat(1.0), seedOf(n), f32);
  Value stays = n.make<nn::LessEqualOp>(ratio, drawn), factor = n.make<nn::ReciprocalOp>(n.sub(n.scalar(f32, 1), ratio));
  if (n.wants(1)) {
    n.set(1, n.cast(stays, maskType));
  }
  return n.result(n.select(stays, n.mul(x, n.cast(factor, e)), n.scalar(e, 0)));
}
Result multinomial(Node &n) {
  Type element = n.getElementType("dtype", 6);
  int64_t size = n.getInt("sample_size", 1);
  if (size < 0) {
    return n.fail("expected sample_size of at least 0, got " + llvm::Twine(size));
  }
  return element ? n.result(n.make<nn::MultinomialOp>(n.in(0), size, seedOf(n), element)) : mlir::failure();
}

/// a0 - a1 * cos(2 pi k / size) + a2 * cos(4 pi k / size); a symmetric window counts one fewer.
Result window(Node &n, double a0, double a1, double a2) {
  Type element = n.getElementType("output_datatype", 1), f32 = n.builder.getF32Type();
  std::optional<Shape> size = n.sizes(0);
  bool periodic = n.getBool("periodic", true);
  if (!size || size->size() != 1 || !element) {
    return n.fail("expected one size");
  }
  Type scalar = mlir::RankedTensorType::get({}, n.builder.getI64Type());
  Expr period = periodic ? size->front() : dim::max(dim::add(size->front(), n.number(-1)), n.number(1));
  Value count = n.cast(n.make<nn::SizesOp>(n.shapeAttr(period), scalar), f32);
  Value angle = n.div(n.mul(n.make<nn::IotaOp>(n.shapeAttr(*size), 0, f32), 2 * M_PI), count);
  Value y = n.add(n.mul(n.make<nn::CosOp>(angle), -a1), a0);
  if (a2 != 0) {
    y = n.add(y, n.mul(n.make<nn::CosOp>(n.mul(angle, 2.0)), a2));
  }
  return n.result(n.cast(y, element));
}
Result hann(Node &n) { return window(n, 0.5, 0.5, 0); }
Result hamming(Node &n) { return window(n, 25.0 / 46, 21.0 / 46, 0); }
Result blackman(Node &n) { return window(n, 0.42, 0.5, 0.08); }

Result det(Node &n) { return n.result(n.make<nn::DetOp>(n.in(0))); }
} // namespace

void addDynamicRules(RuleTable &table) {
  table.add({{"", "NonZero", {9, 13}, nonZero, {1, 1}},
             {"", "Compress", {9, 11}, compress, {2, 2}},
             {"", "Unique", {11}, unique, {1, 1}},
             {"", "NonMaxSuppression", {10, 11}, nonMaxSuppression, {2, 5}},
             {"", "RandomUniform", {1, 22}, randomUniform, {0, 0}},
             {"", "RandomUniformLike", {1, 22}, randomUniform, {1, 1}},
             {"", "RandomNormal", {1, 22}, randomNormal, {0, 0}},
             {"", "RandomNormalLike", {1, 22}, randomNormal, {1, 1}},
             {"", "Bernoulli", {15, 22}, bernoulli, {1, 1}},
             {"", "Dropout", {1, 6, 7, 10, 12, 13, 22}, dropout, {1, 3}},
             {"", "Multinomial", {7, 22}, multinomial, {1, 1}},
             {"", "HannWindow", {17}, hann, {1, 1}},
             {"", "HammingWindow", {17}, hamming, {1, 1}},
             {"", "BlackmanWindow", {17}, blackman, {1, 1}},
             {"", "Det", {11, 22}, det, {1, 1}}});
}
} // namespace dlc::onnx_import
