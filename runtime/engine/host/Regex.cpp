// regex_match.
#include "host/Builtins.h"

namespace dlc::rt {
namespace {

enum Instruction { MATCH, SPLIT, TAKE, ASSERT };
enum Place { TEXT_START, TEXT_END, LINE_START, LINE_END, WORD_BOUNDARY, NO_WORD_BOUNDARY };
constexpr uint32_t noCharacter = 0xffffffff;

/// The character of UTF-8 at `at`, which moves behind it; a byte that belongs to none is U+FFFD.
uint32_t nextCharacter(const char *&at, const char *end) {
  auto byte = [&](ptrdiff_t i) { return uint32_t(uint8_t(at[i])); };
  uint32_t first = byte(0);
  int more = first < 0x80                    ? 0
             : first >= 0xc2 && first < 0xe0 ? 1
             : (first & 0xf0) == 0xe0        ? 2
             : first >= 0xf0 && first < 0xf5 ? 3
                                             : -1;
  if (more < 0 || end - at <= more) {
    ++at;
    return 0xfffd;
  }
  uint32_t c = more == 0 ? first : first & (0x3fu >> more);
  for (int i = 1; i <= more; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      ++at;
      return 0xfffd;
    }
    c = c << 6 | (byte(i) & 0x3f);
  }
  bool isLegal =
      !(more == 2 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) && !(more == 3 && (c < 0x10000 || c > 0x10ffff));
  at += isLegal ? more + 1 : 1;
  return isLegal ? c : 0xfffd;
}

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
  void forget() {
    for (bool &s : seen) {
      s = false;
    }
  }
  void visit(int64_t i) {
    if (i >= 0 && size_t(i) < seen.size() && !seen[size_t(i)]) {
      seen[size_t(i)] = true;
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
  Vector<bool> seen;
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
