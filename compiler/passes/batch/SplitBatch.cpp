//===- SplitBatch.cpp - large batches run through the network in parts ----------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/batch/PartSize.h"
#include "compiler/target/cpu/TargetInfo.h"
#include "dialects/nn/ops/control/BatchRows.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {
#define GEN_PASS_DEF_SPLITBATCH
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Operation;
using mlir::Value;

/// The ops of a function that can run on parts of the batch together, and those that need what they compute.
class Region {
public:
  Region(mlir::Block &block, dim::Expr images) : batch{images, {}} {
    for (Value v : block.getArguments()) {
      auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
      bool isIn = type && type.getRank() > 0 && nn::getElementBits(type.getElementType()) >= 8 &&
                  nn::rowsPerImage(nn::shapeOf(v)[0], images);
      if (isIn) {
        batch.values.insert(v);
      }
    }
    for (Operation &op : block.without_terminator()) {
      place(&op);
    }
  }
  /// Only the first `count` ops stay in.
  void shrink(size_t count) {
    llvm::SmallVector<Operation *> left(llvm::ArrayRef(ops).drop_front(count));
    ops.truncate(count);
    inside = llvm::DenseSet<Operation *>(ops.begin(), ops.end());
    late.insert(left.begin(), left.end());
  }

  batch::Batch batch;
  llvm::SmallVector<Operation *> ops;
  llvm::DenseSet<Operation *> inside;
  llvm::DenseSet<Operation *> late; ///< run behind the others

private:
  void place(Operation *op) {
    bool needsInside = false, needsLate = false;
    op->walk([&](Operation *inner) {
      for (Value v : inner->getOperands()) {
        needsInside |= inside.contains(v.getDefiningOp());
        needsLate |= late.contains(v.getDefiningOp());
      }
    });
    if (!needsLate && batch::isPerImage(op, batch)) {
      ops.push_back(op);
      inside.insert(op);
      batch.values.insert(op->result_begin(), op->result_end());
    } else if (needsInside || needsLate) {
      late.insert(op);
    }
  }
};

class Splitter {
public:
  Splitter(mlir::func::FuncOp func, Region &region, const batch::Split &split)
      : func(func), region(region), images(region.batch.images), size(split.images), b(func.getContext()) {
    if (!dim::isConstant(dim::mod(images, dim::constant(func.getContext(), size)), 0)) {
      part = b.getStringAttr(unusedName());
    }
    partImages = part ? dim::symbol(func.getContext(), part.getValue()) : dim::constant(func.getContext(), size);
  }

