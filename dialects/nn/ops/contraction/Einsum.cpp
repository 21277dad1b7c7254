//===- Einsum.cpp - equations and result types of einsum, det -----------------------------------------===//
#include "dialects/nn/ops/contraction/Einsum.h"
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::nn {
namespace {
/// The letters of one term; `...` becomes '.'.
mlir::FailureOr<std::string> termOf(llvm::StringRef text, std::string &error) {
  std::string term;
  for (text = text.trim(); !text.empty(); text = text.ltrim()) {
    if (text.consume_front("...")) {
      term += '.';
    } else if (llvm::isAlpha(text.front())) {
      term += text.front();
      text = text.drop_front();
    } else {
      error = ("expected letters and '...' in the equation, got '" + text + "'").str();
      return mlir::failure();
    }
  }
  if (llvm::StringRef(term).count('.') > 1) {
    error = "expected at most one '...' in a term";
    return mlir::failure();
  }
  return term;
}

/// The letters that occur once in all, in order, after the broadcast dims.
std::string implicitResult(llvm::ArrayRef<std::string> terms) {
  std::string all = llvm::join(terms, ""), result = ".";
  for (char c = 'A'; c <= 'z'; ++c) {
    if (llvm::isAlpha(c) && llvm::count(all, c) == 1) {
      result += c;
    }
  }
  return result;
}

/// Numbers for the letters, after the broadcast labels.
class Labels {
public:
  explicit Labels(EinsumEquation &e) : equation(e) { equation.labels = e.broadcastLabels; }
  llvm::SmallVector<int> of(llvm::StringRef term, int broadcastDims) {
    llvm::SmallVector<int> labels;
    for (char c : term) {
      if (c == '.') {
        for (int i = equation.broadcastLabels - broadcastDims; i < equation.broadcastLabels; ++i) {
          labels.push_back(i);
        }
        continue;
      }
      int &label = numbers[static_cast<unsigned char>(c)];
      label = label ? label : ++equation.labels;
      labels.push_back(label - 1);
    }
    return labels;
  }
  bool has(char c) const { return numbers[static_cast<unsigned char>(c)] != 0; }

private:
  EinsumEquation &equation;
  int numbers[256] = {};
};
} // namespace

mlir::FailureOr<EinsumEquation> parseEinsum(llvm::StringRef text, llvm::ArrayRef<int64_t> ranks, std::string &error) {
  auto [left, right] = text.split("->");
  llvm::SmallVector<llvm::StringRef> parts;
  left.split(parts, ',');
  llvm::SmallVector<std::string> terms;
  EinsumEquation equation;
  llvm::SmallVector<int> broadcastDims;
  if (parts.size() != ranks.size()) {
    error = "expected one term per operand, got " + std::to_string(parts.size());
    return mlir::failure();
  }
  for (auto [part, rank] : llvm::zip(parts, ranks)) {
    mlir::FailureOr<std::string> term = termOf(part, error);
    if (mlir::failed(term)) {
      return mlir::failure();
    }
    bool dots = term->find('.') != std::string::npos;
    int64_t letters = int64_t(term->size()) - dots;
    if (dots ? letters > rank : letters != rank) {
      error = ("expected a term for rank " + llvm::Twine(rank) + ", got '" + part.trim() + "'").str();
      return mlir::failure();
    }
    broadcastDims.push_back(int(rank - letters));
    equation.broadcastLabels = std::max(equation.broadcastLabels, broadcastDims.back());
    terms.push_back(*term);
  }
  Labels labels(equation);
  for (auto [term, dims] : llvm::zip(terms, broadcastDims)) {
    equation.operands.push_back(labels.of(term, dims));
  }
  mlir::FailureOr<std::string> result = text.contains("->") ? termOf(right, error) : implicitResult(terms);
  if (mlir::failed(result)) {
    return mlir::failure();
  }
  for (char c : *result) {
    if (c != '.' && (!labels.has(c) || llvm::count(*result, c) > 1)) {
      error = std::string("expected each letter of the result once and in an operand, got '") + c + "'";
      return mlir::failure();
    }
  }
  equation.result = labels.of(*result, equation.broadcastLabels);
  return equation;
}

llvm::LogicalResult EinsumOp::inferResultTypes(Types &types) {
  llvm::SmallVector<int64_t> ranks;
  for (mlir::Value v : getInputs()) {
    ranks.push_back(rankOf(v));
  }
  std::string error;
  mlir::FailureOr<EinsumEquation> equation = parseEinsum(getEquation(), ranks, error);
  if (mlir::failed(equation)) {
    return emitOpError() << error;
  }
  dim::Shape sizes(equation->labels, dim::constant(getContext(), 1)), result;
  for (auto [v, labels] : llvm::zip(getInputs(), equation->operands)) {
    if (mlir::failed(checkElement(*this, v, elementOf(getInputs()[0]), "operands"))) {
      return mlir::failure();
    }
    for (auto [label, size] : llvm::zip(labels, shapeOf(v))) {
      mlir::FailureOr<dim::Shape> merged = broadcastShapes({dim::Shape{sizes[label]}, dim::Shape{size}}, error);
      if (mlir::failed(merged)) {
        return emitOpError() << error;
      }
      bool letter = label >= equation->broadcastLabels && !dim::isConstant(sizes[label], 1);
      sizes[label] = letter && !dim::isConstant(size, 1) ? better(sizes[label], size) : merged->front();
    }
  }
  for (int label : equation->result) {
    result.push_back(sizes[label]);
  }
  types.push_back(dim::getTensorType(result, elementOf(getInputs()[0])));
  return mlir::success();
}

void EinsumOp::sizeRules(SizeRuleList &rules) {
  llvm::SmallVector<int64_t> ranks = llvm::map_to_vector(getInputs(), rankOf);
  std::string error;
  mlir::FailureOr<EinsumEquation> equation = parseEinsum(getEquation(), ranks, error);
  if (mlir::failed(equation)) {
    return;
  }
  llvm::SmallVector<llvm::SmallVector<dim::Shape>> places(equation->labels);
  for (auto [v, labels] : llvm::zip(getInputs(), equation->operands)) {
    for (auto [label, size] : llvm::zip(labels, shapeOf(v))) {
      places[label].push_back({size});
    }
  }
  for (llvm::ArrayRef<dim::Shape> sizes : places) {
    mustBroadcast(rules, sizes, "dims of one letter");
  }
}

void DetOp::sizeRules(SizeRuleList &rules) {
  dim::Shape shape = shapeOf(getInput());
  mustBeEqual(rules, shape[shape.size() - 1], shape[shape.size() - 2], "columns and rows");
}

llvm::LogicalResult DetOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (shape.size() < 2 || !mayBeEqual(shape[shape.size() - 1], shape[shape.size() - 2])) {
    return emitOpError() << "expected square matrices, got " << getInput().getType();
  }
  types.push_back(dim::getTensorType(llvm::ArrayRef(shape).drop_back(2), elementOf(getInput())));
  return mlir::success();
}
} // namespace dlc::nn
