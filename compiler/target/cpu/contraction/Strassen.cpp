#include "compiler/target/cpu/contraction/Strassen.h"
#include "compiler/target/cpu/contraction/RegisterTile.h"
#include "compiler/target/cpu/contraction/StrassenTable.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

class StrassenEmitter {
public:
  StrassenEmitter(KernelBuilder &kb, const StrassenProblem &p, const StrassenPlan &plan, Value a, Value weights,
                  Value output, const Epilogue &epilogue, Value scratch)
      : kb(kb), p(p), plan(plan), a(a), weights(weights), output(output), epilogue(epilogue),
        f32(Float32Type::get(kb.context())), unit(kb, ContractionTypes::of(f32, f32), MacKind::Widen),
        layout(strassenLayout(p, plan)), stack(stackForSums(kb, unit, plan.rows, plan.vectors, epilogue, output)) {
    sums = view(scratch, layout.sums, layout.quadrants - layout.sums);
    quadrants = view(scratch, layout.quadrants, layout.direct - layout.quadrants);
    direct = view(scratch, layout.direct, layout.end - layout.direct);
  }

  void emitTile(Idx number) {
    kb.ifThen(
        kb.lessThan(p.m, plan.rowsAtLeast),
        [&] { emitDirect(0, p.m, kb.mul(number, plan.fewColumns), plan.fewColumns); }, [&] { emitMixed(number); });
  }

private:
  /// Pairs of rows, and what is left of a tile of many rows.
  void emitMixed(Idx number) {
    int64_t groups = p.n / plan.columns;
    Idx column0 = groups == 1 ? Idx(0) : kb.mul(kb.rem(number, groups), plan.columns);
    Idx tile = kb.div(number, groups), all = kb.div(p.m, 2 * plan.rows);
    Idx tiles = kb.mul(kb.ceilDiv(all, 2 * plan.pairs), 2), each = kb.div(all, tiles), longer = kb.rem(all, tiles);
    Idx pairs = kb.add(each, kb.select(kb.lessThan(tile, longer), 1, 0));
    Idx m0 = kb.mul(kb.add(kb.mul(tile, each), kb.min(tile, longer)), 2 * plan.rows);
    Idx rows = kb.select(kb.lessThan(kb.add(tile, 1), tiles), kb.mul(pairs, 2 * plan.rows), kb.sub(p.m, m0));
    Value isFinite = emitProducts(m0, pairs, column0);
    Idx from = kb.select(isFinite, kb.mul(pairs, 2 * plan.rows), 0);
    emitDirect(kb.add(m0, from), kb.sub(rows, from), column0, plan.columns);
  }

  Value view(Value scratch, int64_t from, int64_t elements) {
    return memref::ViewOp::create(kb.builder(), kb.location(), MemRefType::get({elements}, f32), scratch,
                                  kb.index(from * 4), ValueRange{});
  }
  VectorType vector() { return kb.vectorType(f32, plan.lanes); }
  int64_t half() const { return plan.depth / 2; }
  int64_t columnPairs() const { return plan.columns / (2 * plan.panel()); }
  /// Where product 0 of a pair of panels finds its weights.
  Idx weightsOf(Idx part, Idx column) {
    int64_t pairElements = 7 * half() * plan.panel();
    Idx pair = kb.div(column, 2 * plan.panel());
    return kb.mul(kb.add(kb.mul(part, p.n / (2 * plan.panel())), pair), pairElements);
  }

  //===--------------------------------------------------------------------===//
  // Sums of parts of A
  //===--------------------------------------------------------------------===//

  Idx sumsOf(Idx pair) { return kb.mul(pair, 7 * layout.panelElements); }

  /// The seven left operands of pairs [0, pairs); `check` is NaN from the first row on that has no finite sum.
  Value emitSums(Idx m0, Idx pairs, Idx k0, Value check) {
    return kb.loop(0, kb.mul(pairs, plan.rows), 1, {check}, [&](Idx at, ValueRange outer) -> SmallVector<Value> {
      Idx pair = kb.div(at, plan.rows), row = kb.rem(at, plan.rows);
      Idx m = kb.add(kb.add(m0, kb.mul(pair, 2 * plan.rows)), row);
      Idx top = kb.add(kb.mul(m, p.aRow), k0), bottom = kb.add(top, kb.mul(p.aRow, plan.rows));
      Idx to = kb.add(sumsOf(pair), kb.mul(row, layout.rowElements));
      return kb.loop(0, half(), plan.lanes, outer, [&](Idx k, ValueRange inner) -> SmallVector<Value> {
        Value seen = inner[0], parts[4];
        for (int q = 0; q < 4; ++q) {
          parts[q] = kb.load(a, kb.add(kb.add(q / 2 ? bottom : top, q % 2 * half()), k), plan.lanes);
          seen = kb.multiplyAdd(parts[q], kb.zero(vector()), seen);
        }
        for (auto [place, number] : llvm::enumerate(strassenPanels)) {
          Value sum = strassenSum(kb, parts, strassenProducts[number].a);
          kb.store(sum, sums, kb.add(kb.add(to, int64_t(place) * layout.panelElements), k));
        }
        return {seen};
      });
    })[0];
  }

