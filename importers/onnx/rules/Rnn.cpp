//===- Rnn.cpp - recurrent networks ---------------------------------------------------------------------------===//
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

struct Activation {
  llvm::StringLiteral onnx, nn;
  double alpha, beta;
};
/// With the defaults of the ops of the same name.
constexpr Activation kActivations[] = {
    {"Sigmoid", "sigmoid", 0, 0},         {"Tanh", "tanh", 0, 0},
    {"Relu", "relu", 0, 0},               {"Affine", "affine", 1, 0},
    {"LeakyRelu", "leaky_relu", 0.01, 0}, {"ThresholdedRelu", "thresholded_relu", 1, 0},
    {"ScaledTanh", "scaled_tanh", 1, 1},  {"HardSigmoid", "hard_sigmoid", 0.2, 0.5},
    {"Elu", "elu", 1, 0},                 {"Softsign", "softsign", 0, 0},
    {"Softplus", "softplus", 0, 0}};

/// How many of activation_alpha (and activation_beta) a function takes.
bool takesAlpha(llvm::StringRef name) {
  return name == "affine" || name == "leaky_relu" || name == "thresholded_relu" || name == "scaled_tanh" ||
         name == "hard_sigmoid" || name == "elu";
}
bool takesBeta(llvm::StringRef name) { return name == "affine" || name == "scaled_tanh" || name == "hard_sigmoid"; }

struct Recurrence {
  nn::RnnDirection direction;
  mlir::ArrayAttr activations;
  llvm::SmallVector<double> alphas, betas;
  double clip = 0;
  int64_t layout = 0;
};

std::optional<nn::RnnDirection> readDirection(Node &n) {
  std::string text = n.getString("direction", "forward");
  std::optional<nn::RnnDirection> direction = nn::symbolizeRnnDirection(text);
  if (!direction) {
    (void)n.fail("expected direction forward, reverse or bidirectional, got '" + text + "'");
  }
  return direction;
}

/// alpha and beta lists hold numbers only for the functions that take them, in order.
bool readActivations(Node &n, Recurrence &r, llvm::ArrayRef<llvm::StringRef> defaults) {
  llvm::SmallVector<std::string> names = n.getStrings("activations");
  llvm::SmallVector<float> alphas = n.getFloats("activation_alpha"), betas = n.getFloats("activation_beta");
  unsigned directions = r.direction == nn::RnnDirection::Bidirectional ? 2 : 1;
  if (names.empty()) {
    for (unsigned d = 0; d < directions; ++d) {
      for (llvm::StringRef name : defaults) {
        names.push_back(name.str());
      }
    }
  }
  if (names.size() != directions * defaults.size()) {
    (void)n.fail("expected " + llvm::Twine(directions * defaults.size()) + " activations, got " + llvm::Twine(names.size()));
    return false;
  }
  llvm::SmallVector<llvm::StringRef> found;
  size_t nextAlpha = 0, nextBeta = 0;
  for (const std::string &name : names) {
    const Activation *match =
        llvm::find_if(kActivations, [&](const Activation &x) { return x.onnx.equals_insensitive(name); });
    if (match == std::end(kActivations)) {
      (void)n.fail("expected an activation of the specification, got '" + name + "'");
      return false;
    }
    found.push_back(match->nn);
    r.alphas.push_back(takesAlpha(match->nn) && nextAlpha < alphas.size() ? double(alphas[nextAlpha++]) : match->alpha);
    r.betas.push_back(takesBeta(match->nn) && nextBeta < betas.size() ? double(betas[nextBeta++]) : match->beta);
  }
  r.activations = n.builder.getStrArrayAttr(found);
  return true;
}

std::optional<Recurrence> readRecurrence(Node &n, llvm::ArrayRef<llvm::StringRef> defaults) {
  std::optional<nn::RnnDirection> direction = readDirection(n);
  if (!direction) {
    return std::nullopt;
  }
  Recurrence r;
  r.direction = *direction;
  n.ignore({"output_sequence"}); // outputs may be left out anyway
  if (n.hasAttribute("hidden_size") && nn::rankOf(n.in(2)) == 3) {
    n.assume(nn::shapeOf(n.in(2))[2], n.number(n.getInt("hidden_size", 0)), "hidden_size in the recurrence weights");
  }
  r.clip = n.getFloat("clip", 0.0);
  r.layout = n.getInt("layout", 0);
  if (n.has(4) && nn::rankOf(n.in(0)) == 3) {
    Expr steps = nn::shapeOf(n.in(0))[r.layout ? 1 : 0];
    checkRange(n, n.in(4), 0, dim::add(steps, n.number(1)), "sequence_lens");
  }
  return readActivations(n, r, defaults) ? std::optional<Recurrence>(r) : std::nullopt;
}

template <class Array> Result setAll(Node &n, const Array &results) {
  for (auto [i, v] : llvm::enumerate(results)) {
    n.set(i, v);
  }
  return n.status();
}

Result rnn(Node &n) {
  std::optional<Recurrence> r = readRecurrence(n, {"Tanh"});
  return !r ? mlir::failure()
            : setAll(n, n.makeAll<nn::RnnOp, 2>(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), r->direction,
                                                r->activations, r->alphas, r->betas, llvm::APFloat(r->clip), r->layout));
}

Result gru(Node &n) {
  std::optional<Recurrence> r = readRecurrence(n, {"Sigmoid", "Tanh"});
  bool linear = n.getBool("linear_before_reset", false);
  return !r ? mlir::failure()
            : setAll(n, n.makeAll<nn::GruOp, 2>(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), r->direction,
                                                r->activations, r->alphas, r->betas, llvm::APFloat(r->clip), r->layout, linear));
}

Result lstm(Node &n) {
  std::optional<Recurrence> r = readRecurrence(n, {"Sigmoid", "Tanh", "Tanh"});
  bool forget = n.getBool("input_forget", false);
  return !r ? mlir::failure()
            : setAll(n, n.makeAll<nn::LstmOp, 3>(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), n.in(6), n.in(7),
                                                 r->direction, r->activations, r->alphas, r->betas, llvm::APFloat(r->clip), r->layout,
                                                 forget));
}
} // namespace

void addRnnRules(RuleTable &table) {
  table.add({{"", "RNN", {1, 7, 14, 22}, rnn, {3, 6}},
             {"", "GRU", {1, 3, 7, 14, 22}, gru, {3, 6}},
             {"", "LSTM", {1, 7, 14, 22}, lstm, {3, 8}}});
}
} // namespace dlc::onnx_import
