//===- ChooseChannels.cpp - which channels go ----------------------------------------------===//
#include "compiler/passes/prune/ChooseChannels.h"
#include "compiler/passes/ChannelConstants.h"
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/prune/Contraction.h"
#include "compiler/passes/prune/RemoveChannels.h"
#include <map>

namespace dlc::prune {
namespace {
/// Kernels are fastest with whole vectors of channels, and Winograd's algorithm takes no others: those of the widest
/// CPU.
constexpr int64_t kMultiple = 8, kWinogradMultiple = 16;

bool anyZero(const Numbers &numbers) { return llvm::is_contained(numbers, std::optional<double>(0.0)); }

/// Per class: what stands against its removal, and whether somebody takes it in.
struct Consumers {
  std::vector<bool> any, matter;
};

Consumers findConsumers(mlir::Block &body, const Coupling &coupling, UniformSlices &uniform, bool folds) {
  Consumers found{std::vector<bool>(coupling.classCount()), std::vector<bool>(coupling.classCount())};
  for (mlir::Operation &op : body) {
    std::optional<Contraction> contraction = contractionOf(&op);
    std::optional<size_t> axis =
        contraction ? coupling.axisOf(contraction->input, contraction->inputDim) : std::nullopt;
    if (!axis) {
      continue;
    }
    const Numbers &input = uniform.of(contraction->input, contraction->inputDim);
    const Numbers &weight = uniform.of(contraction->weight, contraction->weightDim);
    for (int64_t c = 0; c < coupling.axes()[*axis].size; ++c) {
      size_t number = coupling.classOf(coupling.axes()[*axis], c);
      // Nothing is known of a dim whose size only a run knows.
      auto at = [&](const Numbers &numbers) { return c < int64_t(numbers.size()) ? numbers[c] : std::nullopt; };
      std::optional<double> x = at(input), w = at(weight);
      bool isNothing = w == 0.0 || (x == 0.0 && addsConstant(*contraction, 0));
      found.any[number] = true;
      found.matter[number] = found.matter[number] || !(isNothing || (folds && x && canFold(*contraction, *x)));
    }
  }
  return found;
}

/// The axes that a class has indices in, and how many.
using Members = std::vector<std::vector<std::pair<size_t, int64_t>>>;
Members membersOf(const Coupling &coupling, const std::vector<bool> &wanted) {
  Members members(coupling.classCount());
  for (auto [number, axis] : llvm::enumerate(coupling.axes())) {
    for (int64_t i = 0; i < axis.size; ++i) {
      size_t c = coupling.classOf(axis, i);
      if (!wanted[c]) {
        continue;
      }
      if (members[c].empty() || members[c].back().first != number) {
        members[c].push_back({number, 0});
      }
      ++members[c].back().second;
    }
  }
  return members;
}

/// Unmarks classes whose removal would leave an axis empty.
void keepOnePerAxis(const Coupling &coupling, std::vector<bool> &chosen) {
  Members members = membersOf(coupling, chosen);
  std::vector<int64_t> left;
  for (const Axis &axis : coupling.axes()) {
    left.push_back(axis.size);
  }
  for (size_t c = 0; c < chosen.size(); ++c) {
    chosen[c] = chosen[c] && llvm::all_of(members[c], [&](auto m) { return left[m.first] > m.second; });
    for (auto [axis, count] : members[c]) {
      left[axis] -= chosen[c] ? count : 0;
    }
  }
}

/// The elements of constant weights, or of constants that are dequantised.
std::optional<nn::Tensor> weightNumbers(mlir::Value v) {
  auto op = v.getDefiningOp<nn::DequantizeLinearOp>();
  if (!op) {
    return constantNumbers(v);
  }
  llvm::SmallVector<nn::Datum> operands;
  for (mlir::Value operand : op->getOperands()) {
    std::optional<nn::Tensor> t = constantNumbers(operand);
    if (!t) {
      return std::nullopt;
    }
    operands.push_back(*t);
  }
  mlir::ScopedDiagnosticHandler quiet(v.getContext(), [](mlir::Diagnostic &) { return mlir::success(); });
  auto results = nn::Evaluator().runOp(op, operands);
  return mlir::succeeded(results) ? std::optional(results->front().tensor()) : std::nullopt;
}

/// The squared norms of a contraction's filters, as they act behind per-channel arithmetic that follows; empty where
/// the weights are not known.
std::vector<double> filterNorms(const Contraction &contraction) {
  std::optional<nn::Tensor> weight = weightNumbers(contraction.weight);
  if (!weight) {
    return {};
  }
  int64_t filters = weight->shape()[contraction.filterDim], inner = 1;
  for (int64_t size : weight->shape().drop_front(contraction.filterDim + 1)) {
    inner *= size;
  }
  std::vector<double> norms(filters, 0);
  for (int64_t i = 0; i < weight->count(); ++i) {
    double w = elementAt(*weight, i);
    norms[i / inner % filters] += w * w;
  }
  ChannelAffine affine = affineBehind(contraction.op, contraction.resultDim);
  for (int64_t f = 0; f < filters && int64_t(affine.scale.size()) == filters; ++f) {
    norms[f] = norms[f] * affine.scale[f] * affine.scale[f] + affine.shift[f] * affine.shift[f];
  }
  return norms;
}

struct Layer {
  std::vector<size_t> classes;
  std::vector<double> scores;
  bool hasWinograd = false; ///< its channels go in or out of a convolution that Winograd's algorithm may compute
};

bool mayBeWinograd(mlir::Operation *op) {
  auto conv = llvm::dyn_cast<nn::ConvOp>(op);
  auto weight = conv ? llvm::cast<mlir::RankedTensorType>(conv.getWeight().getType()) : mlir::RankedTensorType();
  auto isOne = [](int64_t v) { return v == 1; };
  return conv && conv.getGroups() == 1 && weight.getRank() == 4 && weight.getDimSize(2) == 3 &&
         weight.getDimSize(3) == 3 && llvm::all_of(conv.getStrides(), isOne) &&
         llvm::all_of(conv.getDilations(), isOne);
}

/// Marks the classes of a convolution's inputs and filters.
void markChannels(const Coupling &coupling, mlir::Value weight, std::vector<bool> &marked) {
  for (int64_t dim : {0, 1}) {
    std::optional<size_t> axis = coupling.axisOf(weight, dim);
    for (int64_t i = 0; axis && i < coupling.axes()[*axis].size; ++i) {
      marked[coupling.classOf(coupling.axes()[*axis], i)] = true;
    }
  }
}

/// Per class, its filters' squared norms added up, and the convolutions or products that they belong to.
std::vector<Layer> findLayers(mlir::Block &body, const Coupling &coupling, const std::vector<bool> &isCandidate) {
  std::vector<double> scores(coupling.classCount(), 0);
  std::vector<std::vector<size_t>> producers(coupling.classCount());
  std::vector<bool> hasWinograd(coupling.classCount());
  for (mlir::Operation &op : body) {
    std::optional<Contraction> contraction = contractionOf(&op);
    std::optional<size_t> axis =
        contraction ? coupling.axisOf(contraction->weight, contraction->filterDim) : std::nullopt;
    if (contraction && mayBeWinograd(&op)) {
      markChannels(coupling, contraction->weight, hasWinograd);
    }
    std::vector<double> norms = axis ? filterNorms(*contraction) : std::vector<double>();
    for (size_t f = 0; f < norms.size(); ++f) {
      size_t c = coupling.classOf(coupling.axes()[*axis], static_cast<int64_t>(f));
      scores[c] += norms[f];
      if (producers[c].empty() || producers[c].back() != *axis) {
        producers[c].push_back(*axis);
      }
    }
  }
  std::map<std::vector<size_t>, Layer> layers;
  for (size_t c = 0; c < producers.size(); ++c) {
    if (isCandidate[c] && !producers[c].empty()) {
      Layer &layer = layers[producers[c]];
      layer.classes.push_back(c);
      layer.scores.push_back(std::sqrt(scores[c]));
      layer.hasWinograd = layer.hasWinograd || hasWinograd[c];
    }
  }
  std::vector<Layer> result;
  for (auto &[axes, layer] : layers) {
    result.push_back(std::move(layer));
  }
  return result;
}

/// How many of a layer's channels stay when `removed` should go: a multiple that kernels like, where that is near.
int64_t keptCount(const Layer &layer, int64_t removed) {
  auto count = static_cast<int64_t>(layer.classes.size());
  int64_t kept = std::max<int64_t>(count - removed, 1);
  for (int64_t multiple : {kWinogradMultiple, kMultiple}) {
    int64_t even = (kept + multiple / 2) / multiple * multiple;
    if (even > 0 && even <= count && std::abs(even - kept) * 8 <= count) {
      return even;
    }
  }
  return kept;
}

/// Unmarks classes of zeros where a few more channels make a multiple that kernels are fast with: removing them would
/// make the network slower.
void keepMultiple(const Layer &layer, std::vector<bool> &chosen) {
  auto count = static_cast<int64_t>(layer.classes.size());
  int64_t kept = llvm::count_if(layer.classes, [&](size_t c) { return !chosen[c]; });
  bool isWinograd = layer.hasWinograd && count % kWinogradMultiple == 0;
  int64_t multiple = isWinograd ? kWinogradMultiple : kMultiple;
  int64_t missing = (multiple - kept % multiple) % multiple;
  if (!isWinograd && missing * 16 > count) {
    return;
  }
  for (size_t c : layer.classes) {
    if (missing > 0 && chosen[c]) {
      chosen[c] = false;
      --missing;
    }
  }
}

/// Marks all but the `kept` most important classes; those that are marked already count as unimportant.
void markSmallest(const Layer &layer, int64_t kept, std::vector<bool> &chosen) {
  std::vector<size_t> order;
  for (size_t i = 0; i < layer.classes.size(); ++i) {
    order.push_back(i);
  }
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    bool goesA = chosen[layer.classes[a]], goesB = chosen[layer.classes[b]];
    return goesA != goesB ? goesA : layer.scores[a] < layer.scores[b];
  });
  for (size_t i = 0; i + kept < order.size(); ++i) {
    chosen[layer.classes[order[i]]] = true;
  }
}

