//===- Norm.cpp - normalisation ----------------------------------------------------------------------------===//
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// Small floats are normalised in f32.
Type computeType(Node &n, Type element) {
  return nn::getElementBits(element) < 32 ? Type(n.builder.getF32Type()) : element;
}

/// Statistics with one element per channel and spatial position (`spatial` 0 of versions before 9).
Value batchNormPerPosition(Node &n, double epsilon) {
  Value scale = n.div(n.in(1), n.make<nn::SqrtOp>(n.add(n.in(4), epsilon)));
  return n.add(n.mul(n.sub(n.in(0), n.in(3)), scale), n.in(2));
}

/// Statistics of the batch itself; outputs 1 and 2 are the running ones.
Result batchNormTraining(Node &n, double epsilon, double momentum) {
  Value x = n.in(0);
  int64_t rank = nn::rankOf(x);
  Type e = nn::elementOf(x), compute = computeType(n, e);
  Ints axes;
  for (int64_t i = 0; i < rank; ++i) {
    if (i != 1) {
      axes.push_back(i);
    }
  }
  Value wide = n.cast(x, compute), mean = n.reduce(wide, nn::ReduceKind::Mean, axes);
  Value centered = n.sub(wide, mean);
  Value variance = n.reduce(n.mul(centered, centered), nn::ReduceKind::Mean, axes);
  if (n.failed()) {
    return mlir::failure();
  }
  Shape channels{nn::shapeOf(x)[1]};
  auto running = [&](Value old, Value current) {
    Value flat = n.cast(n.reshape(current, channels), nn::elementOf(old));
    return n.add(n.mul(old, momentum), n.mul(flat, 1 - momentum));
  };
  n.set(1, running(n.in(3), mean));
  n.set(2, running(n.in(4), variance));
  auto vector = [&](Value v) { return n.cast(n.reshape(v, channels), compute); };
  Value y = n.make<nn::BatchNormOp>(wide, vector(n.in(1)), vector(n.in(2)), vector(mean), vector(variance),
                                    llvm::APFloat(epsilon), 1);
  return n.result(n.cast(y, e));
}

Result batchNorm(Node &n) {
  n.ignore({"consumed_inputs", "is_test", "spatial"});
  double epsilon = n.getFloat("epsilon", 1e-5), momentum = n.getFloat("momentum", 0.9);
  bool training = n.since >= 14 && n.getBool("training_mode", false);
  int64_t rank = nn::rankOf(n.in(0));
  if (rank < 1 || (rank == 1 && training)) {
    return n.fail("expected an input of rank 2 or more, got rank " + llvm::Twine(rank));
  }
  if (training) {
    return batchNormTraining(n, epsilon, momentum);
  }
  if (llvm::any_of(n.inputs().drop_front(), [](Value v) { return nn::rankOf(v) != 1; })) {
    return n.result(batchNormPerPosition(n, epsilon));
  }
  return n.result(n.make<nn::BatchNormOp>(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), llvm::APFloat(epsilon),
                                          rank == 1 ? 0 : 1));
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
  double epsilon = n.getFloat("epsilon", 1e-5);
  return n.result(n.make<nn::InstanceNormOp>(n.in(0), n.in(1), n.in(2), llvm::APFloat(epsilon)));
}

/// LayerNormalization and RMSNormalization. Mean and 1 / deviation, where they are wanted, are computed beside it.
Result layerNorm(Node &n) {
  Value x = n.in(0);
  bool rms = n.op() == "RMSNormalization" || n.op() == "SimplifiedLayerNormalization";
  int64_t rank = nn::rankOf(x), axis = n.axis(n.getInt("axis", -1), rank);
  double epsilon = n.getFloat("epsilon", 1e-5);
  Type e = nn::elementOf(x), stash = n.getElementType("stash_type", 1);
  if (n.failed()) {
    return mlir::failure();
  }
  if (n.wants(1) || n.wants(2)) {
    Type compute = nn::getElementBits(e) > nn::getElementBits(stash) ? e : stash;
    Normalized r = normalize(n, n.cast(x, compute), axesFrom(axis, rank), epsilon);
    n.set(1, r.mean);
    n.set(2, r.inverse);
  }
  return n.result(n.make<nn::LayerNormOp>(x, n.in(1), n.in(2), axis, llvm::APFloat(epsilon), rms));
}

/// Version 18 has scale and bias per group, version 21 per channel.
Result groupNorm(Node &n) {
  Value x = n.in(0), scale = n.in(1), bias = n.in(2);
  int64_t groups = n.getInt("num_groups", 0);
  double epsilon = n.getFloat("epsilon", 1e-5);
  n.ignore({"stash_type"});
  if (groups < 1 || nn::rankOf(x) < 2) {
    return n.fail("expected at least 1 group and an input of rank 2 or more");
  }
  if (n.since < 21) {
    Expr channels = nn::shapeOf(x)[1], count = n.number(groups);
    auto spread = [&](Value v) {
      Value column = n.reshape(v, {count, n.number(1)});
      return n.reshape(n.broadcast(column, {count, dim::floorDiv(channels, count)}), channels);
    };
    scale = spread(scale);
    bias = spread(bias);
  }
  return n.result(n.make<nn::GroupNormOp>(x, scale, bias, groups, llvm::APFloat(epsilon)));
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
  return n.result(n.make<nn::LpNormalizeOp>(x, axis, p));
}

Result lrn(Node &n) {
  double alpha = n.getFloat("alpha", 0.0001), beta = n.getFloat("beta", 0.75), bias = n.getFloat("bias", 1.0);
  int64_t size = n.getInt("size", 0);
  return n.result(n.make<nn::LrnOp>(n.in(0), size, llvm::APFloat(alpha), llvm::APFloat(beta), llvm::APFloat(bias)));
}
} // namespace

void addNormRules(RuleTable &table) {
  table.add({{"", "BatchNormalization", {1, 6, 7, 9, 14, 15}, batchNorm, {5, 5}},
             {"", "InstanceNormalization", {1, 6, 22}, instanceNorm, {3, 3}},
             {"", "LayerNormalization", {17}, layerNorm, {2, 3}},
             {"", "RMSNormalization", {23}, layerNorm, {2, 2}},
             {"", "GroupNormalization", {18, 21}, groupNorm, {3, 3}},
             {"", "MeanVarianceNormalization", {9, 13}, meanVarianceNorm, {1, 1}},
             {"", "LpNormalization", {1, 22}, lpNorm, {1, 1}},
             {"", "LRN", {1, 13}, lrn, {1, 1}}});
}
} // namespace dlc::onnx_import
