//===- Entries.cpp - what callers see of a graph: state and specialisations -------------------------===//
#include "compiler/Entries.h"
#include "compiler/passes/Entries.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc {
namespace {
mlir::func::FuncOp mainOf(mlir::ModuleOp module) { return module.lookupSymbol<mlir::func::FuncOp>("main"); }

llvm::StringRef inputName(mlir::func::FuncOp f, unsigned i) {
  auto name = f.getArgAttrOfType<mlir::StringAttr>(i, kNameAttr);
  return name ? name.getValue() : "";
}
llvm::StringRef outputName(mlir::func::FuncOp f, unsigned i) {
  auto name = f.getResultAttrOfType<mlir::StringAttr>(i, kNameAttr);
  return name ? name.getValue() : "";
}

/// The position of a name among `count`; an error that lists them when it is not there.
template <typename NameOf>
std::optional<unsigned> find(mlir::func::FuncOp f, llvm::StringRef what, llvm::StringRef name, unsigned count,
                             NameOf nameOf) {
  std::string names;
  for (unsigned i = 0; i < count; ++i) {
    if (nameOf(f, i) == name) {
      return i;
    }
    names += (i ? ", " : "") + nameOf(f, i).str();
  }
  mlir::emitError(mlir::UnknownLoc::get(f.getContext()))
      << "state: expected the name of an " << what << " (" << names << "), got '" << name << "'";
  return std::nullopt;
}

std::string typeText(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor) {
    os << type;
    return text;
  }
  os << tensor.getElementType() << " [";
  llvm::interleaveComma(dim::getShape(tensor), os, [&](dim::Expr e) { os << dim::toString(e); });
  os << "]";
  return text;
}

/// Whether an output can be kept for an input: sizes of it that are formulas are left to the run.
bool fits(mlir::Type output, mlir::Type input) {
  auto from = llvm::dyn_cast<mlir::RankedTensorType>(output), to = llvm::dyn_cast<mlir::RankedTensorType>(input);
  return from && to && from.getElementType() == to.getElementType() && from.getRank() == to.getRank() &&
         llvm::all_of(llvm::zip(from.getShape(), to.getShape()), [](auto sizes) {
           return mlir::ShapedType::isDynamic(std::get<0>(sizes)) || std::get<0>(sizes) == std::get<1>(sizes);
         });
}

llvm::LogicalResult checkPair(mlir::func::FuncOp f, unsigned output, unsigned input) {
  mlir::Type from = f.getFunctionType().getResult(output), to = f.getArgumentTypes()[input];
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(to);
  mlir::Location nowhere = mlir::UnknownLoc::get(f.getContext());
  if (!tensor || nn::isString(tensor.getElementType())) {
    return mlir::emitError(nowhere) << "state: expected input '" << inputName(f, input)
                                    << "' to be a tensor of numbers, got " << typeText(to);
  }
  if (!tensor.hasStaticShape()) {
    return mlir::emitError(nowhere) << "state: expected the sizes of input '" << inputName(f, input)
                                    << "' to be numbers, got " << typeText(to) << ": fix them with --dim NAME=SIZE";
  }
  if (!fits(from, to)) {
    return mlir::emitError(nowhere) << "state: expected output '" << outputName(f, output) << "' to be " << typeText(to)
                                    << " as input '" << inputName(f, input) << "' is, got " << typeText(from);
  }
  return mlir::success();
}

/// Input `i` moves behind all others, with its attributes.
void moveInputLast(mlir::func::FuncOp f, unsigned i) {
  mlir::Block &body = f.front();
  mlir::BlockArgument old = body.getArgument(i);
  mlir::DictionaryAttr attributes = f.getArgAttrDict(i);
  unsigned last = body.getNumArguments();
  mlir::Type type = old.getType();
  mlir::Location loc = old.getLoc();
  (void)f.insertArgument(last, type, attributes, loc);
  body.getArgument(i).replaceAllUsesWith(body.getArgument(last));
  (void)f.eraseArgument(i);
}

void moveOutputLast(mlir::func::FuncOp f, unsigned i) {
  mlir::Operation *terminator = f.front().getTerminator();
  mlir::Value value = terminator->getOperand(i);
  mlir::DictionaryAttr attributes = f.getResultAttrDict(i);
  unsigned last = f.getNumResults();
  (void)f.insertResult(last, value.getType(), attributes);
  terminator->insertOperands(last, value);
  (void)f.eraseResult(i);
  terminator->eraseOperand(i);
}

bool hasSymbol(mlir::func::FuncOp f, llvm::StringRef name) {
  return llvm::any_of(f.getArgumentTypes(), [&](mlir::Type type) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && llvm::any_of(dim::getShape(tensor), [&](dim::Expr e) {
             return e.getKind() == dim::ExprKind::Symbol && e.getSymbol() == name;
           });
  });
}

