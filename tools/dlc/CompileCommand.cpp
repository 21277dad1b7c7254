/// \file `dlc compile`: a source model to an artifact, or to one of the levels on the way.
#include "compiler/Compile.h"
#include "compiler/CompileProgress.h"
#include "compiler/Pipeline.h"
#include "mlir/Support/Timing.h"
#include "tools/common/ExitCode.h"
#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "tools/common/Progress.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/SourceModel.h"
#include "tools/dlc/TuneOptions.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace dlc {
namespace {

struct CompileCommandOptions {
  SourceOptions source;
  std::string output, dumpDir;
  std::string emit = "so";
  bool isTimed = false, printsChanges = false;
};

/// Texts go to the output file, or to standard output.
int writeText(const std::string &text, const std::string &output) {
  if (output.empty()) {
    llvm::outs() << text;
    return exitDone;
  }
  llvm::Error error = writeFile(output, llvm::StringRef(text));
  return error ? reportError(std::move(error)) : exitDone;
}

int reported(const SourceModel &model) {
  model.report();
  return model.hasInternalError ? exitBug : exitInput;
}

int emitText(SourceModel &model, const CompileOptions &options, const CompileCommandOptions &command) {
  if (options.variants.size() > 1) {
    reportError(makeError("--target: expected one for --emit={0}, got {1}", command.emit, options.variants.size()));
    return exitUsage;
  }
  if (command.emit == "llvm" || command.emit == "asm") {
    KernelText kind = command.emit == "llvm" ? KernelText::IR : KernelText::Assembly;
    mlir::FailureOr<std::string> text = compileToText(model.module(), options, kind);
    return mlir::failed(text) ? reported(model) : writeText(*text, command.output);
  }
  Level level = llvm::StringSwitch<Level>(command.emit)
                    .Case("nn", Level::NN)
                    .Case("graph", Level::Graph)
                    .Case("linalg", Level::Linalg)
                    .Default(Level::RT);
  bool isLowered = mlir::succeeded(runPipeline(model.module(), options, Level::NN, level));
  return isLowered ? writeText(toText(model.module()), command.output) : reported(model);
}

/// The kind of an artifact and what its file is called by default; nothing for texts.
std::optional<std::pair<ArtifactKind, std::string>> artifactKind(llvm::StringRef emit) {
  using Kind = std::pair<ArtifactKind, std::string>;
  return llvm::StringSwitch<std::optional<Kind>>(emit)
      .Case("so", Kind(ArtifactKind::SharedObject, ".so"))
      .Case("obj", Kind(ArtifactKind::Object, ".o"))
      .Case("exe", Kind(ArtifactKind::Executable, ""))
      .Default(std::nullopt);
}

/// The runner that was built with this dlc: beside it, or where it is installed.
llvm::Expected<std::string> findRunner() {
  static int anchor = 0;
  std::string self = llvm::sys::fs::getMainExecutable("dlc", &anchor);
  llvm::SmallString<128> folder(llvm::sys::path::parent_path(self)), installed(llvm::sys::path::parent_path(folder));
  llvm::sys::path::append(installed, DLC_LIBRARY_FOLDER, "dlc");
  for (llvm::SmallString<128> path : {folder, installed}) {
    llvm::sys::path::append(path, "dlc_runner");
    if (llvm::sys::fs::exists(path)) {
      return path.str().str();
    }
  }
  return makeError("--emit=exe needs the program dlc_runner in {0} or {1}, found none", folder, installed);
}

int compileWith(const CompileCommandOptions &command, CompileOptions &options) {
  auto artifact = artifactKind(command.emit);
  if (artifact && artifact->first == ArtifactKind::Executable) {
    llvm::Expected<std::string> runner = findRunner();
    if (!runner) {
      return reportError(runner.takeError());
    }
    options.runner = *runner;
  }
  mlir::TimingScope importScope = options.timing->nest("import");
  SourceModel model;
  if (!model.import(command.source)) {
    return reported(model);
  }
  importScope.stop();
  if (model.pruned) {
    llvm::errs() << "dlc: " << pruningText(*model.pruned) << '\n';
  }
  options.internalError = &model.hasInternalError;
  if (!artifact) {
    return emitText(model, options, command);
  }
  std::string output = !command.output.empty() ? command.output : options.name + artifact->second;
  return mlir::failed(compileModule(model.module(), options, artifact->first, output)) ? reported(model) : exitDone;
}

/// Shows how far a compilation is, as long as this lives.
class Ticker {
public:
  Ticker() : thread([this] { run(); }) {}
  ~Ticker() {
    {
      std::lock_guard<std::mutex> guard(lock);
      isDone = true;
    }
    changed.notify_one();
    thread.join();
  }
  CompileProgress progress;

private:
  void run() {
    Progress bar("compiling", 1000);
    std::unique_lock<std::mutex> guard(lock);
    while (!changed.wait_for(guard, std::chrono::milliseconds(100), [this] { return isDone; })) {
      bar.update(progress.permille, progress.phase.load());
    }
  }
  std::mutex lock;
  std::condition_variable changed;
  bool isDone = false;
  std::thread thread; ///< last: it uses the others
};

int compile(const CompileCommandOptions &command) {
  if (llvm::Error error = checkSourceOptions(command.source)) {
    reportError(std::move(error));
    return exitUsage;
  }
  llvm::Expected<CompileOptions> options = openCompileOptions(command.source);
  if (!options) {
    return reportError(options.takeError());
  }
  options->dumpDir = command.dumpDir;
  options->printAfterChange = command.printsChanges;
  // Prints to standard error when it goes, if it was enabled.
  mlir::DefaultTimingManager timing;
  timing.setEnabled(command.isTimed);
  mlir::TimingScope scope = timing.getRootScope();
  options->timing = &scope;
  int exitCode = [&] {
    Ticker ticker;
    ticker.progress.set("import", 0);
    options->progress = &ticker.progress;
    return compileWith(command, *options);
  }();
  if (exitCode == exitDone) {
    reportTuning(*options);
  }
  return exitCode;
}

/// An object with what is known of each problem: those of the importer name a node, those of passes are texts.
llvm::json::Value toJson(const SourceModel &model, llvm::StringRef path, bool isSupported) {
  llvm::json::Array problems;
  for (const onnx_import::Problem &problem : model.problems) {
    bool hasNode = !problem.op.empty();
    auto text = [&](const std::string &value) {
      return hasNode ? llvm::json::Value(llvm::json::fixUTF8(value)) : llvm::json::Value(nullptr);
    };
    problems.push_back(
        llvm::json::Object{{"node", text(problem.node)},
                           {"op", text(problem.op)},
                           {"domain", text(problem.domain)},
                           {"opset", hasNode ? llvm::json::Value(problem.opset) : llvm::json::Value(nullptr)},
                           {"reason", llvm::json::fixUTF8(problem.reason)}});
  }
  for (const std::string &error : model.errors) {
    problems.push_back(llvm::json::Object{{"node", nullptr},
                                          {"op", nullptr},
                                          {"domain", nullptr},
                                          {"opset", nullptr},
                                          {"reason", llvm::json::fixUTF8(error)}});
  }
  return llvm::json::Object{
      {"model", llvm::json::fixUTF8(path)}, {"supported", isSupported}, {"problems", std::move(problems)}};
}

void printText(const SourceModel &model, llvm::StringRef path, bool isSupported) {
  if (isSupported) {
    llvm::outs() << path << ": supported\n";
    return;
  }
  model.report();
  size_t count = model.problems.size() + model.errors.size();
  llvm::errs() << path << ": " << count << (count == 1 ? " problem\n" : " problems\n");
}

int check(const SourceOptions &source, bool isJson) {
  if (llvm::Error error = checkSourceOptions(source)) {
    reportError(std::move(error));
    return exitUsage;
  }
  SourceModel model;
  CompileOptions options;
  options.internalError = &model.hasInternalError;
  bool isSupported =
      model.import(source) && mlir::succeeded(runPipeline(model.module(), options, Level::NN, Level::RT));
  if (isJson) {
    llvm::outs() << llvm::formatv("{0:2}\n", toJson(model, source.path, isSupported));
  } else {
    printText(model, source.path, isSupported);
  }
  return isSupported ? exitDone : model.hasInternalError ? exitBug : exitInput;
}

} // namespace

void addCompileCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<CompileCommandOptions>();
  CLI::App *command = app.add_subcommand("compile", "Compile a source model");
  addSourceArgument(*command, options->source);
  addFetchOptions(*command, options->source);
  addDimOption(*command, options->source);
  addOpLibraryOption(*command, options->source.libraries);
  addCodeOptions(*command, options->source);
  addTuneOption(*command, options->source);
  addStateOption(*command, options->source);
  command->add_option("-o,--output", options->output, "Where to write; default: the model's name in this folder")
      ->type_name("FILE");
  command
      ->add_option(
          "--emit", options->emit,
          "so: what the engine loads (default); obj: to link into a program, with a C header beside it; exe: a "
          "program; or a text: nn, graph, linalg, rt, llvm (before LLVM optimises it), asm")
      ->check(CLI::IsMember({"so", "obj", "exe", "nn", "graph", "linalg", "rt", "llvm", "asm"}).description(""))
      ->type_name("KIND");
  auto debugging = [&](CLI::Option *option) { option->group("Looking inside"); };
  debugging(command
                ->add_option("--dump-dir", options->dumpDir,
                             "Write the IR of each level, and the kernels as LLVM IR and assembly, into DIR")
                ->type_name("DIR"));
  debugging(command->add_flag("--timing", options->isTimed, "Print where the time went, to standard error"));
  debugging(command->add_flag("--print-ir-after-change", options->printsChanges,
                              "Print the IR after each pass that changed it, to standard error"));
  command->callback([options, &exitCode] { exitCode = compile(*options); });
}

void addCheckCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<SourceOptions>();
  auto isJson = std::make_shared<bool>(false);
  CLI::App *command = app.add_subcommand("check", "Tell every problem of a source model, without compiling");
  addSourceArgument(*command, *options);
  addFetchOptions(*command, *options);
  addDimOption(*command, *options);
  addOpLibraryOption(*command, options->libraries);
  addStateOption(*command, *options);
  command->add_flag("--json", *isJson, "Print JSON");
  command->callback([options, isJson, &exitCode] { exitCode = check(*options, *isJson); });
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileInMemory(const SourceOptions &source) {
  llvm::Expected<CompileOptions> options = openCompileOptions(source);
  if (!options) {
    return options.takeError();
  }
  SourceModel model;
  if (!model.import(source)) {
    return model.takeError();
  }
  return model.compile(*options);
}

} // namespace dlc
