//===- ReferenceRun.cpp - a model through importer and reference evaluator ---------===//
#include "tests/unit/onnx/ReferenceRun.h"
#include "importers/onnx/Constants.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include <cmath>
#include <filesystem>
#include <fstream>
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"
#include <onnx/onnx-data_pb.h>
#pragma clang diagnostic pop

namespace dlc::onnx_testing {
namespace {
using nn::Datum;
using onnx_import::Constants;
namespace fs = std::filesystem;

std::optional<Datum> toDatum(const onnx::TensorProto &proto, mlir::MLIRContext *context) {
  onnx_import::Model none;
  std::string error;
  mlir::ElementsAttr attr = Constants(context, none).convert(proto, error);
  mlir::FailureOr<nn::Tensor> tensor = attr ? nn::tensorFromAttr(attr) : mlir::FailureOr<nn::Tensor>(mlir::failure());
  return failed(tensor) ? std::nullopt : std::optional<Datum>(Datum(*tensor));
}

std::optional<Datum> toDatum(const onnx::OptionalProto &proto, mlir::MLIRContext *context);
std::optional<Datum> toDatum(const onnx::SequenceProto &proto, mlir::MLIRContext *context) {
  std::vector<Datum> items;
  auto add = [&](const auto &values) {
    for (const auto &v : values) {
      std::optional<Datum> d = toDatum(v, context);
      if (!d) {
        return false;
      }
      items.push_back(*d);
    }
    return true;
  };
  if (!add(proto.tensor_values()) || !add(proto.sequence_values()) || !add(proto.optional_values())) {
    return std::nullopt;
  }
  return Datum::sequence(std::move(items));
}
std::optional<Datum> toDatum(const onnx::OptionalProto &proto, mlir::MLIRContext *context) {
  std::optional<Datum> item;
  if (proto.has_tensor_value()) {
    item = toDatum(proto.tensor_value(), context);
  } else if (proto.has_sequence_value()) {
    item = toDatum(proto.sequence_value(), context);
  } else {
    return Datum::optional({});
  }
  return item ? std::optional<Datum>(Datum::optional({*item})) : std::nullopt;
}

/// Reads a stored value as what `type` says it is.
std::optional<Datum> readValue(const fs::path &path, mlir::Type type, std::string *name) {
  std::ifstream file(path, std::ios::binary);
  if (llvm::isa<nn::SequenceType>(type)) {
    onnx::SequenceProto proto;
    return proto.ParseFromIstream(&file) ? toDatum(proto, type.getContext()) : std::nullopt;
  }
  if (llvm::isa<nn::OptionalType>(type)) {
    onnx::OptionalProto proto;
    return proto.ParseFromIstream(&file) ? toDatum(proto, type.getContext()) : std::nullopt;
  }
  onnx::TensorProto proto;
  if (!proto.ParseFromIstream(&file)) {
    return std::nullopt;
  }
  if (name) {
    *name = proto.name();
  }
  std::optional<Datum> datum = toDatum(proto, type.getContext());
  // Some files store small floats as the integers of their bits.
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (datum && tensor && nn::isFloat(tensor.getElementType()) && nn::isInteger(datum->tensor().element()) &&
      nn::getElementBits(tensor.getElementType()) == nn::getElementBits(datum->tensor().element())) {
    nn::Tensor bits = nn::Tensor::zeros(tensor.getElementType(), datum->tensor().shape());
    std::memcpy(bits.rawMutable(), datum->tensor().raw(), bits.bytes());
    return Datum(bits);
  }
  return datum;
}

double asDouble(const nn::Tensor &t, int64_t i) {
  double r = 0;
  nn::visitElement(t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (nn::isSmallFloat<T>) {
      r = float(t.values<T>()[i]);
    } else if constexpr (nn::isComplex<T>) {
      r = double(t.values<T>()[i].real() + 3 * t.values<T>()[i].imag());
    } else if constexpr (std::is_arithmetic_v<T>) {
      r = double(t.values<T>()[i]);
    }
  });
  return r;
}

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string s = "[";
  for (int64_t v : shape) {
    s += (s.size() > 1 ? ", " : "") + std::to_string(v);
  }
  return s + "]";
}

