//===- Regex.cpp - reads regular expressions -----------------------------------------------------------===//
// https://github.com/google/re2/wiki/Syntax
#include "dialects/nn/ops/text/Regex.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>
#include <map>

namespace dlc::nn {
namespace {
using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;
constexpr uint32_t kLast = 0x10ffff;
constexpr int64_t kMostRepeats = 1000; // as RE2
constexpr int kMostDepth = 500;

Ranges sorted(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges result;
  for (auto [low, high] : ranges) {
    if (!result.empty() && low <= result.back().second + 1) {
      result.back().second = std::max(result.back().second, high);
    } else {
      result.push_back({low, high});
    }
  }
  return result;
}
Ranges inverted(const Ranges &ranges) {
  Ranges result;
  uint32_t next = 0;
  for (auto [low, high] : sorted(ranges)) {
    if (low > next) {
      result.push_back({next, low - 1});
    }
    next = high + 1;
  }
  if (next <= kLast) {
    result.push_back({next, kLast});
  }
  return result;
}
/// Characters that differ only in case, by Unicode's simple folding, which RE2 uses, too: k, K and the sign for kelvin.
const std::vector<std::vector<uint32_t>> &caseOrbits() {
  static const std::vector<std::vector<uint32_t>> orbits = [] {
    std::map<uint32_t, std::vector<uint32_t>> byFolded;
    for (uint32_t c = 0; c <= kLast; ++c) {
      if (auto folded = uint32_t(llvm::sys::unicode::foldCharSimple(int(c))); folded != c) {
        byFolded[folded].push_back(c);
      }
    }
    std::vector<std::vector<uint32_t>> result;
    for (auto &[folded, characters] : byFolded) {
      characters.push_back(folded);
      result.push_back(std::move(characters));
    }
    return result;
  }();
  return orbits;
}
/// With all cases of each character.
Ranges anyCase(const Ranges &ranges) {
  Ranges all = ranges;
  for (const std::vector<uint32_t> &orbit : caseOrbits()) {
    if (llvm::any_of(orbit, [&](uint32_t c) {
          return llvm::any_of(ranges, [&](auto range) { return c >= range.first && c <= range.second; });
        })) {
      for (uint32_t c : orbit) {
        all.push_back({c, c});
      }
    }
  }
  return sorted(std::move(all));
}

/// \d, \s, \w; empty when `c` is none of them.
Ranges perlClass(char c) {
  switch (c) {
  case 'd':
    return {{'0', '9'}};
  case 's':
    return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
  case 'w':
    return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  default:
    return {};
  }
}
/// The class of [:name:]; empty when there is none.
Ranges namedClass(llvm::StringRef name) {
  return llvm::StringSwitch<Ranges>(name)
      .Case("alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}})
      .Case("alpha", {{'A', 'Z'}, {'a', 'z'}})
      .Case("ascii", {{0, 127}})
      .Case("blank", {{'\t', '\t'}, {' ', ' '}})
      .Case("cntrl", {{0, 31}, {127, 127}})
      .Case("digit", {{'0', '9'}})
      .Case("graph", {{'!', '~'}})
      .Case("lower", {{'a', 'z'}})
      .Case("print", {{' ', '~'}})
      .Case("punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}})
      .Case("space", {{'\t', '\r'}, {' ', ' '}})
      .Case("upper", {{'A', 'Z'}})
      .Case("word", perlClass('w'))
      .Case("xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}})
      .Default({});
}

class Parser {
public:
  Parser(llvm::StringRef pattern, std::string &error) : all(pattern), rest(pattern), error(error) {}

  std::optional<Regex> run() {
    Regex r = alternatives(0);
    if (error.empty() && !rest.empty()) {
      fail("a ) without its (");
    }
    return error.empty() ? std::optional(r) : std::nullopt;
  }

private:
  struct Flags {
    bool anyCase = false, lines = false, dotAll = false;
  };

  void fail(const llvm::Twine &what) {
    if (error.empty()) {
      error = (what + " at character " + llvm::Twine(all.size() - rest.size())).str();
    }
  }
  bool take(llvm::StringRef text) { return rest.consume_front(text); }
  bool done() const { return rest.empty() || !error.empty(); }

  /// One code point of UTF-8.
  uint32_t character() {
    auto *at = reinterpret_cast<const llvm::UTF8 *>(rest.data()), *end = at + rest.size();
    llvm::UTF32 c = 0;
    if (rest.empty() || llvm::convertUTF8Sequence(&at, end, &c, llvm::strictConversion) != llvm::conversionOK) {
      fail("expected a character of UTF-8");
      return 0;
    }
    rest = rest.drop_front(reinterpret_cast<const char *>(at) - rest.data());
    return c;
  }

  Regex alternatives(int depth) {
    if (depth > kMostDepth) {
      fail("groups that are nested too deeply");
    }
    Regex r;
    r.kind = Regex::Kind::Alternative;
    Flags outer = flags;
    do {
      r.children.push_back(sequence(depth));
      r.repeats = std::max(r.repeats, r.children.back().repeats);
    } while (error.empty() && take("|"));
    flags = outer;
    return r.children.size() == 1 ? std::move(r.children.front()) : r;
  }

  Regex sequence(int depth) {
    Regex r;
    while (!done() && rest.front() != '|' && rest.front() != ')') {
      if (take("\\Q")) {
        size_t before = r.children.size();
        while (!done() && !take("\\E")) {
          r.children.push_back(ofCharacter(character()));
        }
        if (r.children.size() > before) { // a repetition is that of the last one
          r.children.back() = repeated(std::move(r.children.back()));
          r.repeats = std::max(r.repeats, r.children.back().repeats);
        }
        continue;
      }
      if (rest.starts_with("(?") && setsFlags()) {
        continue;
      }
      Regex piece = atom(depth);
      r.children.push_back(repeated(std::move(piece)));
      r.repeats = std::max(r.repeats, r.children.back().repeats);
    }
    return r;
  }

  /// (?i) and the like, which hold to the end of the group; false (and nothing taken) where it opens a group.
  bool setsFlags() {
    llvm::StringRef inside = rest.drop_front(2).take_until([](char c) { return c == ')' || c == ':'; });
    if (inside.empty() || inside.front() == 'P' || inside.front() == '<' || rest.size() == inside.size() + 2 ||
        rest[inside.size() + 2] == ':') {
      return false;
    }
    rest = rest.drop_front(2);
    readFlags(inside);
    rest = rest.drop_front(inside.size() + 1);
    return true;
  }
  void readFlags(llvm::StringRef text) {
    bool value = true;
    for (char c : text) {
      switch (c) {
      case '-':
        value = false;
        break;
      case 'i':
        flags.anyCase = value;
        break;
      case 'm':
        flags.lines = value;
        break;
      case 's':
        flags.dotAll = value;
        break;
      case 'U': // which way is tried first does not matter
        break;
      default:
        fail("expected the flags i, m, s or U, got '" + llvm::Twine(c) + "'");
      }
    }
  }

  Regex ofCharacter(uint32_t c) { return classOf({{c, c}}); }
  Regex classOf(Ranges ranges) {
    Regex r;
    r.kind = Regex::Kind::Class;
    r.ranges = cased(std::move(ranges));
    return r;
  }
  /// With the other cases where these count as the same.
  Ranges cased(Ranges ranges) const { return flags.anyCase ? anyCase(ranges) : sorted(std::move(ranges)); }
  /// All but a class, which leaves out the other cases of its characters, too.
  Ranges opposite(Ranges known) const { return inverted(cased(std::move(known))); }
  Regex assertion(Regex::Place place) {
    Regex r;
    r.kind = Regex::Kind::Assertion;
    r.place = place;
    return r;
  }

  Regex group(int depth) {
    Flags outer = flags;
    if (take("?P<") || take("?<")) {
      size_t end = rest.find('>');
      if (end == llvm::StringRef::npos || end == 0 ||
          !llvm::all_of(rest.take_front(end), [](char c) { return llvm::isAlnum(c) || c == '_'; })) {
        fail("expected the name of a group");
        return {};
      }
      rest = rest.drop_front(end + 1);
    } else if (take("?")) {
      llvm::StringRef inside = rest.take_until([](char c) { return c == ':'; });
      readFlags(inside);
      rest = rest.drop_front(inside.size());
      if (!take(":")) {
        fail("expected a group");
      }
    }
    Regex r = alternatives(depth + 1);
    if (!take(")")) {
      fail("expected a )");
    }
    flags = outer;
    return r;
  }

  Regex atom(int depth) {
    if (take("(")) {
      return group(depth);
    }
    if (take("[")) {
      return classOf(bracket());
    }
    if (take(".")) {
      return classOf(flags.dotAll ? Ranges{{0, kLast}} : inverted({{'\n', '\n'}}));
    }
    if (take("^")) {
      return assertion(flags.lines ? Regex::Place::LineStart : Regex::Place::TextStart);
    }
    if (take("$")) {
      return assertion(flags.lines ? Regex::Place::LineEnd : Regex::Place::TextEnd);
    }
    if (rest.starts_with("\\")) {
      for (auto [text, place] : {std::pair{"\\A", Regex::Place::TextStart},
                                 {"\\z", Regex::Place::TextEnd},
                                 {"\\b", Regex::Place::WordBoundary},
                                 {"\\B", Regex::Place::NoWordBoundary}}) {
        if (take(text)) {
          return assertion(place);
        }
      }
      return classOf(escape());
    }
    if (llvm::StringRef("*+?").contains(rest.front())) {
      fail("a repetition of nothing");
      return {};
    }
    if (int64_t least, most; repetition(least, most)) {
      fail("a repetition of nothing");
      return {};
    }
    return ofCharacter(character());
  }

  /// What stands for itself or for a class behind a backslash.
  Ranges escape() {
    rest = rest.drop_front();
    if (rest.empty()) {
      fail("a \\ at the end");
      return {};
    }
    char c = rest.front();
    if (Ranges known = perlClass(llvm::toLower(c)); !known.empty()) {
      rest = rest.drop_front();
      return llvm::isUpper(c) ? opposite(known) : known;
    }
    if (c == 'x') {
      rest = rest.drop_front();
      bool braces = take("{");
      llvm::StringRef digits = braces ? rest.take_until([](char d) { return d == '}'; }) : rest.take_front(2);
      uint32_t code = 0;
      if (digits.empty() || (!braces && digits.size() != 2) || digits.getAsInteger(16, code) || code > kLast) {
        fail("expected the number of a character");
        return {};
      }
      rest = rest.drop_front(digits.size());
      if (braces && !take("}")) {
        fail("expected a }");
      }
      return {{code, code}};
    }
    if (c >= '0' && c <= '7') { // \0, \123 in octal; \1 to \9 would refer to groups
      llvm::StringRef digits = rest.take_front(3).take_while([](char d) { return d >= '0' && d <= '7'; });
      uint32_t code = 0;
      if ((c != '0' && digits.size() < 2) || digits.getAsInteger(8, code)) {
        fail("a reference to a group, which RE2 does not have,");
        return {};
      }
      rest = rest.drop_front(digits.size());
      return {{code, code}};
    }
    constexpr llvm::StringLiteral letters = "aftnrv", codes = "\a\f\t\n\r\v";
    if (size_t at = letters.find(c); at != llvm::StringRef::npos) {
      rest = rest.drop_front();
      return {{uint32_t(codes[at]), uint32_t(codes[at])}};
    }
    if (llvm::isAlnum(c) || uint8_t(c) >= 128) {
      fail("expected a known escape, got \\" + llvm::Twine(c) + ",");
      return {};
    }
    rest = rest.drop_front();
    return {{uint32_t(c), uint32_t(c)}};
  }

  /// The inside of [...]; its first bracket is behind us.
  Ranges bracket() {
    bool invert = take("^");
    Ranges ranges;
    for (bool first = true; error.empty() && (first || !take("]")); first = false) {
      if (rest.empty()) {
        fail("expected a ]");
        break;
      }
      if (rest.starts_with("[:")) {
        size_t end = rest.find(":]");
        bool inverse = rest.starts_with("[:^");
        llvm::StringRef name = rest.slice(inverse ? 3 : 2, end);
        Ranges known = end == llvm::StringRef::npos ? Ranges() : namedClass(name);
        if (known.empty()) {
          fail("expected the name of a class");
          break;
        }
        rest = rest.drop_front(end + 2);
        known = inverse ? opposite(known) : known;
        ranges.insert(ranges.end(), known.begin(), known.end());
        continue;
      }
      Ranges low = member();
      if (low.size() == 1 && low[0].first == low[0].second && rest.starts_with("-") && !rest.starts_with("-]")) {
        rest = rest.drop_front();
        Ranges high = member();
        if (high.size() != 1 || high[0].first != high[0].second || high[0].first < low[0].first) {
          fail("expected a range of characters");
          break;
        }
        low[0].second = high[0].first;
      }
      ranges.insert(ranges.end(), low.begin(), low.end());
    }
    ranges = cased(ranges);
    return invert ? inverted(ranges) : ranges;
  }
  Ranges member() {
    if (rest.starts_with("\\")) {
      return escape();
    }
    uint32_t c = character();
    return {{c, c}};
  }

  /// `r` with the repetition that stands behind it.
  Regex repeated(Regex r) {
    int64_t least, most;
    if (!repetition(least, most)) {
      return r;
    }
    take("?"); // which way is tried first does not matter
    int64_t ignored;
    if (llvm::StringRef before = rest; repetition(ignored, ignored)) {
      rest = before;
      fail("a repetition of a repetition");
    }
    Regex result;
    result.kind = Regex::Kind::Repeat;
    result.least = least;
    result.most = most;
    result.repeats = r.repeats * std::max<int64_t>({least, most, 1});
    if (result.repeats > kMostRepeats) {
      fail("repetitions of repetitions, more than " + llvm::Twine(kMostRepeats) + " times in all,");
    }
    result.children.push_back(std::move(r));
    return result;
  }
  /// Digits without zeros in front of them, nine at most: RE2 takes anything else as text.
  static bool number(llvm::StringRef &text, int64_t &value) {
    llvm::StringRef digits = text.take_while(llvm::isDigit);
    if (digits.size() > 9 || (digits.size() > 1 && digits.front() == '0') || digits.getAsInteger(10, value)) {
      return false;
    }
    text = text.drop_front(digits.size());
    return true;
  }
  bool repetition(int64_t &least, int64_t &most) {
    least = 0, most = -1;
    if (take("*")) {
      return true;
    }
    if (take("+")) {
      least = 1;
      return true;
    }
    if (take("?")) {
      most = 1;
      return true;
    }
    llvm::StringRef inside = rest;
    if (!inside.consume_front("{") || !number(inside, least)) {
      return false; // a { that stands for itself
    }
    most = least;
    if (inside.consume_front(",")) {
      most = -1;
      if (!inside.starts_with("}") && !number(inside, most)) {
        return false;
      }
    }
    if (!inside.consume_front("}")) {
      return false;
    }
    if (least > kMostRepeats || most > kMostRepeats || (most >= 0 && most < least)) {
      fail("expected numbers of repetitions up to " + llvm::Twine(kMostRepeats) + ", the lower one first,");
    }
    rest = inside;
    return true;
  }

  llvm::StringRef all, rest;
  std::string &error;
  Flags flags;
};
} // namespace

std::optional<Regex> parseRegex(llvm::StringRef pattern, std::string &error) {
  error.clear();
  return Parser(pattern, error).run();
}
} // namespace dlc::nn
