//===- Einsum.cpp - sums of products over named dims ------------------------------------------------------------------===//
#include "importers/onnx/Node.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;
/// One character per dim; the dims of an ellipsis are numbered from the last, from '\1' on.
using Labels = std::string;

struct Term {
  Value value;
  Labels labels;
};

constexpr int64_t kMaxEllipsis = 32;

Labels ellipsis(int64_t count) {
  Labels labels;
  for (int64_t i = count; i > 0; --i) {
    labels.push_back(char(i));
  }
  return labels;
}

/// The labels of one term; `dims` stand in for an ellipsis. Nullopt when it is malformed.
std::optional<Labels> parseTerm(llvm::StringRef text, int64_t dims) {
  Labels labels;
  bool seen = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("...") && !seen) {
      labels += ellipsis(dims);
      seen = true;
      i += 2;
    } else if (llvm::isAlpha(text[i])) {
      labels.push_back(text[i]);
    } else {
      return std::nullopt;
    }
  }
  return labels;
}

Ints positions(const Labels &of, const Labels &in) {
  Ints result;
  for (char c : of) {
    result.push_back(int64_t(in.find(c)));
  }
  return result;
}

/// Keeps the diagonal of dims that share a label.
Term diagonal(Node &n, Term t) {
  for (size_t i = 0; i < t.labels.size() && t.value; ++i) {
    size_t j = t.labels.find(t.labels[i], i + 1);
    if (j == Labels::npos) {
      continue;
    }
    dim::ShapeAttr shape = n.shapeAttr(nn::shapeOf(t.value));
    Type i64 = n.builder.getI64Type();
    Value on = n.make<nn::EqualOp>(n.make<nn::IotaOp>(shape, i, i64), n.make<nn::IotaOp>(shape, j, i64));
    Value kept = n.select(on, t.value, n.scalar(nn::elementOf(t.value), 0));
    t.value = n.reduce(kept, nn::ReduceKind::Sum, int64_t(j), false);
    t.labels.erase(j, 1);
    --i;
  }
  return t;
}

/// Sums over the dims that nobody needs.
Term sumOut(Node &n, Term t, const Labels &needed) {
  Ints axes;
  Labels rest;
  for (auto [i, c] : llvm::enumerate(t.labels)) {
    if (needed.find(c) == Labels::npos) {
      axes.push_back(int64_t(i));
    } else {
      rest.push_back(c);
    }
  }
  return axes.empty() || !t.value ? t : Term{n.reduce(t.value, nn::ReduceKind::Sum, axes, false), rest};
}

Shape pick(const Term &t, const Labels &labels) {
  Shape shape = nn::shapeOf(t.value), result;
  for (int64_t at : positions(labels, t.labels)) {
    result.push_back(shape[at]);
  }
  return result;
}

/// A product of matrices [batch..., M, K] and [batch..., K, N]. `needed` is what later terms and the result use.
Term multiply(Node &n, Term a, Term b, const Labels &needed) {
  a = sumOut(n, a, needed + b.labels);
  b = sumOut(n, b, needed + a.labels);
  if (!a.value || !b.value) {
    return {};
  }
  Labels batch, inner, left, right;
  for (char c : a.labels) {
    bool both = b.labels.find(c) != Labels::npos;
    (!both ? left : needed.find(c) != Labels::npos ? batch : inner).push_back(c);
  }
  for (char c : b.labels) {
    if (a.labels.find(c) == Labels::npos) {
      right.push_back(c);
    }
  }
  mlir::MLIRContext *context = n.context();
  Shape batchA = pick(a, batch), batchB = pick(b, batch), lhs = batchA, rhs = batchB;
  Shape leftSizes = pick(a, left), rightSizes = pick(b, right);
  lhs.append({dim::product(context, leftSizes), dim::product(context, pick(a, inner))});
  rhs.append({dim::product(context, pick(b, inner)), dim::product(context, rightSizes)});
  Value x = n.reshape(n.transpose(a.value, positions(batch + left + inner, a.labels)), lhs);
  Value y = n.reshape(n.transpose(b.value, positions(batch + inner + right, b.labels)), rhs);
  Value product = n.make<nn::MatmulOp>(x, y, false, false);
  if (!product) {
    return {};
  }
  Shape shape = nn::shapeOf(product);
  shape.pop_back_n(2);
  llvm::append_range(shape, leftSizes);
  llvm::append_range(shape, rightSizes);
  return {n.reshape(product, shape), batch + left + right};
}

/// Without an arrow: the labels that occur once, in the order of their letters, after the ellipsis.
Labels implicitResult(llvm::ArrayRef<Term> terms, int64_t dims) {
  Labels all, once;
  for (const Term &t : terms) {
    all += t.labels;
  }
  for (char c : all) {
    if (llvm::isAlpha(c) && std::count(all.begin(), all.end(), c) == 1) {
      once.push_back(c);
    }
  }
  llvm::sort(once);
  return ellipsis(dims) + once;
}

Result einsum(Node &n) {
  std::string equation = n.getString("equation", "");
  llvm::erase(equation, ' ');
  auto [inputs, output] = llvm::StringRef(equation).split("->");
  llvm::SmallVector<llvm::StringRef> texts;
  inputs.split(texts, ',');
  if (texts.size() != n.numInputs()) {
    return n.fail("expected one term per input in equation '" + equation + "'");
  }
  llvm::SmallVector<Term> terms;
  int64_t widest = 0;
  for (auto [i, text] : llvm::enumerate(texts)) {
    int64_t letters = llvm::count_if(text, llvm::isAlpha), rank = nn::rankOf(n.in(i));
    int64_t dims = text.contains("...") ? rank - letters : 0;
    std::optional<Labels> labels = dims >= 0 && dims <= kMaxEllipsis ? parseTerm(text, dims) : std::nullopt;
    if (!labels || static_cast<int64_t>(labels->size()) != rank) {
      return n.fail("expected a term of " + llvm::Twine(rank) + " dims, got '" + text + "'");
    }
    widest = std::max(widest, dims);
    terms.push_back(diagonal(n, {n.in(i), *labels}));
  }
  std::optional<Labels> result =
      llvm::StringRef(equation).contains("->") ? parseTerm(output, widest) : implicitResult(terms, widest);
  if (!result || n.failed()) {
    return n.fail("expected a result of letters and an ellipsis, got '" + output + "'");
  }
  Term folded = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    Labels needed = *result;
    for (const Term &later : llvm::ArrayRef(terms).drop_front(i + 1)) {
      needed += later.labels;
    }
    folded = multiply(n, folded, terms[i], needed);
  }
  folded = sumOut(n, folded, *result);
  Ints permutation = positions(*result, folded.labels);
  Ints sorted = permutation;
  llvm::sort(sorted);
  for (auto [i, p] : llvm::enumerate(sorted)) {
    if (p != static_cast<int64_t>(i)) {
      return n.fail("expected every label of the result once, in some term");
    }
  }
  return n.result(folded.value ? n.transpose(folded.value, permutation) : Value());
}
} // namespace

void addEinsumRules(RuleTable &table) { table.add({{"", "Einsum", {12}, einsum, {1, kAnyNumber}}}); }
} // namespace dlc::onnx_import
