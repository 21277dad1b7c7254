//===- EmitLoops.cpp - loops over linear buffers from linalg -------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/KernelBuilder.h"
#include "compiler/target/cpu/KernelFunction.h"
#include "compiler/target/cpu/loops/LoopNest.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace dlc::cpu {
namespace {
namespace linalg = mlir::linalg;
namespace tensor = mlir::tensor;
using mlir::Value;
using Indices = llvm::SmallVector<Idx>;

/// Where a tensor's elements are.
struct Storage {
  Value buffer;
  llvm::SmallVector<Idx> sizes; ///< of the dims that are stored
  int64_t skip = 0;             ///< leading dims that the tile fixes, and that are not stored
};

class Emitter {
public:
  Emitter(LoopNest &nest) : nest(nest), b(nest.func.getContext()), k(b, nest.func.getLoc(), TargetInfo()) {}

  void run() {
    createEntry();
    placeScratch();
    k.loop(k.index(tail.begin), Idx(tail.end), 1, [&](Idx tile) { emitTile(tile); });
    finish();
  }

private:
  Idx idx(const Extent &e) { return e.argument >= 0 ? Idx(dimArguments[e.argument]) : Idx(e.size); }

  void createEntry() {
    old = &nest.func.front();
    entry = new mlir::Block();
    nest.func.getBody().push_front(entry);
    b.setInsertionPointToStart(entry);
    mlir::Location loc = k.location();
    auto addBuffer = [&](Value tensor) {
      Storage s;
      s.buffer = entry->addArgument(kernelBufferType(llvm::cast<mlir::RankedTensorType>(tensor.getType())), loc);
      storage[tensor] = s;
    };
    llvm::SmallVector<Value> dims;
    for (mlir::BlockArgument a : old->getArguments()) {
      llvm::isa<mlir::RankedTensorType>(a.getType()) ? addBuffer(a) : dims.push_back(a);
    }
    for (Value v : old->getTerminator()->getOperands()) {
      addBuffer(v);
    }
    for (Value v : dims) {
      dimArguments.push_back(entry->addArgument(b.getIndexType(), loc));
      scalars.map(v, dimArguments.back());
    }
    tail = addKernelTail(*entry, loc);
    for (auto &[tensor, s] : storage) {
      for (const Extent &e : nest.extents(tensor)) {
        s.sizes.push_back(idx(e));
      }
    }
    for (mlir::Operation &op : old->without_terminator()) {
      if (llvm::isa<mlir::arith::ArithDialect>(op.getDialect())) {
        b.clone(op, scalars);
      }
    }
  }

  /// Kept values that are not results live in scratch, one tile's worth.
  void placeScratch() {
    Idx offset = 0;
    dim::Expr bytes = dim::constant(nest.func.getContext(), 0);
    for (linalg::GenericOp op : nest.kept) {
      Value v = op.getResult(0);
      if (storage.contains(v)) {
        continue;
      }
      Storage s;
      s.skip = nest.tileDims;
      auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
      int64_t width = std::max<int64_t>(1, type.getElementType().getIntOrFloatBitWidth() / 8), known = 1;
      dim::Expr count = dim::constant(nest.func.getContext(), width);
      Idx elements = width;
      llvm::SmallVector<Extent> stored = nest.extents(v);
      stored.erase(stored.begin(), stored.begin() + s.skip);
      for (const Extent &e : stored) {
        s.sizes.push_back(idx(e));
        count = dim::mul(count, nest.formula(e));
        elements = k.mul(elements, idx(e));
        known = e.argument >= 0 || known < 0 ? -1 : known * e.size;
      }
      mlir::MemRefType view = kernelBufferType(type.getElementType(), known);
      s.buffer = mlir::memref::ViewOp::create(b, k.location(), view, tail.scratch, k.index(offset), mlir::ValueRange());
      storage[v] = s;
      dim::Expr line = dim::constant(nest.func.getContext(), 64);
      bytes = dim::add(bytes, dim::mul(dim::ceilDiv(count, line), line));
      offset = k.add(offset, k.mul(k.ceilDiv(elements, 64), 64));
    }
    nest.func->setAttr(kScratchAttr, bytes);
  }

  void emitTile(Idx tile) {
    Indices outer(nest.tileDims);
    Idx rest = tile;
    for (int64_t d = nest.tileDims; d-- > 0;) {
      Idx size = idx(nest.tileExtents[d]);
      outer[d] = d == 0 ? rest : k.rem(rest, size);
      rest = d == 0 ? rest : k.div(rest, size);
    }
    for (linalg::GenericOp op : nest.kept) {
      LoopNest::isParallel(op) ? emitParallel(op, outer) : LoopNest::isScan(op) ? emitScan(op, outer) : emitReduction(op, outer);
    }
  }

