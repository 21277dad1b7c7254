//===- Pipeline.cpp - the whole pipeline: one function per level ----------------------------===//
#include "compiler/Pipeline.h"
#include "compiler/CompileProgress.h"
#include "compiler/Reproducer.h"
#include "compiler/emit/Files.h"
#include "compiler/emit/Objects.h"
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/target/cpu/EmitObject.h"
#include "compiler/tune/Tune.h"
#include "dialects/nn/eval/Eval.h"
#include "dialects/nn/lower/Lower.h"
#include "dialects/rt/RT.h"
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
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Support/Timing.h"
#include "mlir/Transforms/Passes.h"

namespace dlc {
void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::func::FuncDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect, dim::DimDialect, nn::NNDialect, rt::RTDialect>();
  nn::registerEvaluate(registry);
  nn::registerLower(registry);
  cpu::registerKernelDialects(registry);
}

namespace {
/// In the order of Level.
constexpr llvm::StringLiteral kLevelNames[] = {"nn", "graph", "linalg", "rt"};

/// nn -> nn: the graph that kernels are made from.
void addGraphPasses(mlir::OpPassManager &pm, const CompileOptions &options) {
  mlir::OpPassManager &graph = pm.nest<mlir::func::FuncOp>();
  graph.addPass(mlir::createCanonicalizerPass());
  graph.addPass(mlir::createCSEPass());
  // First: all others know elements that kernels compute with.
  graph.addPass(createWidenElements());
  graph.addPass(createMoveStrings());
  // Before folding: the slices of weights that recurrences become are constants.
  graph.addPass(createDecomposeRnn());
  graph.addPass(createWidenFloats({/*bf16=*/!options.target.bf16}));
  // Quantised weights stay until it is known which contractions take them as they are.
  graph.addPass(createFoldConstants({options.foldBudget, /*keepQuantized=*/true}));
  graph.addPass(createUnsignedActivations());
  graph.addPass(createSinkDequantize());
  graph.addPass(createIntegerContractions());
  graph.addPass(createFoldConstants({options.foldBudget}));
  graph.addPass(createFoldZeroPoints());
  // Scales fold before layouts are chosen: constants per channel are easy to find in the source's layout.
  graph.addPass(createFoldScales());
  // Behind it: normalisation shows in weights which channels are nothing. Before layouts: reshapes merge channels first.
  graph.addPass(createPruneChannels());
  graph.addPass(createAssignLayout());
  // Again: constants were transposed, and transpositions that meet cancel.
  graph.addPass(createFoldConstants({options.foldBudget}));
  graph.addPass(mlir::createCanonicalizerPass());
  graph.addPass(mlir::createCSEPass());
  // What is known about indices is known by now, and ops that are gone need no check.
  graph.addPass(createCheckIndices());
  // Last: no pass before it knows regions that see parts of values.
  graph.addPass(createSplitBatch(options.target));
}

/// nn -> linalg: ops are grouped, groups become functions, functions are lowered.
void addLinalgPasses(mlir::OpPassManager &pm, const CompileOptions &options) {
  pm.addNestedPass<mlir::func::FuncOp>(createFormGroups(options.target));
  pm.addPass(createOutlineKernels());
  pm.addPass(createLowerToLinalg());
}

void addExpandMath(mlir::OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createExpandMath({options.target.fma, options.target.vectorBits >= 256, options.target.f16c}));
}

/// linalg -> rt: kernels get their loops first, because steps carry the tiles and scratch that these decide.
void addRTPasses(mlir::OpPassManager &pm, const CompileOptions &options) {
  // Before there are loops: calls of libraries are made of nn ops, and which kernels become some is known by now.
  pm.addPass(createCallLibraries());
  pm.addPass(createLowerToLoops(options.target));
  addExpandMath(pm, options);
  pm.addPass(createLowerToRT());
  pm.addPass(createPlanMemory());
  // After planning: buffers that share bytes order the steps that use them.
  pm.addPass(createOrderSteps());
}

