/// \file `dlc inspect`: what a model holds.
#include "tools/common/ExitCode.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Inspect.h"
#include "tools/dlc/Options.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct InspectOptions {
  ModelOptions model;
  bool isJson = false, isDot = false;
};

llvm::Expected<ModelInfo> inspectFile(const ModelOptions &options) {
  if (isSourceModel(options.source.path)) {
    return inspectSourceModel(options.source);
  }
  auto model = openModel(options);
  if (!model) {
    return model.takeError();
  }
  auto info = inspectModel(model->get());
  if (info) {
    info->owner = std::shared_ptr<dlc_model>(std::move(*model));
  }
  return info;
}

llvm::Error inspect(const InspectOptions &options) {
  auto info = inspectFile(options.model);
  if (!info) {
    return info.takeError();
  }
  // The size is a courtesy: without it, the line is left out.
  if (llvm::sys::fs::file_size(options.model.source.path, info->fileBytes)) {
    info->fileBytes = 0;
  }
  if (options.isJson) {
    printInspectJson(*info, llvm::outs());
  } else if (options.isDot) {
    printInspectDot(*info, llvm::outs());
  } else {
    printInspectText(*info, llvm::outs());
  }
  return llvm::Error::success();
}

} // namespace

void addInspectCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = app.add_subcommand(
      "inspect", "Show inputs, outputs, parameters, arithmetic, the memory plan, steps and their dependencies");
  addModelOptions(*command, options->model, /*hasDims=*/true);
  CLI::Option *json = command->add_flag("--json", options->isJson, "Print JSON");
  command->add_flag("--dot", options->isDot, "Print a Graphviz graph of the steps")->excludes(json);
  command->callback([options, &exitCode]() {
    llvm::Error error = inspect(*options);
    exitCode = error ? reportError(std::move(error)) : exitDone;
  });
}

} // namespace dlc
