/// \file dlc-opt: runs single passes, or the pipeline between two levels, on IR in text form.
///
///   dlc-opt file.mlir --from=nn --to=rt
///   dlc-opt file.mlir --dlc-form-groups
#include "compiler/Pipeline.h"
#include "compiler/passes/Passes.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

namespace {

using dlc::Level;
using llvm::cl::desc;
using llvm::cl::init;

/// The tool's own options; MLIR's are the rest. They register themselves, so there must be only one object.
struct Options {
  llvm::cl::OptionCategory category{"dlc options"};
  llvm::cl::opt<Level> from{"from", desc("The level of the input"), levels(), init(Level::NN), llvm::cl::cat(category)};
  llvm::cl::opt<Level> to{"to", desc("Lower to this level; default: stay"), levels(), llvm::cl::cat(category)};
  llvm::cl::opt<std::string> target{"target", desc("CPU, as for 'dlc compile'"), init("x86-64-v3"), llvm::cl::cat(category)};

  static llvm::cl::ValuesClass levels() {
    return llvm::cl::values(clEnumValN(Level::NN, "nn", "the imported graph"),
                            clEnumValN(Level::Graph, "graph", "the optimised graph"),
                            clEnumValN(Level::Linalg, "linalg", "kernels over linalg"),
                            clEnumValN(Level::RT, "rt", "blocks of steps, kernels as loops"));
  }
};

/// LLVM's libraries have hundreds of options of their own; --help-hidden shows them.
void hideOptionsOfLibraries() {
  for (auto &entry : llvm::cl::getRegisteredOptions()) {
    if (llvm::is_contained(entry.second->Categories, &llvm::cl::getGeneralCategory())) {
      entry.second->setHiddenFlag(llvm::cl::Hidden);
    }
  }
}

/// The passes between the levels, then those named on the command line.
llvm::LogicalResult addPasses(mlir::PassManager &pm, const Options &options, const mlir::MlirOptMainConfig &named) {
  dlc::CompileOptions compileOptions;
  std::optional<dlc::cpu::TargetInfo> target = dlc::cpu::TargetInfo::named(options.target);
  if (!target) {
    llvm::errs() << "dlc-opt: error: expected a target such as x86-64-v3, got '" << options.target << "'\n";
    return mlir::failure();
  }
  compileOptions.target = *target;
  if (options.to.getNumOccurrences() > 0) {
    dlc::buildPipeline(pm, compileOptions, options.from, options.to);
  }
  return named.setupPassPipeline(pm);
}

llvm::LogicalResult run(int argc, char **argv) {
  hideOptionsOfLibraries();
  mlir::DialectRegistry registry;
  dlc::registerAllDialects(registry);
  dlc::registerDlcPasses();
  mlir::registerTransformsPasses();
  Options options;
  auto [input, output] = mlir::registerAndParseCLIOptions(argc, argv, "Runs dlc's passes on IR in text form\n", registry);
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = mlir::openInputFile(input, &error);
  std::unique_ptr<llvm::ToolOutputFile> out = file ? mlir::openOutputFile(output, &error) : nullptr;
  if (!out) {
    llvm::errs() << "dlc-opt: error: " << error << '\n';
    return mlir::failure();
  }
  mlir::MlirOptMainConfig named = mlir::MlirOptMainConfig::createFromCLOptions(), config = named;
  config.setPassPipelineSetupFn([&](mlir::PassManager &pm) { return addPasses(pm, options, named); });
  if (mlir::failed(mlir::MlirOptMain(out->os(), std::move(file), registry, config))) {
    return mlir::failure();
  }
  out->keep();
  return mlir::success();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return mlir::asMainReturnCode(run(argc, argv));
}
