//===- Text.cpp - strings, and counts of n-grams -----------------------------------------------------===//
#include "importers/onnx/Node.h"
#include <numeric>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Value stringsOf(Node &n, llvm::ArrayRef<std::string> values, llvm::ArrayRef<int64_t> shape) {
  nn::Tensor t = nn::Tensor::zeros(nn::StringType::get(n.context()), shape);
  llvm::copy(values, t.values<std::string>().begin());
  return n.constant(nn::attrFromTensor(t));
}

Result stringConcat(Node &n) { return n.result(n.make<nn::StringConcatOp>(n.in(0), n.in(1))); }

Result stringSplit(Node &n) {
  std::string delimiter = n.getString("delimiter", "");
  int64_t most = n.getInt("maxsplit", -1);
  Shape shape = nn::shapeOf(n.in(0));
  shape.push_back(n.freshSize(n.op() + "_parts"));
  Value at = delimiter.empty() ? Value() : stringsOf(n, delimiter, {});
  auto results = n.makeAll<nn::StringSplitOp, 2>(n.in(0), at, most, n.shapeAttr(shape));
  n.set(0, results[0]);
  n.set(1, results[1]);
  return n.status();
}

Result stringNormalizer(Node &n) {
  std::string change = n.getString("case_change_action", "NONE");
  bool sensitive = n.getBool("is_case_sensitive", false);
  llvm::SmallVector<std::string> stopwords = n.getStrings("stopwords");
  // Letters of ASCII have one case in all locales, but for the i of Turkic ones.
  std::string locale = n.getString("locale", "");
  if (llvm::StringRef(locale).starts_with_insensitive("tr") || llvm::StringRef(locale).starts_with_insensitive("az")) {
    return n.fail("expected a locale in which i is the lower case of I, got '" + locale + "'");
  }
  std::optional<nn::CaseChange> kind = nn::symbolizeCaseChange(llvm::StringRef(change).lower());
  if (!kind) {
    return n.fail("expected case_change_action LOWER, UPPER or NONE, got '" + change + "'");
  }
  Shape shape = nn::shapeOf(n.in(0));
  if (shape.empty()) {
    return n.fail("expected strings of shape [C] or [1, C], got a scalar");
  }
  if (shape.size() == 2) {
    n.assume(shape[0], n.number(1), "number of rows");
  }
  shape.back() = n.freshSize(n.op() + "_count");
  Value words = stopwords.empty() ? Value() : stringsOf(n, stopwords, {int64_t(stopwords.size())});
  return n.result(n.make<nn::StringNormalizeOp>(n.in(0), words, *kind, sensitive, n.shapeAttr(shape)));
}

Result regexFullMatch(Node &n) {
  return n.result(n.make<nn::RegexMatchOp>(n.in(0), n.builder.getStringAttr(n.getString("pattern", ""))));
}

/// What TfIdfVectorizer's attributes say. The pool holds the n-grams of one item, then those of two, ...
struct Grams {
  int64_t least, most, skips;
  std::string mode;
  Ints starts, places, numbers;
  llvm::SmallVector<std::string> strings;
  llvm::SmallVector<float> weights;
  int64_t poolSize() const { return numbers.empty() ? strings.size() : numbers.size(); }
  /// Elements of the pool that belong to n-grams of `size` items.
  std::pair<int64_t, int64_t> range(int64_t size) const {
    auto start = [&](int64_t i) { return i < int64_t(starts.size()) ? starts[i] : poolSize(); };
    return {start(size - 1), start(size)};
  }
  int64_t count() const {
    int64_t total = 0;
    for (int64_t size = 1; size <= int64_t(starts.size()); ++size) {
      total += (range(size).second - range(size).first) / size;
    }
    return total;
  }
};

std::optional<Grams> readGrams(Node &n) {
  Grams g;
  g.least = n.getInt("min_gram_length", 0), g.most = n.getInt("max_gram_length", 0),
  g.skips = n.getInt("max_skip_count", 0);
  g.mode = n.getString("mode", "");
  g.starts = n.getInts("ngram_counts"), g.places = n.getInts("ngram_indexes"), g.numbers = n.getInts("pool_int64s");
  g.strings = n.getStrings("pool_strings"), g.weights = n.getFloats("weights");
  bool fits = g.least >= 1 && g.most >= g.least && g.skips >= 0 && g.numbers.empty() != g.strings.empty() &&
              !g.starts.empty() && g.starts.front() == 0 && llvm::is_sorted(g.starts) &&
              g.starts.back() <= g.poolSize();
  for (int64_t size = 1; fits && size <= int64_t(g.starts.size()); ++size) {
    fits = (g.range(size).second - g.range(size).first) % size == 0;
  }
  if (!fits || g.poolSize() > 1 << 20 || g.most > 64 || g.skips > 1024) {
    (void)n.fail("expected a pool of n-grams, ngram_counts that divide it, and lengths and skips of at least 1 and 0");
    return std::nullopt;
  }
  int64_t count = g.count();
  if (int64_t(g.places.size()) != count || (!g.weights.empty() && int64_t(g.weights.size()) != count) ||
      llvm::any_of(g.places, [](int64_t place) { return place < 0 || place > 1 << 20; })) {
    (void)n.fail("expected " + llvm::Twine(count) + " ngram_indexes of at least 0, and as many weights or none");
    return std::nullopt;
  }
  if (g.mode != "TF" && g.mode != "IDF" && g.mode != "TFIDF") {
    (void)n.fail("expected mode TF, IDF or TFIDF, got '" + g.mode + "'");
    return std::nullopt;
  }
  return g;
}

