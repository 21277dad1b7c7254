// How large values can get.
#include "compiler/passes/Magnitudes.h"
#include "compiler/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <gtest/gtest.h>

namespace {
TEST(Magnitudes, SharedOperandsAreLookedAtOnce) {
  mlir::DialectRegistry registry;
  dlc::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  constexpr int ops = 30; // each of which uses the one before it twice
  std::string text = "func.func @main() -> tensor<2xf32> {\n%0 = nn.constant dense<[-1.5, 0.5]> : tensor<2xf32>\n";
  for (int i = 0; i < ops; ++i) {
    std::string before = "%" + std::to_string(i);
    text += "%" + std::to_string(i + 1) + " = nn.max " + before + ", " + before +
            " : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>\n";
  }
  text += "return %" + std::to_string(ops) + " : tensor<2xf32>\n}";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  mlir::func::FuncOp main = *module->getOps<mlir::func::FuncOp>().begin();
  std::optional<double> greatest = dlc::greatestMagnitude(main.front().getTerminator()->getOperand(0));
  ASSERT_TRUE(greatest);
  EXPECT_NEAR(*greatest, 1.5 * std::pow(1.001, ops), 1e-9); // with room for the rounding of each
}
} // namespace
