//===- Ml.cpp - features of classical machine learning (ai.onnx.ml) ----------------------===//
#include "importers/onnx/rules/Scores.h"
#include "importers/onnx/rules/Svm.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Value floatsOf(Node &n, llvm::ArrayRef<float> values) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getF32Type(), {int64_t(values.size())});
  llvm::copy(values, t.values<float>().begin());
  return n.constant(nn::attrFromTensor(t));
}

/// True for 1 number, or one for each element of the last dim.
bool fitsFeatures(Node &n, size_t count) {
  int64_t rank = nn::rankOf(n.in(0));
  auto last = rank ? dim::getConstant(nn::shapeOf(n.in(0)).back()) : std::optional<int64_t>(1);
  return count == 1 || (rank > 0 && count > 0 && (!last || *last == int64_t(count)));
}

Result binarizer(Node &n) {
  Type e = nn::elementOf(n.in(0));
  Value above = n.make<nn::LessOp>(n.scalar(n.builder.getF64Type(), n.getFloat("threshold", 0)),
                                   n.cast(n.in(0), n.builder.getF64Type()));
  return n.result(n.cast(above, e));
}

/// (x - offset) * scale
Result scaler(Node &n) {
  llvm::SmallVector<float> offset = n.getFloats("offset"), scale = n.getFloats("scale");
  if (!fitsFeatures(n, offset.size()) || scale.size() != offset.size()) {
    return n.fail("expected one offset and one scale, or as many as there are features");
  }
  Value x = n.cast(n.in(0), n.builder.getF32Type());
  return n.result(n.mul(n.sub(x, floatsOf(n, offset)), floatsOf(n, scale)));
}

/// Rows divided by their maximum, or by their L1 or L2 norm; those of a zero stay.
Result normalizer(Node &n) {
  std::string norm = n.getString("norm", "MAX");
  Type f32 = n.builder.getF32Type();
  Value x = n.cast(n.in(0), f32);
  int64_t rank = nn::rankOf(n.in(0));
  std::optional<nn::ReduceKind> kind = norm == "MAX"  ? std::optional(nn::ReduceKind::Max)
                                       : norm == "L1" ? std::optional(nn::ReduceKind::L1)
                                       : norm == "L2" ? std::optional(nn::ReduceKind::L2)
                                                      : std::nullopt;
  if (!kind || rank < 1 || rank > 2) {
    return n.fail("expected rank 1 or 2 and norm MAX, L1 or L2, got '" + norm + "'");
  }
  Value divisor = n.reduce(x, *kind, {rank - 1});
  Value isZero = divisor ? n.make<nn::EqualOp>(divisor, n.scalar(f32, 0)) : Value();
  return n.result(n.div(x, n.select(isZero, n.scalar(f32, 1), divisor)));
}

/// Elements that equal one value (NaN equals NaN) become another, the same for all or one per feature.
Result imputer(Node &n) {
  Value x = n.in(0);
  Type e = nn::elementOf(x);
  bool floats = nn::isFloat(e);
  llvm::SmallVector<float> values = n.getFloats("imputed_value_floats");
  Ints integers = n.getInts("imputed_value_int64s");
  double replaced = n.getFloat("replaced_value_float", 0);
  int64_t replacedInteger = n.getInt("replaced_value_int64", 0);
  if (!fitsFeatures(n, floats ? values.size() : integers.size())) {
    return n.fail("expected one imputed value of the input's kind, or as many as there are features");
  }
  Value with = n.cast(floats ? floatsOf(n, values) : n.i64s(integers), e);
  if (floats && std::isnan(replaced)) {
    return n.result(n.select(n.make<nn::IsNaNOp>(x), with, x));
  }
  Value what = floats ? n.scalar(e, replaced) : n.cast(n.reshape(n.i64s({replacedInteger}), {}), e);
  return n.result(n.select(n.make<nn::EqualOp>(x, what), with, x));
}

/// Elements of the last dim; a vector is one row.
Result arrayFeatureExtractor(Node &n) {
  Value x = n.in(0), at = n.in(1);
  if (nn::rankOf(x) == 0) {
    return n.fail("expected an input of rank 1 or more");
  }
  if (nn::rankOf(x) == 1) {
    x = n.reshape(x, {n.number(1), nn::shapeOf(x)[0]});
  }
  Expr count = dim::product(n.context(), nn::shapeOf(at));
  return n.failed() ? mlir::failure() : n.result(n.make<nn::GatherOp>(x, n.reshape(at, {count}), nn::rankOf(x) - 1));
}

Result linearRegressor(Node &n) {
  llvm::SmallVector<float> coefficients = n.getFloats("coefficients"), intercepts = n.getFloats("intercepts");
  int64_t targets = n.getInt("targets", 1);
  std::string transform = n.getString("post_transform", "NONE");
  if (targets < 1 || coefficients.empty() || coefficients.size() % targets || nn::rankOf(n.in(0)) != 2 ||
      (!intercepts.empty() && int64_t(intercepts.size()) != targets)) {
    return n.fail("expected a matrix, coefficients and intercepts for every target");
  }
  Expr features = n.number(int64_t(coefficients.size()) / targets);
  Value w = n.reshape(floatsOf(n, coefficients), {n.number(targets), features});
  Value y = n.make<nn::MatmulOp>(n.cast(n.in(0), n.builder.getF32Type()), w, false, true);
  y = intercepts.empty() ? y : n.add(y, floatsOf(n, intercepts));
  if (transform == "NONE") {
    return n.result(y);
  }
  if (transform == "LOGISTIC") {
    return n.result(n.make<nn::SigmoidOp>(y));
  }
  return transform == "SOFTMAX" ? n.result(n.make<nn::SoftmaxOp>(y, 1, false))
                                : n.fail("expected post_transform NONE, LOGISTIC or SOFTMAX, got '" + transform + "'");
}

