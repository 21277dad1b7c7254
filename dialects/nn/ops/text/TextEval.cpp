//===- TextEval.cpp - reference evaluation of ops on strings ---------------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include "dialects/nn/ops/text/Regex.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <set>

namespace dlc::nn {
namespace {
llvm::LogicalResult evalConcat(StringConcatOp, EvalContext &context, Operands operands, Results &results) {
  const Tensor &a = operands[0].tensor(), &b = operands[1].tensor();
  mlir::FailureOr<llvm::SmallVector<int64_t>> shape = broadcastSizes(context, {a.shape(), b.shape()});
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  Tensor result = Tensor::zeros(a.element(), *shape);
  llvm::SmallVector<int64_t> stepsA = broadcastSteps(a.shape(), *shape), stepsB = broadcastSteps(b.shape(), *shape);
  IndexSpace index(*shape);
  for (std::string &s : result.values<std::string>()) {
    s = a.values<std::string>()[dot(*index, stepsA)] + b.values<std::string>()[dot(*index, stepsB)];
    index.next();
  }
  results.push_back(result);
  return mlir::success();
}

/// The characters of UTF-8; a byte that belongs to none is U+FFFD.
std::vector<uint32_t> codePoints(llvm::StringRef s) {
  std::vector<uint32_t> text;
  for (auto *at = reinterpret_cast<const llvm::UTF8 *>(s.begin()), *end = reinterpret_cast<const llvm::UTF8 *>(s.end());
       at != end;) {
    llvm::UTF32 c = 0;
    if (llvm::convertUTF8Sequence(&at, end, &c, llvm::strictConversion) != llvm::conversionOK) {
      c = 0xfffd;
      ++at;
    }
    text.push_back(c);
  }
  return text;
}

/// As Python's str.split does.
std::vector<std::string> splitAtSpaces(llvm::StringRef text, int64_t most) {
  constexpr llvm::StringLiteral space = " \t\n\v\f\r";
  std::vector<std::string> parts;
  for (text = text.ltrim(space); !text.empty(); text = text.ltrim(space)) {
    if (most >= 0 && int64_t(parts.size()) == most) {
      parts.push_back(text.rtrim(space).str());
      break;
    }
    llvm::StringRef part = text.take_until([&](char c) { return space.contains(c); });
    parts.push_back(part.str());
    text = text.drop_front(part.size());
  }
  return parts;
}
std::vector<std::string> splitAt(llvm::StringRef text, llvm::StringRef delimiter, int64_t most) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, delimiter, int(std::min<int64_t>(most, std::numeric_limits<int>::max())));
  return {parts.begin(), parts.end()};
}

llvm::LogicalResult evalSplit(StringSplitOp op, EvalContext &, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), *given = optionalOperand(op, operands, 1);
  std::string delimiter = given && given->count() ? given->values<std::string>()[0] : std::string();
  std::vector<std::vector<std::string>> all;
  size_t most = 0;
  for (const std::string &s : x.values<std::string>()) {
    all.push_back(delimiter.empty() ? splitAtSpaces(s, op.getMaxSplits()) : splitAt(s, delimiter, op.getMaxSplits()));
    most = std::max(most, all.back().size());
  }
  llvm::SmallVector<int64_t> shape(x.shape());
  Tensor counts = Tensor::zeros(elementOf(op.getCounts()), shape);
  shape.push_back(most);
  Tensor result = Tensor::zeros(x.element(), shape);
  for (auto [i, parts] : llvm::enumerate(all)) {
    counts.values<int64_t>()[i] = parts.size();
    llvm::copy(parts, result.values<std::string>().begin() + i * most);
  }
  results.append({result, counts});
  return mlir::success();
}

/// Whether a string has characters beyond ASCII that may have another case; the blocks are those of the engine.
bool hasUnknownCase(llvm::StringRef text) {
  constexpr std::pair<uint32_t, uint32_t> caseless[] = {
      {0, 0xb4},        {0xb6, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},       {0x590, 0x109f},
      {0x2000, 0x20ff}, {0x3000, 0xa63f}, {0xac00, 0xd7ff}, {0x1f000, 0x1faff}, {0x20000, 0x3ffff}};
  return llvm::any_of(codePoints(text), [&](uint32_t c) {
    return llvm::none_of(caseless, [&](auto range) { return c >= range.first && c <= range.second; });
  });
}

