//===- Main.cpp - the import of one model: its inputs and outputs -------------------------===//
#include "importers/onnx/Graph.h"
#include "importers/onnx/Supported.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::onnx_import {
namespace {
constexpr int64_t kFirstIrWithOpsets = 3;
} // namespace

Importer::Importer(mlir::MLIRContext *context, const Model &model, const ImportOptions &options,
                   std::vector<Problem> &problems)
    : symbols(context, options), context(context), model(model), options(options), problems(problems),
      constants(context, model), rules(RuleTable::get()), problemsBefore(problems.size()) {}

void Importer::readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports, Frame &f) {
  for (const auto &import : imports) {
    llvm::StringRef domain = import.domain() == "ai.onnx" ? llvm::StringRef() : llvm::StringRef(import.domain());
    auto [it, added] = f.opsets.try_emplace(domain, import.version());
    if (!added && it->second != import.version()) {
      report(nullptr, 0,
             "expected one opset per domain, got " + llvm::Twine(it->second) + " and " + llvm::Twine(import.version()) +
                 " for '" + domain + "'");
    }
    if (domain.empty() && (import.version() < 1 || import.version() > kNewestOpset)) {
      report(nullptr, 0, "expected opset 1 to " + llvm::Twine(kNewestOpset) + ", got " + llvm::Twine(import.version()));
    }
  }
}

const onnx::ValueInfoProto *Importer::describe(llvm::StringRef name) const {
  auto it = described.find(name);
  return it == described.end() ? nullptr : it->second;
}

bool Importer::overrideShape(llvm::StringRef name, Type &type, std::string &error) {
  auto it = options.inputShapes.find(name);
  if (it == options.inputShapes.end()) {
    return true;
  }
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor) {
    error = "expected no sizes for an input that is no tensor";
    return false;
  }
  Shape shape;
  for (const std::string &text : it->second) {
    std::string reason;
    mlir::FailureOr<Expr> e = dim::parse(context, text, reason);
    if (mlir::failed(e)) {
      error = "expected a size, got `" + text + "`: " + reason;
      return false;
    }
    shape.push_back(*e);
  }
  type = dim::getTensorType(shape, tensor.getElementType());
  return true;
}

Value Importer::addArgument(Scope &scope, llvm::StringRef name, Type type) {
  mlir::Block &entry = main.getBody().front();
  Value v = entry.addArgument(type, mlir::NameLoc::get(mlir::StringAttr::get(context, name)));
  Binding binding;
  binding.value = v;
  if (!noteSizes(type)) {
    report(nullptr, 0, "input '" + name + "': expected fewer than 2^46 elements, and formulas of few terms");
  }
  if (!scope.define(name, binding)) {
    report(nullptr, 0, "expected inputs of different names, got '" + name + "' twice");
  }
  return v;
}

void Importer::addInput(Scope &scope, const onnx::ValueInfoProto &info) {
  onnx::TypeProto proto = info.type();
  // An override states the rank that the model may not know.
  if (options.inputShapes.contains(info.name()) && proto.has_tensor_type()) {
    proto.mutable_tensor_type()->mutable_shape()->clear_dim();
  }
  std::string error;
  Type type = convertType(proto, info.name(), symbols, context, error);
  if (!type || !overrideShape(info.name(), type, error)) {
    report(nullptr, 0, "input '" + info.name() + "': " + error);
    Binding binding;
    binding.poisoned = true;
    scope.define(info.name(), binding);
    return;
  }
  noteDimNames(info.name(), proto);
  addArgument(scope, info.name(), type);
}

void Importer::addConstantInput(Scope &scope, const std::string &name, mlir::ElementsAttr value) {
  const onnx::ValueInfoProto *info = describe(name);
  Type element = info ? elementType(context, info->type().tensor_type().elem_type()) : Type();
  if (!element || element != value.getElementType()) {
    return report(nullptr, 0,
                  "expected constants for inputs, of the type that the model states, got one for '" + name + "'");
  }
  Binding binding;
  binding.value = createConstant(name, value);
  scope.define(name, binding);
}

