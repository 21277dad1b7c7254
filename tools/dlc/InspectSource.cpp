#include "dialects/nn/NN.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Inspect.h"
#include "tools/dlc/PruneOptions.h"
#include "tools/dlc/SourceModel.h"
#include "tools/dlc/TuneOptions.h"
#include "llvm/Support/Path.h"

namespace dlc {
namespace {

/// What the graph holds before anything is done to it.
SourceInfo summarise(mlir::ModuleOp module, llvm::StringRef path) {
  SourceInfo info;
  info.file = llvm::sys::path::filename(path).str();
  info.parameters = parameterCount(module);
  std::map<std::string, size_t> counts;
  module.walk([&](mlir::Operation *op) {
    if (llvm::isa_and_nonnull<nn::NNDialect>(op->getDialect()) && !op->hasTrait<mlir::OpTrait::IsTerminator>() &&
        !llvm::isa<nn::ConstantOp, nn::AssumeOp>(op)) {
      ++counts[op->getName().stripDialect().str()];
    }
  });
  info.ops.assign(counts.begin(), counts.end());
  llvm::stable_sort(info.ops, [](const auto &a, const auto &b) { return a.second > b.second; });
  return info;
}

} // namespace

llvm::Expected<ModelInfo> inspectSourceModel(const SourceOptions &source) {
  llvm::Expected<CompileOptions> options = openCompileOptions(source);
  if (!options) {
    return options.takeError();
  }
  SourceModel model;
  if (!model.import(source)) {
    return model.takeError();
  }
  SourceInfo summary = summarise(model.module(), source.path);
  auto bytes = model.compile(*options);
  if (!bytes) {
    return bytes.takeError();
  }
  auto loaded = model.load((*bytes)->getBuffer());
  if (!loaded) {
    return loaded.takeError();
  }
  // The texts of `info` that belong to the model must stay when it goes.
  auto info = inspectModel(loaded->get());
  if (info) {
    info->source = std::move(summary);
    info->owner = std::shared_ptr<dlc_model>(std::move(*loaded));
  }
  return info;
}

} // namespace dlc