llvm::LogicalResult evalNormalize(StringNormalizeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), *stop = optionalOperand(op, operands, 1);
  if (x.rank() == 2 && x.shape()[0] != 1) {
    return context.fail("expected strings of shape [C] or [1, C], got " + llvm::Twine(x.shape()[0]) + " rows");
  }
  auto isStopword = [&](llvm::StringRef s) {
    return stop && llvm::any_of(stop->values<std::string>(), [&](llvm::StringRef word) {
             return op.getCaseSensitive() ? s == word : s.equals_insensitive(word);
           });
  };
  bool caseMatters = op.getChange() != CaseChange::None || (!op.getCaseSensitive() && stop && stop->count());
  std::vector<std::string> kept;
  for (llvm::StringRef s : x.values<std::string>()) {
    if (caseMatters && hasUnknownCase(s)) {
      return context.fail("expected letters of ASCII where their case matters, got '" + s + "'");
    }
    if (!isStopword(s)) {
      kept.push_back(op.getChange() == CaseChange::Lower   ? s.lower()
                     : op.getChange() == CaseChange::Upper ? s.upper()
                                                           : s.str());
    }
  }
  kept.resize(std::max<size_t>(kept.size(), 1));
  llvm::SmallVector<int64_t> shape(x.shape());
  shape.back() = kept.size();
  Tensor result = Tensor::zeros(x.element(), shape);
  llvm::copy(kept, result.values<std::string>().begin());
  results.push_back(result);
  return mlir::success();
}

/// Follows a regular expression's tree: from a set of positions in a text to those where a match can end.
class Matcher {
public:
  using Positions = std::set<size_t>;
  explicit Matcher(llvm::StringRef s) : text(codePoints(s)) {}
  bool matches(const Regex &r) const { return follow(r, {0}).count(text.size()) != 0; }

private:
  Positions follow(const Regex &r, const Positions &from) const {
    Positions to;
    switch (r.kind) {
    case Regex::Kind::Sequence:
      to = from;
      for (const Regex &child : r.children) {
        to = follow(child, to);
      }
      return to;
    case Regex::Kind::Alternative:
      for (const Regex &child : r.children) {
        to.merge(follow(child, from));
      }
      return to;
    case Regex::Kind::Repeat:
      return repeat(r, from);
    case Regex::Kind::Class:
      for (size_t p : from) {
        if (p < text.size() &&
            llvm::any_of(r.ranges, [&](auto range) { return text[p] >= range.first && text[p] <= range.second; })) {
          to.insert(p + 1);
        }
      }
      return to;
    case Regex::Kind::Assertion:
      llvm::copy_if(from, std::inserter(to, to.end()), [&](size_t p) { return holds(r.place, p); });
      return to;
    }
    return to;
  }
  Positions repeat(const Regex &r, Positions current) const {
    for (int64_t i = 0; i < r.least; ++i) {
      current = follow(r.children[0], current);
    }
    Positions all = current;
    for (int64_t i = r.least; i != r.most && !current.empty(); ++i) {
      Positions fresh;
      for (size_t p : follow(r.children[0], current)) {
        if (all.insert(p).second) {
          fresh.insert(p);
        }
      }
      current = fresh;
    }
    return all;
  }
  bool isWord(size_t p) const {
    return p < text.size() && text[p] < 128 && (llvm::isAlnum(char(text[p])) || text[p] == '_');
  }
  bool holds(Regex::Place place, size_t p) const {
    bool start = p == 0, end = p == text.size(), boundary = (!start && isWord(p - 1)) != isWord(p);
    switch (place) {
    case Regex::Place::TextStart:
      return start;
    case Regex::Place::TextEnd:
      return end;
    case Regex::Place::LineStart:
      return start || text[p - 1] == '\n';
    case Regex::Place::LineEnd:
      return end || text[p] == '\n';
    case Regex::Place::WordBoundary:
      return boundary;
    case Regex::Place::NoWordBoundary:
      return !boundary;
    }
    return false;
  }
  std::vector<uint32_t> text;
};

llvm::LogicalResult evalRegex(RegexMatchOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::string error;
  std::optional<Regex> regex = parseRegex(op.getPattern(), error);
  if (!regex) {
    return context.fail(error);
  }
  Tensor result = Tensor::zeros(elementOf(op.getResult()), x.shape());
  for (auto [s, y] : llvm::zip(x.values<std::string>(), result.values<bool>())) {
    y = Matcher(s).matches(*regex);
  }
  results.push_back(result);
  return mlir::success();
}

llvm::LogicalResult evalPick(StringPickOp op, EvalContext &context, Operands operands, Results &results) {
  std::vector<std::string> all;
  for (const Datum &source : operands.drop_front()) {
    llvm::append_range(all, source.tensor().values<std::string>());
  }
  const Tensor &indices = operands[0].tensor();
  Tensor result = Tensor::zeros(elementOf(op.getResult()), indices.shape());
  for (int64_t i = 0; i < indices.count(); ++i) {
    int64_t at = indices.integer(i);
    if (at < 0 || at >= int64_t(all.size())) {
      return context.fail("expected a place below " + llvm::Twine(all.size()) + ", got " + llvm::Twine(at));
    }
    result.values<std::string>()[i] = all[at];
  }
  results.push_back(result);
  return mlir::success();
}
} // namespace

void attachTextEval(mlir::MLIRContext &context) {
  attachEvaluate<StringConcatOp, evalConcat>(context);
  attachEvaluate<StringSplitOp, evalSplit>(context);
  attachEvaluate<StringNormalizeOp, evalNormalize>(context);
  attachEvaluate<RegexMatchOp, evalRegex>(context);
  attachEvaluate<StringPickOp, evalPick>(context);
}
} // namespace dlc::nn
