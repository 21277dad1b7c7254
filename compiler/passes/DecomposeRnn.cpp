//===- DecomposeRnn.cpp - recurrent networks as matrix products and elementwise ops -----------------------===//
// Equations: ONNX RNN, GRU and LSTM. All inputs are multiplied with the weights at once; what remains for each step of
// time is the product with the state, and the gates.
#include "compiler/passes/Passes.h"
#include "dialects/nn/NN.h"
#include "llvm/ADT/StringSwitch.h"

namespace dlc {
#define GEN_PASS_DEF_DECOMPOSERNN
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;
using dim::Expr;
using dim::Shape;

/// Builds nn ops on tensors of one element type.
struct Net {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;

  Expr number(int64_t v) const { return dim::constant(b.getContext(), v); }
  Value scalar(double v) const {
    auto type = mlir::RankedTensorType::get({}, element);
    return nn::ConstantOp::of(b, loc, mlir::DenseElementsAttr::get(type, mlir::FloatAttr::get(element, v))).getResult();
  }
  template <class Op> Value make(Value x) const { return nn::create<Op>(b, loc, x).getResult(); }
  template <class Op> Value make(Value x, Value y) const { return nn::create<Op>(b, loc, x, y).getResult(); }
  /// x and y; an absent one stands for 0.
  Value add(Value x, Value y) const { return x && y ? make<nn::AddOp>(x, y) : x ? x : y; }
  /// x times y; nothing when one is absent.
  Value mul(Value x, Value y) const { return x && y ? make<nn::MulOp>(x, y) : Value(); }
  Value select(Value condition, Value x, Value y) const {
    return nn::create<nn::SelectOp>(b, loc, condition, x, y ? y : scalar(0)).getResult();
  }
  /// x times the transposed `weights`; nothing when x is absent.
  Value product(Value x, Value weights) const {
    return x ? nn::create<nn::MatmulOp>(b, loc, x, weights, false, true).getResult() : Value();
  }
  Value reshape(Value v, llvm::ArrayRef<Expr> shape) const {
    return nn::create<nn::ReshapeOp>(b, loc, v, dim::ShapeAttr::get(b.getContext(), shape)).getResult();
  }
  Value broadcast(Value v, llvm::ArrayRef<Expr> shape) const {
    return nn::create<nn::BroadcastOp>(b, loc, v, dim::ShapeAttr::get(b.getContext(), shape)).getResult();
  }
  /// `size` elements from `start` along `axis`; backwards with a `step` of -1.
  Value slice(Value v, int64_t axis, Expr start, Expr size, int64_t step = 1) const {
    Shape sizes = nn::shapeOf(v), starts(sizes.size(), number(0));
    llvm::SmallVector<int64_t> steps(sizes.size(), 1);
    if (step == 1 && size == sizes[axis]) {
      return v;
    }
    starts[axis] = start, sizes[axis] = size, steps[axis] = step;
    mlir::MLIRContext *c = b.getContext();
    return nn::create<nn::SliceOp>(b, loc, v, dim::ShapeAttr::get(c, starts), dim::ShapeAttr::get(c, sizes), llvm::ArrayRef(steps)).getResult();
  }
  /// Part `i` along dim 0, without that dim.
  Value part(Value v, int64_t i) const {
    Shape shape = nn::shapeOf(v);
    return reshape(slice(v, 0, number(i), number(1)), llvm::ArrayRef(shape).drop_front());
  }
  Value transpose(Value v, llvm::ArrayRef<int64_t> permutation) const {
    return nn::create<nn::TransposeOp>(b, loc, v, permutation).getResult();
  }
  Value concat(llvm::ArrayRef<Value> parts, int64_t axis) const {
    return parts.size() == 1 ? parts[0] : nn::create<nn::ConcatOp>(b, loc, mlir::ValueRange(parts), axis).getResult();
  }
};

/// Activation function number `i` of the op applied to x.
template <class Op> Value activate(const Net &n, Op op, size_t i, Value x) {
  double alpha = op.getAlphas()[i], beta = op.getBetas()[i], clip = op.getClip().convertToDouble();
  if (clip > 0) {
    x = n.make<nn::MinOp>(n.make<nn::MaxOp>(x, n.scalar(-clip)), n.scalar(clip));
  }
  auto unary = [&](auto tag) { return n.make<typename decltype(tag)::type>(x); };
  auto withNumbers = [&](auto tag) {
    using Unary = typename decltype(tag)::type;
    return nn::create<Unary>(n.b, n.loc, x, llvm::APFloat(alpha), llvm::APFloat(beta)).getResult();
  };
  auto scaled = [&](Value v, double factor) { return n.make<nn::MulOp>(v, n.scalar(factor)); };
  llvm::StringRef name = llvm::cast<mlir::StringAttr>(op.getActivations()[i]).getValue();
  using F = std::function<Value()>;
  return llvm::StringSwitch<F>(name)
      .Case("sigmoid", [&] { return unary(std::type_identity<nn::SigmoidOp>()); })
      .Case("relu", [&] { return unary(std::type_identity<nn::ReluOp>()); })
      .Case("softplus", [&] { return unary(std::type_identity<nn::SoftplusOp>()); })
      .Case("affine", [&] { return n.make<nn::AddOp>(scaled(x, alpha), n.scalar(beta)); })
      .Case("leaky_relu", [&] { return withNumbers(std::type_identity<nn::LeakyReluOp>()); })
      .Case("elu", [&] { return withNumbers(std::type_identity<nn::EluOp>()); })
      .Case("hard_sigmoid", [&] { return withNumbers(std::type_identity<nn::HardSigmoidOp>()); })
      .Case("thresholded_relu", [&] { return n.select(n.make<nn::LessEqualOp>(n.scalar(alpha), x), x, Value()); })
      .Case("scaled_tanh", [&] { return scaled(n.make<nn::TanhOp>(scaled(x, beta)), alpha); })
      .Case("softsign", [&] { return n.make<nn::DivOp>(x, n.make<nn::AddOp>(n.make<nn::AbsOp>(x), n.scalar(1))); })
      .Default([&] { return unary(std::type_identity<nn::TanhOp>()); })();
}

/// What a step carries to the next, each [batch, hidden]; null: zeros.
struct State {
  Value h, c;
};

/// One direction: its parameters without the direction's dim; null where absent.
struct Direction {
  int64_t number, functions;    // the first of its activation functions is number * functions
  bool backward;
  Expr hidden;
  Value recurrence, stateBias, peephole; // stateBias: what is added to a product with the state, [hidden]
  State initial;
  size_t function(size_t i) const { return number * functions + i; }
};

Value gate(const Net &n, Value gates, int64_t k, Expr hidden) {
  return n.slice(gates, 1, dim::mul(n.number(k), hidden), hidden);
}

State step(const Net &n, nn::RnnOp op, const Direction &d, Value x, State s) {
  return {activate(n, op, d.function(0), n.add(x, n.product(s.h, d.recurrence))), Value()};
}

State step(const Net &n, nn::GruOp op, const Direction &d, Value x, State s) {
  bool linear = op.getLinearBeforeReset();
  Expr both = dim::mul(n.number(2), d.hidden);
  Value early = n.product(s.h, linear ? d.recurrence : n.slice(d.recurrence, 0, n.number(0), both));
  Value sums = n.add(n.slice(x, 1, n.number(0), both), early ? n.slice(early, 1, n.number(0), both) : Value());
  Value z = activate(n, op, d.function(0), gate(n, sums, 0, d.hidden)), r = activate(n, op, d.function(0), gate(n, sums, 1, d.hidden));
  Value state = linear ? n.mul(r, n.add(early ? gate(n, early, 2, d.hidden) : Value(), d.stateBias))
                       : n.product(n.mul(r, s.h), n.slice(d.recurrence, 0, both, d.hidden));
  Value next = activate(n, op, d.function(1), n.add(gate(n, x, 2, d.hidden), state));
  return {n.add(n.mul(n.make<nn::SubOp>(n.scalar(1), z), next), n.mul(z, s.h)), Value()};
}

State step(const Net &n, nn::LstmOp op, const Direction &d, Value x, State s) {
  Value sums = n.add(x, n.product(s.h, d.recurrence));
  auto peeped = [&](int64_t sum, int64_t peephole, Value cell) {
    Value p = d.peephole ? n.slice(d.peephole, 0, dim::mul(n.number(peephole), d.hidden), d.hidden) : Value();
    return n.add(gate(n, sums, sum, d.hidden), n.mul(p, cell));
  };
  Value in = activate(n, op, d.function(0), peeped(0, 0, s.c));
  Value forget = !s.c                   ? Value()
                 : op.getInputForget() ? n.make<nn::SubOp>(n.scalar(1), in)
                                       : activate(n, op, d.function(0), peeped(2, 2, s.c));
  Value c = n.add(n.mul(forget, s.c), n.mul(in, activate(n, op, d.function(1), gate(n, sums, 3, d.hidden))));
  Value out = activate(n, op, d.function(0), peeped(1, 1, c));
  return {n.mul(out, activate(n, op, d.function(2), c)), c};
}

/// How many gates and activation functions an op has.
int64_t gatesOf(nn::RnnOp) { return 1; }
int64_t gatesOf(nn::GruOp) { return 3; }
int64_t gatesOf(nn::LstmOp) { return 4; }
int64_t functionsOf(nn::RnnOp) { return 1; }
int64_t functionsOf(nn::GruOp) { return 2; }
int64_t functionsOf(nn::LstmOp) { return 3; }

/// Replaces one op.
template <class Op> class Decomposer {
public:
  Decomposer(Op op, int64_t mostSteps)
      : op(op), mostSteps(mostSteps), b(op), n{b, op.getLoc(), nn::elementOf(op.getInput())}, batchFirst(op.getLayout() != 0) {
    Shape shape = nn::shapeOf(op.getInput());
    time = shape[batchFirst ? 1 : 0], batch = shape[batchFirst ? 0 : 1], features = shape[2];
    hidden = nn::shapeOf(op.getRecurrence())[2];
  }

  void run() {
    input = batchFirst ? n.transpose(op.getInput(), {1, 0, 2}) : Value(op.getInput());
    int64_t directions = op.getDirection() == nn::RnnDirection::Bidirectional ? 2 : 1;
    llvm::SmallVector<Value> y, h, c;
    for (int64_t i = 0; i < directions; ++i) {
      Direction d = direction(i);
      auto [outputs, last] = runDirection(d, projection(d));
      y.push_back(n.reshape(outputs, {time, n.number(1), batch, hidden}));
      h.push_back(n.reshape(last.h, {n.number(1), batch, hidden}));
      if (last.c) {
        c.push_back(n.reshape(last.c, {n.number(1), batch, hidden}));
      }
    }
    // From [time, direction, batch, hidden] and [direction, batch, hidden].
    auto states = [&](llvm::ArrayRef<Value> parts) {
      return batchFirst ? n.transpose(n.concat(parts, 0), {1, 0, 2}) : n.concat(parts, 0);
    };
    Value all = n.concat(y, 1);
    llvm::SmallVector<Value> results{batchFirst ? n.transpose(all, {2, 0, 1, 3}) : all, states(h)};
    if (!c.empty()) {
      results.push_back(states(c));
    }
    for (auto [from, to] : llvm::zip(op->getResults(), results)) {
      to.setType(from.getType());
    }
    op->replaceAllUsesWith(results);
    op->erase();
  }

private:
  /// Direction `i` of [directions, ...].
  Value perDirection(Value v, int64_t i) { return v ? n.part(v, i) : Value(); }
  Value initial(Value v, int64_t i) {
    if (!v) {
      return Value();
    }
    return batchFirst ? n.reshape(n.slice(v, 1, n.number(i), n.number(1)), {batch, hidden}) : n.part(v, i);
  }

  Direction direction(int64_t i) {
    Direction d{i, functionsOf(op), i == 1 || op.getDirection() == nn::RnnDirection::Reverse, hidden, {}, {}, {}, {}};
    d.recurrence = perDirection(op.getRecurrence(), i);
    d.initial.h = initial(op.getInitialH(), i);
    if constexpr (std::is_same_v<Op, nn::LstmOp>) {
      d.initial.c = initial(op.getInitialC(), i);
      d.peephole = perDirection(op.getPeephole(), i);
    }
    if constexpr (std::is_same_v<Op, nn::GruOp>) {
      if (op.getBias() && op.getLinearBeforeReset()) {
        d.stateBias = n.slice(perDirection(op.getBias(), i), 0, dim::mul(n.number(5), hidden), hidden);
      }
    }
    return d;
  }

  /// Both biases, as far as they are added outside of the gates.
  Value inputBias(const Direction &d) {
    Value bias = perDirection(op.getBias(), d.number);
    if (!bias) {
      return bias;
    }
    Expr rows = dim::mul(n.number(gatesOf(op)), hidden);
    Value sum = n.add(n.slice(bias, 0, n.number(0), rows), n.slice(bias, 0, rows, rows));
    if (!d.stateBias) {
      return sum;
    }
    Expr two = dim::mul(n.number(2), hidden);
    return n.concat({n.slice(sum, 0, n.number(0), two), n.slice(bias, 0, two, hidden)}, 0);
  }
  /// The inputs of all steps times the weights: [time, batch, gates * hidden].
  Value projection(const Direction &d) {
    Expr rows = dim::mul(n.number(gatesOf(op)), hidden);
    Value flat = n.reshape(input, {dim::mul(time, batch), features});
    Value sums = n.add(n.product(flat, perDirection(op.getWeights(), d.number)), inputBias(d));
    return n.reshape(sums, {time, batch, rows});
  }

  /// Whether step `t` is within each sequence, [batch, 1]; null without lengths.
  Value within(Value t) {
    if (!op.getSequenceLens()) {
      return Value();
    }
    return n.reshape(n.make<nn::LessOp>(t, op.getSequenceLens()), {batch, n.number(1)});
  }
  /// Past its length, a sequence keeps its state and its output is 0.
  std::pair<Value, State> masked(Value mask, State next, State old) {
    if (!mask) {
      return {next.h, next};
    }
    State kept{n.select(mask, next.h, old.h), next.c ? n.select(mask, next.c, old.c) : Value()};
    return {n.select(mask, next.h, Value()), kept};
  }

  /// The outputs [time, batch, hidden] and the last state.
  std::pair<Value, State> runDirection(const Direction &d, Value projected) {
    std::optional<int64_t> steps = dim::getConstant(time);
    return steps && *steps > 0 && *steps <= mostSteps ? unrolled(d, projected, *steps) : looped(d, projected);
  }

  std::pair<Value, State> unrolled(const Direction &d, Value projected, int64_t steps) {
    State s = d.initial;
    llvm::SmallVector<Value> outputs(steps);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = d.backward ? steps - 1 - i : i;
      Value mask = op.getSequenceLens() ? within(stepNumber(t)) : Value();
      auto [y, next] = masked(mask, step(n, op, d, n.part(projected, t), s), s);
      outputs[t] = n.reshape(y, {n.number(1), batch, hidden});
      s = next;
    }
    return {n.concat(outputs, 0), s};
  }
  /// A number of the type of the lengths.
  Value stepNumber(int64_t t) {
    auto type = mlir::RankedTensorType::get({}, nn::elementOf(op.getSequenceLens()));
    return nn::ConstantOp::of(b, op.getLoc(), mlir::DenseElementsAttr::get(type, b.getIntegerAttr(type.getElementType(), t))).getResult();
  }

