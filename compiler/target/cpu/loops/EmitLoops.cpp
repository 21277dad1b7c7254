//===- EmitLoops.cpp - loops over linear buffers from linalg ---------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/loops/LoopEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace dlc::cpu {
namespace linalg = mlir::linalg;
using mlir::Value;

LoopEmitter::LoopEmitter(LoopNest &nest, const TargetInfo &target)
    : nest(nest), b(nest.func.getContext()), k(b, nest.func.getLoc(), target), width(nest.laneCount(target)),
      body(k, scalars, storage) {}

void LoopEmitter::run() {
  createEntry();
  placeScratch();
  k.loop(k.index(tail.begin), Idx(tail.end), 1, [&](Idx tile) { emitTile(tile); });
  finish();
}

Idx LoopEmitter::idx(const Extent &e) {
  Idx size = e.factor;
  for (int64_t argument : e.arguments) {
    size = k.mul(size, Idx(dimArguments[argument]));
  }
  return size;
}

void LoopEmitter::createEntry() {
  old = &nest.func.front();
  entry = new mlir::Block();
  nest.func.getBody().push_front(entry);
  b.setInsertionPointToStart(entry);
  mlir::Location loc = k.location();
  llvm::SmallVector<Value> buffers, dims;
  for (mlir::BlockArgument a : old->getArguments()) {
    (llvm::isa<mlir::RankedTensorType>(a.getType()) ? buffers : dims).push_back(a);
  }
  llvm::append_range(buffers, old->getTerminator()->getOperands());
  for (Value v : buffers) {
    storage[v].buffer = entry->addArgument(kernelBufferType(llvm::cast<mlir::RankedTensorType>(v.getType())), loc);
  }
  for (Value v : dims) {
    dimArguments.push_back(entry->addArgument(b.getIndexType(), loc));
    scalars.map(v, dimArguments.back());
  }
  tail = addKernelTail(*entry, loc);
  for (Value v : buffers) {
    for (const Extent &e : nest.extents(v)) {
      storage[v].sizes.push_back(idx(e));
    }
  }
  for (mlir::Operation &op : old->without_terminator()) {
    if (llvm::isa<mlir::arith::ArithDialect>(op.getDialect())) {
      b.clone(op, scalars);
    }
  }
}

/// Kept values that are not results live in scratch: a row's worth, or that of a tile's block of loops.
void LoopEmitter::placeScratch() {
  Idx offset = 0;
  dim::Expr bytes = dim::constant(nest.func.getContext(), 0), line = dim::constant(nest.func.getContext(), 64);
  for (linalg::GenericOp op : nest.kept) {
    Value v = op.getResult(0);
    if (storage.contains(v)) {
      continue;
    }
    TensorStorage s;
    s.skip = nest.rowDims;
    auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
    int64_t elementBytes = std::max<int64_t>(1, type.getElementType().getIntOrFloatBitWidth() / 8);
    Extent all{elementBytes, {}};
    llvm::SmallVector<Extent> sizes = nest.extents(v);
    for (int64_t d = nest.rowDims; d < int64_t(sizes.size()); ++d) {
      bool isShared = d < int64_t(nest.sharedExtents.size());
      Extent e = d == nest.tileDims && nest.block ? Extent{nest.block, {}}
                 : isShared                       ? nest.sharedExtents[d]
                                                  : sizes[d];
      s.sizes.push_back(idx(e));
      all = all * e;
    }
    mlir::MemRefType view = kernelBufferType(type.getElementType(), all.isStatic() ? all.factor / elementBytes : -1);
    s.buffer = mlir::memref::ViewOp::create(b, k.location(), view, tail.scratch, k.index(offset), mlir::ValueRange());
    storage[v] = s;
    bytes = dim::add(bytes, dim::mul(dim::ceilDiv(nest.formula(all), line), line));
    offset = k.add(offset, k.mul(k.ceilDiv(idx(all), 64), 64));
  }
  nest.func->setAttr(kScratchAttr, bytes);
}

/// A tile's number counts the blocks of loop `tileDims` fastest.
void LoopEmitter::emitTile(Idx tile) {
  Idx rest = tile;
  blockRange = Range();
  if (nest.block) {
    Idx size = idx(nest.sharedExtents[nest.tileDims]), blocks = k.ceilDiv(size, nest.block);
    bool first = nest.tileDims == 0;
    blockRange.begin = k.mul(first ? rest : k.rem(rest, blocks), nest.block);
    rest = first ? rest : k.div(rest, blocks);
    bool even = size.isStatic() && size.constant() % nest.block == 0;
    blockRange.count = even ? Idx(nest.block) : k.min(k.sub(size, blockRange.begin), nest.block);
  } else if (nest.tileDims < int64_t(nest.sharedExtents.size())) {
    blockRange.count = idx(nest.sharedExtents[nest.tileDims]);
  }
  LaneIndices outer(nest.tileDims);
  for (int64_t d = nest.tileDims; d-- > 0;) {
    Idx size = idx(nest.sharedExtents[d]);
    outer[d] = LaneValue::index(d == 0 ? rest : k.rem(rest, size));
    rest = d == 0 ? rest : k.div(rest, size);
  }
  if (nest.rowDims == nest.tileDims) {
    return emitOps(outer);
  }
  k.loop(blockRange.begin, k.add(blockRange.begin, blockRange.count), 1, [&](Idx row) {
    LaneIndices at = outer;
    at.push_back(LaneValue::index(row));
    emitOps(at);
  });
}

