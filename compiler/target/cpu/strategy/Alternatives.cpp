//===- Alternatives.cpp - other ways to make a contraction kernel, worth measuring -----------------------===//
#include "compiler/target/cpu/strategy/Alternatives.h"
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"
#include "compiler/target/cpu/strategy/OneDnnPattern.h"
#include <map>

namespace dlc::cpu {
namespace {
const Strategy *strategyOf(mlir::func::FuncOp kernel) {
  auto name = kernel->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
  return name ? findStrategy(name.getValue()) : nullptr;
}

/// The other strategy that can take the same groups: those of the table match one after the other, but make groups
/// alike.
llvm::StringRef sibling(llvm::StringRef strategy) {
  return strategy == "winograd" ? "conv" : strategy == "conv" ? "winograd" : "";
}

/// Of other algorithms than the first's, only the best register tiles: each candidate costs a compilation, and when one
/// of them is faster, it is by far.
void keepBestOfOthers(std::vector<KernelChoice> &all) {
  constexpr int mostOfOthers = 2;
  std::map<std::pair<std::string, int>, int> counts;
  KernelChoice own = all.front();
  llvm::erase_if(all, [&](const KernelChoice &c) {
    bool isOther = c.strategy != own.strategy || c.choice.m != own.choice.m;
    return isOther && counts[{c.strategy, c.choice.m}]++ >= mostOfOthers;
  });
}

void append(std::vector<KernelChoice> &all, llvm::StringRef strategy, llvm::ArrayRef<Choice> choices) {
  for (const Choice &choice : choices) {
    all.push_back({strategy.str(), choice});
  }
}
} // namespace

std::string KernelChoice::text() const {
  std::string numbers = choice.text();
  return numbers.empty() ? strategy : strategy + " " + numbers;
}

std::optional<KernelChoice> KernelChoice::parse(llvm::StringRef text) {
  auto [strategy, numbers] = text.split(' ');
  std::optional<Choice> choice = Choice::parse(numbers);
  return choice && findStrategy(strategy) ? std::optional(KernelChoice{strategy.str(), *choice}) : std::nullopt;
}

mlir::Operation *rootOf(mlir::func::FuncOp kernel) {
  for (mlir::Operation &op : kernel.front()) {
    if (!llvm::isa<nn::ConstantOp>(op)) {
      return &op;
    }
  }
  return nullptr;
}

double workOf(mlir::func::FuncOp kernel) {
  mlir::Operation *root = rootOf(kernel);
  auto count = [](mlir::Value v) {
    auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
    return double(std::max<int64_t>(1, type.getNumElements()));
  };
  auto right = llvm::cast<mlir::RankedTensorType>(root->getOperand(1).getType());
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(root)) {
    return count(root->getResult(0)) * count(conv.getWeight()) / right.getDimSize(0);
  }
  if (auto conv = llvm::dyn_cast<nn::ConvTransposeOp>(root)) {
    return count(conv.getInput()) * count(conv.getWeight()) / right.getDimSize(0);
  }
  auto product = llvm::cast<nn::MatmulOp>(root);
  return count(root->getResult(0)) * right.getDimSize(right.getRank() - (product.getTransposeRhs() ? 1 : 2));
}

unsigned weightsArgument(mlir::func::FuncOp kernel) {
  return llvm::cast<mlir::BlockArgument>(rootOf(kernel)->getOperand(1)).getArgNumber();
}

bool hasAlternatives(mlir::func::FuncOp kernel) {
  auto isStatic = [](mlir::Type type) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  const Strategy *strategy = strategyOf(kernel);
  return strategy && strategy->tiles && llvm::all_of(kernel.getArgumentTypes(), isStatic) &&
         llvm::all_of(kernel.getResultTypes(), isStatic);
}

std::vector<KernelChoice> alternatives(mlir::func::FuncOp kernel, const TargetInfo &target) {
  std::vector<KernelChoice> all;
  const Strategy *own = strategyOf(kernel), *other = findStrategy(sibling(own->name));
  append(all, own->name, own->tiles(rootOf(kernel), target));
  if (other) {
    append(all, other->name, other->tiles(rootOf(kernel), target));
  }
  keepBestOfOthers(all);
  if (target.oneDnn == OneDnnUse::Measured && findOneDnnKernel(kernel)) {
    all.push_back({kOneDnnStrategy.str(), {}});
  }
  return all;
}

std::vector<KernelChoice> variations(mlir::func::FuncOp kernel, const TargetInfo &target, const KernelChoice &base) {
  std::vector<KernelChoice> all;
  if (const Strategy *strategy = findStrategy(base.strategy); strategy->variations) {
    append(all, base.strategy, strategy->variations(rootOf(kernel), target, base.choice));
  }
  return all;
}

bool isAlternative(mlir::func::FuncOp kernel, const TargetInfo &target, const KernelChoice &choice) {
  // What is varied is not what tells the alternatives apart.
  KernelChoice base{choice.strategy, {}};
  base.choice.m = choice.choice.m;
  base.choice.rows = choice.choice.rows;
  base.choice.vectors = choice.choice.vectors;
  return llvm::is_contained(alternatives(kernel, target), base) &&
         (choice == base || llvm::is_contained(variations(kernel, target, base), choice));
}

bool allowsWeights(mlir::func::FuncOp kernel, const KernelChoice &choice, const nn::Tensor &weights) {
  return choice.strategy != "winograd" ||
         isWinogradExact(choice.choice.m, llvm::cast<nn::ConvOp>(rootOf(kernel)), weights);
}

void choose(mlir::func::FuncOp kernel, const KernelChoice &choice) {
  mlir::Builder b(kernel.getContext());
  kernel->setAttr(kStrategyAttr, b.getStringAttr(choice.strategy));
  kernel->setAttr(kChoiceAttr, b.getStringAttr(choice.choice.text()));
}
} // namespace dlc::cpu
