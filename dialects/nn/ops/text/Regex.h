//===- Regex.h - regular expressions in RE2's syntax -------------------------------------------------===//
// Read: literals, `.`, classes ([a-z], [^...], [[:alpha:]], \d \w \s and their opposites), groups, alternatives,
// repetitions, \A \z ^ $ \b \B, \Q...\E, escapes of characters (\n, \x41, \x{263a}), and the flags i (by Unicode's
// simple folding), m, s and U. Refused, with the place: classes by Unicode property (\pL), \C, and what RE2 itself refuses.
#ifndef DLC_DIALECTS_NN_OPS_TEXT_REGEX_H
#define DLC_DIALECTS_NN_OPS_TEXT_REGEX_H
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dlc::nn {
/// A regular expression as a tree. Characters are code points.
struct Regex {
  enum class Kind {
    Sequence,    ///< the children, one after the other; none: the empty string
    Alternative, ///< one of the children
    Repeat,      ///< the child, `least` to `most` times (-1: any number)
    Class,       ///< a character in one of `ranges`
    Assertion    ///< no character: `place` must hold here
  };
  enum class Place { TextStart, TextEnd, LineStart, LineEnd, WordBoundary, NoWordBoundary };
  Kind kind = Kind::Sequence;
  std::vector<Regex> children;
  int64_t least = 0, most = 0;
  int64_t repeats = 1; ///< how often the repetitions within, one in the other, make their innermost part at least
  std::vector<std::pair<uint32_t, uint32_t>> ranges; ///< both ends belong to it; ascending, disjoint
  Place place = Place::TextStart;
};

/// The tree of a pattern; nullopt, with the text in `error`, when it is not understood.
std::optional<Regex> parseRegex(llvm::StringRef pattern, std::string &error);

/// What the engine's regex_match runs: three numbers per instruction. Null, with the text in `error`, when it is too
/// long.
///   0: the match is complete    1: goes on at x and at y    2: takes a character from x to y
///   3: goes on where the place x (a Regex::Place) holds
std::optional<std::vector<int64_t>> compileRegex(const Regex &regex, std::string &error);
} // namespace dlc::nn
#endif