void LoopEmitter::emitOps(const LaneIndices &outer) {
  for (linalg::GenericOp op : nest.kept) {
    auto stored = storage.find(op.getResult(0));
    bool isScratch =
        stored->second.skip > 0 || !llvm::is_contained(old->getTerminator()->getOperands(), op.getResult(0));
    if (isScratch && nest.block && nest.rowDims == nest.tileDims) {
      stored->second.origin = blockRange.begin;
    }
    LoopNest::isParallel(op) ? emitParallel(op, outer)
    : LoopNest::isScan(op)   ? emitScan(op, outer)
                             : emitReduction(op, outer);
  }
}

void LoopEmitter::emitParallel(linalg::GenericOp op, const LaneIndices &outer) {
  int64_t last = lastLoop(op, nest.rowDims, op.getNumLoops());
  auto onLanes = [&] { emitElements(op, outer, last); };
  if (isShortRow(op, last)) {
    return onScalars([&] { emitElements(op, outer, last); });
  }
  if (last >= 0 && probe(onLanes) > 0 && emitTransposed(op, outer, last)) {
    return;
  }
  if (last < 0 || !tryLanes(onLanes)) {
    onScalars([&] { emitElements(op, outer, last); });
  }
}

void LoopEmitter::emitElements(linalg::GenericOp op, const LaneIndices &outer, int64_t vectorLoop) {
  Value result = op.getResult(0);
  auto element = [&](LaneIndices at) { body.store(result, at, body.results(op, at, {})[0]); };
  if (vectorLoop < 0) {
    return emitLoops(op, outer, op.getNumLoops(), -1, element);
  }
  emitLoops(op, outer, vectorLoop, -1, [&](LaneIndices row) {
    for (const Range &range : rangesOf(op, vectorLoop)) {
      for (auto [condition, outcome] : range.known) {
        body.known[condition] = outcome;
      }
      emitLanes(range, 1, [&](Idx i, int) {
        LaneIndices at = row;
        at.push_back(LaneValue::index(i, body.lanes.width > 1));
        at.resize(op.getNumLoops(), LaneValue::index(0));
        element(at);
      });
    }
  });
}

Value LoopEmitter::initOf(linalg::GenericOp op) {
  auto fill = op.getDpsInits().back().getDefiningOp<linalg::FillOp>();
  return scalars.lookupOrDefault(fill.getInputs()[0]);
}

/// The last loop carries a scalar from element to element.
void LoopEmitter::emitScan(linalg::GenericOp op, const LaneIndices &outer) {
  int64_t axis = op.getNumLoops() - 1;
  mlir::AffineMap map = op.getIndexingMapsArray()[op.getNumDpsInputs()];
  onScalars([&] {
    emitLoops(op, outer, axis, -1, [&](LaneIndices at) {
      k.loop(Idx(0), extent(op, axis), 1, initOf(op), [&](Idx i, mlir::ValueRange carried) -> llvm::SmallVector<Value> {
        LaneIndices loops = at, element;
        loops.push_back(LaneValue::index(i));
        for (mlir::AffineExpr e : map.getResults()) {
          element.push_back(loops[llvm::cast<mlir::AffineDimExpr>(e).getPosition()]);
        }
        llvm::SmallVector<Value> results = body.results(op, loops, carried[0]);
        body.store(op.getResult(0), element, results[0]);
        return {results[1]};
      });
    });
  });
}

void LoopEmitter::finish() {
  mlir::func::FuncOp func = nest.func;
  func.removeResAttrsAttr();
  func.removeArgAttrsAttr();
  finishKernel(func, b, old);
  func->setAttr(kTilesAttr, nest.tiles);
  func->setAttr(kFlopsAttr, nest.flops);
}

llvm::LogicalResult lowerLinalgToLoops(mlir::func::FuncOp func, const TargetInfo &target) {
  LoopNest nest(func);
  if (mlir::failed(nest.analyze())) {
    return mlir::failure();
  }
  LoopEmitter(nest, target).run();
  return mlir::success();
}
} // namespace dlc::cpu
