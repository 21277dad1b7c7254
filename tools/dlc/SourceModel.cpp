#include "tools/dlc/SourceModel.h"
#include "tools/dlc/Specialisations.h"
#include "tools/dlc/Commands.h"
#include "compiler/Compile.h"
#include "compiler/Entries.h"
#include "compiler/Pipeline.h"
#include "tools/common/HostTensor.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/IR/Diagnostics.h"
#include <CLI/CLI.hpp>

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

} // namespace

namespace {
llvm::Expected<std::vector<StatePair>> parseStates(const std::vector<std::string> &texts) {
  std::vector<StatePair> states;
  for (llvm::StringRef text : texts) {
    auto [output, input] = text.split(':');
    if (output.empty() || input.empty() || input.contains(':')) {
      return makeError("--state: expected OUTPUT:INPUT such as h_out:h_in, got '{0}'", text);
    }
    states.push_back({output.str(), input.str()});
  }
  return states;
}
} // namespace

llvm::Error checkSourceOptions(const SourceOptions &options) {
  auto combinations = parseSpecialisations(options.dims);
  auto states = parseStates(options.states);
  return llvm::joinErrors(combinations.takeError(), states.takeError());
}

void addSourceOptions(CLI::App &command, SourceOptions &options) {
  command.add_option("model", options.path, "The source model (.onnx)")->required()->type_name("FILE");
  command.add_option("--fetch", options.fetches, "Compute this value only (may be repeated)")->type_name("NAME");
  command.add_option("--feed", options.feeds, "Feed this value (may be repeated)")->type_name("NAME");
  command
      .add_option("--dim", options.dims,
                  "What a symbolic dim is: a size (batch=4) or a range (seq=1..512, seq=16..). Several, separated by |, become "
                  "specialisations in one file, of which a run takes the first that fits: seq=1|128|1..512. May be repeated; "
                  "then every combination is compiled, 64 at most")
      ->type_name("NAME=SIZES")
      ->allow_extra_args(false);
  addOpLibraryOption(command, options.libraries);
}

void addCodeOptions(CLI::App &command, SourceOptions &options) {
  command.add_option("--name", options.name, "The model's name in the artifact; default: the file's")->type_name("NAME");
  command.add_option("--target", options.target, "CPU: native, x86-64, x86-64-v3[+avxvnni], x86-64-v4[+vnni][+bf16]; default: native. Several, separated by commas, "
                                                 "go into one file, and the machine that loads it takes what suits it best")
      ->type_name("CPU");
  command.add_option("--opt-level", options.optLevel, "LLVM's optimisation level, 0 to 3; default: 3")
      ->type_name("N")
      ->check(CLI::Range(0, 3).description(""));
  command.add_flag("--no-winograd", options.noWinograd,
                   "Sum 3x3 convolutions directly: slower, and rounded less. Winograd's algorithm is used where it is faster and "
                   "wrong by less than 3e-5 of a layer's peak");
  command.add_option("--jobs", options.threads, "Kernels compiled side by side; 0: one per processor")->type_name("N");
}

void addStateOption(CLI::App &command, SourceOptions &options) {
  command
      .add_option("--state", options.states,
                  "Keep an output as an input of the next run, within the context: h_out:h_in. It begins with zeros, and is no "
                  "longer an input or output of the caller (may be repeated)")
      ->type_name("OUTPUT:INPUT")
      ->allow_extra_args(false);
}

llvm::Expected<CompileOptions> toCompileOptions(const SourceOptions &options) {
  CompileOptions result;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(options.target).split(names, ',');
  for (llvm::StringRef name : names) {
    std::optional<cpu::TargetInfo> target = cpu::TargetInfo::named(name);
    if (!target) {
      return makeError("expected a target such as native or x86-64-v3, got '{0}'", name);
    }
    target->winograd = !options.noWinograd;
    bool isKnown = llvm::any_of(result.variants, [&](const cpu::TargetInfo &t) { return t.cpu == target->cpu && t.features == target->features; });
    if (isKnown) {
      return makeError("expected different targets, got '{0}' twice (native is one of the others, too)", name);
    }
    result.variants.push_back(*target);
  }
  result.target = result.variants.front();
  result.name = options.name.empty() ? llvm::sys::path::stem(options.path).str() : options.name;
  result.optLevel = options.optLevel;
  result.threads = options.threads;
  return result;
}

SourceModel::SourceModel() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlirContext = std::make_unique<mlir::MLIRContext>(registry);
  mlirContext->loadAllAvailableDialects();
  mlirContext->getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
      std::string node = nodeName(diagnostic.getLocation());
      errors.push_back((node.empty() ? "" : "node \"" + node + "\": ") + diagnostic.str());
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
    bool ok = import(options.path, importOptions) && mlir::succeeded(addBounds(module(), combination.bounds)) &&
              mlir::succeeded(addState(module(), *states)) && (!all || mlir::succeeded(addSpecialisation(*all, module())));
    if (!ok) {
      return false;
    }
    if (!all) {
      all = std::move(moduleRef);
    }
  }
  moduleRef = std::move(all);
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
  llvm::SmallString<128> file;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("dlc", "so", file)) {
    return makeError("could not make a temporary file: {0}", error.message());
  }
  llvm::FileRemover remover(file);
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
