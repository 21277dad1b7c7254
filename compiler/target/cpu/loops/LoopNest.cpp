//===- LoopNest.cpp - which loops a kernel has -----------------------------------------------------===//
#include "compiler/target/cpu/loops/LoopNest.h"
#include "compiler/passes/Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::cpu {
namespace {
namespace linalg = mlir::linalg;
namespace tensor = mlir::tensor;

/// What an unknown size is taken for when sizes are compared.
constexpr int64_t kGuess = 64;

bool isHeavy(mlir::Operation *op) {
  return llvm::isa<mlir::math::MathDialect>(op->getDialect()) ||
         llvm::isa<mlir::arith::DivFOp, mlir::arith::DivSIOp, mlir::arith::DivUIOp, mlir::arith::RemFOp>(op);
}
} // namespace

Extent operator*(const Extent &x, const Extent &y) {
  Extent e = x;
  e.factor *= y.factor;
  llvm::append_range(e.arguments, y.arguments);
  llvm::sort(e.arguments);
  return e;
}

LoopNest::LoopNest(mlir::func::FuncOp func) : func(func) {
  for (dim::Expr e : func->getAttrOfType<dim::ShapeAttr>(kDimsAttr).getDims()) {
    dims.push_back(e);
  }
  firstIndexArgument = func.getNumArguments() - dims.size();
}

bool LoopNest::isParallel(linalg::GenericOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }
int64_t LoopNest::parallelLoops(linalg::GenericOp op) { return op.getNumParallelLoops(); }

dim::Expr LoopNest::formula(const Extent &e) const {
  dim::Expr size = dim::constant(func.getContext(), e.factor);
  for (int64_t argument : e.arguments) {
    size = dim::mul(size, dims[argument]);
  }
  return size;
}

Extent LoopNest::extentOf(mlir::OpFoldResult size) const {
  if (std::optional<int64_t> constant = mlir::getConstantIntValue(size)) {
    return {*constant, {}};
  }
  auto argument = llvm::cast<mlir::BlockArgument>(llvm::cast<mlir::Value>(size));
  return {1, {int64_t(argument.getArgNumber()) - firstIndexArgument}};
}

