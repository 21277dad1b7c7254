//===- LoopNest.cpp - which loops a kernel has -----------------------------------------------===//
#include "compiler/target/cpu/loops/LoopNest.h"
#include "compiler/passes/Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::cpu {
namespace {
namespace linalg = mlir::linalg;
namespace tensor = mlir::tensor;

/// Fewer elements than this per tile are not worth a tile of their own.
constexpr int64_t kTileElements = 2048;
/// What an unknown size is taken for when loops are split.
constexpr int64_t kGuess = 64;
} // namespace

LoopNest::LoopNest(mlir::func::FuncOp func) : func(func) {
  for (dim::Expr e : func->getAttrOfType<dim::ShapeAttr>(kDimsAttr).getDims()) {
    dims.push_back(e);
  }
  firstIndexArgument = func.getNumArguments() - dims.size();
}

bool LoopNest::isParallel(linalg::GenericOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }
int64_t LoopNest::parallelLoops(linalg::GenericOp op) { return op.getNumParallelLoops(); }

dim::Expr LoopNest::formula(const Extent &e) const {
  return e.argument >= 0 ? dims[e.argument] : dim::constant(func.getContext(), e.size);
}

Extent LoopNest::extentOf(mlir::OpFoldResult size) const {
  if (std::optional<int64_t> constant = mlir::getConstantIntValue(size)) {
    return {*constant, -1};
  }
  auto argument = llvm::cast<mlir::BlockArgument>(llvm::cast<mlir::Value>(size));
  return {0, int64_t(argument.getArgNumber()) - firstIndexArgument};
}

llvm::SmallVector<Extent> LoopNest::extents(mlir::Value v) const {
  llvm::SmallVector<Extent> result;
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(v)) {
    auto sizes = func.getArgAttrOfType<mlir::DenseI64ArrayAttr>(argument.getArgNumber(), kSizesAttr);
    for (auto [size, number] : llvm::zip(type.getShape(), sizes.asArrayRef())) {
      result.push_back({number >= 0 ? 0 : size, number});
    }
    return result;
  }
  mlir::Operation *op = v.getDefiningOp();
  while (auto destination = llvm::dyn_cast<mlir::DestinationStyleOpInterface>(op)) {
    op = destination.getDpsInits()[llvm::cast<mlir::OpResult>(v).getResultNumber()].getDefiningOp();
    v = op->getResult(0);
  }
  for (mlir::OpFoldResult size : llvm::cast<tensor::EmptyOp>(op).getMixedSizes()) {
    result.push_back(extentOf(size));
  }
  return result;
}

llvm::SmallVector<Extent> LoopNest::loopExtents(linalg::GenericOp op) const {
  llvm::SmallVector<Extent> loops(op.getNumLoops());
  llvm::SmallVector<bool> found(op.getNumLoops());
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    llvm::SmallVector<Extent> sizes;
    for (auto [i, e] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      auto d = llvm::dyn_cast<mlir::AffineDimExpr>(e);
      if (d && !found[d.getPosition()]) {
        if (sizes.empty()) {
          sizes = extents(operand.get());
        }
        loops[d.getPosition()] = sizes[i];
        found[d.getPosition()] = true;
      }
    }
  }
  return loops;
}

bool LoopNest::isExpensive(linalg::GenericOp op) const {
  unsigned cost = 0;
  op.getBody()->walk([&](mlir::Operation *inner) {
    bool heavy = llvm::isa<mlir::math::MathDialect>(inner->getDialect()) ||
                 llvm::isa<mlir::arith::DivFOp, mlir::arith::DivSIOp, mlir::arith::DivUIOp, mlir::arith::RemFOp>(inner);
    cost += heavy ? 16 : 1;
  });
  return cost > 16;
}

void LoopNest::chooseKept() {
  for (mlir::Value v : func.front().getTerminator()->getOperands()) {
    returned.insert(v);
  }
  llvm::DenseMap<mlir::Value, unsigned> uses;
  func.walk([&](linalg::GenericOp op) {
    for (mlir::Value v : op.getInputs()) {
      ++uses[v];
    }
    op.getBody()->walk([&](tensor::ExtractOp extract) { ++uses[extract.getTensor()]; });
  });
  for (linalg::GenericOp op : generics) {
    mlir::Value v = op.getResult(0);
    bool keep = returned.contains(v) || !isParallel(op) || (uses[v] > 1 && isExpensive(op));
    if (keep) {
      kept.push_back(op);
      keptValues.insert(v);
    }
  }
}

