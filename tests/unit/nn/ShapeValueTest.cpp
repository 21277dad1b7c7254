//===- ShapeValueTest.cpp - sizes as values ---------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "tests/unit/nn/NNTest.h"

namespace dlc::nn {
namespace {
class ShapeValueTest : public NNTest {
protected:
  /// What is known of %r, the last value of a function of %x: [n, m, 4].
  std::string valueOf(const std::string &ops) {
    std::string text =
        "func.func @main(%x: tensor<?x?x4xf32, #dim.shape<[n, m, 4]>>, %b: tensor<i1>) {\n"
        "%s = nn.shape %x {start = 0, end = 3} : (tensor<?x?x4xf32, #dim.shape<[n, m, 4]>>) -> tensor<3xi64>\n"
        "%two = nn.constant dense<2> : tensor<i64>\n" +
        ops + "\nreturn\n}";
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module) {
      return errors;
    }
    mlir::Block &body = module->lookupSymbol<mlir::func::FuncOp>("main").getBody().front();
    std::optional<dim::Shape> value = getShapeValue(std::prev(body.end(), 2)->getResult(0));
    std::string result;
    for (dim::Expr e : value.value_or(dim::Shape())) {
      result += (result.empty() ? "" : ", ") + dim::toString(e);
    }
    return value ? result : "unknown";
  }
  std::string pair(const std::string &op, const std::string &type = "i64") {
    return valueOf("%r = nn." + op + " %s, %two : (tensor<3xi64>, tensor<i64>) -> tensor<3x" + type + ">");
  }
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(ShapeValueTest, Arithmetic) {
  EXPECT_EQ(pair("add"), "n + 2, m + 2, 6");
  EXPECT_EQ(pair("div"), "floordiv(n, 2), floordiv(m, 2), 2");
  EXPECT_EQ(pair("mod"), "mod(n, 2), mod(m, 2), 0");
  EXPECT_EQ(pair("fmod"), "mod(n, 2), mod(m, 2), 0");
  EXPECT_EQ(pair("min"), "min(2, n), min(2, m), 2");
  EXPECT_EQ(pair("max"), "max(2, n), max(2, m), 4");
  EXPECT_EQ(valueOf("%r = nn.neg %s : (tensor<3xi64>) -> tensor<3xi64>"), "-1 * n, -1 * m, -4");
  EXPECT_EQ(valueOf("%a = nn.neg %s : (tensor<3xi64>) -> tensor<3xi64>\n"
                    "%r = nn.relu %a : (tensor<3xi64>) -> tensor<3xi64>"),
            "0, 0, 0");
  EXPECT_EQ(valueOf("%a = nn.neg %s : (tensor<3xi64>) -> tensor<3xi64>\n"
                    "%r = nn.abs %a : (tensor<3xi64>) -> tensor<3xi64>"),
            "n, m, 4");
}

TEST_F(ShapeValueTest, DivisionOfNegativeNumbersTruncates) {
  EXPECT_EQ(
      valueOf(
          "%a = nn.constant dense<-7> : tensor<i64>\n%r = nn.div %a, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>"),
      "-3");
  EXPECT_EQ(valueOf("%a = nn.neg %s : (tensor<3xi64>) -> tensor<3xi64>\n"
                    "%r = nn.div %a, %two : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>"),
            "unknown");
}

TEST_F(ShapeValueTest, ComparisonsAreZeroOrOne) {
  EXPECT_EQ(pair("less", "i1"), "min(1, max(0, -1 * n + 2)), min(1, max(0, -1 * m + 2)), 0");
  EXPECT_EQ(valueOf("%r = nn.equal %s, %s : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>"), "1, 1, 1");
  EXPECT_EQ(valueOf("%t = nn.add %s, %two : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>\n"
                    "%e = nn.equal %s, %t : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>\n"
                    "%r = nn.not %e : (tensor<3xi1>) -> tensor<3xi1>"),
            "1, 1, 1");
  EXPECT_EQ(valueOf("%t = nn.add %s, %two : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>\n"
                    "%e = nn.less_equal %s, %t : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>\n"
                    "%r = nn.cast %e {to = i64, saturate = true} : (tensor<3xi1>) -> tensor<3xi64>"),
            "1, 1, 1");
}

TEST_F(ShapeValueTest, SelectsAndReduces) {
  EXPECT_EQ(valueOf("%c = nn.constant dense<[true, false, true]> : tensor<3xi1>\n"
                    "%r = nn.select %c, %s, %two : (tensor<3xi1>, tensor<3xi64>, tensor<i64>) -> tensor<3xi64>"),
            "n, 2, 4");
  EXPECT_EQ(valueOf("%r = nn.reduce %s {kind = 2 : i32, axes = array<i64: 0>, keep_dims = false} : (tensor<3xi64>) -> "
                    "tensor<i64>"),
            "4 * m * n");
  EXPECT_EQ(valueOf("%r = nn.reduce %s {kind = 1 : i32, axes = array<i64: 0>, keep_dims = false} : (tensor<3xi64>) -> "
                    "tensor<i64>"),
            "unknown");
}

TEST_F(ShapeValueTest, MovesElementsOfAnyRank) {
  EXPECT_EQ(
      valueOf("%a = nn.concat %s, %s {axis = 0} : (tensor<3xi64>, tensor<3xi64>) -> tensor<6xi64>\n"
              "%q = nn.reshape %a {shape = #dim.shape<[2, 3]>} : (tensor<6xi64>) -> tensor<2x3xi64>\n"
              "%t = nn.transpose %q {permutation = array<i64: 1, 0>} : (tensor<2x3xi64>) -> tensor<3x2xi64>\n"
              "%r = nn.slice %t {starts = #dim.shape<[2, 0]>, sizes = #dim.shape<[3, 1]>, steps = array<i64: -1, 1>}"
              " : (tensor<3x2xi64>) -> tensor<3x1xi64>"),
      "4, m, n");
}

TEST_F(ShapeValueTest, WhatDoesNotFitItsTypeIsUnknown) {
  EXPECT_EQ(
      valueOf(
          "%a = nn.constant dense<200> : tensor<ui8>\n%r = nn.add %a, %a : (tensor<ui8>, tensor<ui8>) -> tensor<ui8>"),
      "unknown");
  EXPECT_EQ(valueOf("%r = nn.cast %s {to = i8, saturate = true} : (tensor<3xi64>) -> tensor<3xi8>"), "unknown");
  EXPECT_EQ(valueOf("%a = nn.constant dense<9223372036854775807> : tensor<i64>\n"
                    "%r = nn.add %a, %a : (tensor<i64>, tensor<i64>) -> tensor<i64>"),
            "unknown");
  EXPECT_EQ(valueOf("%r = nn.not %b : (tensor<i1>) -> tensor<i1>"), "unknown");
}

TEST_F(ShapeValueTest, EveryValueIsLookedAtOnce) {
  std::string ops;
  for (int i = 0; i < 100; ++i) {
    std::string from = i ? "%v" + std::to_string(i - 1) : "%s";
    ops += "%v" + std::to_string(i) + " = nn.max " + from + ", " + from +
           " : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>\n";
  }
  EXPECT_EQ(valueOf(ops), "n, m, 4") << "not after 2^100 steps";
}

TEST_F(ShapeValueTest, ForgottenOpsAreLookedAtAgain) {
  valueOf("%r = nn.add %s, %two : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>");
  mlir::Block &body = module->lookupSymbol<mlir::func::FuncOp>("main").getBody().front();
  mlir::Operation *sum = &*std::prev(body.end(), 2);
  ShapeValues values;
  EXPECT_EQ(dim::toString((*values.of(sum->getResult(0)))[2]), "6");
  sum->setOperand(1, sum->getOperand(0));
  values.forget(sum);
  EXPECT_EQ(dim::toString((*values.of(sum->getResult(0)))[2]), "8");
}
} // namespace
} // namespace dlc::nn
