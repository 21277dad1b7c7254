/// \file `dlc prune`: a source model without the channels that matter least.
#include "compiler/Pipeline.h"
#include "importers/onnx/Rewrite.h"
#include "tools/common/ExitCode.h"
#include "tools/common/FileIO.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/PruneReport.h"
#include "tools/dlc/SourceModel.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct PruneCommandOptions {
  ModelOptions model;
  InputOptions inputs;
  std::string output;
  PruneOptions pruning;
  double seconds = 2;
  bool isJson = false;
};

/// Writes the pruned model, and notes what was removed.
llvm::Error pruneModel(const PruneCommandOptions &options, PruneReport &report) {
  SourceModel model;
  if (!model.import(options.model.source)) {
    return model.takeError();
  }
  mlir::OwningOpRef<mlir::ModuleOp> before = model.module().clone();
  // What constant channels add stays in the model: not every op of a source has a bias.
  if (mlir::failed(pruneChannels(model.module(), options.pruning.fraction, options.pruning.isGlobal, /*fold=*/false))) {
    return model.takeError();
  }
  report.layers = prunedLayers(*before, model.module());
  report.parameters = {parameterCount(*before), parameterCount(model.module())};
  if (report.parameters[0] == report.parameters[1]) {
    return makeError("{0}: nothing can be pruned: {1}", options.model.source.path,
                     options.pruning.fraction > 0
                         ? "every channel reaches an output, or an op that needs all channels, or is one of too few"
                         : "no channel is exactly zero; --channel says how many of the others may go");
  }
  auto bytes = onnx_import::rewriteModel(options.model.source.path, *before, model.module(), model.problems);
  return mlir::failed(bytes) ? model.takeError() : writeFile(options.output, llvm::StringRef(*bytes));
}

llvm::Error prune(const PruneCommandOptions &options) {
  PruneReport report;
  if (llvm::Error error = pruneModel(options, report)) {
    return error;
  }
  auto before = prepareModel(options.model, options.inputs, /*isRandom=*/true);
  if (!before) {
    return before.takeError();
  }
  ModelOptions written = options.model;
  written.source.path = options.output;
  auto after = prepareModel(written, options.inputs, /*isRandom=*/true);
  if (!after) {
    return after.takeError();
  }
  if (llvm::Error error = measurePruning(*before, *after, options.model.threads, options.seconds, report)) {
    return error;
  }
  options.isJson ? printJson(report, options.output) : printText(report, options.output);
  return llvm::Error::success();
}

/// What is wrong with the command line.
llvm::Error check(const PruneCommandOptions &options) {
  if (!isSourceModel(options.output)) {
    return makeError("--output: expected the name of a source model (.onnx), got '{0}'", options.output);
  }
  return checkInputOptions(options.inputs);
}

} // namespace

void addPruneCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<PruneCommandOptions>();
  CLI::App *command = app.add_subcommand(
      "prune", "Write a source model without its zero or least important channels, and tell what that changes");
  addSourceArgument(*command, options->model.source);
  command->add_option("-o,--output", options->output, "Where to write the pruned model")->required()->type_name("FILE");
  command
      ->add_option("--channel", options->pruning.fraction,
                   "How many of each layer's channels to remove, those whose filters have the smallest norm first; "
                   "default: 0, only what is exactly zero")
      ->type_name("FRACTION")
      ->check([](const std::string &text) {
        double fraction = 0;
        bool isWrong = llvm::StringRef(text).getAsDouble(fraction) || !(fraction >= 0 && fraction < 1);
        return isWrong ? "expected a fraction of at least 0 and below 1, got '" + text + "'" : std::string();
      });
  command->add_flag("--global", options->pruning.isGlobal,
                    "So many of the whole network's channels, not of each layer's");
  command
      ->add_option("--data", options->inputs.folder,
                   "A folder of input_0.pb, input_1.pb, ... (or .npy) to compare outputs on; default: random inputs")
      ->type_name("DIR");
  addRandomOptions(*command, options->inputs);
  command->add_option("--duration", options->seconds, "Seconds to measure; default: 2")
      ->type_name("S")
      ->check(CLI::Range(0.0, 86400.0).description(""));
  addThreadOption(*command, options->model);
  command->add_flag("--json", options->isJson, "Print JSON");
  command->callback([options, &exitCode] {
    if (llvm::Error error = check(*options)) {
      reportError(std::move(error));
      exitCode = exitUsage;
      return;
    }
    llvm::Error error = prune(*options);
    exitCode = error ? reportError(std::move(error)) : exitDone;
  });
}

} // namespace dlc
