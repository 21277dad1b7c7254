//===- RnnEval.cpp - reference evaluation of recurrent networks -------------------------------===//
// Equations: ONNX RNN, GRU and LSTM, in double.
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include "llvm/ADT/StringSwitch.h"

namespace dlc::nn {
namespace {
using Vector = std::vector<double>;

/// An activation function with its numbers, which first bounds what it gets.
struct Activation {
  enum Kind {
    Sigmoid,
    Tanh,
    Relu,
    Affine,
    LeakyRelu,
    ThresholdedRelu,
    ScaledTanh,
    HardSigmoid,
    Elu,
    Softsign,
    Softplus
  };
  Kind kind;
  double alpha, beta, clip;

  double operator()(double x) const {
    x = clip > 0 ? std::clamp(x, -clip, clip) : x;
    switch (kind) {
    case Sigmoid:
      return 1 / (1 + std::exp(-x));
    case Tanh:
      return std::tanh(x);
    case Relu:
      return std::max(x, 0.0);
    case Affine:
      return alpha * x + beta;
    case LeakyRelu:
      return x >= 0 ? x : alpha * x;
    case ThresholdedRelu:
      return x >= alpha ? x : 0;
    case ScaledTanh:
      return alpha * std::tanh(beta * x);
    case HardSigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case Elu:
      return x >= 0 ? x : alpha * std::expm1(x);
    case Softsign:
      return x / (1 + std::abs(x));
    case Softplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    }
    return x;
  }
};

Activation::Kind kindOf(llvm::StringRef name) {
  return llvm::StringSwitch<Activation::Kind>(name)
      .Case("sigmoid", Activation::Sigmoid)
      .Case("relu", Activation::Relu)
      .Case("affine", Activation::Affine)
      .Case("leaky_relu", Activation::LeakyRelu)
      .Case("thresholded_relu", Activation::ThresholdedRelu)
      .Case("scaled_tanh", Activation::ScaledTanh)
      .Case("hard_sigmoid", Activation::HardSigmoid)
      .Case("elu", Activation::Elu)
      .Case("softsign", Activation::Softsign)
      .Case("softplus", Activation::Softplus)
      .Default(Activation::Tanh);
}

/// What all recurrences share: sizes, weights, and the walk over directions, batch and time.
class Recurrence {
public:
  template <class Op>
  Recurrence(Op op, Operands operands)
      : batchFirst(op.getLayout() != 0), input(operands[0].tensor().shape()), x(toDoubles(operands[0].tensor())),
        w(toDoubles(operands[1].tensor())), r(toDoubles(operands[2].tensor())), bias(optional(op, operands, 3)),
        lengths(optional(op, operands, 4)), direction(op.getDirection()) {
    llvm::ArrayRef<int64_t> shape = operands[2].tensor().shape();
    directions = shape[0], rows = shape[1], hidden = shape[2], features = input[2];
    sequence = input[batchFirst ? 1 : 0], batch = input[batchFirst ? 0 : 1];
    for (auto [name, alpha, beta] : llvm::zip(op.getActivations(), op.getAlphas(), op.getBetas())) {
      activations.push_back(
          {kindOf(llvm::cast<mlir::StringAttr>(name).getValue()), alpha, beta, op.getClip().convertToDouble()});
    }
  }
  template <class Op> static Vector optional(Op op, Operands operands, unsigned number) {
    const Tensor *t = optionalOperand(op, operands, number);
    return t ? toDoubles(*t) : Vector();
  }