  Value isFinite(Value check) {
    Value one = vector::ReductionOp::create(kb.builder(), kb.location(), vector::CombiningKind::ADD, check);
    return arith::CmpFOp::create(kb.builder(), kb.location(), arith::CmpFPredicate::ORD, one, one);
  }

  //===--------------------------------------------------------------------===//
  // Seven products
  //===--------------------------------------------------------------------===//

  /// Part after part of k, pair after pair of panels, product after product. Nothing reaches C unless all rows are
  /// finite; returns whether they are.
  Value emitProducts(Idx m0, Idx pairs, Idx column0) {
    int64_t count = p.k / plan.depth;
    auto seen = kb.loop(0, count, 1, {kb.zero(vector())}, [&](Idx part, ValueRange carried) -> SmallVector<Value> {
      Value check = emitSums(m0, pairs, kb.mul(part, plan.depth), carried[0]);
      kb.ifThen(isFinite(check), [&] {
        kb.loop(0, columnPairs(), 1, [&](Idx at) {
          Idx column = kb.add(column0, kb.mul(at, 2 * plan.panel())), weightsAt = weightsOf(part, column);
          kb.loop(0, 7, 1, [&](Idx number) {
            auto updates = updatesOf(number, kb.compare(arith::CmpIPredicate::eq, part, 0),
                                     kb.compare(arith::CmpIPredicate::eq, part, count - 1));
            kb.loop(0, pairs, 1, [&](Idx pair) {
              TileAccumulators acc = multiply(pair, number, weightsAt);
              Idx cell = kb.add(count == 1 ? Idx(0) : kb.mul(at, pairs), pair);
              Idx row = kb.add(m0, kb.mul(pair, 2 * plan.rows));
              for (const Update &u : updates) {
                kb.ifThen(u.exists, [&] { emitUpdate(acc, u, cell, row, column); });
              }
            });
          });
        });
      });
      return {check};
    });
    return isFinite(seen[0]);
  }

  /// What the product at a place does to a quadrant of C.
  struct Update {
    /// i1: whether there is one, whether the quadrant holds nothing yet, whether its sum is complete then.
    Value exists, first, last;
    /// 1 or -1 in all lanes.
    Value sign;
    /// The quadrant's number, and which half of the rows and of the columns it is.
    Idx quadrant, bottom, right;
  };

  SmallVector<Update> updatesOf(Idx place, Value firstPart, Value lastPart) {
    SmallVector<Update> updates;
    for (const StrassenUpdates &all : strassenUpdates) {
      auto is = [&](auto field) {
        std::array<int64_t, 7> numbers;
        llvm::transform(all, numbers.begin(), field);
        return pick(place, numbers);
      };
      auto isOne = [&](Idx x) { return kb.compare(arith::CmpIPredicate::eq, x, 1); };
      Update u;
      Idx sign = is([](const StrassenUpdate &x) { return x.sign; });
      u.exists = kb.compare(arith::CmpIPredicate::ne, sign, 0);
      u.sign = kb.selectValues(isOne(sign), kb.constant(vector(), 1), kb.constant(vector(), -1));
      u.first = kb.logicalAnd(firstPart, isOne(is([](const StrassenUpdate &x) { return x.first; })));
      u.last = kb.logicalAnd(lastPart, isOne(is([](const StrassenUpdate &x) { return x.last; })));
      u.quadrant = is([](const StrassenUpdate &x) { return x.quadrant; });
      u.bottom = kb.div(u.quadrant, 2);
      u.right = kb.rem(u.quadrant, 2);
      updates.push_back(u);
    }
    return updates;
  }

  Idx pick(Idx place, const std::array<int64_t, 7> &numbers) {
    Idx picked = numbers[6];
    for (int i = 5; i >= 0; --i) {
      picked = kb.select(kb.compare(arith::CmpIPredicate::eq, place, i), numbers[i], picked);
    }
    return picked;
  }

