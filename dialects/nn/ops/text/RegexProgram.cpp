//===- RegexProgram.cpp - regular expressions as programs of a machine that follows all ways at once ---------===//
// K. Thompson, "Regular Expression Search Algorithm", 1968.
#include "dialects/nn/ops/text/Regex.h"

namespace dlc::nn {
namespace {
/// Longer programs come from repetitions of repetitions, which RE2 refuses, too.
constexpr size_t kMostInstructions = 1 << 16;

class Compiler {
public:
  bool emit(const Regex &r) {
    switch (r.kind) {
    case Regex::Kind::Sequence:
      return std::all_of(r.children.begin(), r.children.end(), [&](const Regex &child) { return emit(child); });
    case Regex::Kind::Alternative:
      return choose(r.children.size(), [&](size_t i) { return emit(r.children[i]); });
    case Regex::Kind::Class:
      return choose(r.ranges.size(), [&](size_t i) { return add(2, r.ranges[i].first, r.ranges[i].second); });
    case Regex::Kind::Assertion:
      return add(3, int64_t(r.place), 0);
    case Regex::Kind::Repeat:
      return repeat(r);
    }
    return false;
  }
  bool add(int64_t op, int64_t x, int64_t y) {
    code.insert(code.end(), {op, x, y});
    return code.size() <= 3 * kMostInstructions;
  }
  std::vector<int64_t> code;

private:
  int64_t here() const { return int64_t(code.size()) / 3; }
  void aim(int64_t instruction, int64_t x, int64_t y) { code[3 * instruction + 1] = x, code[3 * instruction + 2] = y; }

  /// One of `count` ways; none is a way that never matches.
  template <class Way> bool choose(size_t count, Way way) {
    if (count == 0) {
      return add(2, 1, 0);
    }
    std::vector<int64_t> ends;
    for (size_t i = 0; i + 1 < count; ++i) {
      int64_t split = here();
      if (!add(1, 0, 0) || !way(i)) {
        return false;
      }
      ends.push_back(here());
      if (!add(1, 0, 0)) {
        return false;
      }
      aim(split, split + 1, here());
    }
    bool done = way(count - 1);
    for (int64_t end : ends) {
      aim(end, here(), here());
    }
    return done;
  }

  bool repeat(const Regex &r) {
    const Regex &child = r.children.front();
    for (int64_t i = 0; i < r.least; ++i) {
      if (!emit(child)) {
        return false;
      }
    }
    if (r.most < 0) {
      int64_t start = here();
      if (!add(1, 0, 0) || !emit(child) || !add(1, start, start)) {
        return false;
      }
      aim(start, start + 1, here());
      return true;
    }
    std::vector<int64_t> splits;
    for (int64_t i = r.least; i < r.most; ++i) {
      splits.push_back(here());
      if (!add(1, 0, 0) || !emit(child)) {
        return false;
      }
    }
    for (int64_t split : splits) {
      aim(split, split + 1, here());
    }
    return true;
  }
};
} // namespace

std::optional<std::vector<int64_t>> compileRegex(const Regex &regex, std::string &error) {
  Compiler compiler;
  if (!compiler.emit(regex) || !compiler.add(0, 0, 0)) {
    error = "expected repetitions that make at most " + std::to_string(kMostInstructions) + " steps";
    return std::nullopt;
  }
  return compiler.code;
}
} // namespace dlc::nn
