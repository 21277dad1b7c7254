#include "tools/dlc/Formula.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <vector>

namespace dlc {
namespace {

/// Splits at a separator outside of parentheses.
llvm::SmallVector<llvm::StringRef> splitTopLevel(llvm::StringRef text, llvm::StringRef separator) {
  llvm::SmallVector<llvm::StringRef> parts;
  size_t depth = 0, start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(';
    depth -= text[i] == ')' && depth > 0;
    if (depth == 0 && text.substr(i).starts_with(separator)) {
      parts.push_back(text.slice(start, i));
      i += separator.size() - 1;
      start = i + 1;
    }
  }
  parts.push_back(text.drop_front(start));
  return parts;
}

std::string normalised(llvm::StringRef formula) {
  FormulaSum sum;
  sum.add(formula);
  return sum.text();
}

/// A factor with its arguments normalised. What floordiv(-x, n) negates is easier to read as ceildiv(x, n); then
/// `coefficient` changes its sign.
std::string readableFactor(llvm::StringRef factor, double &coefficient) {
  size_t open = factor.find('(');
  if (open == llvm::StringRef::npos || open == 0 || !factor.ends_with(")")) {
    return factor.str();
  }
  llvm::StringRef name = factor.take_front(open);
  llvm::SmallVector<llvm::StringRef> arguments = splitTopLevel(factor.drop_front(open + 1).drop_back(), ", ");
  std::vector<std::string> texts;
  if (name == "floordiv") {
    FormulaSum negated;
    negated.add(arguments.front(), -1);
    if (negated.isSumOfPositives()) {
      name = "ceildiv";
      coefficient = -coefficient;
      texts.push_back(negated.text());
      arguments.erase(arguments.begin());
    }
  }
  for (llvm::StringRef argument : arguments) {
    texts.push_back(normalised(argument));
  }
  return name.str() + "(" + llvm::join(texts, ", ") + ")";
}

} // namespace

void FormulaSum::add(int64_t number) { terms[""] += static_cast<double>(number); }

void FormulaSum::add(llvm::StringRef formula, double times) {
  for (llvm::StringRef term : splitTopLevel(formula, " + ")) {
    addTerm(term.trim(), times);
  }
}

bool FormulaSum::isSumOfPositives() const {
  return llvm::all_of(terms, [](const auto &term) { return term.second > 0; });
}

void FormulaSum::addTerm(llvm::StringRef term, double coefficient) {
  std::vector<std::string> factors;
  for (llvm::StringRef factor : splitTopLevel(term, " * ")) {
    int64_t number = 0;
    if (factor.trim().getAsInteger(10, number)) {
      factors.push_back(readableFactor(factor.trim(), coefficient));
    } else {
      coefficient *= static_cast<double>(number);
    }
  }
  llvm::sort(factors);
  std::string key;
  for (const std::string &factor : factors) {
    key += (key.empty() ? "" : " * ") + factor;
  }
  terms[key] += coefficient;
}

std::optional<double> FormulaSum::number() const {
  double sum = 0;
  for (const auto &[factors, coefficient] : terms) {
    if (!factors.empty() && coefficient != 0) {
      return std::nullopt;
    }
    sum += factors.empty() ? coefficient : 0;
  }
  return sum;
}

std::string FormulaSum::text() const {
  std::string text;
  auto append = [&](const std::string &part) { text += (text.empty() ? "" : " + ") + part; };
  for (const auto &[factors, coefficient] : terms) {
    if (!factors.empty() && coefficient != 0) {
      append(coefficient == 1 ? factors : llvm::formatv("{0:f0} * {1}", coefficient, factors).str());
    }
  }
  auto plain = terms.find("");
  if (text.empty() || (plain != terms.end() && plain->second != 0)) {
    append(llvm::formatv("{0:f0}", plain == terms.end() ? 0 : plain->second).str());
  }
  return text;
}

} // namespace dlc
