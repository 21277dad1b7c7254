//===- Compile.cpp - from a graph to an artifact ------------------------------------------------===//
#include "compiler/Compile.h"
#include "compiler/CompileProgress.h"
#include "compiler/Pipeline.h"
#include "compiler/emit/Files.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Link.h"
#include "compiler/passes/Kernels.h"
#include "mlir/Support/Timing.h"
#include "llvm/Support/Path.h"
#include <bit>

namespace dlc {
namespace {
uint64_t cpuBits(const cpu::TargetInfo &t) {
  uint64_t bits = t.vectorBits >= 512 ? DLC_CPU_AVX512 | DLC_CPU_AVX2 : t.vectorBits >= 256 ? DLC_CPU_AVX2 : 0;
  bits |= t.vectorBits >= 512 && t.vnni ? DLC_CPU_AVX512_VNNI : t.vnni ? DLC_CPU_AVX_VNNI : 0;
  return bits | (t.vectorBits >= 512 && t.bf16 ? DLC_CPU_AVX512_BF16 : 0);
}

/// A variant and the options that it is compiled with. The module is the caller's, or a copy that this owns.
struct VariantCompilation {
  CompileOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> copy;
  emit::Variant variant;
};

/// One per target, the weakest first. Each gets a copy of the graph, but for the last.
std::vector<VariantCompilation> makeVariants(mlir::ModuleOp module, const CompileOptions &options) {
  std::vector<cpu::TargetInfo> targets = options.variants.size() > 1 ? options.variants : std::vector{options.target};
  llvm::stable_sort(targets, [](const cpu::TargetInfo &a, const cpu::TargetInfo &b) {
    return std::popcount(cpuBits(a)) < std::popcount(cpuBits(b));
  });
  std::vector<VariantCompilation> all;
  for (auto [i, target] : llvm::enumerate(targets)) {
    VariantCompilation v;
    v.options = options;
    v.options.target = target;
    v.options.kernelTag = i ? "." + std::to_string(i) : "";
    bool several = targets.size() > 1;
    v.options.dumpDir +=
        several && !options.dumpDir.empty() ? "/" + target.cpu + (i ? "." + std::to_string(i) : "") : "";
    if (i + 1 < targets.size()) {
      v.copy = module.clone();
    }
    v.variant = {v.copy ? *v.copy : module, target.cpu + (several ? target.features : ""), cpuBits(target),
                 v.options.kernelTag};
    all.push_back(std::move(v));
  }
  return all;
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
mlir::FailureOr<std::vector<emit::Bytes>> makeObjects(llvm::ArrayRef<VariantCompilation> variants,
                                                      mlir::ModuleOp module, const emit::Program &program,
                                                      const CompileOptions &options, bool hasNote) {
  std::vector<emit::Bytes> objects;
  for (const VariantCompilation &v : variants) {
    mlir::FailureOr<std::vector<emit::Bytes>> kernels =
        emit::compileKernels(getKernelModule(v.variant.module), v.options, lowerKernels);
    if (mlir::failed(kernels)) {
      return mlir::failure();
    }
    std::move(kernels->begin(), kernels->end(), std::back_inserter(objects));
  }
  llvm::Expected<emit::Bytes> tables = emit::programObject(program, options, hasNote);
  if (!tables) {
    return emitted(module, tables.takeError());
  }
  // One for all variants: every machine that runs one of them can run the weakest's code.
  llvm::Expected<emit::Bytes> support = emit::supportObject(variants.front().options);
  if (!support) {
    return emitted(module, support.takeError());
  }
  objects.push_back(std::move(*tables));
  objects.push_back(std::move(*support));
  return objects;
}

/// The object first: a header without its object is of no use.
llvm::Error linkObjectAndHeader(llvm::ArrayRef<emit::Bytes> objects, const emit::Program &program,
                                const CompileOptions &options, llvm::StringRef path) {
  if (emit::isSpecial(path)) {
    return emit::linkObject(objects, program, options, path); // there is no name beside it
  }
  llvm::SmallString<128> header(path);
  llvm::sys::path::replace_extension(header, ".h");
  if (header == path) {
    return llvm::createStringError("expected another name for the object than " + path + ": its C header is called so");
  }
  emit::WorkFiles work;
  if (llvm::Error error = work.create(header)) {
    return error;
  }
  std::string finished = work.file("model.h");
  if (llvm::Error error = emit::writeFile(finished, emit::headerText(program, options.name))) {
    return error;
  }
  if (llvm::Error error = emit::linkObject(objects, program, options, path)) {
    return error;
  }
  return emit::moveInto(finished, header);
}

llvm::LogicalResult dumpTexts(mlir::ModuleOp module, const CompileOptions &options, const emit::KernelTexts &texts) {
  return options.dumpDir.empty()
             ? mlir::success()
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

llvm::LogicalResult compileModule(mlir::ModuleOp module, const CompileOptions &options, ArtifactKind kind,
                                  llvm::StringRef path) {
  std::vector<VariantCompilation> variants = makeVariants(module, options);
  llvm::SmallVector<emit::Variant> parts;
  for (VariantCompilation &v : variants) {
    if (mlir::failed(runPipeline(v.variant.module, v.options, Level::NN, Level::RT)) ||
        mlir::failed(dumpKernels(v.variant.module, v.options))) {
      return mlir::failure();
    }
    parts.push_back(v.variant);
  }
  mlir::FailureOr<emit::Program> program = emit::writeProgram(parts, options.name);
  if (mlir::failed(program)) {
    return mlir::failure();
  }
  if (kind == ArtifactKind::Executable && program->needsLibraries) {
    return mlir::emitError(mlir::UnknownLoc::get(module.getContext()))
           << "expected no ops of libraries in a program: it is static and loads none; write a shared object or an "
              "object instead";
  }
  mlir::TimingScope codeScope = nest(options, "machine code");
  mlir::FailureOr<std::vector<emit::Bytes>> objects =
      makeObjects(variants, module, *program, options, kind != ArtifactKind::Object);
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