/// Per layer, how many of its classes are among the least important of the graph.
std::vector<int64_t> shareOut(llvm::ArrayRef<Layer> layers, double fraction, const std::vector<bool> &chosen) {
  std::vector<std::pair<double, size_t>> all;
  for (auto [number, layer] : llvm::enumerate(layers)) {
    double mean = 0;
    for (double s : layer.scores) {
      mean += s / double(layer.scores.size());
    }
    for (auto [c, s] : llvm::zip(layer.classes, layer.scores)) {
      all.push_back({chosen[c] ? -1 : mean > 0 ? s / mean : 0, number});
    }
  }
  llvm::stable_sort(all, [](const auto &a, const auto &b) { return a.first < b.first; });
  std::vector<int64_t> removed(layers.size(), 0);
  auto count = static_cast<size_t>(fraction * double(all.size()) + 1e-9);
  for (size_t i = 0; i < count; ++i) {
    ++removed[all[i].second];
  }
  return removed;
}
} // namespace

bool hasZeroChannels(mlir::Block &body) {
  UniformSlices uniform;
  for (mlir::Operation &op : body) {
    std::optional<Contraction> contraction = contractionOf(&op);
    if (contraction && constantNumbers(contraction->weight) &&
        (anyZero(uniform.of(contraction->weight, contraction->filterDim)) ||
         anyZero(uniform.of(contraction->weight, contraction->weightDim)))) {
      return true;
    }
  }
  return false;
}