bool compareTensors(const nn::Tensor &got, const nn::Tensor &want, const Tolerance &tolerance, Outcome &outcome) {
  if (got.element() != want.element() || got.shape() != want.shape()) {
    outcome.detail = "shape or type: got " + shapeText(got.shape()) + ", expected " + shapeText(want.shape());
    return false;
  }
  if (nn::isString(got.element())) {
    outcome.detail = "strings differ";
    return got.values<std::string>() == want.values<std::string>();
  }
  double peak = 0;
  for (int64_t i = 0; i < want.count(); ++i) {
    double w = std::fabs(asDouble(want, i));
    peak = std::isfinite(w) ? std::max(peak, w) : peak;
  }
  bool small = nn::isFloat(want.element()) && nn::getElementBits(want.element()) <= 8;
  for (int64_t i = 0; i < want.count(); ++i) {
    double g = asDouble(got, i), w = asDouble(want, i);
    if (g == w || (std::isnan(g) && std::isnan(w))) {
      continue;
    }
    double limit = tolerance.absolute + (small ? 0.1 : tolerance.relative) * std::fabs(w) + tolerance.ofPeak * peak;
    outcome.worst = std::max(outcome.worst, std::fabs(g - w) / std::max(peak, 1e-30));
    if (!(std::fabs(g - w) <= limit)) {
      outcome.detail = "element " + std::to_string(i) + ": got " + std::to_string(g) + ", expected " + std::to_string(w);
      return false;
    }
  }
  return true;
}

bool compare(const Datum &got, const Datum &want, const Tolerance &tolerance, Outcome &outcome) {
  if (got.getKind() != want.getKind()) {
    outcome.detail = "expected another kind of value";
    return false;
  }
  if (want.getKind() == Datum::Kind::Tensor) {
    return compareTensors(got.tensor(), want.tensor(), tolerance, outcome);
  }
  if (got.items().size() != want.items().size()) {
    outcome.detail = "expected " + std::to_string(want.items().size()) + " items, got " + std::to_string(got.items().size());
    return false;
  }
  for (size_t i = 0; i < got.items().size(); ++i) {
    if (!compare(got.items()[i], want.items()[i], tolerance, outcome)) {
      return false;
    }
  }
  return true;
}

/// The stored inputs in the order of `@main`'s arguments: by name, or else by number.
std::optional<std::vector<Datum>> readInputs(mlir::func::FuncOp main, const fs::path &folder) {
  std::vector<Datum> inputs(main.getNumArguments());
  std::vector<bool> filled(inputs.size());
  for (unsigned i = 0;; ++i) {
    fs::path path = folder / ("input_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) {
      break;
    }
    mlir::Type type = i < inputs.size() ? main.getArgumentTypes()[i] : mlir::Type(mlir::NoneType::get(main.getContext()));
    std::string name;
    std::optional<Datum> value = readValue(path, type, &name);
    if (!value) {
      return std::nullopt;
    }
    unsigned at = i;
    bool matched = name.empty();
    for (unsigned k = 0; k < inputs.size(); ++k) {
      auto attr = main.getArgAttrOfType<mlir::StringAttr>(k, "nn.name");
      if (!name.empty() && attr.getValue() == name) {
        at = k;
        matched = true;
      }
    }
    auto tensor = at < inputs.size() ? llvm::dyn_cast<mlir::RankedTensorType>(main.getArgumentTypes()[at]) : mlir::RankedTensorType();
    if (tensor && tensor.getRank() == 0 && value->getKind() == Datum::Kind::Tensor && value->tensor().count() == 1) {
      value = Datum(value->tensor().reshaped({})); // stored with a shape of [1]
    }
    if (at < inputs.size() && (matched || !filled[at])) {
      inputs[at] = *value;
      filled[at] = true;
    }
  }
  return llvm::all_of(filled, [](bool b) { return b; }) ? std::optional(inputs) : std::nullopt;
}
} // namespace

