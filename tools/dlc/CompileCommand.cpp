/// \file `dlc compile`: a source model to an artifact, or to one of the levels on the way.
#include "compiler/Compile.h"
#include "compiler/Pipeline.h"
#include "tools/common/ExitCode.h"
#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/SourceModel.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/IR/OperationSupport.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct CompileCommandOptions {
  SourceOptions source;
  std::string output;
  std::string emit = "so";
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

int emitLevel(SourceModel &model, const CompileOptions &options, const CompileCommandOptions &command) {
  Level level = llvm::StringSwitch<Level>(command.emit)
                    .Case("nn", Level::NN)
                    .Case("graph", Level::Graph)
                    .Case("linalg", Level::Linalg)
                    .Default(Level::RT);
  if (mlir::failed(runPipeline(model.module(), options, Level::NN, level))) {
    model.report();
    return exitInput;
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(32).elideLargeResourceString(64);
  model.module()->print(stream, flags);
  return writeText(text + "\n", command.output);
}

int compile(const CompileCommandOptions &command) {
  llvm::Expected<CompileOptions> options = toCompileOptions(command.source);
  if (!options) {
    reportError(options.takeError());
    return exitUsage;
  }
  SourceModel model;
  if (!model.import(command.source)) {
    model.report();
    return exitInput;
  }
  if (command.emit == "so" || command.emit == "obj") {
    bool isShared = command.emit == "so";
    std::string output = !command.output.empty() ? command.output : options->name + (isShared ? ".so" : ".o");
    ArtifactKind kind = isShared ? ArtifactKind::SharedObject : ArtifactKind::Object;
    if (mlir::failed(compileModule(model.module(), *options, kind, output))) {
      model.report();
      return exitInput;
    }
    return exitDone;
  }
  if (command.emit == "asm") {
    mlir::FailureOr<std::string> text = compileToAssembly(model.module(), *options);
    if (mlir::failed(text)) {
      model.report();
      return exitInput;
    }
    return writeText(*text, command.output);
  }
  return emitLevel(model, *options, command);
}

int check(const SourceOptions &source) {
  SourceModel model;
  CompileOptions options;
  if (!model.import(source) || mlir::failed(runPipeline(model.module(), options, Level::NN, Level::RT))) {
    model.report();
    size_t count = model.problems.size() + model.errors.size();
    llvm::errs() << source.path << ": " << count << (count == 1 ? " problem\n" : " problems\n");
    return exitInput;
  }
  llvm::outs() << source.path << ": supported\n";
  return exitDone;
}

} // namespace

void addCompileCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<CompileCommandOptions>();
  CLI::App *command = app.add_subcommand("compile", "Compile a source model");
  addSourceOptions(*command, options->source);
  addCodeOptions(*command, options->source);
  command->add_option("-o,--output", options->output, "Where to write; default: the model's name in this folder")->type_name("FILE");
  command->add_option("--emit", options->emit, "so, obj, or a level on the way: nn, graph, linalg, rt, asm")
      ->check(CLI::IsMember({"so", "obj", "nn", "graph", "linalg", "rt", "asm"}))
      ->type_name("KIND");
  command->callback([options, &exitCode] { exitCode = compile(*options); });
}

void addCheckCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<SourceOptions>();
  CLI::App *command = app.add_subcommand("check", "Tell every problem of a source model, without compiling");
  addSourceOptions(*command, *options);
  command->callback([options, &exitCode] { exitCode = check(*options); });
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileInMemory(llvm::StringRef path) {
  SourceOptions source;
  source.path = path.str();
  llvm::Expected<CompileOptions> options = toCompileOptions(source);
  if (!options) {
    return options.takeError();
  }
  SourceModel model;
  if (!model.import(source)) {
    return model.takeError();
  }
  llvm::SmallString<128> file;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("dlc", "so", file)) {
    return makeError("could not make a temporary file: {0}", error.message());
  }
  llvm::FileRemover remover(file);
  if (mlir::failed(compileModule(model.module(), *options, ArtifactKind::SharedObject, file))) {
    return model.takeError();
  }
  auto buffer = llvm::MemoryBuffer::getFile(file, false, false, true);
  return buffer ? llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>(std::move(*buffer))
                : makeError("{0}: {1}", file, buffer.getError().message());
}

} // namespace dlc
