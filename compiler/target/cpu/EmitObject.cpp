#include "compiler/target/cpu/EmitObject.h"
#include "compiler/target/cpu/MaskedStores.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace llvm;

namespace dlc::cpu {

std::unique_ptr<Module> translateKernels(mlir::ModuleOp module, LLVMContext &context) {
  return mlir::translateModuleToLLVMIR(module, context);
}

/// The target's features, and that dot products of 16 bits stay what they are: by default LLVM takes them apart, into
/// twice as many instructions, where it sees chains of them.
static std::string codegenFeatures(const TargetInfo &info) {
  return info.vnni ? info.features + ",+fast-dpwssd" : info.features;
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(const TargetInfo &info, int optLevel) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    return createStringError("no code generator for %s: %s", triple.str().c_str(), error.c_str());
  }
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  auto level = static_cast<CodeGenOptLevel>(std::clamp(optLevel, 0, 3));
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(triple, info.cpu, codegenFeatures(info), options,
                                                                     Reloc::PIC_, CodeModel::Small, level));
  if (!machine) {
    return createStringError("no code generator for CPU %s", info.cpu.c_str());
  }
  return machine;
}

static void setFunctionAttributes(Module &module, const TargetInfo &info) {
  for (Function &function : module) {
    if (function.isDeclaration()) {
      continue;
    }
    function.addFnAttr("target-cpu", info.cpu);
    function.addFnAttr("target-features", codegenFeatures(info));
    function.addFnAttr("prefer-vector-width", std::to_string(info.vectorBits));
    function.addFnAttr("min-legal-vector-width", std::to_string(info.vectorBits));
    function.setDoesNotThrow();
  }
}

static void optimize(Module &module, TargetMachine &machine, int optLevel) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager graph;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  const OptimizationLevel levels[] = {OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
                                      OptimizationLevel::O3};
  OptimizationLevel level = levels[std::clamp(optLevel, 0, 3)];
  ModulePassManager pipeline = level == OptimizationLevel::O0 ? builder.buildO0DefaultPipeline(level)
                                                              : builder.buildPerModuleDefaultPipeline(level);
  pipeline.run(module, modules);
}

Expected<SmallVector<char, 0>> optimizeAndEmitObject(Module &module, const TargetInfo &info, int optLevel,
                                                     bool assembly) {
  auto machine = createTargetMachine(info, optLevel);
  if (!machine) {
    return machine.takeError();
  }
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());
  setFunctionAttributes(module, info);
  optimize(module, **machine, optLevel);
  storeSingleLanesAsScalars(module);
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager codegen;
  auto kind = assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if ((*machine)->addPassesToEmitFile(codegen, stream, nullptr, kind)) {
    return createStringError("the code generator for %s cannot write an object file", info.cpu.c_str());
  }
  codegen.run(module);
  return object;
}

} // namespace dlc::cpu
