//===- WinogradPrepare.cpp - weights are transformed by a kernel ---------------------------------------------===//
#include "compiler/target/cpu/contraction/Winograd.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

/// Columns of a stored panel, whatever the target: a multiple of its lanes. Variants for several targets share them.
constexpr int64_t kStoredPanel = 16;

/// Transforms the weights of `lanes` output channels and one input channel.
class PreparedLanes {
public:
  PreparedLanes(KernelBuilder &kb, int m, int lanes, Value stored, Value packed)
      : kb(kb), ops{kb}, m(m), n(winogradSide(m)), lanes(lanes), stored(stored), packed(packed) {}

  /// Tap i is at `from + i * tapStride`, point i goes to `to + i * pointStride`.
  void run(Idx from, Idx tapStride, Idx to, Idx pointStride) {
    std::array<WinogradRow<Value>, 3> rows;
    for (int i = 0; i < 3; ++i) {
      std::array<Value, 3> w;
      for (int j = 0; j < 3; ++j) {
        w[j] = load(kb.add(from, kb.mul(tapStride, 3 * i + j)));
      }
      rows[i] = winogradWeights(m, w[0], w[1], w[2], ops);
    }
    for (int j = 0; j < n; ++j) {
      WinogradRow<Value> column = winogradWeights(m, rows[0][j], rows[1][j], rows[2][j], ops);
      for (int i = 0; i < n; ++i) {
        double scale = winogradWeightScale(m, i) * winogradWeightScale(m, j);
        store(column[i], scale, kb.add(to, kb.mul(pointStride, i * n + j)));
      }
    }
  }

private:
  Value load(Idx at) {
    Builder b(kb.context());
    return kb.convert(kb.convert(kb.load(stored, at, lanes), b.getF32Type()), b.getF64Type());
  }
  void store(Value x, double scale, Idx at) {
    Value scaled = kb.mulValues(x, kb.constant(x.getType(), scale));
    kb.store(kb.convert(scaled, kb.elementType(packed)), packed, at);
  }

  KernelBuilder &kb;
  WinogradVectors ops;
  int m, n, lanes;
  Value stored, packed;
};

} // namespace

PackedWeights storedWinogradWeights(const ConvProblem &p) {
  PackedWeights stored;
  stored.columns = p.outputChannels;
  stored.taps = 9;
  stored.k = p.channels;
  stored.panel = kStoredPanel;
  return stored;
}

void emitWinogradWeights(KernelBuilder &kb, int m, int64_t panel, Value stored, Value packed, Idx channels,
                         Idx chunkPanels, Idx begin, Idx end) {
  int lanes = kb.lanes(kb.elementType(packed)); // whole registers of results, of two registers of doubles each
  int64_t points = winogradSide(m) * winogradSide(m);
  PreparedLanes prepared(kb, m, lanes, stored, packed);
  Idx tap = kb.mul(channels, kStoredPanel), matrix = kb.mul(kb.mul(channels, panel), chunkPanels);
  kb.loop(begin, end, 1, [&](Idx number) {
    Idx chunk = kb.div(number, chunkPanels), inChunk = kb.rem(number, chunkPanels);
    Idx to = kb.add(kb.mul(kb.mul(matrix, points), chunk), kb.mul(kb.mul(channels, panel), inChunk));
    kb.loop(0, channels, 1, [&](Idx k) {
      kb.loop(0, panel, lanes, [&](Idx at) {
        Idx column = kb.add(kb.mul(number, panel), at);
        Idx from = kb.add(kb.mul(kb.mul(tap, 9), kb.div(column, kStoredPanel)), kb.rem(column, kStoredPanel));
        prepared.run(kb.add(from, kb.mul(k, kStoredPanel)), tap, kb.add(to, kb.add(kb.mul(k, panel), at)), matrix);
      });
    });
  });
}

} // namespace dlc::cpu
