// regex_match.
#include "host/Builtins.h"
#include "host/Characters.h"

namespace dlc::rt {
namespace {

enum Instruction { MATCH, SPLIT, TAKE, ASSERT };
enum Place { TEXT_START, TEXT_END, LINE_START, LINE_END, WORD_BOUNDARY, NO_WORD_BOUNDARY };
constexpr uint32_t noCharacter = 0xffffffff;

bool isWord(uint32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool holds(int64_t place, uint32_t before, uint32_t after) {
  switch (place) {
  case TEXT_START:
    return before == noCharacter;
  case TEXT_END:
    return after == noCharacter;
  case LINE_START:
    return before == noCharacter || before == '\n';
  case LINE_END:
    return after == noCharacter || after == '\n';
  case WORD_BOUNDARY:
    return isWord(before) != isWord(after);
  case NO_WORD_BOUNDARY:
    return isWord(before) == isWord(after);
  default:
    return false;
  }
}

/// Follows all ways through a program at once: the time is the product of the text's and the program's lengths.
class Machine {
public:
  bool init(Span<const int64_t> code) {
    program = code;
    size_t count = code.size / 3;
    return current.reserve(count) && next.reserve(count) && stack.reserve(2 * count + 1) && seen.resize(count);
  }

  bool matches(const dlc_string &text) {
    const char *at = text.data, *end = text.data + text.size;
    uint32_t before = noCharacter, after = at < end ? nextCharacter(at, end) : noCharacter;
    forget();
    next.clear();
    follow(0, before, after);
    while (after != noCharacter && !next.empty()) {
      current.swap(next);
      next.clear();
      before = after;
      after = at < end ? nextCharacter(at, end) : noCharacter;
      forget();
      for (int64_t i : current) {
        if (op(i) == TAKE && int64_t(before) >= x(i) && int64_t(before) <= y(i)) {
          follow(i + 1, before, after);
        }
      }
    }
    for (int64_t i : next) {
      if (op(i) == MATCH && after == noCharacter) {
        return true;
      }
    }
    return false;
  }

private:
  int64_t op(int64_t i) const { return program[size_t(3 * i)]; }
  int64_t x(int64_t i) const { return program[size_t(3 * i + 1)]; }
  int64_t y(int64_t i) const { return program[size_t(3 * i + 2)]; }
  /// No instruction was visited at this character.
  void forget() { ++character; }
  void visit(int64_t i) {
    if (i >= 0 && size_t(i) < seen.size() && seen[size_t(i)] != character) {
      seen[size_t(i)] = character;
      stack.push(i);
    }
  }
  /// Adds where the machine can be, without taking a character, from instruction `start` on.
  void follow(int64_t start, uint32_t before, uint32_t after) {
    visit(start);
    while (!stack.empty()) {
      int64_t i = stack[stack.size() - 1];
      stack.pop();
      if (op(i) == SPLIT) {
        visit(y(i));
        visit(x(i));
      } else if (op(i) == ASSERT) {
        if (holds(x(i), before, after)) {
          visit(i + 1);
        }
      } else {
        next.push(i);
      }
    }
  }

  Span<const int64_t> program;
  Vector<int64_t> current, next, stack;
  Vector<uint64_t> seen;  ///< by instruction: the character at which it was visited last
  uint64_t character = 0; ///< characters so far, in all texts
};
} // namespace

// https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
dlc_status hostRegexMatch(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (expectInput(*call, 0, DLC_KIND_STRINGS) || !y) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  Machine machine;
  if (!machine.init(call->attributes)) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for a regular expression");
  }
  if (y->setTensor(DLC_BOOL, x.rank, x.dims, *call->error)) {
    return call->error->status;
  }
  for (int64_t i = 0; i < x.count; ++i) {
    static_cast<uint8_t *>(y->data)[i] = machine.matches(x.strings()[i]);
  }
  return DLC_OK;
}

} // namespace dlc::rt