std::unique_ptr<mlir::MLIRContext> makeContext() {
  mlir::DialectRegistry registry;
  registry.insert<nn::NNDialect, dim::DimDialect, mlir::func::FuncDialect>();
  nn::registerEvaluate(registry);
  auto context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

std::optional<std::vector<Datum>> evaluate(mlir::ModuleOp module, llvm::ArrayRef<Datum> inputs, std::string &error) {
  auto main = module.lookupSymbol<mlir::func::FuncOp>("main");
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &d) {
    error = d.str();
    return mlir::success();
  });
  mlir::FailureOr<std::vector<Datum>> outputs = nn::Evaluator().run(main.getBody().front(), inputs);
  return failed(outputs) ? std::nullopt : std::optional<std::vector<Datum>>(*outputs);
}

/// What the stored inputs say of the model, for those that want it known: small 1-D inputs (sizes, axes, ...) as
/// constants, the sizes of all inputs, or both.
enum class Known { Constants, Sizes, Both };
onnx_import::ImportOptions withKnown(const std::string &modelPath, const fs::path &folder, mlir::MLIRContext *context,
                                     Known known) {
  onnx_import::ImportOptions options;
  onnx::ModelProto model;
  std::ifstream file(modelPath, std::ios::binary);
  if (!model.ParseFromIstream(&file)) {
    return options;
  }
  for (int i = 0; i < model.graph().input_size(); ++i) {
    const auto &type = model.graph().input(i).type();
    std::ifstream stored(folder / ("input_" + std::to_string(i) + ".pb"), std::ios::binary);
    onnx::TensorProto proto;
    if (!type.has_tensor_type() || !proto.ParseFromIstream(&stored)) {
      continue;
    }
    bool small = type.tensor_type().shape().dim_size() <= 1;
    if (known != Known::Constants) {
      std::vector<std::string> &sizes = options.inputShapes[model.graph().input(i).name()];
      for (int64_t size : proto.dims()) {
        sizes.push_back(std::to_string(size));
      }
    }
    if (small && known != Known::Sizes) {
      onnx_import::Model none;
      std::string error;
      if (mlir::ElementsAttr attr = Constants(context, none).convert(proto, error)) {
        options.constants[model.graph().input(i).name()] = attr;
      }
    }
  }
  return options;
}

Outcome runModel(const std::string &modelPath, const std::string &folder, const Tolerance &tolerance) {
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  std::vector<onnx_import::Problem> problems;
  auto module = onnx_import::importModel(*context, modelPath, {}, problems);
  for (Known known : {Known::Constants, Known::Sizes, Known::Both}) {
    if (failed(module)) {
      std::vector<onnx_import::Problem> again;
      module = onnx_import::importModel(*context, modelPath, withKnown(modelPath, folder, context.get(), known), again);
    }
  }
  if (failed(module)) {
    std::string text;
    for (const auto &p : problems) {
      text += (text.empty() ? "" : "; ") + onnx_import::toString(p);
    }
    return {Outcome::NotImported, text};
  }
  auto main = (*module)->lookupSymbol<mlir::func::FuncOp>("main");
  std::optional<std::vector<Datum>> inputs = readInputs(main, folder);
  if (!inputs) {
    return {Outcome::Unreadable, "inputs"};
  }
  Outcome outcome;
  std::optional<std::vector<Datum>> outputs = evaluate(**module, *inputs, outcome.detail);
  if (!outputs) {
    outcome.kind = Outcome::NotEvaluated;
    return outcome;
  }
  for (unsigned i = 0; i < outputs->size(); ++i) {
    fs::path path = fs::path(folder) / ("output_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) {
      continue;
    }
    std::optional<Datum> want = readValue(path, main.getResultTypes()[i], nullptr);
    if (!want) {
      return {Outcome::Unreadable, "output " + std::to_string(i)};
    }
    if (!compare((*outputs)[i], *want, tolerance, outcome)) {
      outcome.kind = Outcome::Different;
      outcome.detail = "output " + std::to_string(i) + ": " + outcome.detail;
      return outcome;
    }
  }
  outcome.detail.clear();
  return outcome;
}
} // namespace dlc::onnx_testing
