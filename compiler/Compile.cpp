//===- Compile.cpp - from a graph to an artifact ------------------------------------------------===//
#include "compiler/Compile.h"
#include "compiler/Pipeline.h"
#include "compiler/emit/Link.h"
#include "compiler/passes/Kernels.h"

namespace dlc {
namespace {
emit::ProgramOptions programOptions(const CompileOptions &options) {
  emit::ProgramOptions p;
  p.name = options.name;
  p.variant = options.target.cpu;
  const cpu::TargetInfo &t = options.target;
  p.cpu |= t.vectorBits >= 512 ? DLC_CPU_AVX512 | DLC_CPU_AVX2 : t.vectorBits >= 256 ? DLC_CPU_AVX2 : 0;
  p.cpu |= t.vectorBits >= 512 && t.vnni ? DLC_CPU_AVX512_VNNI : t.vnni ? DLC_CPU_AVX_VNNI : 0;
  p.cpu |= t.vectorBits >= 512 && t.bf16 ? DLC_CPU_AVX512_BF16 : 0;
  return p;
}
} // namespace

llvm::LogicalResult compileModule(mlir::ModuleOp module, const CompileOptions &options, ArtifactKind kind, llvm::StringRef path) {
  if (mlir::failed(runPipeline(module, options, Level::NN, Level::RT))) {
    return mlir::failure();
  }
  mlir::FailureOr<emit::Program> program = emit::writeProgram(module, programOptions(options));
  if (mlir::failed(program)) {
    return mlir::failure();
  }
  mlir::FailureOr<std::vector<emit::Bytes>> objects = emit::compileKernels(getKernelModule(module), options);
  if (mlir::failed(objects)) {
    return mlir::failure();
  }
  bool shared = kind == ArtifactKind::SharedObject;
  llvm::Expected<emit::Bytes> tables = emit::programObject(*program, options, shared);
  if (!tables) {
    return module.emitError() << llvm::toString(tables.takeError());
  }
  objects->push_back(std::move(*tables));
  llvm::Expected<emit::Bytes> support = emit::supportObject(options);
  if (!support) {
    return module.emitError() << llvm::toString(support.takeError());
  }
  objects->push_back(std::move(*support));
  llvm::Error error = shared ? emit::linkShared(*objects, *program, options, path) : emit::linkObject(*objects, *program, options, path);
  return error ? llvm::LogicalResult(module.emitError() << llvm::toString(std::move(error))) : mlir::success();
}

mlir::FailureOr<std::string> compileToAssembly(mlir::ModuleOp module, const CompileOptions &options) {
  if (mlir::failed(runPipeline(module, options, Level::NN, Level::RT))) {
    return mlir::failure();
  }
  mlir::FailureOr<std::vector<emit::Bytes>> texts = emit::compileKernels(getKernelModule(module), options, true);
  if (mlir::failed(texts)) {
    return mlir::failure();
  }
  std::string all;
  for (const emit::Bytes &text : *texts) {
    all.append(text.begin(), text.end());
  }
  return all;
}
} // namespace dlc
