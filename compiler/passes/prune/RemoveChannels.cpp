//===- RemoveChannels.cpp - takes classes of channels out of a graph -----------------------===//
#include "compiler/passes/prune/RemoveChannels.h"
#include "compiler/passes/ConstantValues.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::prune {
namespace {
/// The elements of `t` at the given indices of one dim.
nn::Tensor selectIndices(const nn::Tensor &t, int64_t dim, llvm::ArrayRef<int64_t> kept) {
  llvm::SmallVector<int64_t> shape(t.shape());
  shape[dim] = static_cast<int64_t>(kept.size());
  nn::Tensor result = nn::Tensor::zeros(t.element(), shape);
  int64_t outer = 1, from = t.shape()[dim];
  for (int64_t size : t.shape().take_front(dim)) {
    outer *= size;
  }
  size_t run = from && outer ? t.bytes() / static_cast<size_t>(outer * from) : 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (auto [to, index] : llvm::enumerate(kept)) {
      std::memcpy(result.rawMutable() + (o * kept.size() + to) * run, t.raw() + (o * from + index) * run, run);
    }
  }
  return result;
}

/// What goes into the bias of a contraction: one number per filter of before.
struct Addition {
  Contraction contraction;
  std::vector<double> values;
};

class Remover {
public:
  Remover(mlir::Block &body, const Coupling &coupling, const std::vector<bool> &removed)
      : body(body), coupling(coupling) {
    for (const Axis &axis : coupling.axes()) {
      std::vector<int64_t> indices;
      for (int64_t i = 0; i < axis.size; ++i) {
        if (!removed[coupling.classOf(axis, i)]) {
          indices.push_back(i);
        }
      }
      kept.push_back(std::move(indices));
    }
  }

  void run(llvm::ArrayRef<Addition> additions) {
    for (mlir::Operation &op : body) {
      if (auto conv = llvm::dyn_cast<nn::ConvOp>(op)) {
        fixGroups(conv);
      } else if (auto conv = llvm::dyn_cast<nn::ConvTransposeOp>(op)) {
        fixGroups(conv);
      } else if (auto slice = llvm::dyn_cast<nn::SliceOp>(op)) {
        fixStarts(slice);
      }
    }
    for (mlir::Operation &op : body) {
      for (Value v : op.getResults()) {
        shrink(v);
      }
      fixSizes(&op);
    }
    for (const Addition &addition : additions) {
      add(addition);
    }
  }

private:
  llvm::ArrayRef<int64_t> keptOf(Value v, int64_t dim) const { return kept[*coupling.axisOf(v, dim)]; }
  bool shrinks(Value v, int64_t dim) const {
    std::optional<size_t> axis = coupling.axisOf(v, dim);
    return axis && int64_t(kept[*axis].size()) != coupling.axes()[*axis].size;
  }

  /// Groups go as a whole, and the weight's rows with them.
  template <class Conv> void fixGroups(Conv op) {
    if (op.getGroups() == 1 || !shrinks(op.getWeight(), 0)) {
      return;
    }
    int64_t before = coupling.axes()[*coupling.axisOf(op.getWeight(), 0)].size,
            after = keptOf(op.getWeight(), 0).size();
    op.setGroups(after / (before / int64_t(op.getGroups())));
  }

  void fixStarts(nn::SliceOp op) {
    dim::Shape starts(op.getStarts().getDims());
    for (int64_t d = 0; d < nn::rankOf(op.getInput()); ++d) {
      if (shrinks(op.getInput(), d)) {
        int64_t start = *dim::getConstant(starts[d]);
        int64_t before = llvm::count_if(keptOf(op.getInput(), d), [&](int64_t i) { return i < start; });
        starts[d] = dim::constant(op.getContext(), before);
      }
    }
    op.setStartsAttr(dim::ShapeAttr::get(op.getContext(), starts));
  }