  void run(llvm::StringRef why) {
    Operation *end = func.front().getTerminator();
    llvm::SmallVector<Operation *> late;
    for (Operation &op : func.front()) {
      if (region.late.contains(&op)) {
        late.push_back(&op);
      }
    }
    for (Operation *op : late) {
      op->moveBefore(end);
    }
    Operation *next = late.empty() ? end : late.front();
    llvm::SetVector<Value> inputs = valuesUsed(), results = valuesLeft();
    llvm::SmallVector<mlir::Location> locs;
    for (Operation *op : region.ops) {
      locs.push_back(op->getLoc());
    }
    b.setInsertionPoint(next);
    mlir::ValueRange types(results.getArrayRef());
    auto split =
        nn::SplitBatchOp::create(b, b.getFusedLoc(locs), types.getTypes(), inputs.getArrayRef(), images, size, part);
    split->setAttr(kReasonAttr, b.getStringAttr(why));
    fill(split, inputs.getArrayRef(), results.getArrayRef());
    for (auto [from, to] : llvm::zip(results, split.getResults())) {
      Value(from).replaceAllUsesWith(to);
    }
    for (Operation *op : llvm::reverse(region.ops)) {
      op->erase();
    }
  }

private:
  /// A name that no size of the function has.
  std::string unusedName() {
    llvm::StringSet<> used;
    auto note = [&](Value v) {
      if (auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType())) {
        for (dim::Expr e : dim::getShape(type)) {
          dim::forEachSymbol(e, [&](llvm::StringRef name) { used.insert(name); });
        }
      }
    };
    llvm::for_each(func.getArguments(), note);
    func.walk([&](Operation *op) { llvm::for_each(op->getResults(), note); });
    std::string name = "part";
    while (used.contains(name)) {
      name += "_";
    }
    return name;
  }
  llvm::SetVector<Value> valuesUsed() {
    llvm::SetVector<Value> values;
    for (Operation *op : region.ops) {
      for (Value v : op->getOperands()) {
        if (region.batch.contains(v) && !region.inside.contains(v.getDefiningOp())) {
          values.insert(v);
        }
      }
    }
    return values;
  }
  llvm::SetVector<Value> valuesLeft() {
    llvm::SetVector<Value> values;
    for (Operation *op : region.ops) {
      for (Value v : op->getResults()) {
        auto isOutside = [&](Operation *user) {
          return !region.inside.contains(func.front().findAncestorOpInBlock(*user));
        };
        if (llvm::any_of(v.getUsers(), isOutside)) {
          values.insert(v);
        }
      }
    }
    return values;
  }
  void fill(nn::SplitBatchOp split, llvm::ArrayRef<Value> inputs, llvm::ArrayRef<Value> results) {
    mlir::Block *body = b.createBlock(&split.getBody());
    mlir::IRMapping map;
    for (Value v : inputs) {
      auto type = nn::withImages(llvm::cast<mlir::RankedTensorType>(v.getType()), images, partImages);
      map.map(v, body->addArgument(type, v.getLoc()));
    }
    for (Operation *op : region.ops) {
      batch::setImages(b.clone(*op, map), images, partImages);
    }
    llvm::SmallVector<Value> yielded;
    llvm::transform(results, std::back_inserter(yielded), [&](Value v) { return map.lookup(v); });
    nn::YieldOp::create(b, split.getLoc(), yielded);
  }

  mlir::func::FuncOp func;
  Region &region;
  dim::Expr images, partImages;
  int64_t size;
  mlir::OpBuilder b;
  mlir::StringAttr part;
};

struct SplitBatchPass : impl::SplitBatchBase<SplitBatchPass> {
  using Base::Base;
  SplitBatchPass() = default;
  explicit SplitBatchPass(const cpu::TargetInfo &target) : target(target) {}

  void runOnOperation() override {
    if (part >= 0) {
      target.batchPart = part;
    }
    if (cache >= 0) {
      target.l3 = cache;
    }
    mlir::Block &block = getOperation().front();
    llvm::SmallVector<dim::Expr> tried; // what may be the number of images
    for (Value v : block.getArguments()) {
      auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
      if (!type || type.getRank() == 0) {
        continue;
      }
      dim::Expr images = nn::shapeOf(v)[0];
      bool isNumber = dim::getConstant(images).value_or(0) > 1, isSymbol = images.getKind() == dim::ExprKind::Symbol;
      if ((!isNumber && !isSymbol) || llvm::is_contained(tried, images)) {
        continue;
      }
      tried.push_back(images);
      if (splitInto(block, images)) {
        return;
      }
    }
  }

private:
  bool splitInto(mlir::Block &block, dim::Expr images) {
    Region region(block, images);
    batch::Split split = batch::chooseSplit(region.ops, region.batch, target);
    if (!split.ops) {
      return false;
    }
    region.shrink(split.ops);
    Splitter(getOperation(), region, split).run(split.why);
    return true;
  }

  cpu::TargetInfo target = cpu::TargetInfo::native();
};
} // namespace

std::unique_ptr<mlir::Pass> createSplitBatch(const cpu::TargetInfo &target) {
  return std::make_unique<SplitBatchPass>(target);
}
} // namespace dlc
