// libFuzzer on whole ONNX files: imports whatever the bytes are, and verifies what came of it.
#include "compiler/Pipeline.h"
#include "importers/onnx/Import.h"
#include "mlir/IR/Verifier.h"
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {
std::unique_ptr<mlir::MLIRContext> makeContext() {
  mlir::DialectRegistry registry;
  dlc::registerAllDialects(registry);
  auto context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  context->getDiagEngine().registerHandler([](mlir::Diagnostic &) {});
  return context;
}

[[noreturn]] void stop(const char *message) {
  std::fprintf(stderr, "%s\n", message);
  std::abort();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Types and attributes live as long as their context; a new one now and then keeps the process small.
  static std::unique_ptr<mlir::MLIRContext> context;
  static int uses = 0;
  if (uses++ % 256 == 0) {
    context = makeContext();
  }
  std::vector<dlc::onnx_import::Problem> problems;
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  auto module = dlc::onnx_import::importModelFromMemory(*context, bytes, "", {}, problems);
  if (mlir::failed(module) != !problems.empty()) {
    stop("expected problems where there is no module, and none where there is one");
  }
  if (mlir::succeeded(module) && mlir::failed(mlir::verify(**module))) {
    stop("expected a module that verifies");
  }
  return 0;
}