/// What the importer makes of a name.
std::string symbolOf(llvm::StringRef name) {
  std::string symbol = name.str();
  for (char &c : symbol) {
    c = llvm::isAlnum(c) || c == '_' || c == '.' ? c : '_';
  }
  return symbol;
}

bool sameType(mlir::Type a, mlir::Type b) {
  auto left = llvm::dyn_cast<mlir::RankedTensorType>(a), right = llvm::dyn_cast<mlir::RankedTensorType>(b);
  return left && right ? left.getElementType() == right.getElementType() && left.getRank() == right.getRank()
                       : a.getTypeID() == b.getTypeID();
}
} // namespace

llvm::LogicalResult addState(mlir::ModuleOp module, llvm::ArrayRef<StatePair> states) {
  mlir::func::FuncOp f = mainOf(module);
  mlir::OpBuilder b(f.getContext());
  llvm::SmallDenseSet<unsigned> inputs, outputs;
  bool ok = true;
  for (const StatePair &s : states) {
    std::optional<unsigned> output = find(f, "output", s.output, f.getNumResults(), outputName);
    std::optional<unsigned> input = find(f, "input", s.input, f.getNumArguments(), inputName);
    ok &= output && input && mlir::succeeded(checkPair(f, *output, *input));
    if (output && input && (!outputs.insert(*output).second || !inputs.insert(*input).second)) {
      mlir::emitError(b.getUnknownLoc()) << "state: expected every output and every input once, got '" << s.output
                                         << ":" << s.input << "' as well";
      ok = false;
    }
  }
  if (!ok) {
    return mlir::failure();
  }
  unsigned firstState = f.getNumResults() - states.size();
  for (auto [k, s] : llvm::enumerate(states)) {
    moveOutputLast(f, *find(f, "output", s.output, f.getNumResults(), outputName));
    moveInputLast(f, *find(f, "input", s.input, f.getNumArguments(), inputName));
    f.setArgAttr(f.getNumArguments() - 1, kStateAttr, b.getI64IntegerAttr(firstState + k));
  }
  return mlir::success();
}

llvm::LogicalResult addBounds(mlir::ModuleOp module, llvm::ArrayRef<SizeBounds> bounds) {
  mlir::func::FuncOp f = mainOf(module);
  mlir::OpBuilder b(f.getContext());
  llvm::SmallVector<mlir::NamedAttribute> entries;
  bool ok = true;
  for (const SizeBounds &bound : bounds) {
    std::string symbol = hasSymbol(f, bound.symbol) ? bound.symbol : symbolOf(bound.symbol);
    if (!hasSymbol(f, symbol)) {
      mlir::emitError(b.getUnknownLoc()) << "expected the name of a symbolic dim of an input, got '" << bound.symbol
                                         << "'";
      ok = false;
      continue;
    }
    entries.push_back(b.getNamedAttr(symbol, b.getDenseI64ArrayAttr({bound.least, bound.most})));
  }
  if (ok && !entries.empty()) {
    f->setAttr(kBoundsAttr, b.getDictionaryAttr(entries));
  }
  return mlir::success(ok);
}

llvm::LogicalResult addSpecialisation(mlir::ModuleOp into, mlir::ModuleOp from) {
  mlir::func::FuncOp first = mainOf(into), next = mainOf(from);
  bool same = first.getNumArguments() == next.getNumArguments() && first.getNumResults() == next.getNumResults() &&
              llvm::all_of(llvm::zip_first(first.getArgumentTypes(), next.getArgumentTypes()),
                           [](auto types) { return sameType(std::get<0>(types), std::get<1>(types)); }) &&
              llvm::all_of(llvm::zip_first(first.getResultTypes(), next.getResultTypes()),
                           [](auto types) { return sameType(std::get<0>(types), std::get<1>(types)); });
  for (unsigned i = 0; same && i < first.getNumArguments(); ++i) {
    // State is kept from one specialisation to the next.
    bool isState = bool(first.getArgAttr(i, kStateAttr));
    same = !isState || first.getArgumentTypes()[i] == next.getArgumentTypes()[i];
    if (!same) {
      return mlir::emitError(mlir::UnknownLoc::get(into.getContext()))
             << "state: expected input '" << inputName(first, i) << "' to have one size in all specialisations, got "
             << typeText(first.getArgumentTypes()[i]) << " and " << typeText(next.getArgumentTypes()[i]);
    }
  }
  if (!same) {
    return mlir::emitError(mlir::UnknownLoc::get(into.getContext()))
           << "expected specialisations with the same types and ranks of inputs and outputs";
  }
  unsigned count = llvm::range_size(into.getOps<mlir::func::FuncOp>());
  next->remove();
  next.setSymName("main_" + std::to_string(count));
  mlir::OpBuilder b(into.getContext());
  first->setAttr(kEntryAttr, b.getStringAttr("main"));
  next->setAttr(kEntryAttr, b.getStringAttr("main"));
  into.push_back(next);
  return mlir::success();
}
} // namespace dlc
