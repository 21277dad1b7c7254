/// \file `dlc verify`: is what a compiled model computes what it should compute?
#include "dialects/nn/NN.h"
#include "tools/common/DataSet.h"
#include "tools/common/ExitCode.h"
#include "tools/common/Table.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Options.h"
#include "tools/dlc/Reference.h"
#include "tools/dlc/SourceModel.h"
#include "tools/dlc/Verify.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct VerifyOptions {
  SourceOptions source;
  std::vector<std::string> data;
  bool isLayered = false, isJson = false, isScheduled = false;
  double tolerance = 0;
  uint64_t seed = 0;
  unsigned threads = 0;
};

/// What came of one data set; `data` is empty for random inputs.
struct Report {
  std::string data;
  std::string specialisation; ///< which one, when there are several and the inputs are random
  std::vector<OutputCheck> checks;
  std::vector<std::string> problems;  ///< beside those of outputs
  std::vector<std::string> unchecked; ///< outputs without a stored value
  bool passed() const {
    return problems.empty() && llvm::all_of(checks, [](const OutputCheck &check) { return check.failure.empty(); });
  }
};

/// A model and its reference: the module as it was imported.
class Verifier {
public:
  explicit Verifier(const VerifyOptions &options) : options(options) {}

  llvm::Error build() {
    llvm::Expected<CompileOptions> compileOptions = toCompileOptions(options.source);
    if (!compileOptions) {
      return compileOptions.takeError();
    }
    if (!source.import(options.source)) {
      return source.takeError();
    }
    bounds = boundsFor(source.module());
    if (options.tolerance > 0) {
      bounds = {.peak = options.tolerance,
                .channel = 10 * options.tolerance,
                .cosine = 1 - options.tolerance / 10,
                .isQuantized = bounds.isQuantized};
    }
    if (options.isLayered && llvm::range_size(source.module().getOps<mlir::func::FuncOp>()) > 1) {
      return makeError("--layers: expected one size per dim, got specialisations");
    }
    if (options.isLayered) {
      layers = exposeLayers(source.module());
      bounds.peak *= 10; // the reference rounds too, and what follows a layer is not there to average it out
      bounds.channel *= 10;
    }
    reference = source.module().clone();
    auto bytes = source.compile(*compileOptions);
    if (!bytes) {
      return bytes.takeError();
    }
    artifact = std::move(*bytes);
    auto loaded = source.load(artifact->getBuffer());
    if (!loaded) {
      return loaded.takeError();
    }
    model = std::move(*loaded);
    return llvm::Error::success();
  }

  /// How many of the last checks of a report are those of layers.
  size_t layerCount() const { return layers.size(); }

  /// How many there are. Random inputs are for one each; stored ones choose theirs.
  size_t specialisations() const { return dlc_model_specialisation_count(model.get(), 0); }

  /// Compares with the outputs stored in `folder`; where there are none, with the reference on the inputs stored there;
  /// where `folder` is empty, with the reference of a specialisation on random inputs.
  llvm::Expected<Report> verify(const std::string &folder, size_t specialisation) {
    Report report;
    report.data = folder;
    if (folder.empty() && specialisations() > 1) {
      report.specialisation = llvm::formatv("specialisation {0} of {1}", specialisation + 1, specialisations()).str();
    }
    std::vector<Port> ports = outputPorts(model.get(), 0);
    auto inputs = takeInputs(folder, specialisation);
    if (!inputs) {
      return inputs.takeError();
    }
    if (!folder.empty()) {
      specialisation = specialisationFor(*inputs);
    }
    auto actual = run(*inputs, options.threads, 0);
    if (!actual) {
      return actual.takeError();
    }
    auto expected = takeExpected(folder, ports, *inputs, specialisation);
    if (!expected) {
      return expected.takeError();
    }
    for (size_t i = 0; i < ports.size(); ++i) {
      if (!(*expected)[i]) {
        report.unchecked.push_back(ports[i].type.name);
        continue;
      }
      report.checks.push_back(checkOutput(*(*expected)[i], (*actual)[i], bounds));
      nameLayer(report.checks.back(), i, ports.size());
    }
    if (report.checks.empty()) {
      report.problems.push_back("expected a stored value of at least one output, got none");
    }
    if (options.isScheduled) {
      if (llvm::Error error = compareSchedules(*inputs, *actual, report)) {
        return error;
      }
    }
    return report;
  }

private:
  llvm::Expected<std::vector<std::optional<HostValue>>> takeInputs(const std::string &folder, size_t specialisation) {
    if (!folder.empty()) {
      return readDataSet(folder, "input", inputPorts(model.get(), 0));
    }
    std::vector<Port> ports = inputsOf(specialisation);
    InputOptions random;
    random.seed = options.seed;
    return gatherInputs(ports, random, /*isRandom=*/true);
  }

