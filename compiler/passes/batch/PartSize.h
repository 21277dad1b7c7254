//===- PartSize.h - how many images of a batch run together ---------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_BATCH_PARTSIZE_H
#define DLC_COMPILER_PASSES_BATCH_PARTSIZE_H
#include "compiler/passes/batch/BatchRules.h"

namespace dlc::cpu {
struct TargetInfo;
}

namespace dlc::batch {
/// What to do with ops that treat each image by itself: the first `ops` of them run on parts of `images`; 0: none do.
struct Split {
  size_t ops = 0;
  int64_t images = 0;
  std::string why; ///< for people
};

/// The split that moves the fewest bytes between the processor and memory; none where it would not move clearly fewer,
/// or sizes are not known. `ops` are in an order in which they can run.
Split chooseSplit(llvm::ArrayRef<mlir::Operation *> ops, const Batch &batch, const cpu::TargetInfo &target);
} // namespace dlc::batch
#endif
