#include "compiler/target/cpu/MaskedStores.h"
#include "llvm/Analysis/InstructionSimplify.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

#include <optional>

using namespace llvm;

namespace dlc::cpu {
namespace {

/// The only lane of a constant mask that is set.
std::optional<unsigned> singleLane(Value *mask, const DataLayout &layout) {
  if (auto *instruction = dyn_cast<Instruction>(mask)) {
    mask = simplifyInstruction(instruction, SimplifyQuery(layout, instruction));
  }
  auto *constant = dyn_cast_or_null<Constant>(mask);
  auto *type = constant ? dyn_cast<FixedVectorType>(constant->getType()) : nullptr;
  std::optional<unsigned> lane;
  for (unsigned i = 0; type && i < type->getNumElements(); ++i) {
    Constant *element = constant->getAggregateElement(i);
    if (!element || !(element->isNullValue() || element->isOneValue())) {
      return std::nullopt;
    }
    if (element->isOneValue()) {
      if (lane) {
        return std::nullopt;
      }
      lane = i;
    }
  }
  return lane;
}

} // namespace

void storeSingleLanesAsScalars(Module &module) {
  SmallVector<std::pair<IntrinsicInst *, unsigned>> found;
  for (Function &function : module) {
    for (Instruction &instruction : instructions(function)) {
      auto *call = dyn_cast<IntrinsicInst>(&instruction);
      if (call && call->getIntrinsicID() == Intrinsic::masked_store) {
        if (std::optional<unsigned> lane = singleLane(call->getArgOperand(2), module.getDataLayout())) {
          found.push_back({call, *lane});
        }
      }
    }
  }
  for (auto [call, lane] : found) {
    IRBuilder<> b(call);
    Value *vector = call->getArgOperand(0), *pointer = call->getArgOperand(1);
    Value *element = b.CreateExtractElement(vector, uint64_t(lane));
    Value *address = b.CreateConstInBoundsGEP1_64(element->getType(), pointer, lane);
    uint64_t size = module.getDataLayout().getTypeStoreSize(element->getType());
    b.CreateAlignedStore(element, address,
                         lane == 0 ? call->getParamAlign(1).valueOrOne()
                                   : commonAlignment(call->getParamAlign(1).valueOrOne(), lane * size));
    call->eraseFromParent();
  }
}

} // namespace dlc::cpu