void Importer::addInputs(Scope &scope) {
  const onnx::GraphProto &graph = model.proto.graph();
  for (const auto &[name, value] : options.constants) {
    addConstantInput(scope, name, value);
  }
  for (const std::string &name : options.feeds) {
    if (const onnx::ValueInfoProto *info = describe(name)) {
      addInput(scope, *info);
    } else {
      report(nullptr, 0, "expected a fed value whose type the model states, got '" + name + "'");
    }
  }
  addInitializers(scope, graph);
  for (const auto &info : graph.input()) {
    Binding *known = scope.find(info.name());
    // Inputs with a value are constants; before IR 4 every initialiser was an input too.
    bool stated = llvm::is_contained(options.feeds, info.name()) || options.constants.count(info.name());
    if (known && (known->tensor || known->sparse || stated)) {
      continue;
    }
    if (options.feeds.empty()) {
      addInput(scope, info);
    }
  }
}

/// The names that dims have in the model, where the options say what they are: specialisations are told apart by them.
void Importer::noteDimNames(const std::string &input, const onnx::TypeProto &type) {
  llvm::SmallVector<std::string> names;
  bool any = false;
  for (const auto &d : type.tensor_type().shape().dim()) {
    std::string name = d.has_dim_value() && d.dim_value() >= 0 ? ""
                       : d.dim_param().empty()                 ? input + "_d" + std::to_string(names.size())
                                                               : d.dim_param();
    any |= symbols.isStated(name);
    names.push_back(symbols.isStated(name) ? name : "");
  }
  if (any) {
    dimNames[input].assign(names.begin(), names.end());
  }
}

/// A name for a dim that the model's inputs do not have is a mistake.
void Importer::checkDimNames() {
  std::vector<std::string> known;
  for (const std::string &name : symbols.unusedNames(known)) {
    report(nullptr, 0,
           "expected the name of a dim of an input (" + (known.empty() ? "there is none" : llvm::join(known, ", ")) +
               "), got '" + name + "'");
  }
}

std::vector<std::string> Importer::wantedOutputs() const {
  if (!options.fetches.empty()) {
    return options.fetches;
  }
  std::vector<std::string> names;
  for (const auto &output : model.proto.graph().output()) {
    names.push_back(output.name());
  }
  return names;
}

void Importer::checkOutput(const onnx::ValueInfoProto &info, Value v) {
  const auto &proto = info.type();
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!proto.has_tensor_type() || !type) {
    return;
  }
  Type element = elementType(context, proto.tensor_type().elem_type());
  if (element && element != type.getElementType()) {
    std::string text;
    llvm::raw_string_ostream(text) << type.getElementType();
    return report(nullptr, 0,
                  "output '" + info.name() + "': expected " + dataTypeName(proto.tensor_type().elem_type()) +
                      " as the model states, got " + text);
  }
  if (options.ignoreOutputShapes || !proto.tensor_type().has_shape()) {
    return;
  }
  const auto &dims = proto.tensor_type().shape().dim();
  bool fits = dims.size() == type.getRank();
  for (int64_t i = 0; fits && i < type.getRank(); ++i) {
    fits = !dims[i].has_dim_value() || dims[i].dim_value() < 0 || type.isDynamicDim(i) ||
           dims[i].dim_value() == type.getDimSize(i);
  }
  if (!fits) {
    std::string stated;
    for (const auto &dim : dims) {
      stated += (stated.empty() ? "" : ", ") + (dim.has_dim_value()   ? std::to_string(dim.dim_value())
                                                : dim.has_dim_param() ? dim.dim_param()
                                                                      : "?");
    }
    std::string inferred;
    for (dim::Expr size : nn::shapeOf(v)) {
      inferred += (inferred.empty() ? "" : ", ") + dim::toString(size);
    }
    report(nullptr, 0,
           "output '" + info.name() + "': expected the shape [" + stated + "] that the model states, got [" + inferred +
               "]");
  }
}

