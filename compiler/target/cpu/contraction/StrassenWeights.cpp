#include "compiler/target/cpu/contraction/StrassenTable.h"

using namespace mlir;

namespace dlc::cpu {

int64_t strassenWeights(const StrassenProblem &p) { return p.k * p.n / 4 * 7; }

void packStrassenWeights(const StrassenProblem &p, const StrassenPlan &plan, const float *source, int64_t kStride,
                         int64_t columnStride, float *destination) {
  int64_t half = plan.depth / 2, panel = plan.panel();
  for (int64_t k0 = 0; k0 < p.k; k0 += plan.depth) {
    for (int64_t column0 = 0; column0 < p.n; column0 += 2 * panel) {
      for (int number : strassenPanels) {
        const StrassenProduct &product = strassenProducts[number];
        for (int64_t k = k0; k < k0 + half; ++k) {
          for (int64_t column = column0; column < column0 + panel; ++column) {
            float sum = 0;
            for (int q = 0; q < 4; ++q) {
              if (product.b[q]) {
                sum += product.b[q] * source[(k + q / 2 * half) * kStride + (column + q % 2 * panel) * columnStride];
              }
            }
            *destination++ = sum;
          }
        }
      }
    }
  }
}

void emitStrassenWeights(KernelBuilder &kb, int64_t panel, Value b, Value packed, Idx n, Idx depth, Idx begin,
                         Idx end) {
  Type f32 = kb.elementType(packed);
  int lanes = kb.lanes(f32);
  Idx half = kb.div(depth, 2), pairs = kb.div(n, 2 * panel), panelElements = kb.mul(half, panel);
  kb.loop(begin, end, 1, [&](Idx number) {
    Idx k0 = kb.mul(kb.div(number, pairs), depth), column0 = kb.mul(kb.rem(number, pairs), 2 * panel);
    Idx to = kb.mul(kb.mul(panelElements, 7), number);
    kb.loop(0, half, 1, [&](Idx k) {
      kb.loop(0, panel, lanes, [&](Idx column) {
        Value parts[4];
        for (int q = 0; q < 4; ++q) {
          Idx row = kb.add(kb.add(k0, k), q / 2 ? half : Idx(0)), at = kb.add(kb.add(column0, column), q % 2 * panel);
          parts[q] = kb.convert(kb.load(b, kb.add(kb.mul(row, n), at), lanes), f32);
        }
        for (auto [place, number] : llvm::enumerate(strassenPanels)) {
          Idx panelAt = kb.add(to, kb.mul(panelElements, int64_t(place)));
          Value sum = strassenSum(kb, parts, strassenProducts[number].b);
          kb.store(sum, packed, kb.add(kb.add(panelAt, kb.mul(k, panel)), column));
        }
      });
    });
  });
}

Value strassenSum(KernelBuilder &kb, ArrayRef<Value> parts, const StrassenSum &terms) {
  Value total;
  for (int sign : {1, -1}) {
    for (int q = 0; q < 4; ++q) {
      if (terms[q] == sign) {
        total = !total ? parts[q] : sign > 0 ? kb.addValues(total, parts[q]) : kb.subValues(total, parts[q]);
      }
    }
  }
  return total;
}

} // namespace dlc::cpu
