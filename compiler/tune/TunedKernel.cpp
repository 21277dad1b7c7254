//===- TunedKernel.cpp - a kernel that can be tuned, and where it is used ------------------------------------===//
#include "compiler/tune/TunedKernel.h"
#include "compiler/passes/Kernels.h"
#include "dlc/abi.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SHA256.h"

namespace dlc::tune {
namespace {
std::string typeText(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(tensor.getShape(), os, "x");
  os << " " << tensor.getElementType();
  return text;
}

/// All that kernels of a target are made by; the processor, where the target is the one that dlc runs on.
std::string describeTarget(const cpu::TargetInfo &t) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << t.cpu << " " << t.features << " " << t.processor << " " << t.vectorBits << " " << t.registers << " " << t.l1
     << " " << t.l2 << " " << t.winograd;
  return text;
}
} // namespace

std::string targetText(const cpu::TargetInfo &target) {
  std::string text = target.cpu;
  for (const std::string &more : {target.features, target.processor}) {
    text += more.empty() ? "" : " " + more;
  }
  return text;
}

TunedKernel::TunedKernel(mlir::func::FuncOp func, const cpu::TargetInfo &target)
    : func(func), model(cpu::alternatives(func, target).front()) {}

std::string TunedKernel::key(const cpu::TargetInfo &target) {
  mlir::OwningOpRef<mlir::func::FuncOp> copy = func.clone();
  copy->setSymName("kernel");
  std::string text = std::string(DLC_VERSION) + "\n" + describeTarget(target) + "\n" + model.text() + "\n";
  // What raced without a call says nothing about one.
  cpu::KernelChoice call{kOneDnnStrategy.str(), {}};
  text += cpu::isAlternative(func, target, call) && allows(call) ? "with oneDNN\n" : "";
  llvm::raw_string_ostream os(text);
  (*copy)->print(os, mlir::OpPrintingFlags().useLocalScope());
  std::array<uint8_t, 32> hash = llvm::SHA256::hash(llvm::arrayRefFromStringRef(os.str()));
  return llvm::toHex(llvm::ArrayRef(hash).take_front(16), /*LowerCase=*/true);
}

std::string TunedKernel::describe() {
  mlir::Operation *root = cpu::rootOf(func);
  std::string text = root->getName().stripDialect().str();
  for (unsigned i = 0; i < 2; ++i) {
    text += (i ? ", " : " ") + typeText(root->getOperand(i).getType());
  }
  text += " -> " + typeText(func.getResultTypes()[0]);
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(root)) {
    text += ", stride " + std::to_string(conv.getStrides().front());
    text += conv.getGroups() > 1 ? ", " + std::to_string(conv.getGroups()) + " groups" : "";
  }
  return text;
}

llvm::SmallVector<mlir::ElementsAttr> TunedKernel::constants() const {
  llvm::SmallVector<mlir::ElementsAttr> values;
  for (mlir::Value v : nn::DispatchOp(dispatches.front())->getOperands()) {
    auto constant = v.getDefiningOp<nn::ConstantOp>();
    values.push_back(constant ? llvm::cast<mlir::ElementsAttr>(constant.getValue()) : nullptr);
  }
  return values;
}

bool TunedKernel::allows(const cpu::KernelChoice &choice) const {
  unsigned argument = cpu::weightsArgument(func);
  return llvm::all_of(dispatches, [&](nn::DispatchOp dispatch) {
    auto constant = dispatch->getOperand(argument).getDefiningOp<nn::ConstantOp>();
    if (!constant) {
      return choice.strategy != kOneDnnStrategy; // which keeps what it makes of them
    }
    mlir::FailureOr<nn::Tensor> weights = nn::tensorFromAttr(constant.getValue());
    return mlir::succeeded(weights) && cpu::allowsWeights(func, choice, *weights);
  });
}

void TunedKernel::take(const TuneEntry &entry, const cpu::KernelChoice &choice) {
  cpu::choose(func, choice);
  std::string why;
  llvm::raw_string_ostream(why) << llvm::format("tuned: +%.0f%% over the model's choice", 100 * entry.gain()) << " ("
                                << choice.text() << " instead of " << entry.model << ")";
  mlir::Builder b(func.getContext());
  for (nn::DispatchOp dispatch : dispatches) {
    dispatch->setAttr(kReasonAttr, b.getStringAttr(why));
  }
}
} // namespace dlc::tune
