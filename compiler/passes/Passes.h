//===- Passes.h - the compiler's passes ----------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_PASSES_H
#define DLC_COMPILER_PASSES_PASSES_H
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
namespace arith {
class ArithDialect;
}
namespace linalg {
class LinalgDialect;
}
namespace LLVM {
class LLVMDialect;
}
namespace math {
class MathDialect;
}
namespace scf {
class SCFDialect;
}
namespace memref {
class MemRefDialect;
}
namespace tensor {
class TensorDialect;
}
namespace vector {
class VectorDialect;
}
} // namespace mlir
namespace dlc::rt {
class RTDialect;
}

namespace dlc::cpu {
struct TargetInfo;
}

namespace dlc {
#define GEN_PASS_DECL
#include "compiler/passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/Passes.h.inc"

/// The passes that depend on the CPU; those of Passes.td without arguments take the one that we run on.
std::unique_ptr<mlir::Pass> createFormGroups(const cpu::TargetInfo &target);
std::unique_ptr<mlir::Pass> createLowerToLoops(const cpu::TargetInfo &target);
std::unique_ptr<mlir::Pass> createSplitBatch(const cpu::TargetInfo &target);
} // namespace dlc
#endif
