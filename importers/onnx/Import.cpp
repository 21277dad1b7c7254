//===- Import.cpp - the importer's interface ------------------------------------------------===//
#include "importers/onnx/Import.h"
#include "importers/onnx/Graph.h"
#include "llvm/Support/Path.h"

namespace dlc::onnx_import {
namespace {
using Result = mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>;

Result importMapped(mlir::MLIRContext &context, MappedFile file, llvm::StringRef folder, const ImportOptions &options,
                    std::vector<Problem> &problems) {
  Model model;
  std::string error;
  if (!parseModel(std::move(file), folder, model, error)) {
    problems.push_back({"", "", "", 0, error});
    return mlir::failure();
  }
  // Small constants are folded while importing.
  mlir::DialectRegistry registry;
  nn::registerEvaluate(registry);
  context.appendDialectRegistry(registry);
  context.loadDialect<nn::NNDialect, dim::DimDialect, mlir::func::FuncDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module = Importer(&context, model, options, problems).run();
  if (!module) {
    return mlir::failure();
  }
  return module;
}
} // namespace

std::string toString(const Problem &problem) {
  if (problem.op.empty()) {
    return problem.reason;
  }
  std::string op = problem.domain.empty() ? problem.op : problem.domain + "." + problem.op;
  return "node \"" + problem.node + "\" (" + op + ", opset " + std::to_string(problem.opset) + "): " + problem.reason;
}

Result importModel(mlir::MLIRContext &context, llvm::StringRef path, const ImportOptions &options,
                   std::vector<Problem> &problems) {
  std::string error;
  MappedFile file = mapFile(path, error);
  if (!file) {
    problems.push_back({"", "", "", 0, error});
    return mlir::failure();
  }
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  size_t before = problems.size();
  Result result = importMapped(context, std::move(file), folder.empty() ? "." : folder, options, problems);
  for (Problem &problem : llvm::drop_begin(problems, before)) {
    if (problem.op.empty()) {
      problem.reason = (path + ": " + problem.reason).str(); // nothing else says where it is
    }
  }
  return result;
}

Result importModelFromMemory(mlir::MLIRContext &context, llvm::StringRef bytes, llvm::StringRef folder,
                             const ImportOptions &options, std::vector<Problem> &problems) {
  return importMapped(context, llvm::MemoryBuffer::getMemBufferCopy(bytes), folder, options, problems);
}
} // namespace dlc::onnx_import