/// rt -> llvm, for a module of kernels. Each conversion takes what the ones before it left; functions come last, for
/// the others need them as they were.
void addKernelPasses(mlir::OpPassManager &pm) {
  // First: types tell what a kernel takes only as long as they are memrefs.
  pm.addPass(createPrepareKernels());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(mlir::createLoopInvariantCodeMotionPass());
  pm.addPass(mlir::createSCFToControlFlowPass());
  pm.addPass(mlir::createConvertVectorToLLVMPass());
  pm.addPass(mlir::createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(mlir::createConvertMathToLLVMPass());
  pm.addPass(mlir::createArithToLLVMConversionPass());
  pm.addPass(mlir::createConvertIndexToLLVMPass());
  pm.addPass(mlir::createUBToLLVMConversionPass());
  pm.addPass(mlir::createConvertControlFlowToLLVMPass());
  mlir::ConvertFuncToLLVMPassOptions options;
  options.useBarePtrCallConv = true;
  pm.addPass(mlir::createConvertFuncToLLVMPass(options));
  pm.addPass(mlir::createReconcileUnrealizedCastsPass());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  // Last: what it adds needs no conversion.
  pm.addPass(createKernelEntries());
}

mlir::OpPrintingFlags printingFlags() {
  return mlir::OpPrintingFlags().elideLargeElementsAttrs(32).elideLargeResourceString(64);
}

/// From the level above.
void addPasses(mlir::OpPassManager &pm, const CompileOptions &options, Level level) {
  switch (level) {
  case Level::NN:
    return;
  case Level::Graph:
    return addGraphPasses(pm, options);
  case Level::Linalg:
    return addLinalgPasses(pm, options);
  case Level::RT:
    return addRTPasses(pm, options);
  }
}

void printChanges(mlir::PassManager &pm) {
  // Passes on functions print as they go; in turns, so that texts do not mix.
  pm.getContext()->disableMultithreading();
  pm.enableIRPrinting([](mlir::Pass *, mlir::Operation *) { return false; },
                      [](mlir::Pass *, mlir::Operation *) { return true; },
                      /*printModuleScope=*/false, /*printAfterOnlyOnChange=*/true,
                      /*printAfterOnlyOnFailure=*/false, llvm::errs(), printingFlags());
}

/// Runs one level's passes, and checks what they promise.
llvm::LogicalResult runLevel(mlir::ModuleOp module, const CompileOptions &options, Level level) {
  llvm::StringRef from = kLevelNames[int(level) - 1], to = kLevelNames[int(level)];
  mlir::TimingScope scope = options.timing ? options.timing->nest(to) : mlir::TimingScope();
  Reproducer reproducer(module);
  mlir::PassManager pm(module.getContext()), check(module.getContext());
  pm.enableTiming(scope);
  if (options.printAfterChange) {
    printChanges(pm);
  }
  addPasses(pm, options, level);
  check.addPass(createVerifyLevel({to.str()}));
  bool hasRun = mlir::succeeded(pm.run(module));
  if (hasRun && mlir::succeeded(check.run(module))) {
    return mlir::success();
  }
  if (hasRun || reproducer.isInternalError(module)) {
    reproducer.write(options, from, to);
  }
  return mlir::failure();
}

/// Writes "2-graph.mlir" and so on.
llvm::LogicalResult dumpLevel(mlir::ModuleOp module, const CompileOptions &options, Level level) {
  if (options.dumpDir.empty()) {
    return mlir::success();
  }
  llvm::Error error = emit::writeDump(
      options.dumpDir, std::to_string(int(level) + 1) + "-" + kLevelNames[int(level)] + ".mlir", toText(module));
  return error ? llvm::LogicalResult(module.emitError() << llvm::toString(std::move(error))) : mlir::success();
}

/// Kernels that are only measured go the way of all others.
llvm::LogicalResult tuneKernels(mlir::ModuleOp module, const CompileOptions &options) {
  mlir::TimingScope scope = options.timing ? options.timing->nest("tuning") : mlir::TimingScope();
  return tune::tuneKernels(module, options, [&](mlir::ModuleOp loops) -> mlir::FailureOr<std::vector<tune::Object>> {
    mlir::PassManager pm(loops.getContext());
    addExpandMath(pm, options);
    CompileOptions quiet = options;
    quiet.progress = nullptr;
    if (mlir::failed(pm.run(loops))) {
      return mlir::failure();
    }
    return emit::compileKernels(getKernelModule(loops), quiet, lowerKernels);
  });
}
} // namespace

void buildPipeline(mlir::OpPassManager &pm, const CompileOptions &options, Level from, Level to) {
  for (int level = int(from) + 1; level <= int(to); ++level) {
    addPasses(pm, options, Level(level));
    pm.addPass(createVerifyLevel({kLevelNames[level].str()}));
  }
}

llvm::LogicalResult pruneChannels(mlir::ModuleOp module, double fraction, bool global, bool fold) {
  mlir::PassManager pm(module.getContext());
  pm.addNestedPass<mlir::func::FuncOp>(createPruneChannels({fraction, global, fold}));
  return pm.run(module);
}

llvm::LogicalResult lowerKernels(mlir::ModuleOp kernels) {
  mlir::PassManager pm(kernels.getContext());
  addKernelPasses(pm);
  return pm.run(kernels);
}

std::string toText(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, printingFlags());
  stream << '\n';
  return text;
}

llvm::LogicalResult runPipeline(mlir::ModuleOp module, const CompileOptions &options, Level from, Level to) {
  if (mlir::failed(dumpLevel(module, options, from))) {
    return mlir::failure();
  }
  for (int level = int(from) + 1; level <= int(to); ++level) {
    if (options.progress) {
      options.progress->set(kLevelNames[level].data(), 200 * level);
    }
    // Between levels: it adds attributes, and what it compiles has a pipeline of its own.
    if (Level(level) == Level::RT && options.tuning && mlir::failed(tuneKernels(module, options))) {
      return mlir::failure();
    }
    if (mlir::failed(runLevel(module, options, Level(level))) || mlir::failed(dumpLevel(module, options, Level(level)))) {
      return mlir::failure();
    }
  }
  return mlir::success();
}
} // namespace dlc
