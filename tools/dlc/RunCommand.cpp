/// \file `dlc run`: one run on inputs from files.
#include "tools/common/ElementType.h"
#include "tools/common/ExitCode.h"
#include "tools/common/FileIO.h"
#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Options.h"
#include "tools/dlc/Prepared.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct RunOptions {
  ModelOptions model;
  InputOptions inputs;
  std::string outputFolder;
  std::string outputFormat = "npy";
  unsigned runs = 1;
};

llvm::StringRef kindName(dlc_kind kind) {
  switch (kind) {
  case DLC_KIND_TENSOR:
    return "tensor";
  case DLC_KIND_STRINGS:
    return "strings";
  case DLC_KIND_SEQUENCE:
    return "sequence";
  case DLC_KIND_OPTIONAL:
    return "optional";
  case DLC_KIND_MAP:
    return "map";
  }
  return "unknown";
}

std::string elementText(const HostTensor &tensor, size_t index) {
  if (tensor.dtype == DLC_STRING) {
    return "'" + tensor.strings[index] + "'";
  }
  if (isIntegerElement(tensor.dtype) || tensor.dtype == DLC_BOOL) {
    return llvm::formatv("{0:f0}", tensor.at(index)).str();
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", tensor.at(index));
  return text;
}

/// The first few elements, or of a container its parts' types: those that fit `width` columns, one at least.
std::string previewText(const HostValue &value, size_t width) {
  constexpr size_t most = 5;
  bool isTensor = value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS;
  auto count = isTensor ? static_cast<size_t>(value.tensor.elementCount()) : value.elements.size();
  llvm::StringRef more = ", ...";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    std::string next = (i ? ", " : "") + (isTensor ? elementText(value.tensor, i) : typeString(value.elements[i]));
    bool hasRoom = displayWidth(text) + displayWidth(next) + (i + 1 < count ? more.size() : 0) <= width;
    if (i == most || (i > 0 && !hasRoom)) {
      return text + more.str();
    }
    text += next;
  }
  return text;
}

llvm::json::Value describe(const HostValue &value) {
  llvm::json::Object object{{"kind", kindName(value.kind)}};
  if (value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS) {
    object["type"] = elementName(value.tensor.dtype);
    object["shape"] = llvm::json::Array(value.tensor.dims);
    return object;
  }
  llvm::json::Array elements;
  for (const HostValue &element : value.elements) {
    elements.push_back(describe(element));
  }
  object["elements"] = std::move(elements);
  return object;
}

/// Writes output_N files and outputs.json, which comes last: a folder that has it is complete.
llvm::Error writeOutputs(const std::vector<HostValue> &outputs, const RunOptions &options) {
  if (llvm::Error error = makeFolder(options.outputFolder)) {
    return error;
  }
  ValueFormat format = options.outputFormat == "pb" ? ValueFormat::pb : ValueFormat::npy;
  llvm::json::Array descriptions;
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto files = writeValue(options.outputFolder + "/output_" + std::to_string(i), outputs[i], format);
    if (!files) {
      return files.takeError();
    }
    llvm::json::Value description = describe(outputs[i]);
    llvm::json::Array names;
    for (const std::string &file : *files) {
      names.push_back(llvm::sys::path::filename(file).str());
    }
    description.getAsObject()->insert({"name", outputs[i].name});
    description.getAsObject()->insert({"files", std::move(names)});
    descriptions.push_back(std::move(description));
  }
  llvm::json::Value all = llvm::json::Object{{"outputs", std::move(descriptions)}};
  return writeFile(options.outputFolder + "/outputs.json", {llvm::formatv("{0:2}\n", all).str()});
}

void printOutputs(const std::vector<HostValue> &outputs) {
  size_t before = 0;
  for (const HostValue &output : outputs) {
    before = std::max(before, displayWidth(output.name) + displayWidth(typeString(output)) + 4);
  }
  // What is in the outputs is wanted more than long names.
  constexpr size_t least = 32;
  size_t width = terminalWidth(llvm::outs());
  width = width == unlimitedWidth ? width : std::max(least, width - std::min(width, before));
  Table table({"~output", "~type", "values"});
  for (const HostValue &output : outputs) {
    table.addRow({output.name, typeString(output), previewText(output, width)});
  }
  table.print(llvm::outs());
}

llvm::Error runModel(const RunOptions &options) {
  auto prepared = prepareModel(options.model, options.inputs, /*isRandom=*/false);
  if (!prepared) {
    return prepared.takeError();
  }
  auto session = prepared->start(options.model.threads);
  if (!session) {
    return session.takeError();
  }
  for (unsigned run = 0; run < options.runs; ++run) {
    if (llvm::Error error = session->run()) {
      return error;
    }
  }
  std::vector<HostValue> outputs;
  for (const Port &port : outputPorts(prepared->model.get(), prepared->entry)) {
    auto output = session->output(port);
    if (!output) {
      return output.takeError();
    }
    outputs.push_back(std::move(*output));
  }
  if (!options.outputFolder.empty()) {
    return writeOutputs(outputs, options);
  }
  printOutputs(outputs);
  return llvm::Error::success();
}

} // namespace

void addRunCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<RunOptions>();
  CLI::App *command = app.add_subcommand("run", "Run a model once on inputs from files");
  addModelOptions(*command, options->model, /*hasDims=*/true);
  addInputOptions(*command, options->inputs);
  CLI::Option *folder =
      command
          ->add_option(
              "--output-dir", options->outputFolder,
              "Write output_0, output_1, ... in graph order and outputs.json (names, kinds, types, shapes) into "
              "this folder; default: print a table")
          ->type_name("DIR");
  command->add_option("--output-format", options->outputFormat, "npy or pb; default: npy")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"npy", "pb"}).description(""))
      ->needs(folder);
  command
      ->add_option("--runs", options->runs,
                   "Runs one after the other on the same inputs; state goes on from run to run. Outputs are the last "
                   "run's; default: 1")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""));
  addEntryOption(*command, options->model);
  addThreadOption(*command, options->model);
  command->callback([options, &exitCode]() {
    if (llvm::Error error = checkInputOptions(options->inputs)) {
      reportError(std::move(error));
      exitCode = exitUsage;
      return;
    }
    llvm::Error error = runModel(*options);
    exitCode = error ? reportError(std::move(error)) : exitDone;
  });
}

} // namespace dlc