  Value sizeScalar(Expr e) {
    mlir::Type type = mlir::RankedTensorType::get({}, b.getI64Type());
    return nn::create<nn::SizesOp>(b, op.getLoc(), dim::ShapeAttr::get(b.getContext(), llvm::ArrayRef(e)), type).getResult();
  }

  std::pair<Value, State> looped(const Direction &d, Value projected) {
    mlir::Location loc = op.getLoc();
    Shape stateShape{batch, hidden}, outputShape{time, batch, hidden};
    auto start = [&](Value v) { return v ? v : n.broadcast(n.scalar(0), stateShape); };
    bool hasCell = std::is_same_v<Op, nn::LstmOp>;
    llvm::SmallVector<Value> carried{start(d.initial.h)};
    llvm::SmallVector<mlir::Type> types{dim::getTensorType(stateShape, n.element)};
    if (hasCell) {
      carried.push_back(start(d.initial.c));
      types.push_back(types[0]);
    }
    llvm::SmallVector<mlir::Attribute> dims(types.size(), dim::ShapeAttr::get(b.getContext(), stateShape));
    dims.push_back(dim::ShapeAttr::get(b.getContext(), outputShape));
    llvm::SmallVector<mlir::Type> results(types);
    results.push_back(dim::getTensorType(outputShape, n.element));
    Value last = d.backward ? sizeScalar(dim::sub(time, n.number(1))) : Value();
    auto loop = nn::LoopOp::create(b, loc, results, sizeScalar(time), Value(), carried, b.getArrayAttr(dims));
    auto scalarOf = [](mlir::Type t) { return mlir::RankedTensorType::get({}, t); };
    mlir::OpBuilder::InsertionGuard guard(b);
    mlir::Block *body = b.createBlock(&loop.getBody());
    Value iteration = body->addArgument(scalarOf(b.getI64Type()), loc), goesOn = body->addArgument(scalarOf(b.getI1Type()), loc);
    State s{body->addArgument(types[0], loc), hasCell ? Value(body->addArgument(types[0], loc)) : Value()};
    Value t = last ? n.make<nn::SubOp>(last, iteration) : iteration;
    Value mask = op.getSequenceLens() ? within(nn::create<nn::CastOp>(b, loc, t, nn::elementOf(op.getSequenceLens()), false).getResult()) : Value();
    Value x = nn::create<nn::GatherOp>(b, loc, projected, t, 0).getResult();
    auto [y, next] = masked(mask, step(n, op, d, x, s), s);
    llvm::SmallVector<Value> yielded{goesOn, next.h};
    if (hasCell) {
      yielded.push_back(next.c);
    }
    yielded.push_back(y);
    nn::YieldOp::create(b, loc, yielded);
    b.setInsertionPointAfter(loop);
    Value outputs = loop.getResults_().back();
    outputs = d.backward ? n.slice(outputs, 0, dim::sub(time, n.number(1)), time, -1) : outputs;
    return {outputs, {loop.getResult(0), hasCell ? Value(loop.getResult(1)) : Value()}};
  }

  Op op;
  int64_t mostSteps;
  mlir::OpBuilder b;
  Net n;
  bool batchFirst;
  Expr time, batch, features, hidden;
  Value input; // [time, batch, features]
};

struct DecomposeRnnPass : impl::DecomposeRnnBase<DecomposeRnnPass> {
  using DecomposeRnnBase::DecomposeRnnBase;
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<nn::RnnOp, nn::GruOp, nn::LstmOp>(op)) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      if (auto rnn = llvm::dyn_cast<nn::RnnOp>(op)) {
        Decomposer<nn::RnnOp>(rnn, unroll).run();
      } else if (auto gru = llvm::dyn_cast<nn::GruOp>(op)) {
        Decomposer<nn::GruOp>(gru, unroll).run();
      } else {
        Decomposer<nn::LstmOp>(llvm::cast<nn::LstmOp>(op), unroll).run();
      }
    }
  }
};
} // namespace
} // namespace dlc
