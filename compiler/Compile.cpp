//===- Compile.cpp - from a graph to an artifact ------------------------------------------------===//
#include "compiler/Compile.h"
#include "compiler/CompileProgress.h"
#include "compiler/Pipeline.h"
#include "compiler/emit/Files.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Link.h"
#include "compiler/passes/Kernels.h"
#include "llvm/Support/Path.h"
#include "mlir/Support/Timing.h"

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

mlir::TimingScope nest(const CompileOptions &options, const char *name) {
  return options.timing ? options.timing->nest(name) : mlir::TimingScope();
}

/// Errors of files belong to no node.
llvm::LogicalResult emitted(mlir::ModuleOp module, llvm::Error error) {
  mlir::Location nowhere = mlir::UnknownLoc::get(module.getContext());
  return error ? llvm::LogicalResult(mlir::emitError(nowhere) << llvm::toString(std::move(error))) : mlir::success();
}

/// Everything that is linked, less the weights.
mlir::FailureOr<std::vector<emit::Bytes>> makeObjects(mlir::ModuleOp module, const emit::Program &program, const CompileOptions &options,
                                                      bool hasNote) {
  mlir::FailureOr<std::vector<emit::Bytes>> objects = emit::compileKernels(getKernelModule(module), options, lowerKernels);
  if (mlir::failed(objects)) {
    return mlir::failure();
  }
  llvm::Expected<emit::Bytes> tables = emit::programObject(program, options, hasNote);
  if (!tables) {
    return emitted(module, tables.takeError());
  }
  llvm::Expected<emit::Bytes> support = emit::supportObject(options);
  if (!support) {
    return emitted(module, support.takeError());
  }
  objects->push_back(std::move(*tables));
  objects->push_back(std::move(*support));
  return objects;
}

/// The object first: a header without its object is of no use.
llvm::Error linkObjectAndHeader(llvm::ArrayRef<emit::Bytes> objects, const emit::Program &program, const CompileOptions &options,
                                llvm::StringRef path) {
  if (emit::isSpecial(path)) {
    return emit::linkObject(objects, program, options, path); // there is no name beside it
  }
  llvm::SmallString<128> header(path);
  llvm::sys::path::replace_extension(header, ".h");
  if (header == path) {
    return llvm::createStringError("expected another name for the object than " + path + ": its C header is called so");
  }
  emit::WorkFolder folder;
  if (llvm::Error error = folder.create(header)) {
    return error;
  }
  std::string finished = folder.file("model.h");
  if (llvm::Error error = emit::writeFile(finished, emit::headerText(program, options.name))) {
    return error;
  }
  if (llvm::Error error = emit::linkObject(objects, program, options, path)) {
    return error;
  }
  return emit::moveInto(finished, header);
}

llvm::LogicalResult dumpTexts(mlir::ModuleOp module, const CompileOptions &options, const emit::KernelTexts &texts) {
  return options.dumpDir.empty() ? mlir::success()
                                 : emitted(module, llvm::joinErrors(emit::writeDump(options.dumpDir, "kernels.ll", texts.ir),
                                                                    emit::writeDump(options.dumpDir, "kernels.s", texts.assembly)));
}

/// Dumps are made apart from the objects: those are the same with dumps and without.
llvm::LogicalResult dumpKernels(mlir::ModuleOp module, const CompileOptions &options) {
  if (options.dumpDir.empty()) {
    return mlir::success();
  }
  mlir::FailureOr<emit::KernelTexts> texts = emit::kernelTexts(getKernelModule(module), options, lowerKernels);
  return mlir::failed(texts) ? mlir::failure() : dumpTexts(module, options, *texts);
}
} // namespace

llvm::LogicalResult compileModule(mlir::ModuleOp module, const CompileOptions &options, ArtifactKind kind, llvm::StringRef path) {
  if (mlir::failed(runPipeline(module, options, Level::NN, Level::RT)) || mlir::failed(dumpKernels(module, options))) {
    return mlir::failure();
  }
  mlir::FailureOr<emit::Program> program = emit::writeProgram(module, programOptions(options));
  if (mlir::failed(program)) {
    return mlir::failure();
  }
  if (kind == ArtifactKind::Executable && program->needsLibraries) {
    return mlir::emitError(mlir::UnknownLoc::get(module.getContext()))
           << "expected no ops of libraries in a program: it is static and loads none; write a shared object or an object instead";
  }
  mlir::TimingScope codeScope = nest(options, "machine code");
  mlir::FailureOr<std::vector<emit::Bytes>> objects = makeObjects(module, *program, options, kind != ArtifactKind::Object);
  if (mlir::failed(objects)) {
    return mlir::failure();
  }
  codeScope.stop();
  if (options.progress) {
    options.progress->set("link", 950);
  }
  mlir::TimingScope linkScope = nest(options, "link");
  switch (kind) {
  case ArtifactKind::SharedObject:
    return emitted(module, emit::linkShared(*objects, *program, options, path));
  case ArtifactKind::Object:
    return emitted(module, linkObjectAndHeader(*objects, *program, options, path));
  case ArtifactKind::Executable:
    return emitted(module, emit::linkExecutable(*objects, *program, options, path));
  }
  return mlir::failure();
}

mlir::FailureOr<std::string> compileToText(mlir::ModuleOp module, const CompileOptions &options, KernelText kind) {
  if (mlir::failed(runPipeline(module, options, Level::NN, Level::RT))) {
    return mlir::failure();
  }
  mlir::TimingScope scope = nest(options, "machine code");
  mlir::FailureOr<emit::KernelTexts> texts = emit::kernelTexts(getKernelModule(module), options, lowerKernels);
  if (mlir::failed(texts) || mlir::failed(dumpTexts(module, options, *texts))) {
    return mlir::failure();
  }
  return kind == KernelText::IR ? texts->ir : texts->assembly;
}
} // namespace dlc
