//===- DimTest.cpp - arithmetic on symbolic sizes --------------------------------------===//
#include "dialects/dim/Factor.h"
#include "mlir/AsmParser/AsmParser.h"
#include "gtest/gtest.h"
#include <map>

namespace dlc::dim {
namespace {
class DimTest : public testing::Test {
protected:
  DimTest() { context.loadDialect<DimDialect>(); }
  Expr expr(llvm::StringRef text) {
    std::string error;
    mlir::FailureOr<Expr> e = parse(&context, text, error);
    EXPECT_TRUE(mlir::succeeded(e)) << text.str() << ": " << error;
    return mlir::succeeded(e) ? *e : unknown(&context);
  }
  std::string error(llvm::StringRef text) {
    std::string error;
    EXPECT_TRUE(mlir::failed(parse(&context, text, error))) << text.str();
    return error;
  }
  std::optional<int64_t> value(llvm::StringRef text, std::map<std::string, int64_t> symbols) {
    return evaluate(expr(text), [&](llvm::StringRef name) -> std::optional<int64_t> {
      auto it = symbols.find(name.str());
      return it == symbols.end() ? std::nullopt : std::optional<int64_t>(it->second);
    });
  }
  mlir::MLIRContext context;
};

TEST_F(DimTest, EqualPolynomialsAreOneAttribute) {
  EXPECT_EQ(expr("(a + b) * (a - b)"), expr("a * a - b * b"));
  EXPECT_EQ(expr("2 * (n + 3) - n - n"), expr("6"));
  EXPECT_EQ(expr("a * b * c"), expr("c * (b * a)"));
  EXPECT_NE(expr("a * a"), expr("a"));
  EXPECT_EQ(toString(expr("n - n")), "0");
}

TEST_F(DimTest, FloorDivTakesOutWhatDividesExactly) {
  EXPECT_EQ(expr("floordiv(4 * n + 6, 2)"), expr("2 * n + 3"));
  EXPECT_EQ(expr("floordiv(4 * n + 7, 2)"), expr("2 * n + 3"));
  EXPECT_EQ(expr("floordiv(2 * n - 1, 2)"), expr("n - 1"));
  EXPECT_EQ(expr("floordiv(a * b, b)"), expr("a"));
  EXPECT_EQ(expr("floordiv(4 * a + b, 4)"), expr("a + floordiv(b, 4)"));
  EXPECT_EQ(expr("ceildiv(7, 2)"), expr("4"));
  EXPECT_EQ(expr("ceildiv(-7, 2)"), expr("-3"));
  EXPECT_EQ(expr("mod(4 * n + 3, 4)"), expr("3"));
  EXPECT_EQ(expr("mod(-1, 4)"), expr("3"));
}

TEST_F(DimTest, TakesTheGreatestFactorOfAllTerms) {
  auto expect = [&](const char *text, int64_t factor, const char *rest) {
    EXPECT_EQ(takeFactor(expr(text)), std::pair(factor, expr(rest))) << text;
  };
  expect("4 * n + 8", 4, "n + 2");
  expect("12 * a * b - 8 * a", 4, "3 * a * b - 2 * a");
  expect("n", 1, "n");
  expect("3 * n + 2", 1, "3 * n + 2");
  expect("48", 48, "1");
  expect("0", 1, "0");
}

TEST_F(DimTest, MinAndMaxDecideWhatFollowsFromSigns) {
  EXPECT_EQ(expr("max(n + 1, n)"), expr("n + 1"));
  EXPECT_EQ(expr("min(n, n + m)"), expr("n"));
  EXPECT_EQ(expr("max(n, 0)"), expr("n"));
  EXPECT_EQ(expr("max(a, b)"), expr("max(b, a)"));
  EXPECT_NE(expr("max(x$, 0)"), expr("x$")) << "values read from data may be negative";
  EXPECT_EQ(toString(expr("max(x$, 0)")), "max(0, x$)");
}

TEST_F(DimTest, MinAndMaxAbsorbOneAnother) {
  EXPECT_EQ(expr("max(n, min(512, n))"), expr("n"));
  EXPECT_EQ(expr("min(max(512, n), n)"), expr("n"));
  EXPECT_EQ(expr("min(512, min(512, n))"), expr("min(512, n)"));
  EXPECT_EQ(expr("max(max(n, m), m)"), expr("max(n, m)"));
  EXPECT_NE(expr("max(n, min(512, m))"), expr("n"));
}

TEST_F(DimTest, UnknownPoisons) {
  EXPECT_TRUE(isUnknown(expr("? + 1")));
  EXPECT_TRUE(isUnknown(expr("floordiv(n, 0)")));
  EXPECT_EQ(expr("? * 0"), expr("0"));
  EXPECT_FALSE(equal(expr("?"), expr("?")));
  EXPECT_TRUE(equal(expr("n"), expr("n")));
}

TEST_F(DimTest, Evaluates) {
  EXPECT_EQ(value("floordiv(n + 1, 2) * m", {{"n", 6}, {"m", 5}}), 15);
  EXPECT_EQ(value("mod(n, 4) + min(n, 3) - max(n, 3)", {{"n", 6}}), 2 + 3 - 6);
  EXPECT_EQ(value("floordiv(0 - n, 2)", {{"n", 3}}), -2);
  EXPECT_EQ(value("n + 1", {}), std::nullopt);
  EXPECT_EQ(value("floordiv(1, n)", {{"n", 0}}), std::nullopt);
  EXPECT_EQ(value("n * n", {{"n", int64_t(1) << 32}}), std::nullopt) << "overflow";
}

TEST_F(DimTest, SubstitutesIntoNormalForm) {
  Expr e = substitute(expr("floordiv(n, 2) + m"),
                      [&](llvm::StringRef name) { return name == "n" ? expr("4 * m") : Expr(); });
  EXPECT_EQ(e, expr("3 * m"));
}

TEST_F(DimTest, ComparisonsAreZeroOrOne) {
  EXPECT_EQ(equalTo(expr("n + 1"), expr("n")), expr("0"));
  EXPECT_EQ(lessThan(expr("n"), expr("n + 1")), expr("1"));
  EXPECT_EQ(lessThan(expr("n"), expr("n")), expr("0"));
  for (int64_t a = -3; a <= 3; ++a) {
    auto at = [&](Expr e) {
      return evaluate(e, [&](llvm::StringRef name) -> std::optional<int64_t> { return name == "a$" ? a : 0; });
    };
    EXPECT_EQ(at(equalTo(expr("a$"), expr("b$"))), a == 0);
    EXPECT_EQ(at(lessThan(expr("a$"), expr("b$"))), a < 0);
  }
}

TEST_F(DimTest, NumbersThatDoNotFitAreUnknown) {
  Expr most = constant(&context, INT64_MAX), least = constant(&context, INT64_MIN), n = expr("n");
  EXPECT_TRUE(isUnknown(add(most, expr("1"))));
  EXPECT_TRUE(isUnknown(mul(most, expr("2"))));
  EXPECT_TRUE(isUnknown(sub(expr("0"), least)));
  EXPECT_TRUE(isUnknown(floorDiv(least, expr("-1"))));
  EXPECT_TRUE(isUnknown(mul(mul(most, n), expr("2"))));
  EXPECT_TRUE(isUnknown(add(mul(most, n), n)));
  EXPECT_TRUE(isUnknown(mod(least, expr("-1"))) || mod(least, expr("-1")) == expr("0"));
  EXPECT_FALSE(isUnknown(floorDiv(mul(least, n), expr("-1")))) << "left to the run";
  EXPECT_EQ(min(most, least), least);
}

TEST_F(DimTest, ProductsOfManyTermsAreNotMultipliedOut) {
  Expr sum = constant(&context, 0);
  for (int i = 0; i < 40; ++i) {
    sum = add(sum, symbol(&context, "s" + std::to_string(i)));
  }
  Expr power = sum;
  for (int i = 0; i < 6; ++i) {
    power = mul(power, power);
  }
  EXPECT_EQ(evaluate(power, [](llvm::StringRef) { return 0; }), 0);
  Expr square = mul(sum, sum);
  EXPECT_EQ(evaluate(square, [](llvm::StringRef) { return 3; }), 14400);
  EXPECT_EQ(mul(sum, sum), square);
  EXPECT_EQ(sub(square, square), expr("0"));
  EXPECT_TRUE(provablyNonNegative(square));
  EXPECT_EQ(expr(toString(square)), square);
}

TEST_F(DimTest, TermsOfManyFactorsAreUnknown) {
  Expr power = expr("n");
  for (int i = 0; i < 60; ++i) {
    power = mul(power, power);
  }
  EXPECT_TRUE(isUnknown(power));
}

TEST_F(DimTest, OrderDependsOnStructureOnly) {
  EXPECT_EQ(compare(expr("n"), expr("n")), 0);
  EXPECT_LT(compare(expr("3"), expr("n")), 0);
  EXPECT_LT(compare(expr("m"), expr("n")), 0);
  EXPECT_GT(compare(expr("floordiv(m, 2)"), expr("n")), 0);
  EXPECT_LT(compare(expr("floordiv(m, 2)"), expr("floordiv(m, 3)")), 0);
  // Nested on both sides: compared as text, this would take longer than anybody waits.
  Expr a = expr("n"), b = expr("m");
  for (int i = 0; i < 60; ++i) {
    a = max(floorDiv(a, expr("3")), mod(a, expr("5")));
    b = max(floorDiv(b, expr("3")), mod(b, expr("5")));
  }
  EXPECT_EQ(compare(a, b) > 0, compare(b, a) < 0);
}

TEST_F(DimTest, TextReadsBack) {
  for (llvm::StringRef text : {"0", "-5", "batch", "n - 1", "2 * a * b - 3 * c + 7", "floordiv(seq + 1, 2)",
                               "mod(a, b)", "min(a, max(b, 3))", "floordiv(a * b - c, 2 * d + 1)", "x.y$ + _z", "?"}) {
    Expr e = expr(text);
    EXPECT_EQ(expr(toString(e)), e) << text.str();
    std::string attribute = "#dim.expr<" + toString(e) + ">";
    EXPECT_EQ(mlir::parseAttribute(attribute, &context), e) << attribute;
  }
}

TEST_F(DimTest, RefusesBadText) {
  EXPECT_EQ(error("a +"), "expected a number, a name, or '?' at the end");
  EXPECT_EQ(error("foo(a, b)"), "expected floordiv, ceildiv, mod, min or max at the end");
  EXPECT_EQ(error("max(a)"), "expected ',' between two operands at ')'");
  EXPECT_EQ(error("a b"), "expected the end of the formula at 'b'");
  std::string deep = error(std::string(100, '(') + "a" + std::string(100, ')'));
  EXPECT_TRUE(llvm::StringRef(deep).starts_with("expected a formula nested at most 64 deep")) << deep;
}

TEST_F(DimTest, TensorTypesHoldWhatIsKnown) {
  mlir::Type f32 = mlir::Float32Type::get(&context);
  mlir::RankedTensorType type = getTensorType({expr("n"), expr("64"), expr("?")}, f32);
  EXPECT_EQ(type.getDimSize(1), 64);
  EXPECT_TRUE(type.isDynamicDim(0) && type.isDynamicDim(2));
  EXPECT_EQ(getShape(type)[0], expr("n"));
  EXPECT_TRUE(isUnknown(getShape(type)[2]));
  EXPECT_FALSE(getTensorType({expr("2"), expr("?")}, f32).getEncoding()) << "nothing symbolic is known";
}
} // namespace
} // namespace dlc::dim
