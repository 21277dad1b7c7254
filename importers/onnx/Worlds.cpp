//===- Worlds.cpp - what follows an If whose branches give different kinds of values --------===//
#include "importers/onnx/Worlds.h"
#include "dialects/nn/Infer.h"
#include "importers/onnx/rules/LoopBuilder.h"

namespace dlc::onnx_import {
namespace {
nn::YieldOp yieldOf(mlir::Region &region) { return llvm::cast<nn::YieldOp>(region.front().getTerminator()); }

void insertAll(llvm::StringSet<> &set, const google::protobuf::RepeatedPtrField<std::string> &names) {
  for (const std::string &name : names) {
    set.insert(name);
  }
}

std::string describe(mlir::TypeRange types) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(types, os);
  return text;
}
} // namespace

Worlds::World::World(Scope &outer, mlir::Region &region, bool condition)
    : scope(outer.frame, &outer), builder(mlir::OpBuilder::atBlockEnd(&region.front())), condition(condition) {}

Worlds::Worlds(Importer &importer, Scope &scope, const onnx::NodeProto &proto, nn::IfOp op,
               const std::vector<std::string> &wanted, mlir::OpBuilder &builder)
    : importer(importer), scope(scope), proto(proto), opset(scope.frame.opsets.lookup("")), op(op), wanted(wanted),
      builder(builder), yes(scope, op.getThenBody(), true), no(scope, op.getElseBody(), false) {
  kinds = describe(yieldOf(op.getThenBody()).getOperandTypes()) + " and " +
          describe(yieldOf(op.getElseBody()).getOperandTypes());
  bindOutputs();
}

void Worlds::bindOutputs() {
  for (World *world : {&yes, &no}) {
    nn::YieldOp yield = yieldOf(world->condition ? op.getThenBody() : op.getElseBody());
    importer.define(world->scope, proto, Values(yield.getOperands()));
    yield.erase();
    world->builder.setInsertionPointToEnd(world->builder.getBlock());
  }
}

NodeRefs Worlds::importOthers(NodeRefs rest) {
  llvm::StringSet<> made;
  NodeRefs dependent;
  insertAll(made, proto.output());
  mlir::OpBuilder before(op);
  for (const onnx::NodeProto *node : rest) {
    bool depends = false;
    forEachUse(*node, [&](llvm::StringRef name) { depends |= made.contains(name); });
    if (!depends) {
      importer.importNode(scope, *node, before);
      if (nn::IfOp other = std::exchange(importer.divergent, {})) {
        importer.discard(other); // what follows it may need both
        depends = true;
      }
    }
    if (depends) {
      dependent.push_back(node);
      insertAll(made, node->output());
    }
  }
  return dependent;
}

void Worlds::advance(World &world, NodeRefs from) {
  if (world.complete) {
    return;
  }
  size_t before = importer.problems.size();
  importer.importNode(world.scope, *from.front(), world.builder);
  if (nn::IfOp inner = std::exchange(importer.divergent, {})) {
    NodeRefs rest =
        Worlds(importer, world.scope, *from.front(), inner, wanted, world.builder).run({from.begin() + 1, from.end()});
    importer.importList(world.scope, rest, wanted, world.builder);
    world.complete = true;
  }
  world.problems.assign(importer.problems.begin() + before, importer.problems.end());
  importer.problems.resize(before);
}

std::vector<std::string> Worlds::needed(const llvm::StringSet<> &made, NodeRefs rest) const {
  llvm::StringSet<> seen;
  std::vector<std::string> names;
  auto need = [&](llvm::StringRef name) {
    if (made.contains(name) && seen.insert(name).second) {
      names.push_back(name.str());
    }
  };
  for (const onnx::NodeProto *node : rest) {
    forEachUse(*node, need);
  }
  llvm::for_each(wanted, need);
  return names;
}

bool Worlds::canMeet(const std::vector<std::string> &names) {
  return llvm::all_of(names, [&](const std::string &name) {
    Value a = importer.materialize(name, *yes.scope.find(name)), b = importer.materialize(name, *no.scope.find(name));
    return !a || !b || nn::joinTypes(a.getType(), b.getType());
  });
}

