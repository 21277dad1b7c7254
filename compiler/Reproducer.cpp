//===- Reproducer.cpp - whose fault a failing pass is, and how to see it fail again -------------===//
#include "compiler/Reproducer.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {
namespace {
/// Larger constants hardly ever matter, and make files that nobody can read.
constexpr int64_t kMostElements = 4096;

/// The file's name, or nothing when it can't be written.
std::string writeTemporary(mlir::ModuleOp module, llvm::StringRef level) {
  int file = -1;
  llvm::SmallString<128> path;
  if (llvm::sys::fs::createTemporaryFile("dlc-" + level, "mlir", file, path)) {
    return "";
  }
  llvm::raw_fd_ostream stream(file, /*shouldClose=*/true);
  module->print(
      stream,
      mlir::OpPrintingFlags().elideLargeElementsAttrs(kMostElements).elideLargeResourceString(8 * kMostElements));
  stream << '\n';
  return path.str().str();
}
} // namespace

Reproducer::Reproducer(mlir::ModuleOp module)
    : before(module.clone()), handler(module.getContext(), [this](mlir::Diagnostic &diagnostic) {
        errors.insert(diagnostic.str());
        return mlir::failure(); // others see it too
      }) {}

bool Reproducer::isInternalError(mlir::ModuleOp module) {
  llvm::StringSet<> broken;
  mlir::ScopedDiagnosticHandler quiet(module.getContext(),
                                      [&](mlir::Diagnostic &diagnostic) { broken.insert(diagnostic.str()); });
  bool verifies = mlir::succeeded(mlir::verify(module));
  return !verifies && llvm::all_of(errors.keys(), [&](llvm::StringRef error) { return broken.contains(error); });
}

void Reproducer::write(const CompileOptions &options, llvm::StringRef from, llvm::StringRef to) {
  if (options.internalError) {
    *options.internalError = true;
  }
  std::string path = writeTemporary(*before, from);
  mlir::InFlightDiagnostic error = mlir::emitError(mlir::UnknownLoc::get(before->getContext()));
  error << "internal error: the passes from " << from << " to " << to << " failed; please report it";
  if (!path.empty()) {
    error << " with the file " << path << "; to reproduce: dlc-opt " << path << " --from=" << from << " --to=" << to
          << " --target=" << options.target.cpu;
  }
}
} // namespace dlc
