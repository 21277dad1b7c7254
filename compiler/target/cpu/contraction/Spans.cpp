#include "compiler/target/cpu/contraction/Spans.h"

#include <algorithm>
#include <functional>

using namespace mlir;

namespace dlc::cpu {
namespace {

/// Spans with padded taps that are code of their own, at most.
constexpr int64_t mostPadded = 6;

/// Whether no tap of `count` outputs from `at` on is padded.
bool isInside(const TapAxis &axis, int64_t at, int64_t count) {
  int64_t first = at * axis.stride + axis.origin;
  return first >= 0 && first + (count - 1) * axis.stride + (axis.taps - 1) * axis.step < axis.input.constant();
}

/// Spans of an axis of static size, from its first output to its last: [at, next) in steps.
struct StaticSpans {
  int64_t at, next;
  bool inside;
};

SmallVector<StaticSpans> staticSpans(const TapAxis &axis, int64_t step) {
  SmallVector<StaticSpans> spans;
  int64_t size = axis.output.constant();
  for (int64_t at = 0; at < size;) {
    int64_t next = at;
    while (next + step <= size && isInside(axis, next, step)) {
      next += step;
    }
    bool inside = next > at;
    next = inside ? next : std::min(at + step, size);
    spans.push_back({at, next, inside});
    at = next;
  }
  return spans;
}

void emitGuardedSpans(KernelBuilder &kb, const TapAxis &axis, int step, Idx begin, Idx end,
                      llvm::function_ref<void(const Span &)> body) {
  int64_t reach = (step - 1) * axis.stride + (axis.taps - 1) * axis.step;
  kb.loop(begin, end, step, [&](Idx at) {
    Idx first = kb.add(kb.mul(at, axis.stride), axis.origin), left = kb.sub(axis.output, at);
    Value low = kb.lessThan(-1, first), high = kb.lessThan(kb.add(first, reach), axis.input);
    Value whole = kb.lessThan(step - 1, left);
    kb.ifThen(
        kb.logicalAnd(kb.logicalAnd(low, high), whole), [&] { body({at, step, step, TapPlace::Inside}); },
        [&] { body({at, step, left, TapPlace::Guarded}); });
  });
}

} // namespace

void emitSpans(KernelBuilder &kb, const TapAxis &axis, int step, Idx begin, Idx end,
               llvm::function_ref<void(const Span &)> body) {
  SmallVector<StaticSpans> spans;
  bool known = axis.input.isStatic() && axis.output.isStatic();
  if (known) {
    spans = staticSpans(axis, step);
  }
  if (!known || llvm::count_if(spans, [](const StaticSpans &s) { return !s.inside; }) > mostPadded) {
    return emitGuardedSpans(kb, axis, step, begin, end, body);
  }
  for (const StaticSpans &s : spans) {
    if (s.inside) {
      kb.loop(kb.max(begin, s.at), kb.min(end, s.next), step,
              [&](Idx at) { body({at, step, step, TapPlace::Inside}); });
      continue;
    }
    int count = static_cast<int>(s.next - s.at);
    kb.ifThen(kb.logicalAnd(kb.lessThan(kb.sub(begin, 1), s.at), kb.lessThan(s.at, end)),
              [&] { body({s.at, count, count, TapPlace::Known}); });
  }
}

void emitSpanOfPiece(KernelBuilder &kb, const TapAxis &axis, int step, int64_t piece, Idx begin, Idx end,
                     llvm::function_ref<void(const Span &)> body) {
  int64_t size = axis.output.constant(), left = piece % step;
  SmallVector<Span> padded;
  bool anyWhole = false, anyShort = false;
  for (int64_t first = 0; first < size; first += piece) {
    for (int64_t at = first; at < first + piece; at += step) {
      int count = static_cast<int>(std::min<int64_t>(step, first + piece - at));
      if (!isInside(axis, at, count)) {
        padded.push_back({at, count, count, TapPlace::Known});
      } else {
        (count == step ? anyWhole : anyShort) = true;
      }
    }
  }
  if (static_cast<int64_t>(padded.size()) > mostPadded) {
    return body({begin, step, kb.sub(end, begin), TapPlace::Guarded});
  }
  auto whole = [&] { body({begin, step, step, TapPlace::Inside}); };
  auto shorter = [&] { body({begin, static_cast<int>(left), left, TapPlace::Inside}); };
  auto emitInside = [&] {
    if (anyWhole && anyShort) {
      kb.ifThen(kb.lessThan(kb.sub(end, begin), step), shorter, whole);
    } else if (anyWhole || anyShort) {
      anyWhole ? whole() : shorter();
    }
  };
  std::function<void(size_t)> emitFrom = [&](size_t i) {
    if (i == padded.size()) {
      return emitInside();
    }
    bool isLast = i + 1 == padded.size() && !anyWhole && !anyShort;
    isLast ? body(padded[i])
           : kb.ifThen(
                 kb.compare(arith::CmpIPredicate::eq, begin, padded[i].at), [&] { body(padded[i]); },
                 [&] { emitFrom(i + 1); });
  };
  emitFrom(0);
}

} // namespace dlc::cpu
