//===- LowerToRT.cpp - from a graph of values to blocks of steps ------------------------------===//
#include "compiler/passes/Entries.h"
#include "compiler/passes/HostCalls.h"
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "dialects/nn/ops/control/BatchRows.h"
#include "dialects/rt/RT.h"
#include "llvm/ADT/StringSet.h"
#include "mlir/IR/IRMapping.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTORT
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Bytes of a tensor, as a formula.
dim::Expr byteSize(mlir::RankedTensorType type) {
  mlir::MLIRContext *c = type.getContext();
  dim::Expr bits = dim::constant(c, nn::getElementBits(type.getElementType()));
  dim::Expr total = dim::mul(dim::product(c, dim::getShape(type)), bits), eight = dim::constant(c, 8);
  return dim::ceilDiv(total, eight);
}

/// The source nodes' names, joined by '+'.
std::string nameOf(mlir::Location loc) {
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc)) {
    std::string text;
    for (mlir::Location part : fused.getLocations()) {
      std::string name = nameOf(part);
      text += (text.empty() || name.empty() ? "" : "+") + name;
    }
    return text;
  }
  auto name = llvm::dyn_cast<mlir::NameLoc>(loc);
  return name ? name.getName().str() : "";
}

class BlockBuilder {
public:
  explicit BlockBuilder(mlir::func::FuncOp func) : func(func), b(func.getContext()) {}

  llvm::LogicalResult run() {
    create();
    chooseOutputs();
    if (mlir::failed(convertOps(func.front()))) {
      return mlir::failure();
    }
    return finish();
  }

private:
  /// Some rows of a value: the place of all of them, and how many bytes come before.
  struct Rows {
    Value whole;
    dim::Expr offset;
  };
  rt::RefType ref(mlir::Type t) { return rt::RefType::get(func.getContext(), t); }
  Value lookup(Value v) { return map.lookup(v); }
  mlir::DenseI64ArrayAttr noSteps() { return b.getDenseI64ArrayAttr({}); }
  dim::Expr zero() { return dim::constant(func.getContext(), 0); }

  llvm::SmallVector<mlir::Attribute> names(bool inputs) {
    llvm::SmallVector<mlir::Attribute> result;
    unsigned n = inputs ? func.getNumArguments() : func.getNumResults();
    for (unsigned i = 0; i < n; ++i) {
      auto name = inputs ? func.getArgAttrOfType<mlir::StringAttr>(i, "nn.name") : func.getResultAttrOfType<mlir::StringAttr>(i, "nn.name");
      result.push_back(name ? name : b.getStringAttr((inputs ? "input_" : "output_") + std::to_string(i)));
    }
    return result;
  }