llvm::SmallVector<Extent> LoopNest::extents(mlir::Value v) const {
  llvm::SmallVector<Extent> result;
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(v)) {
    auto sizes = func.getArgAttrOfType<mlir::DenseI64ArrayAttr>(argument.getArgNumber(), kSizesAttr);
    for (auto [size, number] : llvm::zip(type.getShape(), sizes.asArrayRef())) {
      result.push_back(number >= 0 ? Extent{1, {number}} : Extent{size, {}});
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

int LoopNest::laneCount(const TargetInfo &target) const {
  unsigned widest = 8;
  for (linalg::GenericOp op : generics) {
    op.getBody()->walk([&](mlir::Operation *inner) {
      for (mlir::Value v : inner->getOperands()) {
        if (v.getType().isIntOrFloat()) {
          widest = std::max(widest, v.getType().getIntOrFloatBitWidth());
        }
      }
    });
  }
  return std::max(1, target.vectorBits / int(std::min(widest, 32u)));
}

bool LoopNest::isExpensive(linalg::GenericOp op) const {
  unsigned cost = 0;
  op.getBody()->walk([&](mlir::Operation *inner) { cost += isHeavy(inner) ? 16 : 1; });
  return cost > 16;
}

mlir::Operation *LoopNest::onlyReader(mlir::Value v) const {
  mlir::Operation *reader = nullptr;
  for (mlir::OpOperand &use : v.getUses()) {
    auto user = llvm::dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!user || user.getDpsInits().front() == v || !isParallel(user) ||
        !user.getMatchingIndexingMap(&use).isIdentity()) {
      return nullptr;
    }
    bool stays = returned.contains(user.getResult(0));
    mlir::Operation *root = stays ? user.getOperation() : onlyReader(user.getResult(0));
    if (!root || (reader && root != reader)) {
      return nullptr;
    }
    reader = root;
  }
  return reader;
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
    bool again = uses[v] > 1 && isExpensive(op) && !onlyReader(v);
    if (returned.contains(v) || !isParallel(op) || again) {
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

//===----------------------------------------------------------------------===//
// Loops that become one
//===----------------------------------------------------------------------===//

bool LoopNest::canMergeDims(mlir::Value tensor, int64_t d, const Extent &inner) const {
  if (!(extents(tensor)[d + 1] == inner)) {
    return false;
  }
  auto producer = tensor.getDefiningOp<linalg::GenericOp>();
  return !producer || isKept(tensor) || canMerge(producer, d);
}

bool LoopNest::canMerge(linalg::GenericOp op, int64_t d) const {
  Extent inner = loopExtents(op)[d + 1];
  mlir::Block *body = op.getBody();
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    int64_t number = operand.getOperandNumber();
    bool isOutput = number >= op.getNumDpsInputs();
    if (!isOutput && body->getArgument(number).use_empty()) {
      continue; // only gives sizes
    }
    llvm::ArrayRef<mlir::AffineExpr> map = op.getMatchingIndexingMap(&operand).getResults();
    auto find = [&](int64_t loop) {
      return llvm::find(map, mlir::getAffineDimExpr(loop, op.getContext())) - map.begin();
    };
    int64_t p = find(d), q = find(d + 1), none = map.size();
    if (p == none && q == none) {
      continue;
    }
    if (p == none || q != p + 1 || (!isOutput && !canMergeDims(operand.get(), p, inner))) {
      return false;
    }
  }
  // Indices may only be used side by side, to read tensors.
  bool can = true;
  op.getBody()->walk([&](linalg::IndexOp index) {
    int64_t loop = index.getDim();
    if (!can || (loop != d && loop != d + 1)) {
      return;
    }
    for (mlir::OpOperand &use : index->getUses()) {
      auto extract = llvm::dyn_cast<tensor::ExtractOp>(use.getOwner());
      int64_t p = int64_t(use.getOperandNumber()) - 1 - (loop == d + 1);
      auto isLoop = [&](int64_t position, int64_t which) {
        auto other = position >= 0 && position < int64_t(extract.getIndices().size())
                         ? extract.getIndices()[position].getDefiningOp<linalg::IndexOp>()
                         : linalg::IndexOp();
        return other && int64_t(other.getDim()) == which;
      };
      can &= extract && isLoop(p, d) && isLoop(p + 1, d + 1) && canMergeDims(extract.getTensor(), p, inner);
      if (!can) {
        return;
      }
    }
  });
  return can;
}

void LoopNest::mergeLoops(int64_t shared) {
  for (linalg::GenericOp op : kept) {
    merged[op] = loopExtents(op);
  }
  auto merge = [&](linalg::GenericOp op, int64_t d) {
    llvm::SmallVector<Extent> &loops = merged[op];
    loops[d + 1] = loops[d] * loops[d + 1];
    loops[d] = Extent();
  };
  for (int64_t d = 0; d + 1 < shared; ++d) {
    if (llvm::all_of(kept, [&](linalg::GenericOp op) { return canMerge(op, d); })) {
      llvm::for_each(kept, [&](linalg::GenericOp op) { merge(op, d); });
    }
  }
  for (linalg::GenericOp op : kept) {
    int64_t parallel = parallelLoops(op), all = op.getNumLoops();
    for (int64_t d = shared; d + 1 < all; ++d) {
      if (d + 1 != parallel && !isScan(op) && canMerge(op, d)) {
        merge(op, d);
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

namespace {
/// A tile is worth a thread's while when it costs this much.
constexpr int64_t kTileCost = 1 << 17;
constexpr int64_t kCostLimit = int64_t(1) << 40;

int64_t guess(const Extent &e) {
  int64_t n = std::min(e.factor, kCostLimit);
  for (size_t i = 0; i < e.arguments.size(); ++i) {
    n = std::min(n * kGuess, kCostLimit);
  }
  return std::max<int64_t>(n, 1);
}
} // namespace

int64_t LoopNest::pointCost(linalg::GenericOp op, llvm::DenseSet<mlir::Operation *> &seen) const {
  int64_t cost = 0;
  auto read = [&](mlir::Value v) {
    auto producer = v.getDefiningOp<linalg::GenericOp>();
    if (producer && !isKept(v)) {
      cost += seen.insert(producer).second ? pointCost(producer, seen) : 0;
    } else {
      cost += std::max(1u, llvm::cast<mlir::RankedTensorType>(v.getType()).getElementTypeBitWidth() / 8);
    }
  };
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    if (!op.getBody()->getArgument(i).use_empty()) {
      read(input);
    }
  }
  op.getBody()->walk([&](mlir::Operation *inner) {
    if (auto extract = llvm::dyn_cast<tensor::ExtractOp>(inner)) {
      read(extract.getTensor());
    }
    cost += isHeavy(inner) ? 32 : 1;
  });
  return std::min(cost, kCostLimit);
}

void LoopNest::chooseTiles(int64_t shared) {
  // The cost of the loops inside of the shared ones.
  int64_t cost = 0;
  bool inner = true; // every op has loops inside of the shared ones
  for (linalg::GenericOp op : kept) {
    llvm::DenseSet<mlir::Operation *> seen;
    int64_t one = pointCost(op, seen) + 4;
    bool any = false;
    for (const Extent &e : loops(op).drop_front(shared)) {
      one = std::min(one * guess(e), kCostLimit);
      any |= !e.is(1);
    }
    inner &= any;
    cost = std::min(cost + one, kCostLimit);
  }
  sharedExtents.assign(loops(kept.back()).begin(), loops(kept.back()).begin() + shared);
  int64_t outermostUnknown = -1, costThere = 0;
  for (tileDims = shared; tileDims-- > 0;) {
    const Extent &e = sharedExtents[tileDims];
    if (!e.isStatic()) {
      outermostUnknown = tileDims;
      costThere = cost;
    }
    if (guess(e) > 1 && cost * guess(e) >= kTileCost) {
      break;
    }
    cost *= guess(e);
  }
  if (tileDims < 0 && outermostUnknown >= 0) { // it may be large
    tileDims = outermostUnknown;
    cost = costThere;
  }
  bool divided = tileDims >= 0;
  tileDims = std::max<int64_t>(tileDims, 0);
  tiles = dim::constant(func.getContext(), 1);
  for (int64_t d = 0; d < tileDims; ++d) {
    tiles = dim::mul(tiles, formula(sharedExtents[d]));
  }
  if (divided) {
    block = std::max<int64_t>(1, (kTileCost + cost - 1) / cost);
    bool isVectorLoop = !inner && llvm::all_of(llvm::ArrayRef(sharedExtents).drop_front(tileDims + 1),
                                               [](const Extent &e) { return e.is(1); });
    block = isVectorLoop ? (block + 63) / 64 * 64 : block;
    const Extent &e = sharedExtents[tileDims];
    if (e.isStatic() && e.factor <= block) {
      block = 0;
    } else {
      tiles = dim::mul(tiles, dim::ceilDiv(formula(e), dim::constant(func.getContext(), block)));
    }
  }
  // Results of a row are still in the cache when the next op reads them.
  bool byRow = kept.size() > 1 && tileDims < shared;
  for (linalg::GenericOp op : kept) {
    byRow &= llvm::any_of(loops(op).drop_front(std::min<int64_t>(tileDims + 1, shared)),
                          [](const Extent &e) { return !e.is(1); });
  }
  rowDims = tileDims + byRow;
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
    } else if (!llvm::isa<linalg::FillOp, tensor::EmptyOp>(op) &&
               !llvm::isa<mlir::arith::ArithDialect>(op.getDialect())) {
      return op.emitOpError() << "expected linalg.generic, linalg.fill, tensor.empty or scalar "
                                 "arithmetic in a kernel";
    }
  }
  chooseKept();
  if (kept.empty()) {
    return func.emitError() << "expected a kernel that computes something";
  }
  int64_t shared = INT64_MAX;
  for (linalg::GenericOp op : generics) {
    // Ops computed where they are read matter only when they read something kept.
    if (isKept(op.getResult(0)) || dependsOnKept(op.getResult(0))) {
      shared = std::min(shared, sharedLoops(op));
    }
  }
  llvm::SmallVector<Extent> last = loopExtents(kept.back());
  for (linalg::GenericOp op : kept) {
    llvm::SmallVector<Extent> own = loopExtents(op);
    int64_t k = 0;
    while (k < shared && own[k] == last[k]) {
      ++k;
    }
    shared = k;
  }
  mergeLoops(shared);
  chooseTiles(shared);
  countFlops();
  return mlir::success();
}
} // namespace dlc::cpu