/// How often each n-gram of `size` items stands in rows [N, C], with `skip` items between two of it: [N, n-grams].
Value countGrams(Node &n, const Grams &g, Value rows, int64_t size, int64_t skip) {
  Shape shape = nn::shapeOf(rows);
  auto [first, last] = g.range(size);
  int64_t count = (last - first) / size, step = skip + 1;
  Expr zero = n.number(0), length = dim::max(dim::sub(shape[1], n.number((size - 1) * step)), zero);
  Value found;
  for (int64_t k = 0; k < size; ++k) {
    Value items;
    if (g.numbers.empty()) {
      llvm::SmallVector<std::string> column;
      for (int64_t i = 0; i < count; ++i) {
        column.push_back(g.strings[first + i * size + k]);
      }
      items = stringsOf(n, column, {count});
    } else {
      Ints column;
      for (int64_t i = 0; i < count; ++i) {
        column.push_back(g.numbers[first + i * size + k]);
      }
      items = n.i64s(column);
    }
    Value window = n.slice(rows, 1, dim::min(n.number(k * step), shape[1]), length);
    Value same = n.make<nn::EqualOp>(n.reshape(window, {shape[0], length, n.number(1)}), items);
    found = found ? n.make<nn::AndOp>(found, same) : same;
  }
  return n.failed() ? Value() : n.reduce(n.cast(found, n.builder.getF32Type()), nn::ReduceKind::Sum, {1}, false);
}

/// Columns [N, n-grams] at the places that the n-grams have in the output; those that meet are added.
Value placed(Node &n, const Grams &g, Value columns, llvm::ArrayRef<int64_t> grams) {
  if (n.failed()) {
    return {};
  }
  int64_t width = *std::max_element(g.places.begin(), g.places.end()) + 1;
  Ints from(width, 0), places;
  bool meet = false;
  for (auto [column, gram] : llvm::enumerate(grams)) {
    int64_t place = g.places[gram];
    meet |= from[place] != 0;
    from[place] = column + 1; // column 0 is one of zeros
    places.push_back(place);
  }
  Expr rows = nn::shapeOf(columns)[0], count = n.number(grams.size());
  Value zero = n.scalar(n.builder.getF32Type(), 0);
  if (!meet) {
    Value all = n.concat({n.broadcast(zero, {rows, n.number(1)}), columns}, 1);
    return n.make<nn::GatherOp>(all, n.i64s(from), 1);
  }
  Value at = n.broadcast(n.i64s(places), {rows, count}), all = n.broadcast(zero, {rows, n.number(width)});
  return n.make<nn::ScatterElementsOp>(all, at, columns, 1, nn::ScatterKind::Add);
}

Result tfIdf(Node &n) {
  std::optional<Grams> g = readGrams(n);
  Shape shape = nn::shapeOf(n.in(0));
  if (!g || shape.empty() || shape.size() > 2) {
    return n.fail("expected items of shape [C] or [N, C]");
  }
  bool strings = nn::isString(nn::elementOf(n.in(0)));
  if (strings != g->numbers.empty()) {
    return n.fail("expected a pool of the input's kind");
  }
  Value rows = strings ? n.in(0) : n.cast(n.in(0), n.builder.getI64Type());
  rows = shape.size() == 1 ? n.reshape(rows, {n.number(1), shape[0]}) : rows;
  llvm::SmallVector<Value> parts;
  Ints grams;
  int64_t gram = 0;
  for (int64_t size = 1; size <= int64_t(g->starts.size()); ++size) {
    auto [first, last] = g->range(size);
    int64_t count = (last - first) / size;
    if (size >= g->least && size <= g->most && count > 0) {
      Value sum = countGrams(n, *g, rows, size, 0);
      for (int64_t skip = 1; size > 1 && skip <= g->skips; ++skip) { // a single item has nothing to skip
        sum = n.add(sum, countGrams(n, *g, rows, size, skip));
      }
      parts.push_back(sum);
      grams.resize(grams.size() + count);
      std::iota(grams.end() - count, grams.end(), gram);
    }
    gram += count;
  }
  if (parts.empty()) {
    return n.fail("expected n-grams of min_gram_length to max_gram_length items in the pool, got none");
  }
  Value counts = n.concat(parts, 1);
  Type f32 = n.builder.getF32Type();
  if (g->mode == "IDF" && !n.failed()) {
    counts = n.cast(n.make<nn::LessOp>(n.scalar(f32, 0), counts), f32);
  }
  if (g->mode != "TF" && !g->weights.empty()) {
    nn::Tensor weights = nn::Tensor::zeros(f32, {int64_t(grams.size())});
    llvm::transform(grams, weights.values<float>().begin(), [&](int64_t i) { return g->weights[i]; });
    counts = n.mul(counts, n.constant(nn::attrFromTensor(weights)));
  }
  Value result = placed(n, *g, counts, grams);
  return n.result(result && shape.size() == 1 ? n.reshape(result, {nn::shapeOf(result)[1]}) : result);
}
} // namespace

void addTextRules(RuleTable &table) {
  table.add({{"", "StringConcat", {20}, stringConcat, {2, 2}},
             {"", "StringSplit", {20}, stringSplit, {1, 1}},
             {"", "StringNormalizer", {10}, stringNormalizer, {1, 1}},
             {"", "RegexFullMatch", {20}, regexFullMatch, {1, 1}},
             {"", "TfIdfVectorizer", {9}, tfIdf, {1, 1}}});
}
} // namespace dlc::onnx_import
