#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {

TileModel TileModel::of(const TargetInfo &target, const ContractionTypes &types, MacKind kind) {
  TileModel model;
  model.registers = target.registers;
  model.compensated = kind == MacKind::Vnni && types.aSigned;
  bool product = kind == MacKind::Pairs16 || !target.fma || types.accumulator.isInteger();
  model.temporaries = product && kind != MacKind::Vnni ? 1 : 0;
  return model;
}

bool TileModel::fits(int rows, int vectors) const {
  int compensation = compensated ? vectors + 1 : 0;
  return rows * vectors + vectors + 1 + temporaries + compensation <= registers;
}

double TileModel::cycles(int rows, int vectors, double steps) const {
  // Two multiply-accumulates and, sustained, about one and a half loads a cycle; an accumulator is ready after four.
  double macs = rows * vectors + (compensated ? vectors : 0);
  double step = std::max({macs / 2, (rows + vectors) * 0.68, 4.0});
  // Few accumulators leave no slack for the latency.
  if (macs < 16) {
    step *= 1 + 0.2 * (16 - macs) * (16 - macs) / 64;
  }
  step *= 1 + tallCost * std::max(0, rows - 7);
  // A vector of B costs a cycle or two when it comes from L2.
  step = std::max(step, 1.4 * vectors);
  return step * steps + 1.5 * rows * vectors + 12;
}

namespace {

struct CostedTile {
  RegisterTile tile;
  double cost = 0;
};

/// Every tile that fits, narrow ones first.
std::vector<CostedTile> registerTiles(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                      double steps) {
  std::vector<CostedTile> tiles;
  int64_t longest = *std::max_element(rowRuns.begin(), rowRuns.end());
  int maxVectors = longest == 1 ? 12 : 4;
  for (int vectors = 1; vectors <= std::min<int64_t>(maxVectors, columnVectors); ++vectors) {
    for (int rows = 1; model.fits(rows, vectors) && rows <= longest; ++rows) {
      auto panelCost = [&](int width) {
        double cost = 0;
        for (int64_t run : rowRuns) {
          cost += static_cast<double>(run / rows) * model.cycles(rows, width, steps);
          cost += run % rows ? model.cycles(run % rows, width, steps) : 0;
        }
        return cost;
      };
      double cost = static_cast<double>(columnVectors / vectors) * panelCost(vectors);
      cost += columnVectors % vectors ? panelCost(columnVectors % vectors) : 0;
      tiles.push_back({{rows, vectors}, cost});
    }
  }
  return tiles;
}

} // namespace

RegisterTile chooseRegisterTile(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                double steps) {
  CostedTile best;
  for (const CostedTile &t : registerTiles(model, rowRuns, columnVectors, steps)) {
    if (best.cost == 0 || t.cost < best.cost * 0.995) {
      best = t;
    }
  }
  return best.tile;
}

RegisterTile chooseRegisterTile(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                double steps, const Choice &chosen) {
  RegisterTile tile = chooseRegisterTile(model, rowRuns, columnVectors, steps);
  return {Choice::or_(chosen.rows, tile.rows), Choice::or_(chosen.vectors, tile.vectors)};
}

std::vector<RegisterTile> rankRegisterTiles(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns,
                                            int64_t columnVectors, double steps) {
  constexpr int mostPerWidth = 3;
  constexpr double hopeless = 1.4;
  std::vector<CostedTile> all = registerTiles(model, rowRuns, columnVectors, steps);
  llvm::stable_sort(all, [](const CostedTile &a, const CostedTile &b) { return a.cost < b.cost; });
  std::vector<RegisterTile> ranked{chooseRegisterTile(model, rowRuns, columnVectors, steps)};
  for (const CostedTile &t : all) {
    auto sameWidth = [&](const RegisterTile &r) { return r.vectors == t.tile.vectors; };
    bool known = t.tile.rows == ranked[0].rows && sameWidth(ranked[0]);
    if (!known && t.cost < hopeless * all.front().cost && llvm::count_if(ranked, sameWidth) < mostPerWidth) {
      ranked.push_back(t.tile);
    }
  }
  return ranked;
}

std::vector<Choice> rankTileChoices(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                    double steps) {
  std::vector<Choice> choices;
  for (const RegisterTile &t : rankRegisterTiles(model, rowRuns, columnVectors, steps)) {
    Choice choice;
    choice.rows = t.rows;
    choice.vectors = t.vectors;
    choices.push_back(choice);
  }
  return choices;
}

int chooseUnroll(int64_t steps, int accumulators) {
  int limit = std::clamp(112 / std::max(1, accumulators), 4, 8);
  if (steps < 0) {
    return 4;
  }
  if (steps <= limit) {
    return std::max<int64_t>(1, steps);
  }
  for (int unroll : {8, 4, 6, 5, 3}) {
    if (unroll <= limit && steps % unroll == 0) {
      return unroll;
    }
  }
  return 4;
}

int prefetchLinesPerIteration(double lines, int64_t passes) {
  // Weights come from afar whatever the layer's size is: the others' have passed through the caches since the last run.
  constexpr double seldom = 0.25;
  double each = lines / std::max<int64_t>(1, passes);
  return each < seldom ? 0 : std::max(1, static_cast<int>(each + 0.5));
}

int64_t tileWork(const TargetInfo &target, const ContractionTypes &types, MacKind kind, const Choice &chosen) {
  int lanes = target.vectorBits / std::max(8u, types.accumulator.getIntOrFloatBitWidth());
  // About 20 us at two steps a cycle and 4 GHz.
  return int64_t(20 * 4000 * 2) * lanes * MacUnit::groupOf(kind) * Choice::or_(chosen.work, 100) / 100;
}

double timedWork(double macs, int64_t rows) {
  // At two steps a cycle B comes from L3 for five rows.
  constexpr double rowsPerLoad = 5;
  return macs * std::max(1.0, rowsPerLoad / static_cast<double>(std::max<int64_t>(1, rows)));
}

int64_t sharedWork(int64_t work, double total) {
  // Shares of a tenth, about 2 us, still cost more than handing them out.
  constexpr double shares = 8, smallest = 0.1;
  return std::max<int64_t>(1, std::clamp(total / shares, smallest * work, static_cast<double>(work)));
}

int64_t evenShares(int64_t count, int64_t most) {
  constexpr int64_t many = 8;
  return count > 1 && count < many && count % 2 == 1 && count < most ? count + 1 : count;
}

int64_t evenTile(int64_t units, int64_t each) {
  constexpr int64_t many = 40;
  auto count = [&](int64_t size) { return (units + size - 1) / size; };
  if (each < 1 || count(each) == 1 || count(each) >= many) {
    return each;
  }
  // What one of two threads does more than the other.
  auto difference = [&](int64_t size) {
    int64_t last = units - (count(size) - 1) * size;
    return count(size) % 2 == 1 ? last : size - last;
  };
  int64_t best = each;
  for (int64_t size = each - 1; size > each / 2; --size) {
    best = difference(size) < difference(best) ? size : best;
  }
  return best;
}

} // namespace dlc::cpu
