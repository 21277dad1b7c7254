//===- Norm.cpp - normalisation, out of simpler ops --------------------------------------------------------===//
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// Small floats are normalised in f32.
Type computeType(Node &n, Type element) {
  return nn::getElementBits(element) < 32 ? Type(n.builder.getF32Type()) : element;
}

/// With fixed statistics: x * (scale / sqrt(var + epsilon)) + (bias - mean * that). The parameters are constants as a
/// rule, so two per channel remain.
Result batchNorm(Node &n) {
  n.ignore({"consumed_inputs", "is_test", "momentum", "spatial"});
  if (n.since >= 14 && n.getBool("training_mode", false)) {
    return n.fail("expected training_mode 0, got 1");
  }
  Value x = n.in(0);
  Type e = nn::elementOf(x), compute = computeType(n, e);
  int64_t rank = nn::rankOf(x);
  double epsilon = n.getFloat("epsilon", 1e-5);
  if (rank < 1) {
    return n.fail("expected an input of rank 1 or more, got rank 0");
  }
  auto parameter = [&](unsigned i) { return n.cast(n.in(i), compute); };
  Value deviation = n.make<nn::SqrtOp>(n.add(parameter(4), epsilon));
  Value scale = n.div(parameter(1), deviation);
  Value shift = n.sub(parameter(2), n.mul(parameter(3), scale));
  auto channels = [&](Value v) { return n.perChannel(n.cast(v, e), rank == 1 ? 0 : 1, rank); };
  return n.result(n.add(n.mul(x, channels(scale)), channels(shift)));
}

/// (x - mean) / sqrt(variance + epsilon) over `axes`; mean and 1 / sqrt as well.
struct Normalized {
  Value value, mean, inverse;
};
Normalized normalize(Node &n, Value x, llvm::ArrayRef<int64_t> axes, double epsilon) {
  Normalized r;
  r.mean = n.reduce(x, nn::ReduceKind::Mean, axes);
  Value centered = n.sub(x, r.mean);
  Value variance = n.reduce(n.mul(centered, centered), nn::ReduceKind::Mean, axes);
  r.inverse = n.make<nn::ReciprocalOp>(n.make<nn::SqrtOp>(n.add(variance, epsilon)));
  r.value = n.mul(centered, r.inverse);
  return r;
}

Ints axesFrom(int64_t first, int64_t rank) {
  Ints axes;
  for (int64_t i = first; i < rank; ++i) {
    axes.push_back(i);
  }
  return axes;
}

Result instanceNorm(Node &n) {
  n.ignore({"consumed_inputs"});
  Value x = n.in(0);
  int64_t rank = nn::rankOf(x);
  if (rank < 3) {
    return n.fail("expected an input of rank 3 or more, got rank " + llvm::Twine(rank));
  }
  Type e = nn::elementOf(x), compute = computeType(n, e);
  double epsilon = n.getFloat("epsilon", 1e-5);
  Value y = normalize(n, n.cast(x, compute), axesFrom(2, rank), epsilon).value;
  y = n.add(n.mul(y, n.perChannel(n.cast(n.in(1), compute), 1, rank)), n.perChannel(n.cast(n.in(2), compute), 1, rank));
  return n.result(n.cast(y, e));
}

Result layerNorm(Node &n) {
  Value x = n.in(0);
  int64_t rank = nn::rankOf(x), axis = n.axis(n.getInt("axis", -1), rank);
  double epsilon = n.getFloat("epsilon", 1e-5);
  Type e = nn::elementOf(x), compute = n.getElementType("stash_type", 1);
  if (n.failed()) {
    return mlir::failure();
  }
  compute = nn::getElementBits(e) > nn::getElementBits(compute) ? e : compute;
  Normalized r = normalize(n, n.cast(x, compute), axesFrom(axis, rank), epsilon);
  Value y = n.mul(n.cast(r.value, e), n.in(1));
  n.set(1, r.mean);
  n.set(2, r.inverse);
  return n.result(n.has(2) ? n.add(y, n.in(2)) : y);
}

