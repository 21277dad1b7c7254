/// \file `dlc verify`: is what a compiled model computes what it should compute?
#include "tools/common/DataSet.h"
#include "tools/common/ExitCode.h"
#include "tools/common/Terminal.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Verifier.h"
#include "tools/dlc/VerifyReport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

/// The folders to verify with; one empty name stands for random inputs.
llvm::Expected<std::vector<std::string>> chooseData(const VerifyOptions &options) {
  std::vector<std::string> folders = options.data;
  llvm::StringRef parent = llvm::sys::path::parent_path(options.source.path);
  for (std::string &folder : folders) {
    std::string beside = (parent + "/" + folder).str();
    if (!llvm::sys::fs::is_directory(folder) && llvm::sys::fs::is_directory(beside)) {
      folder = beside;
    }
    if (!llvm::sys::fs::is_directory(folder)) {
      return makeError("--data: expected a folder, got '{0}'", folder);
    }
  }
  if (folders.empty() && options.source.fetches.empty() && options.source.feeds.empty()) {
    folders = findDataSets(options.source.path);
  }
  if (folders.empty()) {
    folders.push_back("");
  }
  return folders;
}

llvm::Expected<bool> verifyModel(const VerifyOptions &options) {
  auto folders = chooseData(options);
  if (!folders) {
    return folders.takeError();
  }
  Verifier verifier(options);
  if (llvm::Error error = verifier.build()) {
    return error;
  }
  std::vector<std::string> libraryOps = verifier.libraryOps();
  bool passed = true, usesReference = false;
  llvm::json::Array all;
  for (const std::string &folder : *folders) {
    for (size_t i = 0; i < (folder.empty() ? verifier.specialisations() : 1); ++i) {
      auto report = verifier.verify(folder, i);
      if (!report) {
        return report.takeError();
      }
      passed &= report->passed();
      usesReference |= !report->isStored || report->steps.size() > 1;
      if (options.isJson) {
        all.push_back(toJson(*report));
      } else if (options.isLayered) {
        printFirstLayer(*report, verifier.layerCount(), verifier.stateCount(), llvm::outs());
      } else {
        printReport(*report, llvm::outs());
      }
    }
  }
  if (options.isJson) {
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  llvm::json::Value(llvm::json::Object{{"model", options.source.path},
                                                                       {"passed", passed},
                                                                       {"library_ops", llvm::json::Array(libraryOps)},
                                                                       {"runs", std::move(all)}}));
  } else {
    if (usesReference && !libraryOps.empty()) {
      llvm::outs() << wrapText("the reference evaluator asks the op libraries too for " + llvm::join(libraryOps, ", ") +
                                   ": whether their own results are right, only stored outputs tell",
                               terminalWidth(llvm::outs()), /*indent=*/2)
                   << '\n';
    }
    llvm::outs() << (passed ? "verified\n" : "not verified\n");
  }
  return passed;
}

} // namespace

void addVerifyCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App *command = app.add_subcommand("verify", "Compare a compiled model's results with stored or reference ones");
  addSourceArgument(*command, options->source);
  addFetchOptions(*command, options->source);
  addDimOption(*command, options->source);
  addOpLibraryOption(*command, options->source.libraries);
  addCodeOptions(*command, options->source);
  CLI::Option *state = addStateOption(*command, options->source);
  command
      ->add_option("--steps", options->steps,
                   "Runs in a row of a model with state, each with other random inputs, or all with the stored ones; "
                   "both sides begin with the same "
                   "state and keep their own; default: 4")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""))
      ->needs(state);
  command
      ->add_option(
          "--data", options->data,
          "A folder of input_N.pb and output_N.pb (may be repeated); without any output the reference evaluator "
          "says what is expected; default: all test_data_set_N beside the model, or else random inputs")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command->add_flag("--layers", options->isLayered,
                    "Compare every layer with the reference; name the first that differs");
  command->add_flag("--schedules", options->isScheduled,
                    "Also expect equal bytes on 1, 2, 3 and 7 threads and with other tile orders");
  command->add_flag("--json", options->isJson, "Print the report as JSON");
  command
      ->add_option(
          "--tolerance", options->tolerance,
          "Largest error, relative to an output's largest value; default: 1e-4, 1e-2 with f16, 3e-2 with bf16 or when quantised")
      ->check([](const std::string &text) {
        double number = 0;
        return llvm::StringRef(text).getAsDouble(number) || !(number > 0)
                   ? "expected a number above 0, got '" + text + "'"
                   : std::string();
      })
      ->type_name("X");
  command->add_option("--seed", options->seed, "Seed of random inputs; default: 0")->type_name("N");
  command->add_option("--threads", options->threads, "Threads; default: all that the process may use")->type_name("N");
  command->callback([options, &exitCode] {
    llvm::Expected<bool> passed = verifyModel(*options);
    exitCode = !passed ? reportError(passed.takeError()) : *passed ? exitDone : exitInput;
  });
}

} // namespace dlc
