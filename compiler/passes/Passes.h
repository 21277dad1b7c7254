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

namespace dlc {
#define GEN_PASS_DECL
#include "compiler/passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/Passes.h.inc"
} // namespace dlc
#endif