void Worlds::meet(const std::vector<std::string> &names) {
  std::vector<std::string> present;
  Values fromYes, fromNo;
  for (const std::string &name : names) {
    Value a = yes.scope.find(name)->value, b = no.scope.find(name)->value;
    if (a && b) {
      present.push_back(name);
      fromYes.push_back(a);
      fromNo.push_back(b);
    } else {
      scope.define(name, Binding{.poisoned = true});
    }
  }
  Node n(importer, scope, proto, builder, op.getLoc(), {}, opset, 0);
  nn::YieldOp::create(yes.builder, op.getLoc(), fromYes);
  nn::YieldOp::create(no.builder, op.getLoc(), fromNo);
  llvm::SmallVector<Type> none(present.size(), builder.getNoneType());
  auto joined = nn::IfOp::create(builder, op.getLoc(), none, op.getCondition(), mlir::ArrayAttr());
  joined.getThenBody().takeBody(op.getThenBody());
  joined.getElseBody().takeBody(op.getElseBody());
  importer.discard(op);
  // The condition is one boolean (checkCondition), and every pair of results has a common type (canMeet).
  [[maybe_unused]] bool valid = mlir::succeeded(nameResults(n, joined)) && mlir::succeeded(n.finish(joined));
  assert(valid && "branches that have met");
  for (auto [i, name] : llvm::enumerate(present)) {
    scope.define(name, Binding{.value = joined.getResult(i)});
  }
}

/// The condition, which has one element, as a number: 1 or 0.
Expr Worlds::conditionFormula(Node &n) {
  if (std::optional<Shape> known = importer.known.formulas(op.getCondition())) {
    return known->front();
  }
  return n.readSizes(n.cast(n.reshape(op.getCondition(), {}), n.builder.getI64Type()))->front();
}

void Worlds::settle(World &taken, const World &other) {
  mlir::OpBuilder before(op);
  Node n(importer, scope, proto, before, op.getLoc(), {}, opset, 0);
  const Problem &why = other.problems.front();
  std::string message = "If '" + (proto.name().empty() ? proto.output(0) : proto.name()) + "' can only take its " +
                        (taken.condition ? "then" : "else") + "_branch: with the other one, " + toString(why) +
                        "; the condition";
  nn::AssumeOp::create(before, op.getLoc(), conditionFormula(n), n.number(taken.condition), message);
  mlir::Block &body = *taken.builder.getBlock();
  op->getBlock()->getOperations().splice(op->getIterator(), body.getOperations());
  scope.absorb(taken.scope);
  importer.discard(op);
}

void Worlds::refuse(const NodeRefs &dependent) {
  importer.report(&proto, opset,
                  "expected branches whose outputs have one type, or inputs of sizes that decide the condition, got " +
                      kinds);
  importer.discard(op);
  importer.poison(scope, proto);
  for (const onnx::NodeProto *node : dependent) {
    importer.poison(scope, *node);
  }
}

NodeRefs Worlds::run(NodeRefs rest) {
  NodeRefs nodes = importOthers(rest);
  llvm::StringSet<> made;
  insertAll(made, proto.output());
  auto after = [&](size_t i) { return NodeRefs(nodes.begin() + std::min(i, nodes.size()), nodes.end()); };
  for (size_t i = 0;; ++i) {
    bool atEnd = i == nodes.size();
    std::vector<std::string> names = needed(made, after(i));
    if ((atEnd || !(yes.complete || no.complete)) && canMeet(names)) {
      meet(names);
      return after(i);
    }
    if (atEnd) {
      refuse(nodes);
      return {};
    }
    advance(yes, after(i));
    advance(no, after(i));
    insertAll(made, nodes[i]->output());
    if (!yes.problems.empty() && !no.problems.empty()) {
      llvm::append_range(importer.problems, yes.problems);
      llvm::append_range(importer.problems, no.problems);
      refuse(nodes);
      return {};
    }
    if (!yes.problems.empty() || !no.problems.empty()) {
      World &taken = yes.problems.empty() ? yes : no;
      settle(taken, yes.problems.empty() ? no : yes);
      return taken.complete ? NodeRefs() : after(i + 1);
    }
  }
}
} // namespace dlc::onnx_import