/// As layer normalisation without the mean: x / sqrt(mean of squares + epsilon) * scale.
Result rmsNorm(Node &n) {
  Value x = n.in(0);
  int64_t rank = nn::rankOf(x), axis = n.axis(n.getInt("axis", -1), rank);
  double epsilon = n.getFloat("epsilon", 1e-5);
  Type e = nn::elementOf(x), compute = n.getElementType("stash_type", 1);
  if (n.failed()) {
    return mlir::failure();
  }
  compute = nn::getElementBits(e) > nn::getElementBits(compute) ? e : compute;
  Value wide = n.cast(x, compute);
  Value mean = n.reduce(n.mul(wide, wide), nn::ReduceKind::Mean, axesFrom(axis, rank));
  Value y = n.div(wide, n.make<nn::SqrtOp>(n.add(mean, epsilon)));
  n.set(1, mean);
  return n.result(n.mul(n.cast(y, e), n.in(1)));
}

/// Version 18 has scale and bias per group, version 21 per channel.
Result groupNorm(Node &n) {
  Value x = n.in(0);
  Shape shape = nn::shapeOf(x);
  int64_t groups = n.getInt("num_groups", 0), rank = nn::rankOf(x);
  double epsilon = n.getFloat("epsilon", 1e-5);
  n.ignore({"stash_type"});
  if (groups < 1 || rank < 3) {
    return n.fail("expected at least 1 group and an input of rank 3 or more");
  }
  Type e = nn::elementOf(x), compute = computeType(n, e);
  Shape split = shape;
  split[1] = dim::floorDiv(shape[1], n.number(groups));
  split.insert(split.begin() + 1, n.number(groups));
  Value y = normalize(n, n.reshape(n.cast(x, compute), split), axesFrom(2, rank + 1), epsilon).value;
  Value scale = n.cast(n.in(1), compute), bias = n.cast(n.in(2), compute);
  if (n.since < 21) {
    y = n.add(n.mul(y, n.perChannel(scale, 1, rank + 1)), n.perChannel(bias, 1, rank + 1));
    return n.result(n.cast(n.reshape(y, shape), e));
  }
  y = n.add(n.mul(n.reshape(y, shape), n.perChannel(scale, 1, rank)), n.perChannel(bias, 1, rank));
  return n.result(n.cast(y, e));
}

/// (x - mean) / (standard deviation + 1e-9)
Result meanVarianceNorm(Node &n) {
  Value x = n.in(0);
  Ints axes = n.axes(n.getInts("axes", {0, 2, 3}), nn::rankOf(x));
  if (n.failed()) {
    return mlir::failure();
  }
  Value centered = n.sub(x, n.reduce(x, nn::ReduceKind::Mean, axes));
  Value variance = n.reduce(n.mul(centered, centered), nn::ReduceKind::Mean, axes);
  return n.result(n.div(centered, n.add(n.make<nn::SqrtOp>(variance), 1e-9)));
}

Result lpNorm(Node &n) {
  Value x = n.in(0);
  int64_t axis = n.axis(n.getInt("axis", -1), nn::rankOf(x)), p = n.getInt("p", 2);
  if (p != 1 && p != 2) {
    return n.fail("expected p 1 or 2, got " + llvm::Twine(p));
  }
  Value norm = n.reduce(x, p == 1 ? nn::ReduceKind::L1 : nn::ReduceKind::L2, axis);
  if (n.since < 22 || n.failed()) {
    return n.result(n.div(x, norm));
  }
  // Where the norm is 0, so is the result.
  Value zero = n.scalar(nn::elementOf(x), 0), isZero = n.make<nn::EqualOp>(norm, zero);
  return n.result(n.div(x, n.select(isZero, n.scalar(nn::elementOf(x), 1), norm)));
}
} // namespace

void addNormRules(RuleTable &table) {
  table.add({{"", "BatchNormalization", {1, 6, 7, 9, 14, 15}, batchNorm, {5, 5}},
             {"", "InstanceNormalization", {1, 6, 22}, instanceNorm, {3, 3}},
             {"", "LayerNormalization", {17}, layerNorm, {2, 3}},
             {"", "RMSNormalization", {23}, rmsNorm, {2, 2}},
             {"", "GroupNormalization", {18, 21}, groupNorm, {3, 3}},
             {"", "MeanVarianceNormalization", {9, 13}, meanVarianceNorm, {1, 1}},
             {"", "LpNormalization", {1, 22}, lpNorm, {1, 1}}});
}
} // namespace dlc::onnx_import
