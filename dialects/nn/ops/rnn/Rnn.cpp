//===- Rnn.cpp - result types of recurrent networks -------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::nn {
namespace {
struct Sizes {
  dim::Expr directions, sequence, batch, hidden;
};

template <class Op> llvm::LogicalResult checkActivations(Op op, int64_t count) {
  static const llvm::StringSet<> known = {"sigmoid",          "tanh",        "relu",         "affine", "leaky_relu",
                                          "thresholded_relu", "scaled_tanh", "hard_sigmoid", "elu",    "softsign",
                                          "softplus"};
  if (static_cast<int64_t>(op.getActivations().size()) != count ||
      static_cast<int64_t>(op.getAlphas().size()) != count || static_cast<int64_t>(op.getBetas().size()) != count) {
    return op.emitOpError() << "expected " << count << " activations, alphas and betas, got "
                            << op.getActivations().size() << ", " << op.getAlphas().size() << " and "
                            << op.getBetas().size();
  }
  for (mlir::Attribute a : op.getActivations()) {
    if (!known.contains(llvm::cast<mlir::StringAttr>(a).getValue())) {
      return op.emitOpError() << "expected a known activation, got " << a;
    }
  }
  return mlir::success();
}

llvm::LogicalResult checkShape(mlir::Operation *op, mlir::Value v, llvm::ArrayRef<dim::Expr> expected,
                               llvm::StringRef what) {
  if (!v) {
    return mlir::success();
  }
  dim::Shape own = shapeOf(v);
  bool fits = own.size() == expected.size();
  for (size_t i = 0; fits && i < own.size(); ++i) {
    fits = mayBeEqual(own[i], expected[i]);
  }
  if (!fits) {
    auto error = op->emitOpError() << "expected " << what << " [";
    llvm::interleaveComma(expected, error, [&](dim::Expr e) { error << dim::toString(e); });
    return error << "], got " << v.getType();
  }
  return mlir::success();
}

/// Checks what all recurrences share, for `gates` gates and `functions` activations per direction.
template <class Op> mlir::FailureOr<Sizes> inferSizes(Op op, int64_t gates, int64_t functions) {
  if (rankOf(op.getInput()) != 3 || rankOf(op.getWeights()) != 3 || rankOf(op.getRecurrence()) != 3) {
    return op.emitOpError() << "expected input, weights and recurrence of rank 3, got " << op.getInput().getType()
                            << ", " << op.getWeights().getType() << " and " << op.getRecurrence().getType();
  }
  auto number = [&](int64_t v) { return dim::constant(op.getContext(), v); };
  int64_t directions = op.getDirection() == RnnDirection::Bidirectional ? 2 : 1;
  dim::Shape input = shapeOf(op.getInput());
  Sizes s{number(directions), input[op.getLayout() ? 1 : 0], input[op.getLayout() ? 0 : 1],
          shapeOf(op.getRecurrence())[2]};
  dim::Expr rows = dim::mul(s.hidden, number(gates));
  dim::Shape state =
      op.getLayout() ? dim::Shape{s.batch, s.directions, s.hidden} : dim::Shape{s.directions, s.batch, s.hidden};
  if (mlir::failed(checkActivations(op, directions * functions)) ||
      mlir::failed(checkShape(op, op.getWeights(), {s.directions, rows, input[2]}, "weights")) ||
      mlir::failed(checkShape(op, op.getRecurrence(), {s.directions, rows, s.hidden}, "recurrence")) ||
      mlir::failed(checkShape(op, op.getBias(), {s.directions, dim::mul(rows, number(2))}, "bias")) ||
      mlir::failed(checkShape(op, op.getSequenceLens(), {s.batch}, "sequence_lens")) ||
      mlir::failed(checkShape(op, op.getInitialH(), state, "initial_h"))) {
    return mlir::failure();
  }
  return s;
}

/// The types of y and of `states` final states.
template <class Op> void appendTypes(Op op, const Sizes &s, unsigned states, Types &types) {
  mlir::Type element = elementOf(op.getInput());
  bool batchFirst = op.getLayout() != 0;
  dim::Shape y = batchFirst ? dim::Shape{s.batch, s.sequence, s.directions, s.hidden}
                            : dim::Shape{s.sequence, s.directions, s.batch, s.hidden};
  dim::Shape state =
      batchFirst ? dim::Shape{s.batch, s.directions, s.hidden} : dim::Shape{s.directions, s.batch, s.hidden};
  types.push_back(dim::getTensorType(y, element));
  types.append(states, dim::getTensorType(state, element));
}

template <class Op> llvm::LogicalResult infer(Op op, int64_t gates, int64_t functions, Types &types) {
  mlir::FailureOr<Sizes> s = inferSizes(op, gates, functions);
  if (mlir::failed(s)) {
    return mlir::failure();
  }
  appendTypes(op, *s, 1, types);
  return mlir::success();
}

/// Weights are checked with each other; the batch and the input's features are what can vary.
template <class Op> void recurrentRules(Op op, SizeRuleList &rules) {
  int64_t batchDim = op.getLayout() ? 0 : 1;
  dim::Shape input = shapeOf(op.getInput()), weights = shapeOf(op.getWeights()), recurrence = shapeOf(op.getRecurrence());
  mustBeEqual(rules, input[2], weights[2], "features of the input");
  mustBeEqual(rules, weights[1], recurrence[1], "rows of weights and recurrence");
  if (op.getSequenceLens()) {
    mustBeEqual(rules, shapeOf(op.getSequenceLens())[0], input[batchDim], "batch of sequence_lens");
  }
  auto state = [&](mlir::Value v) {
    if (v) {
      mustBeEqual(rules, shapeOf(v)[batchDim], input[batchDim], "batch of the initial state");
      mustBeEqual(rules, shapeOf(v)[2], recurrence[2], "units of the initial state");
    }
  };
  state(op.getInitialH());
  if constexpr (std::is_same_v<Op, LstmOp>) {
    state(op.getInitialC());
  }
}
} // namespace

void RnnOp::sizeRules(SizeRuleList &rules) { recurrentRules(*this, rules); }
void GruOp::sizeRules(SizeRuleList &rules) { recurrentRules(*this, rules); }
void LstmOp::sizeRules(SizeRuleList &rules) { recurrentRules(*this, rules); }

llvm::LogicalResult RnnOp::inferResultTypes(Types &types) { return infer(*this, 1, 1, types); }
llvm::LogicalResult GruOp::inferResultTypes(Types &types) { return infer(*this, 3, 2, types); }

llvm::LogicalResult LstmOp::inferResultTypes(Types &types) {
  mlir::FailureOr<Sizes> s = inferSizes(*this, 4, 3);
  if (mlir::failed(s)) {
    return mlir::failure();
  }
  dim::Expr three = dim::constant(getContext(), 3);
  dim::Shape state =
      getLayout() ? dim::Shape{s->batch, s->directions, s->hidden} : dim::Shape{s->directions, s->batch, s->hidden};
  if (mlir::failed(checkShape(*this, getInitialC(), state, "initial_c")) ||
      mlir::failed(checkShape(*this, getPeephole(), {s->directions, dim::mul(s->hidden, three)}, "peephole"))) {
    return mlir::failure();
  }
  appendTypes(*this, *s, 2, types);
  return mlir::success();
}
} // namespace dlc::nn
