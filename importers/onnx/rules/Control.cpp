//===- Control.cpp - conditions and loops ------------------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/LoopBuilder.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Result setAll(Node &n, const Values &results) {
  for (auto [i, v] : llvm::enumerate(results)) {
    n.set(i, v);
  }
  return n.status();
}

Result branch(Node &n, mlir::Region &region, const onnx::GraphProto &graph) {
  mlir::OpBuilder::InsertionGuard guard(n.builder);
  n.builder.createBlock(&region);
  Values results;
  if (mlir::failed(n.importer.importSubgraph(n, graph, {}, results))) {
    return mlir::failure();
  }
  nn::YieldOp::create(n.builder, n.loc, results);
  return mlir::success();
}

bool haveOneType(nn::IfOp op) {
  auto types = [](mlir::Region &region) { return region.front().getTerminator()->getOperandTypes(); };
  return llvm::all_of(llvm::zip(types(op.getThenBody()), types(op.getElseBody())),
                      [](auto pair) { return bool(nn::joinTypes(std::get<0>(pair), std::get<1>(pair))); });
}

/// A condition that is known now leaves one branch. Branches whose outputs have no common type are left to Worlds.h.
Result ifRule(Node &n) {
  const onnx::GraphProto *yes = n.getGraph("then_branch"), *no = n.getGraph("else_branch");
  if (!yes || !no) {
    return n.fail("expected a then_branch and an else_branch");
  }
  if (!checkCondition(n, n.in(0))) {
    return mlir::failure();
  }
  if (yes->output_size() != no->output_size()) {
    return n.fail("expected branches of equally many outputs, got " + llvm::Twine(yes->output_size()) + " and " +
                  llvm::Twine(no->output_size()));
  }
  if (std::optional<Ints> known = n.knownInts(n.in(0)); known && known->size() == 1) {
    Values results;
    Result done = n.importer.importSubgraph(n, known->front() ? *yes : *no, {}, results);
    return mlir::failed(done) ? mlir::failure() : setAll(n, results);
  }
  llvm::SmallVector<Type> none(yes->output_size(), n.builder.getNoneType());
  auto op = nn::IfOp::create(n.builder, n.loc, none, n.in(0), mlir::ArrayAttr());
  // Both, so that the problems of both are found.
  Result first = branch(n, op.getThenBody(), *yes), second = branch(n, op.getElseBody(), *no);
  if (mlir::failed(first) || mlir::failed(second)) {
    n.importer.discard(op);
    return mlir::failure();
  }
  if (!haveOneType(op)) {
    n.importer.divergent = op;
    return mlir::success();
  }
  if (mlir::failed(nameResults(n, op)) || mlir::failed(n.finish(op))) {
    return mlir::failure();
  }
  return setAll(n, Values(op->result_begin(), op->result_end()));
}

Result loop(Node &n) {
  const onnx::GraphProto *graph = n.getGraph("body");
  Values carried;
  for (unsigned i = 2; i < n.numInputs(); ++i) {
    if (!n.has(i)) {
      return n.fail("expected every carried value to be present");
    }
    carried.push_back(n.in(i));
  }
  if (!graph || static_cast<size_t>(graph->output_size()) < carried.size() + 1) {
    return n.fail("expected a body with an output for the condition and for each carried value");
  }
  if ((n.has(0) && !checkTripCount(n, n.in(0))) || (n.has(1) && !checkCondition(n, n.in(1)))) {
    return mlir::failure();
  }
  auto body = [&](llvm::ArrayRef<Value> arguments, Values &results) {
    return n.importer.importSubgraph(n, *graph, arguments, results);
  };
  Values results;
  Result done = buildLoop(n, n.in(0), n.in(1), carried, body, results);
  return mlir::failed(done) ? mlir::failure() : setAll(n, results);
}

/// The operands of a Scan without its batch dim (version 8).
struct ScanParts {
  Values states, inputs;
  Ints inputAxes, inputDirections, outputAxes, outputDirections;
  Expr length;
};

/// Reads what Scan's attributes say; nullopt when they don't fit.
std::optional<ScanParts> readScan(Node &n, const onnx::GraphProto &graph, Values operands) {
  int64_t scans = n.getInt("num_scan_inputs", 0), states = static_cast<int64_t>(operands.size()) - scans;
  if (scans < 1 || states < 0 || graph.output_size() < states) {
    (void)n.fail("expected at least one scan input, got " + llvm::Twine(scans));
    return std::nullopt;
  }
  size_t outputs = graph.output_size() - states;
  ScanParts p;
  p.states.assign(operands.begin(), operands.begin() + states);
  p.inputs.assign(operands.begin() + states, operands.end());
  p.inputAxes = n.getInts("scan_input_axes", Ints(scans, 0));
  p.inputDirections = n.getInts(n.since < 9 ? "directions" : "scan_input_directions", Ints(scans, 0));
  p.outputAxes = n.getInts("scan_output_axes", Ints(outputs, 0));
  p.outputDirections = n.getInts("scan_output_directions", Ints(outputs, 0));
  if (p.inputAxes.size() != p.inputs.size() || p.inputDirections.size() != p.inputs.size() ||
      p.outputAxes.size() != outputs || p.outputDirections.size() != outputs) {
    (void)n.fail("expected one axis and direction per scan input and output");
    return std::nullopt;
  }
  for (auto [axis, v] : llvm::zip(p.inputAxes, p.inputs)) {
    axis = n.axis(axis, nn::rankOf(v));
    Expr length = n.failed() ? n.number(0) : nn::shapeOf(v)[axis];
    p.length = p.length ? p.length : length;
    n.assume(length, p.length, "length of every scan input");
  }
  return n.failed() ? std::nullopt : std::optional<ScanParts>(p);
}