  TileAccumulators multiply(Idx pair, Idx place, Idx weightsAt) {
    int64_t panelElements = half() * plan.panel();
    MacLoop loop = macLoop(sums, kb.add(weightsAt, kb.mul(place, panelElements)));
    for (int i = 0; i < plan.rows; ++i) {
      TileRow row;
      row.base = kb.add(sumsOf(pair), kb.mul(place, layout.panelElements));
      row.offset = i * layout.rowElements;
      loop.rows.push_back(row);
    }
    if (plan.prefetchLines) {
      // Each pair of rows fetches its slice of the same product's panel of the next pair of panels.
      int64_t slice = plan.prefetchLines * 16 * (half() / plan.unroll);
      loop.prefetch =
          PanelPrefetch{plan.prefetchLines, kb.add(kb.add(loop.bOffset, 7 * panelElements), kb.mul(pair, slice))};
    }
    auto acc = TileAccumulators::zero(kb, unit, plan.rows, plan.vectors);
    emitMacLoop(kb, unit, loop, acc);
    return acc;
  }

  MacLoop macLoop(Value left, Idx weightsAt) {
    MacLoop loop;
    loop.a = left;
    loop.b = weights;
    loop.bOffset = weightsAt;
    loop.bStep = plan.panel();
    loop.vectors.assign(plan.vectors, kb.allLanes(plan.lanes));
    loop.k = half();
    loop.unroll = plan.unroll;
    return loop;
  }

  //===--------------------------------------------------------------------===//
  // Quadrants of C
  //===--------------------------------------------------------------------===//

  int64_t quadrantElements() const { return plan.rows * plan.panel(); }

  void emitUpdate(const TileAccumulators &acc, const Update &u, Idx cell, Idx row, Idx column) {
    Idx at = kb.mul(kb.add(kb.mul(cell, 4), u.quadrant), quadrantElements());
    auto forVectors = [&](llvm::function_ref<void(Value x, Idx at, int i, int j)> body) {
      for (int i = 0; i < plan.rows; ++i) {
        for (int j = 0; j < plan.vectors; ++j) {
          body(acc.sums[i * plan.vectors + j], kb.add(at, i * plan.panel() + j * plan.lanes), i, j);
        }
      }
    };
    auto sum = [&](Value x, Idx where) { return kb.multiplyAdd(u.sign, x, kb.load(quadrants, where, plan.lanes)); };
    auto begin = [&] {
      forVectors([&](Value x, Idx where, int, int) { kb.store(kb.mulValues(u.sign, x), quadrants, where); });
    };
    auto add = [&] { forVectors([&](Value x, Idx where, int, int) { kb.store(sum(x, where), quadrants, where); }); };
    Idx row0 = kb.add(row, kb.mul(u.bottom, plan.rows)), column0 = kb.add(column, kb.mul(u.right, plan.panel()));
    auto emitResult = [&](Value x, Idx i, int j) {
      Idx r = kb.add(row0, i), c = kb.add(column0, j * plan.lanes);
      EpilogueCoord coord{kb.add(kb.mul(r, p.cRow), c), r, c, kb.allLanes(plan.lanes)};
      storeResult(kb, x, output, coord, epilogue);
    };
    auto finish = [&] {
      if (!epilogue.isLong) {
        return forVectors([&](Value x, Idx where, int i, int j) { emitResult(sum(x, where), i, j); });
      }
      add();
      kb.loop(0, plan.rows, 1, [&](Idx i) {
        for (int j = 0; j < plan.vectors; ++j) {
          Idx where = kb.add(kb.add(at, kb.mul(i, plan.panel())), j * plan.lanes);
          emitResult(kb.load(quadrants, where, plan.lanes), i, j);
        }
      });
    };
    kb.ifThen(u.first, begin, [&] { kb.ifThen(u.last, finish, add); });
  }

  //===--------------------------------------------------------------------===//
  // Direct products
  //===--------------------------------------------------------------------===//

  /// Rows [m0, m0 + rows) without mixing them: left columns are (A1 + A2) B11 + A2 (B21 - B11), right ones
  /// (A1 + A2) B22 + A1 (B12 - B22), where A1 and A2 are the halves of a row.
  void emitDirect(Idx m0, Idx rows, Idx column0, int64_t columns) {
    kb.loop(0, rows, plan.rowsAtLeast, [&](Idx at) {
      Idx m = kb.add(m0, at), count = kb.min(kb.sub(rows, at), plan.rowsAtLeast);
      emitRowSums(m, count);
      Idx whole = kb.mul(kb.div(count, plan.rows), plan.rows);
      kb.loop(0, columns, 2 * plan.panel(), [&](Idx offset) {
        kb.loop(0, 2, 1, [&](Idx side) {
          Idx column = kb.add(column0, offset);
          kb.loop(0, whole, plan.rows, [&](Idx row) { emitRows(m, row, plan.rows, plan.rows, side, column); });
          emitRest(m, whole, kb.sub(count, whole), 1, side, column);
        });
      });
    });
  }

