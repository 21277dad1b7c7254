//===- Graph.cpp - the import of one model: nodes ------------------------------------------===//
#include "importers/onnx/Worlds.h"

namespace dlc::onnx_import {
namespace {
/// Calls of functions within functions, and subgraphs within subgraphs.
constexpr unsigned kMaxDepth = 64;

/// Of one tensor; far above what fits in memory.
constexpr int64_t kMaxElements = int64_t(1) << 46;

/// Problems without end help nobody.
constexpr size_t kMaxProblems = 1000;
} // namespace

mlir::Location Importer::locationOf(const onnx::NodeProto &node) const {
  std::string name = node.name();
  if (name.empty()) {
    name = node.op_type() + ":" + (node.output_size() ? node.output(0) : std::string());
  }
  return mlir::NameLoc::get(mlir::StringAttr::get(context, name));
}

void Importer::report(const onnx::NodeProto *node, int64_t opset, const llvm::Twine &reason) {
  if (problems.size() - problemsBefore >= kMaxProblems || exhausted) {
    return;
  }
  if (!node) {
    problems.push_back({"", "", "", 0, reason.str()});
    return;
  }
  std::string name = node->name();
  if (name.empty() && node->output_size()) {
    name = node->output(0);
  }
  problems.push_back({name, node->op_type(), normalDomain(node->domain()).str(), opset, reason.str()});
}

void Importer::report(const Scope &scope, const onnx::NodeProto &node, const llvm::Twine &reason) {
  report(&node, scope.frame.opsetOf(normalDomain(node.domain())), reason);
}

void Importer::define(Scope &scope, const onnx::NodeProto &node, llvm::ArrayRef<Value> values) {
  for (auto [i, name] : llvm::enumerate(node.output())) {
    Binding binding;
    binding.value = i < values.size() ? values[i] : Value();
    binding.poisoned = !binding.value;
    if (!name.empty() && !scope.define(name, binding)) {
      report(scope, node, "expected every value to be computed once, got a second one called '" + name + "'");
    }
  }
}

void Importer::poison(Scope &scope, const onnx::NodeProto &node) { define(scope, node, {}); }

/// Constants stand at the start of the function, so that every region sees them.
Value Importer::createConstant(llvm::StringRef name, mlir::ElementsAttr value) {
  mlir::OpBuilder b(context);
  if (lastConstant) {
    b.setInsertionPointAfter(lastConstant);
  } else {
    b.setInsertionPointToStart(&main.getBody().front());
  }
  auto op = nn::ConstantOp::of(b, mlir::NameLoc::get(b.getStringAttr(name)), value);
  lastConstant = op;
  known.note(op);
  return op.getResult();
}

Value Importer::materialize(llvm::StringRef name, Binding &binding) {
  if (binding.value || binding.poisoned || binding.isAbsent()) {
    return binding.value;
  }
  std::string error;
  mlir::ElementsAttr value =
      binding.tensor ? constants.convert(*binding.tensor, error) : constants.convert(*binding.sparse, error);
  if (!value) {
    report(nullptr, 0, "initialiser '" + name + "': " + error);
    binding.poisoned = true;
    return {};
  }
  return binding.value = createConstant(name, value);
}

Importer::Resolved Importer::resolveOperands(Scope &scope, const onnx::NodeProto &node,
                                             llvm::SmallVectorImpl<Value> &operands) {
  Resolved result = Resolved::Yes;
  for (const std::string &name : node.input()) {
    operands.emplace_back();
    if (name.empty()) {
      continue;
    }
    Binding *binding = scope.find(name);
    if (!binding) {
      report(scope, node, "expected input '" + name + "' to be defined, got no such value");
      result = Resolved::Missing;
    } else if (!binding->isAbsent() && !(operands.back() = materialize(name, *binding)) && result == Resolved::Yes) {
      result = Resolved::Poisoned;
    }
  }
  while (!operands.empty() && !operands.back() && result == Resolved::Yes) {
    operands.pop_back();
  }
  return result;
}

std::string Importer::checkOperands(const Rule &rule, llvm::ArrayRef<Value> operands) const {
  if (operands.size() < rule.arity.least || operands.size() > rule.arity.most) {
    std::string most = rule.arity.most == kAnyNumber         ? " or more"
                       : rule.arity.most == rule.arity.least ? ""
                                                             : " to " + std::to_string(rule.arity.most);
    return "expected " + std::to_string(rule.arity.least) + most + " inputs, got " + std::to_string(operands.size());
  }
  // Of any number of inputs, none may be left out; where some may, the rule says so by asking for none.
  bool all = rule.arity.most == kAnyNumber && rule.arity.least > 0;
  for (auto [i, v] : llvm::enumerate(operands)) {
    if (!v && (all || i < rule.arity.least)) {
      return "expected input " + std::to_string(i) + " to be present";
    }
    if (v && rule.inputs == Inputs::Tensors && !llvm::isa<mlir::RankedTensorType>(v.getType())) {
      return "expected a tensor as input " + std::to_string(i);
    }
  }
  return {};
}

void Importer::applyRule(Scope &scope, const onnx::NodeProto &proto, mlir::OpBuilder &builder, RuleTable::Match match,
                         int64_t opset, llvm::SmallVector<Value> operands) {
  if (std::string error = checkOperands(*match.rule, operands); !error.empty()) {
    report(&proto, opset, error);
    return poison(scope, proto);
  }
  Node node(*this, scope, proto, builder, locationOf(proto), std::move(operands), opset, match.since);
  diagnostic.clear();
  size_t before = problems.size();
  bool failed = mlir::failed(match.rule->import(node)) || node.failed();
  if (!failed && !divergent) {
    for (auto [i, v] : llvm::enumerate(node.results())) {
      if (node.wants(i) && !v && !node.failed()) {
        (void)node.fail("expected no use of output " + llvm::Twine(i) + ", which is not supported");
      }
    }
    if (llvm::StringRef name = node.unusedAttribute(); !name.empty() && !node.failed()) {
      (void)node.fail("expected no attribute '" + name + "'");
    }
  }
  if (failed || node.failed()) {
    if (problems.size() == before || !node.reason().empty()) {
      report(&proto, opset,
             !node.reason().empty() ? node.reason()
             : !diagnostic.empty()  ? diagnostic
                                    : "can't be imported");
    }
    divergent = {};
    return poison(scope, proto);
  }
  if (!divergent) {
    define(scope, proto, node.results());
  }
}

void Importer::importNode(Scope &scope, const onnx::NodeProto &node, mlir::OpBuilder &builder) {
  if (!spend(1)) {
    return poison(scope, node);
  }
  llvm::StringRef domain = normalDomain(node.domain());
  int64_t opset = scope.frame.opsetOf(domain);
  const onnx::FunctionProto *function = findFunction(node);
  RuleTable::Match match = function ? RuleTable::Match() : rules.find(domain, node.op_type(), opset);
  llvm::SmallVector<Value> operands;
  Resolved resolved = resolveOperands(scope, node, operands);
  bool isCustom =
      !function && !match.rule && options.customOps && options.customOps->has(domain, node.op_type(), opset);
  if (!function && !match.rule && !isCustom) {
    bool known = !rules.versions(domain, node.op_type()).empty();
    report(&node, opset,
           known            ? "this version of the op is not supported"
           : domain.empty() ? "the op is not supported"
                            : "the op is not supported; a library may bring it (--op-library)");
    return poison(scope, node);
  }
  if (resolved != Resolved::Yes) {
    return poison(scope, node);
  }
  if (scope.depth > kMaxDepth || scope.frame.depth > kMaxDepth) {
    report(&node, opset, "expected at most " + llvm::Twine(kMaxDepth) + " nested graphs and functions");
    return poison(scope, node);
  }
  if (isCustom) {
    return applyCustom(scope, node, builder, opset, operands);
  }
  if (function) {
    return applyFunction(scope, node, builder, *function, operands);
  }
  applyRule(scope, node, builder, match, opset, std::move(operands));
}

bool Importer::noteSizes(Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor) {
    return true;
  }
  int64_t elements = 1;
  for (int64_t size : tensor.getShape()) {
    if (size > 0 && (__builtin_mul_overflow(elements, size, &elements) || elements > kMaxElements)) {
      return false;
    }
  }
  if (tensor.hasStaticShape()) {
    return true;
  }
  Shape shape = dim::getShape(tensor);
  if (!KnownValues::areHandy(shape)) {
    return false;
  }
  for (Expr e : shape) {
    if (!dim::getConstant(e) && !dim::isUnknown(e)) {
      seenSizes.insert(e);
    }
  }
  return true;
}

