#include "tools/dlc/SourceModel.h"
#include "compiler/Compile.h"
#include "compiler/Entries.h"
#include "compiler/Pipeline.h"
#include "compiler/passes/Entries.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/PruneOptions.h"
#include "tools/dlc/Specialisations.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {
namespace {

/// The names of source nodes in a location.
std::string nodeName(mlir::Location location) {
  if (auto name = llvm::dyn_cast<mlir::NameLoc>(location)) {
    return name.getName().str();
  }
  std::string text;
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    for (mlir::Location part : fused.getLocations()) {
      std::string name = nodeName(part);
      text += (text.empty() || name.empty() ? "" : " + ") + name;
    }
  }
  return text;
}

/// The names of a model's inputs and outputs.
std::pair<std::vector<std::string>, std::vector<std::string>> portNames(mlir::ModuleOp module) {
  auto main = module.lookupSymbol<mlir::func::FuncOp>("main");
  auto textOf = [](mlir::StringAttr name) { return name ? name.str() : std::string(); };
  std::vector<std::string> inputs, outputs;
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    inputs.push_back(textOf(main.getArgAttrOfType<mlir::StringAttr>(i, kNameAttr)));
  }
  for (unsigned i = 0; i < main.getNumResults(); ++i) {
    outputs.push_back(textOf(main.getResultAttrOfType<mlir::StringAttr>(i, kNameAttr)));
  }
  return {std::move(inputs), std::move(outputs)};
}

} // namespace

SourceModel::SourceModel() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlirContext = std::make_unique<mlir::MLIRContext>(registry);
  mlirContext->loadAllAvailableDialects();
  mlirContext->getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
    std::string node = nodeName(diagnostic.getLocation());
    std::string text = (node.empty() ? "" : "node \"" + node + "\": ") + diagnostic.str();
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
      errors.push_back(text);
    } else if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning) {
      llvm::errs() << "dlc: warning: " << text << '\n';
    }
    return mlir::success();
  });
}

SourceModel::~SourceModel() = default;

bool SourceModel::import(const SourceOptions &options) {
  auto combinations = parseSpecialisations(options.dims);
  auto states = parseStates(options.states);
  if (!combinations || !states) {
    errors.push_back(llvm::toString(llvm::joinErrors(combinations.takeError(), states.takeError())));
    return false;
  }
  auto pruning = parsePruning(options.prune);
  if (!pruning) {
    errors.push_back(llvm::toString(pruning.takeError()));
    return false;
  }
  auto opened = OpLibraries::open(options.libraries);
  if (!opened) {
    errors.push_back(llvm::toString(opened.takeError()));
    return false;
  }
  opLibraries = std::move(*opened);
  mlir::OwningOpRef<mlir::ModuleOp> all;
  for (const Specialisation &combination : *combinations) {
    onnx_import::ImportOptions importOptions;
    importOptions.fetches = options.fetches;
    importOptions.feeds = options.feeds;
    importOptions.customOps = &opLibraries;
    for (const auto &[name, size] : combination.sizes) {
      importOptions.dims[name] = size;
    }
    bool ok = import(options.path, importOptions);
    if (ok) {
      std::tie(inputNames, outputNames) = portNames(module());
    }
    ok = ok && mlir::succeeded(addBounds(module(), combination.bounds)) &&
         mlir::succeeded(addState(module(), *states)) && (!all || mlir::succeeded(addSpecialisation(*all, module())));
    if (!ok) {
      return false;
    }
    if (!all) {
      all = std::move(moduleRef);
    }
  }
  moduleRef = std::move(all);
  return pruning->fraction == 0 || prune(*pruning);
}

bool SourceModel::prune(const PruneOptions &options) {
  double before = parameterCount(module());
  if (mlir::failed(pruneChannels(module(), options.fraction, options.isGlobal, /*fold=*/true))) {
    return false;
  }
  pruned = {before, parameterCount(module())};
  return true;
}

bool SourceModel::import(llvm::StringRef path, const onnx_import::ImportOptions &options) {
  auto result = onnx_import::importModel(*mlirContext, path, options, problems);
  if (mlir::failed(result)) {
    return false;
  }
  moduleRef = std::move(*result);
  return true;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> SourceModel::compile(const CompileOptions &options) {
  llvm::SmallString<128> folder, file;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, folder);
  llvm::sys::fs::createUniquePath(folder + "/dlc-%%%%%%%%%%%%.so", file, /*MakeAbsolute=*/false);
  llvm::FileRemover remover(file);
  llvm::sys::RemoveFileOnSignal(file);
  auto done = llvm::scope_exit([&] { llvm::sys::DontRemoveFileOnSignal(file); });
  CompileOptions watched = options;
  watched.internalError = &hasInternalError;
  if (mlir::failed(compileModule(module(), watched, ArtifactKind::SharedObject, file))) {
    return takeError();
  }
  auto buffer = llvm::MemoryBuffer::getFile(file, false, false, true);
  return buffer ? llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>(std::move(*buffer))
                : makeError("{0}: {1}", file, buffer.getError().message());
}

llvm::Expected<ModelHandle> SourceModel::load(llvm::StringRef bytes) const {
  dlc_model_options options = opLibraries.modelOptions();
  return loadModelFromMemory(bytes, &options);
}

void SourceModel::report() const {
  for (const onnx_import::Problem &problem : problems) {
    llvm::errs() << "dlc: error: " << onnx_import::toString(problem) << '\n';
  }
  for (const std::string &error : errors) {
    llvm::errs() << "dlc: error: " << error << '\n';
  }
}

llvm::Error SourceModel::takeError() const {
  std::string text;
  for (const onnx_import::Problem &problem : problems) {
    text += (text.empty() ? "" : "\n") + onnx_import::toString(problem);
  }
  for (const std::string &error : errors) {
    text += (text.empty() ? "" : "\n") + error;
  }
  return hasInternalError ? llvm::make_error<InternalError>(text) : makeError("{0}", text);
}

} // namespace dlc
