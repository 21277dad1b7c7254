//===- WinogradBytesPrepare.cpp - weights of bytes are transformed by a kernel -------------------------------===//
#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int m = 4, side = winogradSide(m);
constexpr int64_t points = side * side;

/// Transforms the weights of `lanes` output channels.
class PreparedPairs {
public:
  PreparedPairs(KernelBuilder &kb, int lanes, int64_t panel, Value stored, Value packed)
      : kb(kb), ops{kb}, lanes(lanes), panel(panel), stored(stored), packed(packed) {}

  /// Of two input channels, the second one `panel` behind the first. Tap i is at `from + i * tapStride`, point i goes
  /// to `to + i * pointStride`.
  void run(Idx from, Idx tapStride, Idx to, Idx pointStride) {
    std::array<std::array<WinogradRow<Value>, 3>, 2> rows;
    for (int channel = 0; channel < 2; ++channel) {
      for (int i = 0; i < 3; ++i) {
        std::array<Value, 3> w;
        for (int j = 0; j < 3; ++j) {
          w[j] = load(kb.add(kb.add(from, channel * panel), kb.mul(tapStride, 3 * i + j)));
        }
        rows[channel][i] = winogradWeights(m, w[0], w[1], w[2], ops);
      }
    }
    for (int j = 0; j < side; ++j) {
      std::array<WinogradRow<Value>, 2> column;
      for (int channel = 0; channel < 2; ++channel) {
        auto &r = rows[channel];
        column[channel] = winogradWeights(m, r[0][j], r[1][j], r[2][j], ops);
      }
      for (int i = 0; i < side; ++i) {
        int factor = winogradIntegerFactor(i) * winogradIntegerFactor(j);
        store(column[0][i], column[1][i], factor, kb.add(to, kb.mul(pointStride, i * side + j)));
      }
    }
  }

private:
  Value load(Idx at) { return kb.convert(kb.load(stored, at, lanes), kb.elementType(packed)); }
  /// Pairs of the two channels' weights.
  void store(Value x, Value y, int factor, Idx at) {
    SmallVector<int64_t> pairs;
    for (int i = 0; i < lanes; ++i) {
      pairs.append({i, lanes + i});
    }
    Value both = kb.shuffle(x, y, pairs);
    kb.store(kb.mulValues(both, kb.constant(both.getType(), factor)), packed, at);
  }

  KernelBuilder &kb;
  WinogradVectors ops;
  int lanes;
  int64_t panel;
  Value stored, packed;
};

} // namespace

void emitByteWinogradWeights(KernelBuilder &kb, int64_t panel, Value stored, Value packed, Idx channels,
                             Idx chunkPanels, Idx begin, Idx end) {
  Type word = kb.builder().getI16Type();
  int64_t storedPanel = storedByteWinogradWeights({}).panel;
  int lanes = kb.lanes(word) / 2;
  auto wordsType = MemRefType::get({cast<MemRefType>(packed.getType()).getDimSize(0) / 2}, word);
  Value words = memref::ViewOp::create(kb.builder(), kb.location(), wordsType, packed, kb.index(0), ValueRange{});
  PreparedPairs prepared(kb, lanes, storedPanel, stored, words);
  Idx tap = kb.mul(channels, storedPanel), matrix = kb.mul(kb.mul(channels, panel), chunkPanels);
  kb.loop(begin, end, 1, [&](Idx number) {
    Idx chunk = kb.div(number, chunkPanels), inChunk = kb.rem(number, chunkPanels);
    Idx to = kb.add(kb.mul(kb.mul(matrix, points), chunk), kb.mul(kb.mul(channels, panel), inChunk));
    kb.loop(0, channels, 2, [&](Idx k) {
      kb.loop(0, panel, lanes, [&](Idx at) {
        Idx column = kb.add(kb.mul(number, panel), at);
        Idx from = kb.add(kb.mul(kb.mul(tap, 9), kb.div(column, storedPanel)), kb.rem(column, storedPanel));
        Idx pair = kb.add(kb.mul(k, panel), kb.mul(at, 2));
        prepared.run(kb.add(from, kb.mul(k, storedPanel)), tap, kb.add(to, pair), matrix);
      });
    });
  });
}

} // namespace dlc::cpu