  /// Loops [first, last) of `op` around `body`, which gets all indices so far.
  void emitLoops(linalg::GenericOp op, Indices indices, int64_t last, llvm::function_ref<void(Indices)> body) {
    if (static_cast<int64_t>(indices.size()) == last) {
      return body(indices);
    }
    Idx size = idx(nest.loopExtents(op)[indices.size()]);
    k.loop(Idx(0), size, 1, [&](Idx i) {
      Indices next = indices;
      next.push_back(i);
      emitLoops(op, next, last, body);
    });
  }

  void emitParallel(linalg::GenericOp op, const Indices &outer) {
    emitLoops(op, outer, op.getNumLoops(), [&](Indices at) { store(op.getResult(0), at, emitBody(op, at, Value())); });
  }

  Value initOf(linalg::GenericOp op) {
    auto fill = op.getDpsInits().back().getDefiningOp<linalg::FillOp>();
    return scalars.lookupOrDefault(fill.getInputs()[0]);
  }

  /// The last loop carries a scalar from element to element.
  void emitScan(linalg::GenericOp op, const Indices &outer) {
    int64_t axis = op.getNumLoops() - 1;
    mlir::AffineMap map = op.getIndexingMapsArray()[op.getNumDpsInputs()];
    emitLoops(op, outer, axis, [&](Indices at) {
      k.loop(Idx(0), idx(nest.loopExtents(op)[axis]), 1, initOf(op), [&](Idx i, mlir::ValueRange carried) -> llvm::SmallVector<Value> {
        Indices loops = with(at, i), element;
        for (mlir::AffineExpr e : map.getResults()) {
          element.push_back(loops[llvm::cast<mlir::AffineDimExpr>(e).getPosition()]);
        }
        llvm::SmallVector<Value> results = emitResults(op, loops, carried[0]);
        store(op.getResult(0), element, results[0]);
        return {results[1]};
      });
    });
  }

  /// Reduction loops innermost with a scalar accumulator; or, when results stand side by side, inside of all parallel
  /// loops but the last, so that the innermost loop is over contiguous results.
  void emitReduction(linalg::GenericOp op, const Indices &outer) {
    int64_t parallel = LoopNest::parallelLoops(op);
    bool sideBySide = parallel > nest.tileDims && !idx(nest.loopExtents(op)[parallel - 1]).is(1);
    if (!sideBySide) {
      emitLoops(op, outer, parallel, [&](Indices at) {
        Value acc = emitAccumulation(op, at, initOf(op));
        store(op.getResult(0), Indices(at.begin(), at.begin() + parallel), acc);
      });
      return;
    }
    Idx last = idx(nest.loopExtents(op)[parallel - 1]);
    emitLoops(op, outer, parallel - 1, [&](Indices row) {
      k.loop(Idx(0), last, 1, [&](Idx j) { store(op.getResult(0), with(row, j), initOf(op)); });
      emitRowAccumulation(op, row, Indices(), last);
    });
  }
  static Indices with(Indices indices, Idx last) {
    indices.push_back(last);
    return indices;
  }

  /// The reduction loops beyond `at`, carrying one accumulator.
  Value emitAccumulation(linalg::GenericOp op, Indices at, Value acc) {
    if (at.size() == op.getNumLoops()) {
      return emitBody(op, at, acc);
    }
    Idx size = idx(nest.loopExtents(op)[at.size()]);
    return k.loop(Idx(0), size, 1, acc, [&](Idx i, mlir::ValueRange carried) -> llvm::SmallVector<Value> {
      return {emitAccumulation(op, with(at, i), carried[0])};
    })[0];
  }

  /// Reduction loops around one loop over the last parallel dim, accumulating in memory.
  void emitRowAccumulation(linalg::GenericOp op, const Indices &row, Indices reduced, Idx last) {
    size_t done = row.size() + 1 + reduced.size();
    if (done < op.getNumLoops()) {
      Idx size = idx(nest.loopExtents(op)[done]);
      k.loop(Idx(0), size, 1, [&](Idx i) { emitRowAccumulation(op, row, with(reduced, i), last); });
      return;
    }
    k.loop(Idx(0), last, 1, [&](Idx j) {
      Indices at = with(row, j), result = at;
      at.append(reduced.begin(), reduced.end());
      store(op.getResult(0), result, emitBody(op, at, load(op.getResult(0), result)));
    });
  }

  Idx offset(const Storage &s, const Indices &at) {
    Idx linear = 0;
    for (size_t i = 0; i < s.sizes.size(); ++i) {
      linear = k.add(k.mul(linear, s.sizes[i]), at[i + s.skip]);
    }
    return linear;
  }
  Value load(Value tensor, const Indices &at) {
    const Storage &s = storage[tensor];
    return k.loadScalar(s.buffer, offset(s, at));
  }
  void store(Value tensor, const Indices &at, Value v) {
    const Storage &s = storage[tensor];
    k.storeScalar(v, s.buffer, offset(s, at));
  }

