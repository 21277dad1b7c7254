#include "tools/dlc-conformance/Case.h"
#include "dialects/rt/RT.h"
#include "tools/common/Compare.h"
#include "tools/common/DataSet.h"
#include "tools/common/ElementType.h"
#include "tools/dlc-conformance/Variants.h"
#include "tools/dlc/SourceModel.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

namespace dlc::conformance {
namespace {

Verdict failed(const char *stage, std::string reason) {
  std::replace(reason.begin(), reason.end(), '\n', ';');
  return {Result::Failed, stage, std::move(reason)};
}
Verdict failed(const char *stage, llvm::Error error) { return failed(stage, llvm::toString(std::move(error))); }

/// The bounds of ONNX's backend tests; wider for floats of 16 and 8 bits.
Tolerance toleranceOf(const HostValue &value) {
  if (value.kind != DLC_KIND_TENSOR) {
    return value.elements.empty() ? Tolerance() : toleranceOf(value.elements.front());
  }
  dlc_dtype type = value.tensor.dtype;
  if (!isFloatElement(type) && !isComplexElement(type)) {
    return {};
  }
  unsigned bits = elementBits(type);
  return {.absolute = bits >= 32 ? 1e-7 : 1e-3,
          .relative = bits >= 32 ? 1e-3 : type == DLC_F16 ? 1e-2 : bits == 16 ? 4e-2 : 0.13};
}

/// Ops of one node that need no run: their results hang on types and shapes only.
bool mayFold(const ModelFacts &facts) {
  static const llvm::StringSet<> ops = {"Constant", "ConstantOfShape", "EyeLike", "OptionalHasElement", "Shape", "Size"};
  return facts.ops.size() != 1 || facts.inputs.empty() || ops.contains(facts.ops.front());
}

/// True when the executable only copies constants to its outputs.
bool isFolded(mlir::ModuleOp module) {
  bool works = false, isEmpty = true;
  module.walk([&](rt::OutputOp output) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(output.getResult().getType().getValue());
    isEmpty &= type && type.hasStaticShape() && type.getNumElements() == 0;
  });
  module.walk([&](mlir::Operation *op) {
    auto copy = llvm::dyn_cast<rt::CopyOp>(op);
    works |= rt::isStep(op) && !(copy && copy.getFrom().getDefiningOp<rt::ConstantOp>());
  });
  return !works && !isEmpty;
}

Verdict compareOutputs(const std::vector<Port> &ports, const std::string &folder, const std::vector<HostValue> &actual) {
  auto expected = readDataSet(folder, "output", ports);
  if (!expected) {
    return failed("data", expected.takeError());
  }
  if (llvm::sys::fs::exists(folder + "/output_" + std::to_string(ports.size()) + ".pb")) {
    return failed("compare", "expected more than " + std::to_string(ports.size()) + " outputs");
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    if (!(*expected)[i]) {
      return failed("data", "no file for output '" + ports[i].type.name + "'");
    }
    Comparison comparison = compareValues(*(*expected)[i], actual[i], toleranceOf(*(*expected)[i]));
    if (!comparison.passed) {
      return failed("compare", "output '" + ports[i].type.name + "': " + comparison.toString());
    }
  }
  return {};
}

Verdict runDataSet(const dlc_model *model, const ModelFacts &facts, const std::string &folder, void (*enter)(const char *)) {
  enter("data");
  auto inputs = readDataSet(folder, "input", inputPorts(model, 0), facts.inputs);
  if (!inputs) {
    return failed("data", inputs.takeError());
  }
  enter("run");
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = 2;
  auto outputs = runOnce(model, *inputs, options);
  if (!outputs) {
    return failed("run", outputs.takeError());
  }
  enter("compare");
  return compareOutputs(outputPorts(model, 0), folder, *outputs);
}

/// Compiles; the artifact's bytes, or a verdict in `verdict`.
std::unique_ptr<llvm::MemoryBuffer> build(SourceModel &source, const Presentation &presentation, const CaseOptions &options,
                                          Verdict &verdict, void (*enter)(const char *)) {
  enter("import");
  if (!source.import(options.folder + "/model.onnx", presentation.options)) {
    verdict = failed("import", source.takeError());
    return nullptr;
  }
  enter("compile");
  CompileOptions compileOptions;
  compileOptions.target = cpu::TargetInfo::native();
  compileOptions.threads = 1;
  compileOptions.optLevel = options.optLevel;
  auto bytes = source.compile(compileOptions);
  if (!bytes) {
    verdict = failed("compile", bytes.takeError());
    return nullptr;
  }
  if (options.variant != Variant::Constant && !mayFold(presentation.facts) && isFolded(source.module())) {
    verdict = failed("folded", "nothing is left to run");
    return nullptr;
  }
  return std::move(*bytes);
}

} // namespace

Verdict runCase(const CaseOptions &options, void (*enter)(const char *stage)) {
  std::vector<std::string> folders = findDataSets(options.folder + "/model.onnx");
  if (folders.empty()) {
    return {Result::Skipped, "data", "no stored data"};
  }
  SourceModel source;
  enter("data");
  auto presentation = present(source.context(), options);
  if (!presentation) {
    return failed("data", presentation.takeError());
  }
  if (!presentation->isDifferent) {
    return {Result::Skipped, "data", "no different from the static variant"};
  }
  Verdict verdict;
  std::unique_ptr<llvm::MemoryBuffer> bytes = build(source, *presentation, options, verdict, enter);
  if (!bytes) {
    return verdict;
  }
  enter("load");
  auto model = loadModelFromMemory(bytes->getBuffer());
  if (!model) {
    return failed("load", model.takeError());
  }
  for (const std::string &folder : folders) {
    verdict = runDataSet(model->get(), presentation->facts, folder, enter);
    if (verdict.result != Result::Passed || options.variant == Variant::Constant) {
      break;
    }
  }
  return verdict;
}

} // namespace dlc::conformance