bool LoopNest::dependsOnKept(mlir::Value v) const {
  if (isKept(v)) {
    return true;
  }
  auto op = v.getDefiningOp<linalg::GenericOp>();
  if (!op) {
    return false;
  }
  bool depends = llvm::any_of(op.getInputs(), [&](mlir::Value i) { return dependsOnKept(i); });
  op.getBody()->walk([&](tensor::ExtractOp e) { depends |= dependsOnKept(e.getTensor()); });
  return depends;
}

int64_t LoopNest::sharedLoops(linalg::GenericOp op) const {
  int64_t shared = parallelLoops(op);
  if (isScan(op) && kept.size() > 1) { // others share the loops that stand for the same dims
    llvm::ArrayRef<mlir::AffineExpr> results = op.getIndexingMapsArray()[op.getNumDpsInputs()].getResults();
    int64_t k = 0;
    while (k < shared && results[k] == mlir::getAffineDimExpr(k, op.getContext())) {
      ++k;
    }
    shared = k;
  }
  for (mlir::OpOperand *input : op.getDpsInputOperands()) {
    if (!dependsOnKept(input->get())) {
      continue;
    }
    llvm::ArrayRef<mlir::AffineExpr> results = op.getMatchingIndexingMap(input).getResults();
    int64_t k = 0;
    while (k < std::min<int64_t>(shared, results.size()) && results[k] == mlir::getAffineDimExpr(k, op.getContext())) {
      ++k;
    }
    shared = k;
  }
  op.getBody()->walk([&](tensor::ExtractOp e) {
    if (!dependsOnKept(e.getTensor())) {
      return;
    }
    int64_t k = 0;
    for (mlir::Value index : e.getIndices()) {
      auto loop = index.getDefiningOp<linalg::IndexOp>();
      if (k >= shared || !loop || static_cast<int64_t>(loop.getDim()) != k) {
        break;
      }
      ++k;
    }
    shared = std::min(shared, k);
  });
  return shared;
}

void LoopNest::chooseTiles() {
  int64_t shared = INT64_MAX;
  for (linalg::GenericOp op : generics) {
    // Ops computed where they are read matter only when they read something kept.
    if (isKept(op.getResult(0)) || dependsOnKept(op.getResult(0))) {
      shared = std::min(shared, sharedLoops(op));
    }
  }
  llvm::SmallVector<Extent> loops = loopExtents(kept.back());
  int64_t parallel = std::min(shared, parallelLoops(kept.back()));
  // Inner loops that stay inside of the tile: enough work, and the contiguous one.
  int64_t work = 1;
  for (size_t i = parallel; i < loops.size(); ++i) {
    work *= loops[i].argument >= 0 ? kGuess : std::max<int64_t>(loops[i].size, 1);
  }
  tileDims = parallel;
  bool alone = kept.size() == 1;
  while (tileDims > 0 && (work < kTileElements || (alone && tileDims == static_cast<int64_t>(loops.size())))) {
    --tileDims;
    work *= loops[tileDims].argument >= 0 ? kGuess : std::max<int64_t>(loops[tileDims].size, 1);
  }
  tileExtents.assign(loops.begin(), loops.begin() + tileDims);
  tiles = dim::constant(func.getContext(), 1);
  for (const Extent &e : tileExtents) {
    tiles = dim::mul(tiles, formula(e));
  }
}

void LoopNest::countFlops() {
  flops = dim::constant(func.getContext(), 0);
  for (linalg::GenericOp op : generics) {
    int64_t perPoint = 0;
    op.getBody()->walk([&](mlir::Operation *inner) {
      bool counts = inner->getNumResults() == 1 && llvm::isa<mlir::FloatType>(inner->getResult(0).getType()) &&
                    llvm::isa<mlir::arith::ArithDialect, mlir::math::MathDialect>(inner->getDialect()) &&
                    !llvm::isa<mlir::arith::ConstantOp, mlir::arith::SelectOp>(inner);
      perPoint += counts;
    });
    dim::Expr points = dim::constant(func.getContext(), perPoint);
    for (const Extent &e : loopExtents(op)) {
      points = dim::mul(points, formula(e));
    }
    flops = dim::add(flops, points);
  }
}

llvm::LogicalResult LoopNest::analyze() {
  for (mlir::Operation &op : func.front().without_terminator()) {
    if (auto generic = llvm::dyn_cast<linalg::GenericOp>(op)) {
      generics.push_back(generic);
    } else if (!llvm::isa<linalg::FillOp, tensor::EmptyOp>(op) && !llvm::isa<mlir::arith::ArithDialect>(op.getDialect())) {
      return op.emitOpError() << "expected linalg.generic, linalg.fill, tensor.empty or scalar arithmetic in a kernel";
    }
  }
  chooseKept();
  if (kept.empty()) {
    return func.emitError() << "expected a kernel that computes something";
  }
  chooseTiles();
  countFlops();
  return mlir::success();
}
} // namespace dlc::cpu