void Importer::finishMain(Scope &scope) {
  std::vector<std::string> wanted = wantedOutputs();
  llvm::SmallVector<Value> results;
  for (const std::string &name : wanted) {
    Binding *binding = scope.find(name);
    if (!binding) {
      report(nullptr, 0, "expected output '" + name + "' to be defined, got no such value");
      continue;
    }
    if (Value v = materialize(name, *binding)) {
      const onnx::ValueInfoProto *info = describe(name);
      if (info && options.inputShapes.empty() && options.dims.empty() && options.feeds.empty()) {
        checkOutput(*info, v);
      }
      results.push_back(v);
    }
  }
  if (problems.size() != problemsBefore) {
    return;
  }
  if (!options.fetches.empty() && options.feeds.empty()) {
    main.getBody().front().eraseArguments(
        [&](mlir::BlockArgument a) { return a.use_empty() && !llvm::is_contained(results, a); });
  }
  mlir::Block &entry = main.getBody().front();
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(&entry);
  mlir::func::ReturnOp::create(b, main.getLoc(), results);
  main.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), mlir::ValueRange(results).getTypes()));
  for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
    mlir::StringAttr name = llvm::cast<mlir::NameLoc>(argument.getLoc()).getName();
    main.setArgAttr(i, "nn.name", name);
    if (auto names = dimNames.find(name); names != dimNames.end()) {
      main.setArgAttr(
          i, "nn.dims",
          b.getStrArrayAttr(llvm::SmallVector<llvm::StringRef>(names->second.begin(), names->second.end())));
    }
  }
  for (auto [i, name] : llvm::enumerate(wanted)) {
    main.setResultAttr(i, "nn.name", b.getStringAttr(name));
  }
}

/// Rules create operands before they know whether these are needed. Sizes that are read from data stay: formulas use
/// them by name.
void Importer::eraseUnused() {
  llvm::SmallVector<mlir::Operation *> ops;
  main.walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation *op) { ops.push_back(op); });
  // Reversed: users come before what they use, and what is in regions before its op.
  for (mlir::Operation *op : llvm::reverse(ops)) {
    if (op != main && !llvm::isa<nn::ReadDimsOp>(op) && mlir::isOpTriviallyDead(op)) {
      op->erase();
    }
  }
}

void Importer::createMain() {
  const onnx::ModelProto &proto = model.proto;
  mlir::OpBuilder b(context);
  mlir::Location loc =
      mlir::NameLoc::get(b.getStringAttr(proto.graph().name().empty() ? "main" : proto.graph().name()));
  module = mlir::ModuleOp::create(loc);
  mlir::ModuleOp op = *module;
  op->setAttr("nn.name", b.getStringAttr(proto.graph().name()));
  op->setAttr("nn.producer", b.getStringAttr(proto.producer_name()));
  auto opset = frame.opsets.find("");
  op->setAttr("nn.opset", b.getI64IntegerAttr(opset == frame.opsets.end() ? 0 : opset->second));
  b.setInsertionPointToStart(op.getBody());
  main = mlir::func::FuncOp::create(b, loc, "main", b.getFunctionType({}, {}));
  main.addEntryBlock();
}

mlir::OwningOpRef<mlir::ModuleOp> Importer::run() {
  mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() == mlir::DiagnosticSeverity::Error) {
      diagnostic = d.str();
    }
    return mlir::success();
  });
  readOpsets(model.proto.opset_import(), frame);
  if (model.proto.opset_import().empty()) {
    if (model.proto.ir_version() >= kFirstIrWithOpsets) {
      report(nullptr, 0, "expected the model to state its opset, got no opset_import");
    }
    frame.opsets[""] = 1;
  }
  readFunctions();
  const onnx::GraphProto &graph = model.proto.graph();
  for (const auto *list : {&graph.input(), &graph.output(), &graph.value_info()}) {
    for (const auto &info : *list) {
      described.try_emplace(info.name(), &info);
    }
  }
  createMain();
  Scope scope(frame);
  addInputs(scope);
  checkDimNames();
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(&main.getBody().front());
  importNodes(scope, graph.node(), wantedOutputs(), builder);
  finishMain(scope);
  for (mlir::Operation *op : llvm::reverse(discarded)) {
    op->dropAllUses();
    op->destroy();
  }
  if (problems.size() != problemsBefore) {
    return {};
  }
  eraseUnused();
  diagnostic.clear();
  if (mlir::failed(mlir::verify(*module))) {
    report(nullptr, 0, "the imported module is not valid: " + diagnostic);
    return {};
  }
  return std::move(module);
}
} // namespace dlc::onnx_import