/// The score above zero of two classes, s, as the scores of both: as in ONNX Runtime, the other's is 1 - s, or that of
/// -s for LOGISTIC, and the transforms that need two scores are left out. The specification is silent.
Value scoresOfTwo(Node &n, Value one, llvm::StringRef transform) {
  if (n.failed() || transform == "PROBIT") {
    (void)n.fail("expected no PROBIT for one score of two classes");
    return {};
  }
  return transform == "LOGISTIC" ? postTransform(n, n.concat({n.mul(one, -1), one}, 1), transform)
                                 : n.concat({n.sub(n.scalar(n.builder.getF32Type(), 1), one), one}, 1);
}

/// A row of coefficients and an intercept for each class, or one for the second of two. The label is the class of the
/// greatest score before the transform, the first of equal ones.
Result linearClassifier(Node &n) {
  llvm::SmallVector<float> coefficients = n.getFloats("coefficients"), intercepts = n.getFloats("intercepts");
  ClassLabels labels = readClassLabels(n, "classlabels_ints");
  std::string transform = n.getString("post_transform", "NONE");
  n.ignore({"multi_class"}); // what the scores were fitted for; the transform says what becomes of them
  int64_t rows = intercepts.empty() ? labels.count : int64_t(intercepts.size());
  bool isOne = rows == 1 && labels.count == 2;
  if (n.failed() || coefficients.empty() || (rows != labels.count && !isOne) || coefficients.size() % rows ||
      nn::rankOf(n.in(0)) != 2) {
    return n.fail("expected a matrix, and coefficients and intercepts for every class, or for the second of two");
  }
  Value w = n.reshape(floatsOf(n, coefficients), {n.number(rows), n.number(int64_t(coefficients.size()) / rows)});
  Type f32 = n.builder.getF32Type();
  Value scores = n.make<nn::MatmulOp>(n.cast(n.in(0), f32), w, false, true);
  scores = intercepts.empty() ? scores : n.add(scores, floatsOf(n, intercepts));
  if (!isOne) {
    Value classes = n.make<nn::ArgReduceOp>(scores, nn::ReduceKind::Max, 1, false, false);
    return classified(n, labels, classes, postTransform(n, scores, transform));
  }
  Value isSecond = n.reshape(n.make<nn::LessOp>(n.scalar(f32, 0), scores), {nn::shapeOf(n.in(0))[0]});
  return classified(n, labels, n.cast(isSecond, n.builder.getI64Type()), scoresOfTwo(n, scores, transform));
}

/// A new last dim with 1 at the category that the element is, else 0. Numbers are cut to integers, as in ONNX Runtime.
Result oneHotEncoder(Node &n) {
  Ints numbers = n.getInts("cats_int64s");
  llvm::SmallVector<std::string> texts = n.getStrings("cats_strings");
  bool isText = nn::isString(nn::elementOf(n.in(0)));
  if (!n.getBool("zeros", true) || (isText ? texts.empty() || !numbers.empty() : numbers.empty() || !texts.empty())) {
    return n.fail("expected zeros = 1, and cats_strings for strings, or cats_int64s for numbers");
  }
  nn::Tensor t = nn::Tensor::zeros(nn::StringType::get(n.context()), {int64_t(texts.size())});
  llvm::copy(texts, t.values<std::string>().begin());
  Value categories = isText ? n.constant(nn::attrFromTensor(t)) : n.i64s(numbers);
  Shape shape = nn::shapeOf(n.in(0));
  shape.push_back(n.number(1));
  Value each = n.reshape(isText ? n.in(0) : n.cast(n.in(0), n.builder.getI64Type()), shape);
  return n.result(n.cast(n.make<nn::EqualOp>(each, categories), n.builder.getF32Type()));
}

/// All inputs in one row each, as floats, one after the other.
Result featureVectorizer(Node &n) {
  n.ignore({"inputdimensions"}); // what the shapes say
  llvm::SmallVector<Value> parts;
  for (Value v : n.inputs()) {
    if (!v || nn::rankOf(v) < 1 || nn::rankOf(v) > 2) {
      return n.fail("expected inputs of rank 1 or 2");
    }
    Value wide = n.cast(v, n.builder.getF32Type());
    parts.push_back(nn::rankOf(v) == 1 ? n.reshape(wide, {n.number(1), nn::shapeOf(v)[0]}) : wide);
  }
  return n.failed() ? mlir::failure() : n.result(n.concat(parts, 1));
}
} // namespace

void addMlRules(RuleTable &table) {
  constexpr llvm::StringLiteral kMl = "ai.onnx.ml";
  table.add({{kMl, "Binarizer", {1}, binarizer, {1, 1}},
             {kMl, "Scaler", {1}, scaler, {1, 1}},
             {kMl, "Normalizer", {1}, normalizer, {1, 1}},
             {kMl, "Imputer", {1}, imputer, {1, 1}},
             {kMl, "ArrayFeatureExtractor", {1}, arrayFeatureExtractor, {2, 2}},
             {kMl, "LinearRegressor", {1}, linearRegressor, {1, 1}},
             {kMl, "LinearClassifier", {1}, linearClassifier, {1, 1}},
             {kMl, "SVMRegressor", {1}, svmRegressor, {1, 1}},
             {kMl, "OneHotEncoder", {1}, oneHotEncoder, {1, 1}},
             {kMl, "FeatureVectorizer", {1}, featureVectorizer, {1, kAnyNumber}}});
}
} // namespace dlc::onnx_import
