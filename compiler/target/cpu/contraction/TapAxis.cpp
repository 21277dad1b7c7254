#include "compiler/target/cpu/contraction/TapAxis.h"

using namespace mlir;

namespace dlc::cpu {

SmallVector<Value> emitTapLoop(KernelBuilder &kb, const TapAxis &axis, Idx q, bool padding, bool allInside,
                               ValueRange inits, TapBody body) {
  Idx origin = kb.add(kb.mul(q, axis.stride), axis.origin);
  Idx low = 0, high = axis.taps;
  if (axis.padsBegin && !allInside) {
    low = kb.min(kb.ceilDivAtLeast(kb.sub(0, origin), axis.step, 0), axis.taps);
  }
  if (axis.padsEnd && !allInside) {
    high = kb.max(kb.min(kb.ceilDivAtLeast(kb.sub(axis.input, origin), axis.step, 0), axis.taps), low);
  }
  SmallVector<Value> carried(inits);
  auto run = [&](Idx from, Idx to, bool outside) {
    carried = kb.loop(from, to, 1, carried, [&](Idx tap, ValueRange values) {
      return body(tap, kb.add(origin, kb.mul(tap, axis.step)), outside, values);
    });
  };
  if (padding) {
    run(0, low, true);
  }
  run(low, high, false);
  if (padding) {
    run(high, axis.taps, true);
  }
  return carried;
}

} // namespace dlc::cpu