  const Activation &activation(int64_t d, int64_t i) const {
    return activations[d * activations.size() / directions + i];
  }
  /// Row `row` of the weights times the input at (t, b), and the input's bias.
  double fromInput(int64_t d, int64_t row, int64_t t, int64_t b) const {
    const double *v = x.data() + (batchFirst ? b * sequence + t : t * batch + b) * features;
    return product(w.data() + (d * rows + row) * features, v, features) + (bias.empty() ? 0 : bias[d * 2 * rows + row]);
  }
  /// Row `row` of the recurrence times a state, and the recurrence's bias.
  double fromState(int64_t d, int64_t row, const Vector &h) const {
    return product(r.data() + (d * rows + row) * hidden, h.data(), hidden) +
           (bias.empty() ? 0 : bias[d * 2 * rows + rows + row]);
  }
  int64_t stateAt(int64_t d, int64_t b) const { return (batchFirst ? b * directions + d : d * batch + b) * hidden; }
  int64_t outputAt(int64_t t, int64_t d, int64_t b) const {
    return (batchFirst ? (b * sequence + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }

  /// Calls `step(d, b, t, first)` for every step of every sequence, in the order of its direction.
  template <class F> void run(F step) const {
    for (int64_t d = 0; d < directions; ++d) {
      bool backward = direction == RnnDirection::Reverse || d == 1;
      for (int64_t b = 0; b < batch; ++b) {
        int64_t length = lengths.empty() ? sequence : std::clamp<int64_t>(int64_t(lengths[b]), 0, sequence);
        for (int64_t i = 0; i < length; ++i) {
          step(d, b, backward ? length - 1 - i : i);
        }
      }
    }
  }

  bool batchFirst;
  llvm::ArrayRef<int64_t> input;
  Vector x, w, r, bias, lengths;
  RnnDirection direction;
  int64_t directions, rows, hidden, features, sequence, batch;
  llvm::SmallVector<Activation> activations;

private:
  static double product(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      sum += a[i] * b[i];
    }
    return sum;
  }
};

/// Runs `next(d, b, t, h)`, which turns the state h of a batch element into the next one, over the sequences; appends y
/// and the final state.
template <class Op, class F>
llvm::LogicalResult unroll(Op op, const Recurrence &rec, EvalContext &context, Operands operands, Results &results,
                           F next) {
  llvm::SmallVector<int64_t> stateShape{rec.directions, rec.batch, rec.hidden};
  llvm::SmallVector<int64_t> shape{rec.sequence, rec.directions, rec.batch, rec.hidden};
  if (rec.batchFirst) {
    stateShape = {rec.batch, rec.directions, rec.hidden};
    shape = {rec.batch, rec.sequence, rec.directions, rec.hidden};
  }
  Vector states = Recurrence::optional(op, operands, 5), y(countOf(shape));
  states.resize(countOf(stateShape));
  rec.run([&](int64_t d, int64_t b, int64_t t) {
    auto state = states.begin() + rec.stateAt(d, b);
    Vector h(state, state + rec.hidden);
    next(d, b, t, h);
    std::copy(h.begin(), h.end(), state);
    std::copy(h.begin(), h.end(), y.begin() + rec.outputAt(t, d, b));
  });
  mlir::Type element = operands[0].tensor().element();
  Tensor all = Tensor::zeros(element, shape), last = Tensor::zeros(element, stateShape);
  results.append({all, last});
  return mlir::success(mlir::succeeded(storeDoubles(context, all, y)) &&
                       mlir::succeeded(storeDoubles(context, last, states)));
}

llvm::LogicalResult evalRnn(RnnOp op, EvalContext &context, Operands operands, Results &results) {
  Recurrence rec(op, operands);
  return unroll(op, rec, context, operands, results, [&](int64_t d, int64_t b, int64_t t, Vector &h) {
    Vector old = h;
    for (int64_t i = 0; i < rec.hidden; ++i) {
      h[i] = rec.activation(d, 0)(rec.fromInput(d, i, t, b) + rec.fromState(d, i, old));
    }
  });
}

llvm::LogicalResult evalGru(GruOp op, EvalContext &context, Operands operands, Results &results) {
  Recurrence rec(op, operands);
  int64_t n = rec.hidden;
  return unroll(op, rec, context, operands, results, [&](int64_t d, int64_t b, int64_t t, Vector &h) {
    const Activation &f = rec.activation(d, 0), &g = rec.activation(d, 1);
    Vector z(n), reset(n), old = h, masked(n);
    for (int64_t i = 0; i < n; ++i) {
      z[i] = f(rec.fromInput(d, i, t, b) + rec.fromState(d, i, old));
      reset[i] = f(rec.fromInput(d, n + i, t, b) + rec.fromState(d, n + i, old));
      masked[i] = reset[i] * old[i];
    }
    for (int64_t i = 0; i < n; ++i) {
      double state =
          op.getLinearBeforeReset() ? reset[i] * rec.fromState(d, 2 * n + i, old) : rec.fromState(d, 2 * n + i, masked);
      h[i] = (1 - z[i]) * g(rec.fromInput(d, 2 * n + i, t, b) + state) + z[i] * old[i];
    }
  });
}

llvm::LogicalResult evalLstm(LstmOp op, EvalContext &context, Operands operands, Results &results) {
  Recurrence rec(op, operands);
  int64_t n = rec.hidden;
  Vector cells = Recurrence::optional(op, operands, 6), peephole = Recurrence::optional(op, operands, 7);
  cells.resize(rec.directions * rec.batch * n);
  peephole.resize(rec.directions * 3 * n);
  llvm::LogicalResult done =
      unroll(op, rec, context, operands, results, [&](int64_t d, int64_t b, int64_t t, Vector &h) {
        const Activation &f = rec.activation(d, 0), &g = rec.activation(d, 1), &out = rec.activation(d, 2);
        const double *p = peephole.data() + d * 3 * n;
        Vector old = h;
        auto gate = [&](int64_t k, int64_t i) {
          return rec.fromInput(d, k * n + i, t, b) + rec.fromState(d, k * n + i, old);
        };
        for (int64_t i = 0; i < n; ++i) {
          double &c = cells[rec.stateAt(d, b) + i];
          double in = f(gate(0, i) + p[i] * c);
          double forget = op.getInputForget() ? 1 - in : f(gate(2, i) + p[2 * n + i] * c);
          c = forget * c + in * g(gate(3, i));
          h[i] = f(gate(1, i) + p[n + i] * c) * out(c);
        }
      });
  if (mlir::failed(done)) {
    return done;
  }
  Tensor last = Tensor::zeros(results[1].tensor().element(), results[1].tensor().shape());
  results.push_back(last);
  return storeDoubles(context, last, cells);
}
} // namespace

void attachRnnEval(mlir::MLIRContext &context) {
  attachEvaluate<RnnOp, evalRnn>(context);
  attachEvaluate<GruOp, evalGru>(context);
  attachEvaluate<LstmOp, evalLstm>(context);
}
} // namespace dlc::nn