  /// An element: read, or computed here.
  Value element(Value tensor, const Indices &at) {
    if (storage.contains(tensor)) {
      return load(tensor, at);
    }
    if (auto fill = tensor.getDefiningOp<linalg::FillOp>()) {
      return scalars.lookupOrDefault(fill.getInputs()[0]);
    }
    return emitBody(tensor.getDefiningOp<linalg::GenericOp>(), at, Value());
  }

  Value emitBody(linalg::GenericOp op, const Indices &loops, Value acc) { return emitResults(op, loops, acc)[0]; }

  /// What the body yields; `acc` (may be null) stands for its last argument.
  llvm::SmallVector<Value> emitResults(linalg::GenericOp op, const Indices &loops, Value acc) {
    mlir::IRMapping map(scalars);
    mlir::Block *body = op.getBody();
    for (auto [i, input] : llvm::enumerate(op.getDpsInputOperands())) {
      if (body->getArgument(i).use_empty()) {
        continue;
      }
      Indices at;
      for (mlir::AffineExpr e : op.getMatchingIndexingMap(input).getResults()) {
        auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(e);
        at.push_back(constant ? Idx(constant.getValue()) : loops[llvm::cast<mlir::AffineDimExpr>(e).getPosition()]);
      }
      map.map(body->getArgument(i), element(input->get(), at));
    }
    if (acc) {
      map.map(body->getArguments().back(), acc);
    }
    emitOps(*body, loops, map);
    return lookup(body->getTerminator()->getOperands(), map);
  }

  void emitOps(mlir::Block &block, const Indices &loops, mlir::IRMapping &map) {
    for (mlir::Operation &op : block.without_terminator()) {
      if (auto index = llvm::dyn_cast<linalg::IndexOp>(op)) {
        map.map(index.getResult(), k.index(loops[index.getDim()]));
      } else if (auto extract = llvm::dyn_cast<tensor::ExtractOp>(op)) {
        Indices at;
        for (Value v : extract.getIndices()) {
          Value mapped = map.lookup(v);
          std::optional<int64_t> constant = mlir::getConstantIntValue(mapped);
          at.push_back(constant ? Idx(*constant) : Idx(mapped));
        }
        map.map(extract.getResult(), element(extract.getTensor(), at));
      } else if (auto branch = llvm::dyn_cast<mlir::scf::IfOp>(op)) {
        emitIf(branch, loops, map);
      } else if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op)) {
        emitFor(loop, loops, map);
      } else {
        b.clone(op, map);
      }
    }
  }

  static llvm::SmallVector<Value> lookup(mlir::ValueRange values, mlir::IRMapping &map) {
    llvm::SmallVector<Value> results;
    for (Value v : values) {
      results.push_back(map.lookup(v));
    }
    return results;
  }

  /// A loop in a body; its step is 1.
  void emitFor(mlir::scf::ForOp loop, const Indices &loops, mlir::IRMapping &map) {
    Idx lower(map.lookup(loop.getLowerBound())), upper(map.lookup(loop.getUpperBound()));
    llvm::SmallVector<Value> inits = lookup(loop.getInitArgs(), map);
    llvm::SmallVector<Value> results = k.loop(lower, upper, 1, inits, [&](Idx i, mlir::ValueRange carried) {
      mlir::IRMapping inner(map);
      inner.map(loop.getInductionVar(), k.index(i));
      inner.map(loop.getRegionIterArgs(), carried);
      emitOps(*loop.getBody(), loops, inner);
      return lookup(loop.getBody()->getTerminator()->getOperands(), inner);
    });
    map.map(loop.getResults(), results);
  }

  void emitIf(mlir::scf::IfOp branch, const Indices &loops, mlir::IRMapping &map) {
    auto region = [&](mlir::Block &block) {
      mlir::IRMapping inner(map);
      emitOps(block, loops, inner);
      return lookup(block.getTerminator()->getOperands(), inner);
    };
    llvm::SmallVector<Value> results =
        k.ifElse(map.lookup(branch.getCondition()), branch.getResultTypes(), [&] { return region(*branch.thenBlock()); },
                 [&] { return region(*branch.elseBlock()); });
    map.map(branch.getResults(), results);
  }

  void finish() {
    mlir::func::FuncOp func = nest.func;
    func.removeResAttrsAttr();
    func.removeArgAttrsAttr();
    finishKernel(func, b, old);
    func->setAttr(kTilesAttr, nest.tiles);
    func->setAttr(kFlopsAttr, nest.flops);
  }

  LoopNest &nest;
  mlir::OpBuilder b;
  KernelBuilder k;
  mlir::Block *old = nullptr, *entry = nullptr;
  KernelTail tail;
  llvm::SmallVector<Value> dimArguments;
  llvm::DenseMap<Value, Storage> storage;
  mlir::IRMapping scalars;
};
} // namespace

llvm::LogicalResult lowerLinalgToLoops(mlir::func::FuncOp func) {
  LoopNest nest(func);
  if (mlir::failed(nest.analyze())) {
    return mlir::failure();
  }
  Emitter(nest).run();
  return mlir::success();
}
} // namespace dlc::cpu