  void shrink(Value v) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    if (!type) {
      return;
    }
    auto constant = v.getDefiningOp<nn::ConstantOp>();
    std::optional<nn::Tensor> t;
    dim::Shape shape = dim::getShape(type);
    bool any = false;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (shrinks(v, d)) {
        llvm::ArrayRef<int64_t> indices = keptOf(v, d);
        shape[d] = dim::constant(v.getContext(), static_cast<int64_t>(indices.size()));
        t = constant ? selectIndices(t ? *t : *constantTensor(v), d, indices) : t;
        any = true;
      }
    }
    if (any) {
      v.setType(dim::getTensorType(shape, type.getElementType()));
    }
    if (t) {
      constant.setValueAttr(nn::attrFromTensor(*t));
    }
  }

  /// The sizes that attributes state follow those of the result.
  void fixSizes(mlir::Operation *op) {
    auto sizes = [&](dim::ShapeAttr stated) {
      dim::Shape shape(stated.getDims());
      for (size_t d = 0; d < shape.size(); ++d) {
        shape[d] = shrinks(op->getResult(0), d) ? nn::shapeOf(op->getResult(0))[d] : shape[d];
      }
      return dim::ShapeAttr::get(op->getContext(), shape);
    };
    llvm::TypeSwitch<mlir::Operation *>(op)
        .Case<nn::ReshapeOp, nn::BroadcastOp>([&](auto o) { o.setShapeAttr(sizes(o.getShape())); })
        .Case<nn::SliceOp, nn::ResizeOp>([&](auto o) { o.setSizesAttr(sizes(o.getSizes())); });
  }

  void add(const Addition &addition) {
    const Contraction &contraction = addition.contraction;
    Value result = contraction.op->getResult(0);
    mlir::Type element = nn::elementOf(result);
    bool isWhole = !coupling.axisOf(result, contraction.resultDim);
    std::vector<double> values;
    for (size_t i = 0; i < addition.values.size(); ++i) {
      if (isWhole || llvm::is_contained(keptOf(result, contraction.resultDim), int64_t(i))) {
        values.push_back(addition.values[i]);
      }
    }
    auto conv = llvm::dyn_cast<nn::ConvOp>(contraction.op);
    std::optional<nn::Tensor> bias = conv ? constantTensor(conv.getBias()) : std::nullopt;
    nn::Tensor t = nn::Tensor::zeros(element, {int64_t(values.size())});
    for (int64_t i = 0; i < t.count(); ++i) {
      double sum = values[i] + (bias ? elementAt(*bias, i) : 0);
      element.isF32() ? void(t.values<float>()[i] = float(sum)) : void(t.values<double>()[i] = sum);
    }
    mlir::OpBuilder b(contraction.op);
    Value constant = makeConstant(b, contraction.op->getLoc(), t);
    if (conv) {
      conv.getBiasMutable().assign(constant);
      return;
    }
    b.setInsertionPointAfter(contraction.op);
    auto sum = nn::create<nn::AddOp>(b, contraction.op->getLoc(), result, constant);
    Value(sum.getResult()).setType(result.getType());
    result.replaceAllUsesExcept(sum.getResult(), sum);
  }

  mlir::Block &body;
  const Coupling &coupling;
  std::vector<std::vector<int64_t>> kept; ///< per axis
};

/// What the removed constant channels of its input add to each filter's sums; nothing when there is none.
std::optional<Addition> additionTo(mlir::Operation *op, const Coupling &coupling, const std::vector<bool> &removed,
                                   UniformSlices &uniform) {
  std::optional<Contraction> contraction = contractionOf(op);
  std::optional<size_t> axis = contraction ? coupling.axisOf(contraction->input, contraction->inputDim) : std::nullopt;
  if (!axis) {
    return std::nullopt;
  }
  const Numbers &numbers = uniform.of(contraction->input, contraction->inputDim);
  std::optional<Addition> addition;
  for (int64_t c = 0; c < coupling.axes()[*axis].size; ++c) {
    bool adds = removed[coupling.classOf(coupling.axes()[*axis], c)] && numbers[c] && *numbers[c] != 0;
    if (!adds || !canFold(*contraction, *numbers[c])) {
      continue;
    }
    nn::Tensor weight = *constantTensor(contraction->weight);
    int64_t filters = weight.shape()[contraction->filterDim], channels = weight.shape()[contraction->weightDim];
    int64_t taps = weight.count() / (filters * channels);
    if (!addition) {
      addition = Addition{*contraction, std::vector<double>(filters, 0)};
    }
    for (int64_t f = 0; f < filters; ++f) {
      int64_t first = contraction->filterDim < contraction->weightDim ? f * channels + c : c * filters + f;
      for (int64_t k = 0; k < taps; ++k) {
        addition->values[f] += *numbers[c] * elementAt(weight, first * taps + k);
      }
    }
  }
  return addition;
}
} // namespace

bool canFold(const Contraction &contraction, double number) {
  std::optional<nn::Tensor> weight = constantNumbers(contraction.weight);
  auto conv = llvm::dyn_cast<nn::ConvOp>(contraction.op);
  bool hasBias = conv && conv.getBias();
  bool isFloat = weight && (weight->element().isF32() || weight->element().isF64());
  return isFloat && contraction.weightDim >= 0 && addsConstant(contraction, number) && (conv || weight->rank() == 2) &&
         (!hasBias || constantNumbers(conv.getBias()));
}

void removeClasses(mlir::Block &body, const Coupling &coupling, const std::vector<bool> &removed,
                   UniformSlices &uniform, bool folds) {
  std::vector<Addition> additions;
  for (mlir::Operation &op : body) {
    std::optional<Addition> addition = folds ? additionTo(&op, coupling, removed, uniform) : std::nullopt;
    if (addition) {
      additions.push_back(std::move(*addition));
    }
  }
  Remover(body, coupling, removed).run(additions);
}
} // namespace dlc::prune
