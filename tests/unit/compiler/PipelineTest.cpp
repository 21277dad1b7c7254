// Whose fault it is when passes fail, and what is left to reproduce it.
#include "compiler/Pipeline.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include <gtest/gtest.h>

namespace {
struct Outcome {
  bool succeeded = false, isInternal = false;
  std::vector<std::string> errors;
};

Outcome runPipeline(const char *text, dlc::Level to, mlir::MLIRContext &context) {
  Outcome run;
  mlir::ScopedDiagnosticHandler handler(&context,
                                        [&](mlir::Diagnostic &diagnostic) { run.errors.push_back(diagnostic.str()); });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  EXPECT_TRUE(module);
  dlc::CompileOptions options;
  options.internalError = &run.isInternal;
  run.succeeded = module && mlir::succeeded(dlc::runPipeline(*module, options, dlc::Level::NN, to));
  return run;
}

class Pipeline : public testing::Test {
protected:
  Pipeline() : context(registry()) { context.loadAllAvailableDialects(); }
  static const mlir::DialectRegistry &registry() {
    static mlir::DialectRegistry all = [] {
      mlir::DialectRegistry r;
      dlc::registerAllDialects(r);
      return r;
    }();
    return all;
  }
  mlir::MLIRContext context;
};

TEST_F(Pipeline, GoesDown) {
  Outcome run = runPipeline(R"(func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  })",
                        dlc::Level::RT, context);
  EXPECT_TRUE(run.succeeded);
  EXPECT_FALSE(run.isInternal);
}

TEST_F(Pipeline, AModelThatCannotBeCompiledIsNoFaultOfOurs) {
  // Nothing reads floats of 8 bits out of strings.
  Outcome run = runPipeline(R"(func.func @main(%x: tensor<4x!nn.string>) -> tensor<4xf8E5M2> {
    %0 = nn.cast %x {saturate = true, to = f8E5M2} : (tensor<4x!nn.string>) -> tensor<4xf8E5M2>
    return %0 : tensor<4xf8E5M2>
  })",
                        dlc::Level::RT, context);
  EXPECT_FALSE(run.succeeded);
  EXPECT_FALSE(run.isInternal);
  EXPECT_FALSE(run.errors.empty());
}

TEST_F(Pipeline, ABrokenLevelLeavesWhatReproducesIt) {
  Outcome run = runPipeline(R"(func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    %1 = arith.addf %0, %0 : tensor<4xf32>
    return %1 : tensor<4xf32>
  })",
                        dlc::Level::RT, context);
  EXPECT_FALSE(run.succeeded);
  EXPECT_TRUE(run.isInternal);
  ASSERT_EQ(run.errors.size(), 2u);
  EXPECT_EQ(run.errors[0], "internal error: at level graph, expected no 'arith.addf' in the model");
  llvm::StringRef message = run.errors[1];
  EXPECT_TRUE(message.contains("the passes from nn to graph failed")) << message.str();
  llvm::StringRef command = message.substr(message.find("dlc-opt "));
  llvm::StringRef file = command.split(' ').second.split(' ').first;
  llvm::FileRemover remover{file};
  EXPECT_TRUE(command.contains(" --from=nn --to=graph --target=")) << command.str();
  EXPECT_TRUE(mlir::parseSourceFile<mlir::ModuleOp>(file, &context)) << file.str();
}
} // namespace