bool Importer::spend(int64_t nodes) {
  if (!exhausted && (budget -= nodes) < 0) {
    report(nullptr, 0, "expected a model of fewer nodes, with those of its functions at every call");
    exhausted = true; // what is missing from here on is no further problem of the model
  }
  return !exhausted;
}

void Importer::importNodes(Scope &scope, const NodeList &nodes, const std::vector<std::string> &wanted,
                           mlir::OpBuilder &builder) {
  if (scope.depth + scope.frame.depth > 0 && !spend(nodes.size())) {
    return;
  }
  NodeOrder order = orderNodes(nodes, wanted, [&](llvm::StringRef name) { return scope.defines(name); });
  for (const auto &[node, name] : order.repeated) {
    report(scope, *node, "expected every value to be computed once, got a second one called '" + name + "'");
  }
  importList(scope, order.nodes, wanted, builder);
  if (!order.cyclic.empty()) {
    report(scope, *order.cyclic.front(),
           "expected a graph without cycles, got " + llvm::Twine(order.cyclic.size()) +
               " nodes that need their own results or wait for such nodes");
  }
  for (const onnx::NodeProto *node : order.cyclic) {
    poison(scope, *node);
  }
}

void Importer::importList(Scope &scope, NodeRefs nodes, const std::vector<std::string> &wanted,
                          mlir::OpBuilder &builder) {
  for (size_t i = 0; i < nodes.size();) {
    const onnx::NodeProto &node = *nodes[i++];
    importNode(scope, node, builder);
    if (nn::IfOp op = std::exchange(divergent, {})) {
      nodes = Worlds(*this, scope, node, op, wanted, builder).run({nodes.begin() + i, nodes.end()});
      i = 0;
    }
  }
}

void Importer::addInitializers(Scope &scope, const onnx::GraphProto &graph) {
  auto add = [&](const std::string &name, Binding binding) {
    if (!scope.defines(name)) {
      scope.define(name, binding);
    } else if (scope.find(name)->tensor || scope.find(name)->sparse) {
      report(nullptr, 0, "expected one initialiser called '" + name + "', got two");
    }
  };
  for (const auto &tensor : graph.initializer()) {
    Binding binding;
    binding.tensor = &tensor;
    add(tensor.name(), binding);
  }
  for (const auto &tensor : graph.sparse_initializer()) {
    Binding binding;
    binding.sparse = &tensor;
    add(tensor.values().name(), binding);
  }
}
} // namespace dlc::onnx_import