  mlir::ArrayAttr dimNames() {
    llvm::SmallVector<mlir::Attribute> all;
    bool any = false;
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      auto names = func.getArgAttrOfType<mlir::ArrayAttr>(i, kDimNamesAttr);
      any |= bool(names);
      all.push_back(names ? names : b.getArrayAttr({}));
    }
    return any ? b.getArrayAttr(all) : mlir::ArrayAttr();
  }
  mlir::DenseI64ArrayAttr state() {
    llvm::SmallVector<int64_t> outputs;
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      auto output = func.getArgAttrOfType<mlir::IntegerAttr>(i, kStateAttr);
      outputs.push_back(output ? output.getInt() : -1);
    }
    return llvm::all_of(outputs, [](int64_t o) { return o < 0; }) ? mlir::DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(outputs);
  }

  void create() {
    b.setInsertionPoint(func);
    block = rt::BlockOp::create(b, func.getLoc(), func.getSymNameAttr(), b.getArrayAttr(names(true)), b.getArrayAttr(names(false)),
                                func->getAttrOfType<mlir::StringAttr>(kEntryAttr), func->getAttrOfType<mlir::DictionaryAttr>(kBoundsAttr),
                                dimNames(), state());
    mlir::Block *body = b.createBlock(&block.getBody());
    for (mlir::BlockArgument a : func.getArguments()) {
      map.map(a, body->addArgument(ref(a.getType()), a.getLoc()));
    }
    defineInputSymbols();
    openStage(func.getLoc());
  }

  /// Every symbol is the size of the first input dim that is just that symbol; equal dims are checked.
  void defineInputSymbols() {
    for (mlir::BlockArgument a : func.getArguments()) {
      if (llvm::isa<mlir::RankedTensorType>(a.getType())) {
        defineDims(a, map.lookup(a));
      }
    }
  }
  void defineDims(Value v, Value where) {
    for (auto [i, e] : llvm::enumerate(nn::shapeOf(v))) {
      if (e.getKind() == dim::ExprKind::Symbol && defined.insert(e.getSymbol()).second) {
        rt::SymbolOp::create(b, v.getLoc(), where, e.getSymbol(), i, false);
      }
    }
  }

  void openStage(mlir::Location loc) {
    rt::StageOp::create(b, loc, zero());
    produced.clear();
  }
  /// Sizes that come from `v` are known when the steps so far have run.
  void needStageAfter(Value v, mlir::Location loc) {
    if (produced.contains(v)) {
      openStage(loc);
    }
  }

  /// The value computed by a step that `v` shows (directly or reshaped), which may be written where `v` is wanted; or null.
  static Value writtenInPlace(Value v) {
    while (auto reshape = v.getDefiningOp<nn::ReshapeOp>()) {
      v = reshape.getInput();
    }
    mlir::Operation *op = v.getDefiningOp();
    return op && (llvm::isa<nn::DispatchOp, nn::SplitBatchOp>(op) || getHostCall(op)) ? v : Value();
  }

  /// What outputs show is written to the caller's buffers.
  void chooseOutputs() {
    for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
      if (Value base = writtenInPlace(v)) {
        outputOf.try_emplace(base, i);
      }
    }
  }

  /// A place for a value whose size is known when the stage starts; other values are the engine's.
  Value allocate(Value v) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    if (!type || nn::isString(type.getElementType()) || !sizesKnown(type)) {
      return rt::DynamicOp::create(b, v.getLoc(), ref(v.getType()));
    }
    auto it = outputOf.find(v);
    if (it != outputOf.end()) {
      return rt::OutputOp::create(b, v.getLoc(), ref(type), it->second);
    }
    if (auto rows = rowsOf.find(v); rows != rowsOf.end()) {
      return view(v, rows->second);
    }
    return rt::BufferOp::create(b, v.getLoc(), ref(type), zero(), atMost(byteSize(type)), nameOf(v.getLoc()));
  }
  bool sizesKnown(mlir::RankedTensorType type) {
    bool known = true;
    for (dim::Expr e : dim::getShape(type)) {
      known &= !dim::isUnknown(e);
      dim::forEachSymbol(e, [&](llvm::StringRef name) { known &= defined.contains(name); });
    }
    return known;
  }
  Value place(Value v) {
    Value where = allocate(v);
    map.map(v, where);
    produced.insert(where);
    return where;
  }

  /// After a step: results that the engine allocated define the symbols in their types.
  void nameDynamicSizes(mlir::ValueRange results, mlir::Location loc) {
    for (Value v : results) {
      auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
      if (!type || sizesKnown(type)) {
        continue;
      }
      needStageAfter(lookup(v), loc);
      defineDims(v, lookup(v));
    }
  }

  llvm::LogicalResult convertOps(mlir::Block &from) {
    for (mlir::Operation &op : from.without_terminator()) {
      if (mlir::failed(convert(&op))) {
        return mlir::failure();
      }
    }
    return mlir::success();
  }

  llvm::LogicalResult convert(mlir::Operation *op) {
    if (auto constant = llvm::dyn_cast<nn::ConstantOp>(op); constant && !getHostCall(op)) {
      map.map(constant.getResult(), rt::ConstantOp::create(b, op->getLoc(), ref(constant.getResult().getType()), constant.getValue()));
      return mlir::success();
    }
    if (auto reshape = llvm::dyn_cast<nn::ReshapeOp>(op)) {
      return alias(op, reshape.getInput());
    }
    if (auto read = llvm::dyn_cast<nn::ReadDimsOp>(op)) {
      return convertReadDims(read);
    }
    if (auto assume = llvm::dyn_cast<nn::AssumeOp>(op)) {
      rt::CheckOp::create(b, op->getLoc(), assume.getLhs(), assume.getRhs(), assume.getMessage());
      return mlir::success();
    }
    if (auto dispatch = llvm::dyn_cast<nn::DispatchOp>(op)) {
      return convertDispatch(dispatch);
    }
    if (auto branch = llvm::dyn_cast<nn::IfOp>(op)) {
      return convertIf(branch);
    }
    if (auto loop = llvm::dyn_cast<nn::LoopOp>(op)) {
      return convertLoop(loop);
    }
    if (auto split = llvm::dyn_cast<nn::SplitBatchOp>(op)) {
      return convertSplitBatch(split);
    }
    if (std::optional<HostCall> call = getHostCall(op)) {
      return convertHostCall(op, *call);
    }
    return op->emitOpError() << "has no form in an executable";
  }

  llvm::LogicalResult alias(mlir::Operation *op, Value from) {
    Value v = op->getResult(0);
    map.map(v, rt::AliasOp::create(b, op->getLoc(), ref(v.getType()), lookup(from), zero()));
    if (produced.contains(lookup(from))) {
      produced.insert(lookup(v));
    }
    return mlir::success();
  }

  llvm::LogicalResult convertReadDims(nn::ReadDimsOp op) {
    Value from = lookup(op.getInput());
    needStageAfter(from, op.getLoc());
    for (auto [i, e] : llvm::enumerate(op.getSymbols().getDims())) {
      if (defined.insert(e.getSymbol()).second) {
        rt::SymbolOp::create(b, op.getLoc(), from, e.getSymbol(), i, true);
      }
    }
    map.map(op.getResult(), from);
    return mlir::success();
  }

  llvm::LogicalResult convertDispatch(nn::DispatchOp op) {
    mlir::func::FuncOp kernel = getKernel(op);
    if (!kernel) {
      return op.emitOpError() << "expected a kernel named " << op.getKernel();
    }
    if (auto numbers = op->getAttrOfType<mlir::DenseI64ArrayAttr>(kPreparedAttr)) {
      return convertPrepared(op, numbers);
    }
    auto formula = [&](llvm::StringRef name) {
      auto e = kernel->getAttrOfType<dim::ExprAttr>(name);
      return e ? e : zero();
    };
    llvm::SmallVector<Value> operands;
    for (Value v : op.getOperands_()) {
      operands.push_back(lookup(v));
    }
    for (Value v : op.getResults_()) {
      operands.push_back(place(v));
    }
    auto dims = kernel->getAttrOfType<dim::ShapeAttr>(kDimsAttr);
    auto step = rt::DispatchOp::create(
        b, op.getLoc(), op.getKernelAttr(), operands, b.getI64IntegerAttr(op.getNumResults()),
        dims ? dims : dim::ShapeAttr::get(func.getContext(), {}), formula(kTilesAttr), atMost(formula(kScratchAttr)),
        kernel->getAttrOfType<mlir::StringAttr>(kStrategyAttr), onAverage(formula(kFlopsAttr)), noSteps());
    step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
    if (mlir::Attribute reason = op->getAttr(kReasonAttr)) {
      step->setAttr("reason", reason);
    }
    return mlir::success();
  }

  /// What runs before all runs is a constant.
  llvm::LogicalResult convertPrepared(nn::DispatchOp op, llvm::ArrayRef<int64_t> numbers) {
    Value result = op.getResult(0);
    map.map(result, rt::PrepareOp::create(b, op.getLoc(), ref(result.getType()), op.getKernelAttr(),
                                          lookup(op.getOperand(0)), b.getDenseI64ArrayAttr(numbers.drop_front()),
                                          b.getI64IntegerAttr(numbers.front())));
    return mlir::success();
  }

  llvm::LogicalResult convertHostCall(mlir::Operation *op, const HostCall &call) {
    llvm::SmallVector<Value> operands;
    llvm::SmallVector<int64_t> places;
    llvm::SmallVector<dim::Expr> dims;
    if (!call.encoded.empty()) {
      auto type = mlir::RankedTensorType::get({int64_t(call.encoded.size())}, b.getIntegerType(8, false));
      auto bytes = mlir::DenseElementsAttr::getFromRawBuffer(type, call.encoded);
      places.push_back(operands.size());
      operands.push_back(rt::ConstantOp::create(b, op->getLoc(), ref(type), bytes));
    }
    for (Value v : call.operands) {
      places.push_back(v ? int64_t(operands.size()) : -1);
      if (v) {
        operands.push_back(lookup(v));
      }
    }
    for (int64_t a : call.attributes) {
      dims.push_back(dim::constant(func.getContext(), a));
    }
    llvm::append_range(dims, call.sizes);
    for (Value v : op->getResults()) {
      places.push_back(operands.size());
      operands.push_back(place(v));
    }
    auto step = rt::HostCallOp::create(b, op->getLoc(), b.getStringAttr(call.function), b.getI64IntegerAttr(call.version), operands, b.getDenseI64ArrayAttr(places),
                                       b.getI64IntegerAttr(op->getNumResults()), dim::ShapeAttr::get(func.getContext(), dims), noSteps());
    step->setAttr("name", b.getStringAttr(nameOf(op->getLoc())));
    if (auto strategy = op->getAttrOfType<mlir::StringAttr>(kStrategyAttr)) {
      step->setAttr("strategy", strategy);
      step->setAttr("flops", onAverage(op->getAttrOfType<dim::ExprAttr>(kFlopsAttr)));
    }
    if (auto reason = op->getAttrOfType<mlir::StringAttr>(kReasonAttr)) {
      step->setAttr("reason", reason);
    }
    nameDynamicSizes(op->getResults(), op->getLoc());
    return mlir::success();
  }

  /// Converts a region of nn ops into a block of its own. Symbols found there are known there only.
  llvm::LogicalResult convertRegion(mlir::Region &from, mlir::Region &to) {
    mlir::OpBuilder::InsertionGuard guard(b);
    llvm::StringSet<> before = defined;
    llvm::DenseSet<Value> producedBefore = produced;
    b.createBlock(&to);
    openStage(from.getLoc());
    for (Value parameter : from.getArguments()) {
      if (auto type = llvm::dyn_cast<mlir::RankedTensorType>(parameter.getType()); type && !sizesKnown(type)) {
        defineDims(parameter, lookup(parameter));
      }
    }
    if (mlir::failed(convertOps(from.front()))) {
      return mlir::failure();
    }
    llvm::SmallVector<Value> results;
    for (Value v : from.front().getTerminator()->getOperands()) {
      results.push_back(lookup(v));
    }
    rt::YieldOp::create(b, from.getLoc(), results);
    defined = before;
    produced = producedBefore;
    return mlir::success();
  }

  llvm::LogicalResult convertIf(nn::IfOp op) {
    llvm::SmallVector<Value> results;
    Value condition = lookup(op.getCondition());
    for (Value v : op.getResults_()) {
      results.push_back(place(v));
    }
    auto step = rt::IfOp::create(b, op.getLoc(), condition, results, noSteps());
    step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
    if (mlir::failed(convertRegion(op.getThenBody(), step.getThenBody())) ||
        mlir::failed(convertRegion(op.getElseBody(), step.getElseBody()))) {
      return mlir::failure();
    }
    nameDynamicSizes(op.getResults_(), op.getLoc());
    return mlir::success();
  }

  llvm::LogicalResult convertLoop(nn::LoopOp op) {
    auto optional = [&](Value v) { return v ? lookup(v) : Value(); };
    llvm::SmallVector<Value> initial, parameters, finals, scanned;
    for (Value v : op.getCarried()) {
      initial.push_back(lookup(v));
    }
    Value trips = optional(op.getTripCount()), condition = optional(op.getCondition());
    for (mlir::BlockArgument a : op.getBody().getArguments()) {
      parameters.push_back(place(a));
    }
    for (auto [i, v] : llvm::enumerate(op.getResults_())) {
      bool stacked = i >= initial.size();
      // Rows are counted when the loop has ended, unless nothing can end it early.
      Value where = stacked ? stack(v) : place(v);
      (stacked ? scanned : finals).push_back(where);
    }
    auto step = rt::LoopOp::create(b, op.getLoc(), trips, condition, parameters[0], parameters[1], initial,
                                   llvm::ArrayRef(parameters).drop_front(2), finals, scanned, dim::ExprAttr(), noSteps());
    step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
    if (mlir::failed(convertRegion(op.getBody(), step.getBody()))) {
      return mlir::failure();
    }
    nameDynamicSizes(op.getResults_(), op.getLoc());
    return mlir::success();
  }
  /// A loop over parts, whose values are views of the inputs, and of places for the results.
  llvm::LogicalResult convertSplitBatch(nn::SplitBatchOp op) {
    auto scalar = [&](mlir::Type element, llvm::StringRef name) -> Value {
      auto type = mlir::RankedTensorType::get({}, element);
      return rt::BufferOp::create(b, op.getLoc(), ref(type), zero(), byteSize(type), name);
    };
    llvm::SmallVector<Value> wholes;
    for (Value v : op.getResults_()) {
      wholes.push_back(place(v));
    }
    llvm::StringSet<> before = defined;
    splitBatch = op;
    if (op.getPart()) {
      // Memory is planned for the largest part: it must not depend on which part runs.
      largestPart = defineSize("part.most", dim::min(dim::constant(func.getContext(), op.getSize()), op.getBatch()), op.getLoc());
    }
    auto step = rt::LoopOp::create(b, op.getLoc(), Value(), Value(), scalar(b.getI64Type(), "part"), scalar(b.getI1Type(), "going"),
                                   mlir::ValueRange(), mlir::ValueRange(), mlir::ValueRange(), mlir::ValueRange(), op.getParts(), noSteps());
    step->setAttr("strategy", b.getStringAttr("split_batch"));
    step->setAttr("reason", op->getAttr(kReasonAttr));
    llvm::LogicalResult converted = convertPart(op, step, wholes);
    defined = before;
    splitBatch = {};
    return converted;
  }
  dim::Expr unusedSymbol(std::string name) {
    while (defined.contains(name)) {
      name += "_";
    }
    defined.insert(name);
    return dim::symbol(func.getContext(), name);
  }
  dim::Expr defineSize(llvm::StringRef name, dim::Expr value, mlir::Location loc) {
    dim::Expr symbol = unusedSymbol(name.str());
    rt::SizeOp::create(b, loc, symbol.getSymbol(), value);
    return symbol;
  }
  /// A formula with another number of images in the place of a part's.
  dim::Expr withPart(dim::Expr e, dim::Expr images) {
    return dim::substitute(e, [&](llvm::StringRef name) { return name == *splitBatch.getPart() ? images : dim::Expr(); });
  }
  bool partsDiffer() { return splitBatch && splitBatch.getPart(); }
  /// Bytes for any part.
  dim::Expr atMost(dim::Expr bytes) { return partsDiffer() ? withPart(bytes, largestPart) : bytes; }
  /// Operations of a part on average: those of all parts are what the whole batch takes.
  dim::Expr onAverage(dim::Expr operations) {
    dim::Expr one = dim::constant(func.getContext(), 1);
    return partsDiffer() ? dim::floorDiv(withPart(operations, splitBatch.getBatch()), dim::max(splitBatch.getParts(), one)) : operations;
  }

  llvm::LogicalResult convertPart(nn::SplitBatchOp op, rt::LoopOp step, llvm::ArrayRef<Value> wholes) {
    mlir::OpBuilder::InsertionGuard guard(b);
    llvm::DenseSet<Value> producedBefore = produced;
    mlir::Block &from = op.getBody().front();
    b.createBlock(&step.getBody());
    openStage(op.getLoc());
    dim::Expr index = unusedSymbol("part.index"), first = dim::mul(index, dim::constant(func.getContext(), op.getSize()));
    rt::SymbolOp::create(b, op.getLoc(), step.getIteration(), index.getSymbol(), 0, true);
    if (op.getPart()) {
      defineSize(*op.getPart(), dim::min(largestPart, dim::sub(op.getBatch(), first)), op.getLoc());
    }
    auto partOf = [&](Value whole, Value part) -> Rows {
      auto one = nn::withImages(llvm::cast<mlir::RankedTensorType>(part.getType()), op.getPartImages(), dim::constant(func.getContext(), 1));
      return {whole, dim::mul(byteSize(one), first)};
    };
    for (auto [input, argument] : llvm::zip(op.getInputs(), from.getArguments())) {
      map.map(argument, view(argument, partOf(lookup(input), argument)));
    }
    auto yielded = from.getTerminator()->getOperands();
    for (auto [v, whole] : llvm::zip(yielded, wholes)) {
      if (Value base = writtenInPlace(v); base && base.getParentBlock() == &from) {
        rowsOf.try_emplace(base, partOf(whole, v));
      }
    }
    if (mlir::failed(convertOps(from))) {
      return mlir::failure();
    }
    for (auto [v, whole] : llvm::zip(yielded, wholes)) {
      auto it = rowsOf.find(writtenInPlace(v));
      if (it == rowsOf.end() || it->second.whole != whole) {
        rt::CopyOp::create(b, op.getLoc(), lookup(v), view(v, partOf(whole, v)), noSteps());
      }
    }
    rt::YieldOp::create(b, op.getLoc(), mlir::ValueRange{step.getGoing()});
    produced = producedBefore;
    return mlir::success();
  }
  Value view(Value v, const Rows &rows) { return rt::AliasOp::create(b, v.getLoc(), ref(v.getType()), rows.whole, rows.offset); }

  Value stack(Value v) {
    Value where = rt::DynamicOp::create(b, v.getLoc(), ref(v.getType()));
    map.map(v, where);
    produced.insert(where);
    return where;
  }

  /// The outputs: values already there, those of the engine, or copies (inputs, constants, values returned twice).
  llvm::LogicalResult finish() {
    llvm::SmallVector<Value> results;
    for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
      Value base = v;
      while (auto reshape = base.getDefiningOp<nn::ReshapeOp>()) {
        base = reshape.getInput();
      }
      auto it = outputOf.find(base);
      bool direct = it != outputOf.end() && it->second == i && lookup(base).getDefiningOp<rt::OutputOp>();
      if (direct || lookup(base).getDefiningOp<rt::DynamicOp>()) {
        results.push_back(lookup(v));
        continue;
      }
      if (!llvm::isa<mlir::RankedTensorType>(v.getType()) || nn::isString(nn::elementOf(v))) {
        results.push_back(lookup(v));
        continue;
      }
      Value out = rt::OutputOp::create(b, v.getLoc(), ref(v.getType()), i);
      rt::CopyOp::create(b, v.getLoc(), lookup(v), out, noSteps());
      results.push_back(out);
    }
    rt::YieldOp::create(b, func.getLoc(), results);
    func.erase();
    return mlir::success();
  }

  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  rt::BlockOp block;
  mlir::IRMapping map;
  llvm::DenseMap<Value, unsigned> outputOf;
  llvm::DenseMap<Value, Rows> rowsOf; ///< values that are computed where a split batch's results lie
  nn::SplitBatchOp splitBatch;        ///< that is being converted; or null
  dim::Expr largestPart;              ///< where its parts differ: the images of the largest
  llvm::StringSet<> defined;       ///< symbols with a value at this place
  llvm::DenseSet<Value> produced;  ///< values that steps of this stage compute
};

struct LowerToRTPass : impl::LowerToRTBase<LowerToRTPass> {
  void runOnOperation() override {
    for (auto func : llvm::make_early_inc_range(getOperation().getOps<mlir::func::FuncOp>())) {
      if (mlir::failed(BlockBuilder(func).run())) {
        return signalPassFailure();
      }
    }
  }
};
} // namespace
} // namespace dlc