  void emitRowSums(Idx m, Idx count) {
    kb.loop(0, count, 1, [&](Idx row) {
      kb.loop(0, p.k / plan.depth, 1, [&](Idx part) {
        Idx from = kb.add(kb.mul(kb.add(m, row), p.aRow), kb.mul(part, plan.depth));
        Idx to = kb.add(kb.mul(row, layout.directRow), kb.mul(part, half()));
        kb.loop(0, half(), plan.lanes, [&](Idx k) {
          Value left = kb.load(a, kb.add(from, k), plan.lanes),
                right = kb.load(a, kb.add(kb.add(from, half()), k), plan.lanes);
          kb.store(kb.addValues(left, right), direct, kb.add(to, k));
        });
      });
    });
  }

  /// The last rows, with the smallest register tile that holds them.
  void emitRest(Idx m, Idx row, Idx left, int rows, Idx side, Idx column) {
    if (rows >= plan.rows) {
      kb.ifThen(kb.lessThan(0, left), [&] { emitRows(m, row, plan.rows, left, side, column); });
      return;
    }
    kb.ifThen(
        kb.lessThan(left, rows + 1),
        [&] { kb.ifThen(kb.lessThan(0, left), [&] { emitRows(m, row, rows, left, side, column); }); },
        [&] { emitRest(m, row, left, plan.rows, side, column); });
  }

  void emitRows(Idx m, Idx row, int rows, Idx valid, Idx side, Idx column) {
    auto acc = TileAccumulators::zero(kb, unit, rows, plan.vectors);
    acc.assign(kb.loop(0, p.k / plan.depth, 1, acc.flatten(), [&](Idx part, ValueRange carried) {
      TileAccumulators inner = acc;
      inner.assign(carried);
      // The sum of a row's halves, then the half that is on the other side.
      for (int term = 0; term < 2; ++term) {
        int64_t panelElements = half() * plan.panel();
        Idx place = kb.add(kb.mul(side, 2), term);
        MacLoop loop = macLoop(term == 0 ? direct : a, kb.add(weightsOf(part, column), kb.mul(place, panelElements)));
        for (int i = 0; i < rows; ++i) {
          // Rows beyond the end read the last one.
          Idx at = kb.add(row, valid.is(rows) ? Idx(i) : kb.min(i, kb.sub(valid, 1)));
          Idx opposite = kb.add(kb.mul(part, plan.depth), kb.mul(kb.sub(1, side), half()));
          TileRow r;
          r.base = term == 0 ? kb.add(kb.mul(at, layout.directRow), kb.mul(part, half()))
                             : kb.add(kb.mul(kb.add(m, at), p.aRow), opposite);
          loop.rows.push_back(r);
        }
        // The first two register tiles fetch halves of the next panel, which comes from afar.
        int lines = std::max<int64_t>(1, plan.unroll * plan.panel() / 16 / 2);
        Idx next = term == 0 ? Idx(1) : kb.add(1, kb.mul(side, 3));
        Idx slice = kb.mul(kb.div(row, plan.rows), panelElements / 2);
        loop.prefetch = PanelPrefetch{lines, kb.add(kb.add(loop.bOffset, kb.mul(next, panelElements)), slice)};
        emitMacLoop(kb, unit, loop, inner);
      }
      return inner.flatten();
    }));
    TileStore store;
    store.output = output;
    store.row = kb.add(m, row);
    store.offset = kb.mul(store.row, p.cRow);
    store.offsetStep = p.cRow;
    store.column = kb.add(column, kb.mul(side, plan.panel()));
    store.vectors.assign(plan.vectors, kb.allLanes(plan.lanes));
    store.validRows = valid;
    store.sums = stack;
    emitTileStore(kb, unit, store, acc, rows, epilogue);
  }

  KernelBuilder &kb;
  const StrassenProblem &p;
  const StrassenPlan &plan;
  Value a, weights, output;
  const Epilogue &epilogue;
  Type f32;
  MacUnit unit;
  StrassenLayout layout;
  Value stack, sums, quadrants, direct;
};

} // namespace

void emitStrassen(KernelBuilder &kb, const StrassenProblem &problem, const StrassenPlan &plan, Value a, Value weights,
                  Value output, const Epilogue &epilogue, Idx begin, Idx end, Value scratch) {
  StrassenEmitter emitter(kb, problem, plan, a, weights, output, epilogue, scratch);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu
