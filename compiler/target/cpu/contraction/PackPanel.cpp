#include "compiler/target/cpu/contraction/PackPanel.h"

using namespace mlir;

namespace dlc::cpu {

Type packedPanelType(const MacUnit &unit) { return unit.group() == 1 ? unit.types().accumulator : unit.types().b; }

int64_t packedPanelRounding(const MacUnit &unit) { return unit.lanes() * unit.group(); }

namespace {

/// Rows of B that are fetched ahead: far apart in memory, hardware does not foresee them.
constexpr int64_t rowsAhead = 16;

class PanelPacker {
public:
  PanelPacker(KernelBuilder &kb, const MacUnit &unit, const PanelSource &source, int vectors, Value panel)
      : kb(kb), unit(unit), source(source), vectors(vectors), panel(panel), lanes(unit.lanes()), group(unit.group()),
        rowElements(static_cast<int64_t>(vectors) * lanes * group) {}

  void run() {
    for (int j = 0; j < vectors; ++j) {
      if (source.columnStep.is(1)) {
        copyColumns(j);
      } else if (source.kStep.is(1)) {
        transposeColumns(j);
      } else {
        gatherColumns(j);
      }
    }
  }

private:
  /// Columns are adjacent: rows are copied, `group` of them interleaved.
  void copyColumns(int j) {
    Lanes columns = kb.firstLanes(lanes, kb.sub(source.columns, static_cast<int64_t>(j) * lanes));
    kb.loop(0, kb.ceilDiv(source.k, group), 1, [&](Idx at) {
      SmallVector<Value> rows;
      for (int i = 0; i < group; ++i) {
        rows.push_back(copiedRow(kb.add(kb.mul(at, group), i), j, columns));
      }
      kb.store(interleave(rows), panel, kb.add(kb.mul(at, rowElements), int64_t(j) * lanes * group));
    });
  }

  Value copiedRow(Idx k, int j, const Lanes &columns) {
    Idx inside = group == 1 ? k : kb.min(k, kb.sub(source.k, 1));
    Idx offset = kb.add(kb.add(source.offset, kb.mul(inside, source.kStep)), static_cast<int64_t>(j) * lanes);
    Value row = kb.load(source.b, offset, columns);
    kb.prefetch(source.b, kb.add(offset, kb.mul(source.kStep, rowsAhead)), /*locality=*/3);
    if (group == 1) {
      return kb.convert(row, unit.types().accumulator, unit.types().bSigned);
    }
    return kb.selectValues(kb.lessThan(k, source.k), row, kb.zero(row.getType()));
  }

  /// Lane l of row i becomes lane l * rows + i.
  Value interleave(ArrayRef<Value> rows) {
    if (rows.size() == 1) {
      return rows[0];
    }
    SmallVector<Value> evens, odds;
    for (size_t i = 0; i < rows.size(); ++i) {
      (i % 2 ? odds : evens).push_back(rows[i]);
    }
    Value even = interleave(evens), odd = interleave(odds);
    int64_t width = cast<VectorType>(even.getType()).getNumElements();
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < width; ++i) {
      order.append({i, width + i});
    }
    return kb.shuffle(even, odd, order);
  }

  /// k is adjacent: blocks of lanes x lanes words, a word being a group of k, are transposed in registers.
  void transposeColumns(int j) {
    kb.loop(0, source.k, lanes * group, [&](Idx k) {
      Lanes inside = kb.firstLanes(lanes * group, kb.sub(source.k, k));
      SmallVector<Value> words;
      for (int i = 0; i < lanes; ++i) {
        // Columns that do not exist repeat the last one; they are never stored.
        Idx column = kb.min(static_cast<int64_t>(j) * lanes + i, kb.sub(source.columns, 1));
        Idx offset = kb.add(kb.add(source.offset, kb.mul(column, source.columnStep)), k);
        words.push_back(toWords(kb.load(source.b, offset, inside)));
      }
      transpose(words);
      for (int i = 0; i < lanes; ++i) {
        Idx at = kb.mul(kb.add(kb.div(k, group), i), rowElements);
        kb.store(fromWords(words[i]), panel, kb.add(at, static_cast<int64_t>(j) * lanes * group));
      }
    });
  }

  Value toWords(Value row) {
    if (group == 1) {
      return kb.convert(row, unit.types().accumulator, unit.types().bSigned);
    }
    unsigned bits = unit.types().b.getIntOrFloatBitWidth() * group;
    return kb.bitcast(row, kb.vectorType(kb.builder().getIntegerType(bits), lanes));
  }

  Value fromWords(Value word) {
    return group == 1 ? word : kb.bitcast(word, kb.vectorType(unit.types().b, lanes * group));
  }

  /// Transposes a square of vectors: after the step of distance d, rows and lanes have swapped that bit of their
  /// number.
  void transpose(SmallVectorImpl<Value> &rows) {
    int n = rows.size();
    for (int d = 1; d < n; d *= 2) {
      SmallVector<int64_t> low, high;
      for (int l = 0; l < n; ++l) {
        low.push_back(l & d ? n + (l ^ d) : l);
        high.push_back(l & d ? n + l : l ^ d);
      }
      for (int i = 0; i < n; ++i) {
        if (!(i & d)) {
          Value x = rows[i], y = rows[i | d];
          rows[i] = kb.shuffle(x, y, low);
          rows[i | d] = kb.shuffle(x, y, high);
        }
      }
    }
  }

  /// Neither is adjacent: element by element.
  void gatherColumns(int j) {
    kb.loop(0, kb.mul(kb.ceilDiv(source.k, group), group), 1, [&](Idx k) {
      kb.loop(0, lanes, 1, [&](Idx lane) {
        Idx column = kb.min(kb.add(lane, static_cast<int64_t>(j) * lanes), kb.sub(source.columns, 1));
        Idx inside = kb.min(k, kb.sub(source.k, 1));
        Idx offset = kb.add(kb.mul(inside, source.kStep), kb.mul(column, source.columnStep));
        Value x = kb.loadScalar(source.b, kb.add(source.offset, offset));
        x = kb.selectValues(kb.lessThan(k, source.k), x, kb.zero(x.getType()));
        x = group == 1 ? kb.convert(x, unit.types().accumulator, unit.types().bSigned) : x;
        Idx at = kb.add(kb.mul(kb.div(k, group), rowElements), kb.rem(k, group));
        kb.storeScalar(x, panel, kb.add(at, kb.mul(kb.add(lane, static_cast<int64_t>(j) * lanes), group)));
      });
    });
  }

  KernelBuilder &kb;
  const MacUnit &unit;
  const PanelSource &source;
  int vectors;
  Value panel;
  int lanes, group;
  int64_t rowElements;
};

} // namespace

void emitPackPanel(KernelBuilder &kb, const MacUnit &unit, const PanelSource &source, int vectors, Value panel) {
  PanelPacker(kb, unit, source, vectors, panel).run();
}

} // namespace dlc::cpu