std::vector<bool> chooseZeros(mlir::Block &body, const Coupling &coupling, UniformSlices &uniform, bool folds) {
  Consumers consumers = findConsumers(body, coupling, uniform, folds);
  std::vector<bool> chosen(coupling.classCount());
  for (size_t c = 0; c < chosen.size(); ++c) {
    chosen[c] = !coupling.isFixed(c) && consumers.any[c] && !consumers.matter[c];
  }
  std::vector<bool> isCandidate(coupling.classCount());
  for (size_t c = 0; c < chosen.size(); ++c) {
    isCandidate[c] = !coupling.isFixed(c) && consumers.any[c];
  }
  for (const Layer &layer : findLayers(body, coupling, isCandidate)) {
    keepMultiple(layer, chosen);
  }
  keepOnePerAxis(coupling, chosen);
  return chosen;
}

void chooseSmallest(mlir::Block &body, const Coupling &coupling, double fraction, bool global,
                    std::vector<bool> &chosen) {
  UniformSlices uniform;
  Consumers consumers = findConsumers(body, coupling, uniform, /*folds=*/false);
  std::vector<bool> isCandidate(coupling.classCount());
  for (size_t c = 0; c < isCandidate.size(); ++c) {
    isCandidate[c] = !coupling.isFixed(c) && consumers.any[c];
  }
  std::vector<Layer> layers = findLayers(body, coupling, isCandidate);
  std::vector<int64_t> removed = global ? shareOut(layers, fraction, chosen) : std::vector<int64_t>();
  for (auto [number, layer] : llvm::enumerate(layers)) {
    auto count = static_cast<int64_t>(layer.classes.size());
    int64_t wanted = global ? removed[number] : static_cast<int64_t>(fraction * double(count) + 1e-9);
    markSmallest(layer, keptCount(layer, wanted), chosen);
  }
  keepOnePerAxis(coupling, chosen);
}
} // namespace dlc::prune
