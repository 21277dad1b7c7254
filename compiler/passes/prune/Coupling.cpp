//===- Coupling.cpp - which channels can only be removed together --------------------------===//
#include "compiler/passes/prune/Coupling.h"

namespace dlc::prune {
namespace {
/// Larger dims are no channels; they are fixed.
constexpr int64_t kMaxSize = int64_t(1) << 17;
} // namespace

Coupling::Coupling(mlir::Block &body) {
  body.walk([&](mlir::Operation *op) {
    for (mlir::Region &region : op->getRegions()) {
      for (Value v : region.getArguments()) {
        add(v);
      }
    }
    for (Value v : op->getResults()) {
      add(v);
    }
  });
  for (Value v : body.getArguments()) {
    add(v);
    fix(v);
  }
  for (mlir::Operation &op : body) {
    addRule(&op, *this);
  }
  number();
}

void Coupling::add(Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!type) {
    return;
  }
  llvm::SmallVector<int64_t, 4> &own = numbers[v];
  for (int64_t d = 0; d < type.getRank(); ++d) {
    bool isTracked = !type.isDynamicDim(d) && type.getDimSize(d) > 1 && type.getDimSize(d) <= kMaxSize;
    own.push_back(isTracked ? static_cast<int64_t>(all.size()) : -1);
    if (isTracked) {
      int64_t first = static_cast<int64_t>(parents.size());
      all.push_back({v, d, type.getDimSize(d), first});
      for (int64_t i = 0; i < type.getDimSize(d); ++i) {
        parents.push_back(first + i);
      }
    }
  }
  held.resize(parents.size(), false);
}

std::optional<size_t> Coupling::axisOf(Value v, int64_t dim) const {
  auto it = numbers.find(v);
  bool known = it != numbers.end() && dim >= 0 && dim < static_cast<int64_t>(it->second.size()) && it->second[dim] >= 0;
  return known ? std::optional<size_t>(it->second[dim]) : std::nullopt;
}

int64_t Coupling::find(int64_t node) {
  while (parents[node] != node) {
    parents[node] = parents[parents[node]];
    node = parents[node];
  }
  return node;
}

void Coupling::unite(int64_t a, int64_t b) {
  a = find(a);
  b = find(b);
  parents[std::max(a, b)] = std::min(a, b);
  held[std::min(a, b)] = held[a] || held[b];
}

void Coupling::fix(Value v, int64_t dim) {
  if (std::optional<size_t> axis = axisOf(v, dim)) {
    for (int64_t i = 0; i < all[*axis].size; ++i) {
      held[find(all[*axis].first + i)] = true;
    }
  }
}

void Coupling::fix(Value v) {
  if (auto type = llvm::dyn_cast_or_null<mlir::RankedTensorType>(v ? v.getType() : mlir::Type())) {
    for (int64_t d = 0; d < type.getRank(); ++d) {
      fix(v, d);
    }
  }
}

bool Coupling::isFixed(Value v, int64_t dim) {
  std::optional<size_t> axis = axisOf(v, dim);
  for (int64_t i = 0; axis && i < all[*axis].size; ++i) {
    if (!held[find(all[*axis].first + i)]) {
      return false;
    }
  }
  return true;
}

void Coupling::tie(Value v, int64_t dim, Value w, int64_t otherDim) {
  std::optional<size_t> a = axisOf(v, dim), b = axisOf(w, otherDim);
  if (!a || !b || all[*a].size != all[*b].size) {
    fix(v, dim);
    fix(w, otherDim);
    return;
  }
  for (int64_t i = 0; i < all[*a].size; ++i) {
    unite(all[*a].first + i, all[*b].first + i);
  }
}

void Coupling::tie(Value v, int64_t dim, int64_t index, Value w, int64_t otherDim, int64_t otherIndex) {
  std::optional<size_t> a = axisOf(v, dim), b = axisOf(w, otherDim);
  if (a && b) {
    unite(all[*a].first + index, all[*b].first + otherIndex);
  } else if (a) {
    held[find(all[*a].first + index)] = true;
  } else if (b) {
    held[find(all[*b].first + otherIndex)] = true;
  }
}

/// Classes are numbered in the order of the graph.
void Coupling::number() {
  std::vector<int64_t> numberOf(parents.size(), -1);
  classes.resize(parents.size());
  for (size_t node = 0; node < parents.size(); ++node) {
    int64_t root = find(static_cast<int64_t>(node));
    if (numberOf[root] < 0) {
      numberOf[root] = static_cast<int64_t>(fixed.size());
      fixed.push_back(held[root]);
    }
    classes[node] = static_cast<uint32_t>(numberOf[root]);
  }
}
} // namespace dlc::prune