  /// Whether a specialisation takes inputs of the smallest sizes that `sizes` state.
  bool accepts(size_t specialisation, const std::vector<Port> &sizes) const {
    std::vector<Port> ports = inputPorts(model.get(), 0, specialisation);
    for (auto [port, wanted] : llvm::zip_equal(ports, sizes)) {
      for (size_t i = 0; i < port.type.dims.size(); ++i) {
        int64_t size = wanted.type.dims[i] < 0 ? wanted.minimum[i] : wanted.type.dims[i];
        if (size < port.minimum[i] || (port.maximum[i] >= 0 && size > port.maximum[i])) {
          return false;
        }
      }
    }
    return true;
  }
  /// The first that takes these inputs; the engine tells when there is none.
  size_t specialisationFor(const std::vector<std::optional<HostValue>> &inputs) const {
    std::vector<Port> sizes = inputPorts(model.get(), 0);
    for (auto [port, value] : llvm::zip_equal(sizes, inputs)) {
      if (value && value->tensor.dims.size() == port.type.dims.size()) {
        port.type.dims = value->tensor.dims;
      }
    }
    for (size_t i = 0; i < specialisations(); ++i) {
      if (accepts(i, sizes)) {
        return i;
      }
    }
    return 0;
  }
  /// The inputs of a specialisation; `minimum` is made such that none before it takes that size.
  std::vector<Port> inputsOf(size_t specialisation) const {
    constexpr int64_t tries = 256;
    std::vector<Port> ports;
    for (int64_t more = 0; more < tries; ++more) {
      ports = inputPorts(model.get(), 0, specialisation);
      for (Port &port : ports) {
        for (size_t i = 0; i < port.minimum.size(); ++i) {
          int64_t size = std::max<int64_t>(port.minimum[i], 1) + more;
          port.minimum[i] = port.maximum[i] < 0 ? size : std::min(size, port.maximum[i]);
        }
      }
      bool taken = false;
      for (size_t i = 0; i < specialisation; ++i) {
        taken |= accepts(i, ports);
      }
      if (!taken) {
        break;
      }
    }
    return ports;
  }

  llvm::Expected<std::vector<HostValue>> run(const std::vector<std::optional<HostValue>> &inputs, unsigned threads,
                                             uint64_t tileOrder) {
    dlc_context_options contextOptions = DLC_CONTEXT_OPTIONS_INIT;
    contextOptions.threads = threads;
    contextOptions.tile_order_seed = tileOrder;
    return runOnce(model.get(), inputs, contextOptions);
  }

  llvm::Expected<std::vector<std::optional<HostValue>>>
  takeExpected(const std::string &folder, const std::vector<Port> &ports,
               const std::vector<std::optional<HostValue>> &inputs, size_t specialisation) {
    if (!folder.empty() && !options.isLayered) {
      auto stored = readDataSet(folder, "output", ports);
      if (!stored || llvm::any_of(*stored, [](const auto &value) { return value.has_value(); })) {
        return stored;
      }
    }
    auto main = *std::next(reference->getOps<mlir::func::FuncOp>().begin(), specialisation);
    auto values = evaluateReference(main, inputs);
    if (!values) {
      return makeError("{0}: {1}", llvm::toString(values.takeError()), llvm::toString(source.takeError()));
    }
    return std::vector<std::optional<HostValue>>(values->begin(), values->end());
  }

  /// The outputs that exposeLayers added are the last.
  void nameLayer(OutputCheck &check, size_t index, size_t count) const {
    if (index + layers.size() >= count) {
      check.name = layers[index + layers.size() - count];
    }
  }

  /// Results must not depend on who runs which tile when.
  llvm::Error compareSchedules(const std::vector<std::optional<HostValue>> &inputs, const std::vector<HostValue> &first,
                               Report &report) {
    constexpr std::pair<unsigned, uint64_t> schedules[] = {{1, 0}, {2, 0}, {3, 0}, {7, 0}, {1, 1}, {1, 2}, {1, 3}};
    for (auto [threads, tileOrder] : schedules) {
      auto again = run(inputs, threads, tileOrder);
      if (!again) {
        return again.takeError();
      }
      for (size_t i = 0; i < first.size(); ++i) {
        if (!haveEqualBytes(first[i], (*again)[i])) {
          report.problems.push_back(llvm::formatv("output '{0}' changes with {1} threads and tile order {2}",
                                                  first[i].name, threads, tileOrder));
        }
      }
    }
    return llvm::Error::success();
  }

  static bool haveEqualBytes(const HostValue &left, const HostValue &right) {
    return left.kind == right.kind && left.tensor.dims == right.tensor.dims &&
           left.tensor.bytes == right.tensor.bytes && left.tensor.strings == right.tensor.strings &&
           left.elements.size() == right.elements.size() &&
           llvm::all_of(llvm::zip(left.elements, right.elements),
                        [](auto pair) { return haveEqualBytes(std::get<0>(pair), std::get<1>(pair)); });
  }

  const VerifyOptions &options;
  SourceModel source;
  Bounds bounds;
  std::vector<std::string> layers;
  mlir::OwningOpRef<mlir::ModuleOp> reference;
  std::unique_ptr<llvm::MemoryBuffer> artifact;
  ModelHandle model;
};

std::string number(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2e", value);
  return text;
}

void printTable(const Report &report) {
  llvm::outs() << (report.data.empty() ? "random inputs against the reference evaluator" : report.data)
               << (report.specialisation.empty() ? "" : ", ") << report.specialisation << '\n';
  Table table({"output", "type", ">max abs", ">max rel", ">of peak", ">of channel", ">ulp", ">cosine", "result"});
  for (const OutputCheck &check : report.checks) {
    const Comparison &c = check.comparison;
    table.addRow({check.name, check.type, number(c.maxAbs), number(c.maxRel), number(c.peakError),
                  number(check.channelError), std::to_string(c.maxUlps), llvm::formatv("{0:f7}", c.cosine),
                  check.failure.empty() ? "ok" : "failed"});
  }
  table.print(llvm::outs());
  for (const std::string &name : report.unchecked) {
    llvm::outs() << name << ": not compared, no value is stored\n";
  }
  for (const OutputCheck &check : report.checks) {
    if (!check.failure.empty()) {
      llvm::outs() << check.name << ": " << check.failure << '\n';
    }
  }
  for (const std::string &problem : report.problems) {
    llvm::outs() << problem << '\n';
  }
}

/// Only the first layer that differs matters: what follows has its errors. The last checks are the layers', in the
/// order of the graph; the model's outputs come before them.
void printFirstLayer(const Report &report, size_t layers) {
  for (const OutputCheck &check : llvm::ArrayRef(report.checks).take_back(layers)) {
    if (!check.failure.empty()) {
      llvm::outs() << "the first layer that differs: " << check.name << ": " << check.failure << '\n';
      return;
    }
  }
  for (const OutputCheck &check : llvm::ArrayRef(report.checks).drop_back(layers)) {
    if (!check.failure.empty()) {
      llvm::outs() << "no inner layer differs, but output " << check.name << ": " << check.failure << '\n';
      return;
    }
  }
  llvm::outs() << "no layer differs: compared " << report.checks.size()
               << (report.checks.size() == 1 ? " value\n" : " values\n");
}

llvm::json::Value toJson(const Report &report) {
  llvm::json::Array outputs;
  for (const OutputCheck &check : report.checks) {
    const Comparison &c = check.comparison;
    outputs.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(check.name)},
                                         {"type", check.type},
                                         {"max_abs", c.maxAbs},
                                         {"max_rel", c.maxRel},
                                         {"peak_error", c.peakError},
                                         {"channel_error", check.channelError},
                                         {"max_ulps", static_cast<int64_t>(std::min<uint64_t>(c.maxUlps, INT64_MAX))},
                                         {"cosine", c.cosine},
                                         {"passed", check.failure.empty()},
                                         {"failure", llvm::json::fixUTF8(check.failure)}});
  }
  return llvm::json::Object{{"data", report.data},
                            {"specialisation", report.specialisation},
                            {"outputs", std::move(outputs)},
                            {"unchecked", llvm::json::Array(report.unchecked)},
                            {"problems", llvm::json::Array(report.problems)},
                            {"passed", report.passed()}};
}

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
  bool passed = true;
  llvm::json::Array all;
  for (const std::string &folder : *folders) {
    for (size_t i = 0; i < (folder.empty() ? verifier.specialisations() : 1); ++i) {
      auto report = verifier.verify(folder, i);
      if (!report) {
        return report.takeError();
      }
      passed &= report->passed();
      if (options.isJson) {
        all.push_back(toJson(*report));
      } else if (options.isLayered) {
        printFirstLayer(*report, verifier.layerCount());
      } else {
        printTable(*report);
      }
    }
  }
  if (options.isJson) {
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  llvm::json::Value(llvm::json::Object{
                                      {"model", options.source.path}, {"passed", passed}, {"runs", std::move(all)}}));
  } else {
    llvm::outs() << (passed ? "verified\n" : "not verified\n");
  }
  return passed;
}

} // namespace

void addVerifyCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App *command = app.add_subcommand("verify", "Compare a compiled model's results with stored or reference ones");
  addSourceArgument(*command, options->source);
  addPruningOptions(*command, options->source);
  addDimOption(*command, options->source);
  addOpLibraryOption(*command, options->source.libraries);
  addCodeOptions(*command, options->source);
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
          "Largest error, relative to an output's largest value; default: 1e-4, 1e-2 with f16, 3e-2 when quantised")
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
