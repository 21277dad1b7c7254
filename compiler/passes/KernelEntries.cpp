//===- KernelEntries.cpp - the functions that the engine calls ---------------------------------===//
#include "compiler/passes/KernelSignature.h"
#include "compiler/passes/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc {
#define GEN_PASS_DEF_KERNELENTRIES
#include "compiler/passes/Passes.h.inc"
namespace {
using namespace mlir;

/// Masked accesses of 16-bit floats become accesses of integers: where the CPU has no such masks, LLVM splits them into
/// elements, and scalars of those types would need a conversion library.
void maskHalvesAsIntegers(ModuleOp module) {
  auto integers = [](Type type) -> Type {
    auto vector = dyn_cast<VectorType>(type);
    bool half = vector && (vector.getElementType().isF16() || vector.getElementType().isBF16());
    return half ? Type(vector.clone(IntegerType::get(type.getContext(), 16))) : Type();
  };
  module.walk([&](Operation *op) {
    OpBuilder b(op);
    if (auto load = dyn_cast<LLVM::MaskedLoadOp>(op)) {
      Type type = load.getType(), wide = integers(type);
      if (!wide) {
        return;
      }
      for (OpOperand &pass : load.getPassThruMutable()) {
        pass.set(LLVM::BitcastOp::create(b, op->getLoc(), wide, pass.get()));
      }
      load.getResult().setType(cast<VectorType>(wide));
      b.setInsertionPointAfter(op);
      auto cast = LLVM::BitcastOp::create(b, op->getLoc(), type, load.getResult());
      load.getResult().replaceAllUsesExcept(cast, cast);
    } else if (auto store = dyn_cast<LLVM::MaskedStoreOp>(op)) {
      if (Type wide = integers(store.getValue().getType())) {
        store.getValueMutable().assign(LLVM::BitcastOp::create(b, op->getLoc(), wide, store.getValue()));
      }
    }
  });
}

/// `int32_t name(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch)`.
void buildEntry(LLVM::LLVMFuncOp body, llvm::StringRef name, const KernelSignature &signature) {
  OpBuilder b(body);
  Location loc = body.getLoc();
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(i32, {ptr, ptr, i64, i64, ptr});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, name, type);
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  SmallVector<Value> args;
  auto loadAll = [&](Value from, Type element, int64_t count) {
    for (int32_t i = 0; i < count; ++i) {
      Value address = LLVM::GEPOp::create(b, loc, ptr, element, from, ArrayRef<LLVM::GEPArg>{i});
      args.push_back(LLVM::LoadOp::create(b, loc, element, address));
    }
  };
  loadAll(entry.getArgument(0), ptr, signature.buffers);
  loadAll(entry.getArgument(1), i64, signature.dims);
  args.append({entry.getArgument(2), entry.getArgument(3), entry.getArgument(4)});
  auto call = LLVM::CallOp::create(b, loc, body, args);
  LLVM::ReturnOp::create(b, loc, call.getResults());
}

struct KernelEntriesPass : impl::KernelEntriesBase<KernelEntriesPass> {
  void runOnOperation() override {
    maskHalvesAsIntegers(getOperation());
    for (auto body : llvm::make_early_inc_range(getOperation().getOps<LLVM::LLVMFuncOp>())) {
      std::optional<KernelSignature> signature = takeSignature(body);
      if (!signature) {
        continue;
      }
      std::string name = body.getSymName().str();
      body.setSymName(name + ".body");
      body.setLinkage(LLVM::Linkage::Internal);
      body.setAlwaysInline(true);
      body.setVisibility(SymbolTable::Visibility::Public);
      buildEntry(body, name, *signature);
    }
  }
};
} // namespace
} // namespace dlc
