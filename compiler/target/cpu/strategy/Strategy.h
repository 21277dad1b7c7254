//===- Strategy.h - how code is generated for a group of ops ------------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_STRATEGY_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_STRATEGY_H
#include "compiler/target/cpu/KernelBuilder.h"
#include "compiler/target/cpu/contraction/Choice.h"
#include "dialects/nn/NN.h"
#include "dialects/nn/eval/Eval.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <functional>

namespace dlc::cpu {
/// A form of a constant that takes fewer bytes than what the kernel wants, and a kernel that makes the one of the
/// other, to the same bits as PackedArgument::pack, before the first run.
struct Preparation {
  std::function<nn::Tensor(const nn::Tensor &)> store; ///< what the artifact holds
  std::string kernel;                                  ///< kernels of one name are the same, but for the stored type
  llvm::SmallVector<int64_t> dims;                     ///< index arguments
  int64_t bytes = 0;                                   ///< of what the kernel makes
  int64_t tiles = 1;
  /// Emits a loop over tiles [begin, end) from the stored form to the one that the kernel takes.
  std::function<void(KernelBuilder &, mlir::Value stored, mlir::Value prepared, mlir::ValueRange dims, Idx begin,
                     Idx end)>
      emit;
};

/// An argument of a kernel that takes a constant in another form than the graph has it.
struct PackedArgument {
  unsigned argument;
  std::function<nn::Tensor(const nn::Tensor &)> pack;
  std::string key; ///< equal keys pack equal constants equally
  std::optional<Preparation> preparation = std::nullopt;
};
using PackedArguments = std::vector<PackedArgument>;

/// Why a strategy was taken or passed over, in a few words for `dlc inspect`; empty where the op is not of its kind.
struct Reason {
  std::string text;
  bool yes(const llvm::Twine &why) {
    text = why.str();
    return true;
  }
  bool no(const llvm::Twine &why) {
    text = why.str();
    return false;
  }
};

/// One way to make a kernel. The table is tried in order; "loops" takes everything and is last.
struct Strategy {
  llvm::StringRef name;
  /// Whether the strategy can make a kernel of `root`, whose constant operands are constants in the graph.
  bool (*matches)(mlir::Operation *root, const TargetInfo &target, Reason &reason);
  /// Replaces the body of `kernel` (nn ops: the root, then its epilogue) by loops over buffers, and sets its
  /// attributes. `packed` gets the arguments that are to be packed.
  llvm::LogicalResult (*emit)(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
  /// For a strategy that takes more than its root and an epilogue: the ops of the kernel, in order, the root among them.
  llvm::SmallVector<mlir::Operation *> (*members)(mlir::Operation *root) = nullptr;
  /// Choices worth measuring for the root of a kernel, whose sizes are static, the cost model's own first; and changes
  /// worth measuring of everything else about one of them. Null where there is nothing to choose.
  std::vector<Choice> (*tiles)(mlir::Operation *root, const TargetInfo &target) = nullptr;
  std::vector<Choice> (*variations)(mlir::Operation *root, const TargetInfo &target, const Choice &base) = nullptr;
  /// Whether the root, the last of the members, takes an epilogue too.
  bool membersAndEpilogue = false;
};
llvm::ArrayRef<Strategy> strategies();
struct StrategyChoice {
  const Strategy *strategy = nullptr; ///< null: only loops remain
  std::string why;                    ///< "3x3; not winograd: stride 2"
};
/// The first strategy for a contraction. `alone`: none that takes other contractions too.
StrategyChoice chooseStrategy(mlir::Operation *root, const TargetInfo &target, bool alone = false);
const Strategy *findStrategy(llvm::StringRef name);

/// How an operand of an epilogue op lies under the result of shape `result`.
enum class OperandPlace { Same, Columns, Rows, Scalar, Other };
OperandPlace placeOf(llvm::ArrayRef<dim::Expr> operand, llvm::ArrayRef<dim::Expr> result);
/// Whether an elementwise op can be part of an epilogue whose results have the shape of `root`'s.
bool fitsEpilogue(mlir::Operation *op, mlir::Operation *root);

bool matchesAttention(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesOneDnn(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesInvertedResidual(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesDepthwisePointwise(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesConv(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesDepthwise(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesStrassen(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesWinograd(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesConvTranspose(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesMatmul(mlir::Operation *root, const TargetInfo &target, Reason &reason);
bool matchesPackedMatmul(mlir::Operation *root, const TargetInfo &target, Reason &reason);
std::vector<Choice> convKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> convKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
std::vector<Choice> depthwiseKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> depthwiseKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
std::vector<Choice> winogradKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> winogradKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
std::vector<Choice> convTransposeKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> convTransposeKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
std::vector<Choice> matmulKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> matmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
std::vector<Choice> packedMatmulKernelTiles(mlir::Operation *root, const TargetInfo &target);
std::vector<Choice> packedMatmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base);
llvm::SmallVector<mlir::Operation *> attentionMembers(mlir::Operation *root);
llvm::SmallVector<mlir::Operation *> oneDnnMembers(mlir::Operation *root);
llvm::LogicalResult emitOneDnnKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitAttentionKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::SmallVector<mlir::Operation *> invertedResidualMembers(mlir::Operation *root);
llvm::SmallVector<mlir::Operation *> depthwisePointwiseMembers(mlir::Operation *root);
llvm::LogicalResult emitSeparableKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitConvKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitStrassenKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitWinogradKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitDepthwiseKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitConvTransposeKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
llvm::LogicalResult emitPackedMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed);
} // namespace dlc::cpu
#endif