/// One step: the scan inputs' elements at this iteration.
Result scanStep(Node &n, const onnx::GraphProto &graph, const ScanParts &p, Value last, llvm::ArrayRef<Value> arguments,
                Values &results) {
  Values inner(arguments.begin() + 2, arguments.end());
  for (size_t i = 0; i < p.inputs.size(); ++i) {
    Value at = p.inputDirections[i] ? n.sub(last, arguments[0]) : arguments[0];
    inner.push_back(n.make<nn::GatherOp>(p.inputs[i], at, p.inputAxes[i]));
  }
  if (n.failed()) {
    return mlir::failure();
  }
  results.push_back(Value()); // goes on
  return n.importer.importSubgraph(n, graph, inner, results);
}

/// Scan outputs as their axes and directions ask: they were stacked along dim 0.
Value arrange(Node &n, Value v, int64_t axis, bool reversed) {
  int64_t rank = nn::rankOf(v);
  axis = n.axis(axis, rank);
  if (reversed) {
    Expr size = nn::shapeOf(v)[0];
    v = n.slice(v, 0, dim::max(dim::add(size, n.number(-1)), n.number(0)), size, -1);
  }
  Ints permutation;
  for (int64_t i = 1; i < rank; ++i) {
    permutation.push_back(i);
  }
  permutation.insert(permutation.begin() + axis, 0);
  return v ? n.transpose(v, permutation) : v;
}

Result scan(Node &n) {
  const onnx::GraphProto *graph = n.getGraph("body");
  Values operands(n.inputs());
  if (n.since < 9) { // input 0 are lengths, and there is a batch dim
    if (operands.empty() || operands[0]) {
      return n.fail("expected no sequence_lens");
    }
    operands.erase(operands.begin());
  }
  for (Value &v : operands) {
    if (!v) {
      return n.fail("expected every input to be present");
    }
    if (n.since < 9) {
      Shape shape = nn::shapeOf(v);
      if (shape.empty() || !dim::isConstant(shape[0], 1)) {
        return n.fail("expected a batch of 1");
      }
      v = n.reshape(v, llvm::ArrayRef(shape).drop_front());
    }
  }
  if (n.failed()) {
    return mlir::failure();
  }
  std::optional<ScanParts> p = graph ? readScan(n, *graph, operands) : std::nullopt;
  if (!p) {
    return n.fail("expected a body");
  }
  Type scalar = mlir::RankedTensorType::get({}, n.builder.getI64Type());
  Value count = n.make<nn::SizesOp>(n.shapeAttr(p->length), scalar);
  Value last = n.make<nn::SizesOp>(n.shapeAttr(dim::add(p->length, n.number(-1))), scalar);
  auto body = [&](llvm::ArrayRef<Value> arguments, Values &results) {
    return scanStep(n, *graph, *p, last, arguments, results);
  };
  Values results;
  if (mlir::failed(buildLoop(n, count, Value(), p->states, body, results))) {
    return mlir::failure();
  }
  for (size_t i = p->states.size(); i < results.size(); ++i) {
    size_t k = i - p->states.size();
    results[i] = arrange(n, results[i], p->outputAxes[k], p->outputDirections[k] != 0);
  }
  if (n.since < 9) {
    for (Value &v : results) {
      Shape shape = v ? nn::shapeOf(v) : Shape();
      shape.insert(shape.begin(), n.number(1));
      v = v ? n.reshape(v, shape) : v;
    }
  }
  return setAll(n, results);
}
} // namespace

void addControlRules(RuleTable &table) {
  table.add({{"", "If", {1, 11, 13, 16, 19, 21, 23, 24, 25}, ifRule, {1, 1}, Inputs::Any},
             {"", "Loop", {1, 11, 13, 16, 19, 21, 23, 24, 25}, loop, {0, kAnyNumber}, Inputs::Any},
             {"", "Scan", {8, 9, 11, 16, 19, 21, 23, 24, 25}, scan, {0, kAnyNumber}}});
}
} // namespace dlc::onnx_import
