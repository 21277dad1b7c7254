#include "compiler/target/cpu/LowerKernels.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

/// What a kernel's signature is, kept while its function is converted.
struct KernelSignature {
  std::string name;
  int buffers = 0;
  int dims = 0;
};

FailureOr<KernelSignature> readSignature(func::FuncOp func) {
  KernelSignature signature;
  signature.name = func.getName().str();
  ArrayRef<Type> types = func.getArgumentTypes();
  size_t i = 0;
  for (; i < types.size() && isa<MemRefType>(types[i]); ++i) {
    ++signature.buffers;
  }
  for (; i < types.size() && types[i].isIndex(); ++i) {
    ++signature.dims;
  }
  signature.dims -= 2; // begin, end
  bool scratch = i + 1 == types.size() && isa<MemRefType>(types[i]);
  bool status = func.getNumResults() == 1 && func.getResultTypes()[0].isInteger(32);
  if (!scratch || !status || signature.dims < 0) {
    return func.emitError("expected a kernel (buffers, dims, begin, end, scratch) -> i32, got ")
           << func.getFunctionType();
  }
  return signature;
}

void allowContraction(ModuleOp module) {
  module.walk([](arith::ArithFastMathInterface op) {
    // A conversion and its inverse must not cancel: the first one rounds.
    if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
      return;
    }
    auto flags = op.getFastMathFlagsAttr() ? op.getFastMathFlagsAttr().getValue() : arith::FastMathFlags::none;
    op->setAttr(op.getFastMathAttrName(),
                arith::FastMathFlagsAttr::get(op->getContext(), flags | arith::FastMathFlags::contract));
  });
}

LogicalResult convertToLLVM(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions options;
  options.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(options));
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  return pm.run(module);
}

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
void buildEntry(LLVM::LLVMFuncOp body, const KernelSignature &signature) {
  OpBuilder b(body);
  Location loc = body.getLoc();
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(i32, {ptr, ptr, i64, i64, ptr});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, signature.name, type);
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  SmallVector<Value> args;
  auto loadAll = [&](Value from, Type element, int count) {
    for (int i = 0; i < count; ++i) {
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

} // namespace

LogicalResult lowerKernelsToLLVMDialect(ModuleOp module, const TargetInfo &target) {
  SmallVector<KernelSignature> kernels;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration() || func.isPrivate()) {
      continue;
    }
    auto signature = readSignature(func);
    if (failed(signature)) {
      return failure();
    }
    kernels.push_back(*signature);
    func.setPrivate();
  }
  allowContraction(module);
  if (failed(convertToLLVM(module))) {
    return failure();
  }
  maskHalvesAsIntegers(module);
  for (const KernelSignature &kernel : kernels) {
    auto body = module.lookupSymbol<LLVM::LLVMFuncOp>(kernel.name);
    body.setSymName(kernel.name + ".body");
    body.setLinkage(LLVM::Linkage::Internal);
    body.setAlwaysInline(true);
    body.setVisibility(SymbolTable::Visibility::Public);
    buildEntry(body, kernel);
  }
  return success();
}

} // namespace dlc::cpu
