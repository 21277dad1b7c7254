//===- Program.cpp - from rt ops to tables ----------------------------------------------------------===//
#include "compiler/emit/Program.h"
#include "compiler/emit/Tables.h"
#include "compiler/passes/Storage.h"
#include "dialects/nn/eval/Eval.h"
#include "compiler/passes/DType.h"
#include <utility>

namespace dlc::emit {
namespace {
using mlir::Value;
constexpr uint64_t kWeightAlignment = 64;

dlc_abi_step emptyStep() {
  dlc_abi_step s{};
  s.name = s.strategy = s.target = s.other = s.tiles = s.scratch = s.flops = s.bytes = DLC_NONE;
  return s;
}

class Writer {
public:
  Writer(llvm::ArrayRef<Variant> variants, llvm::StringRef name) : variants(variants), module(variants[0].module), name(name) {}

  mlir::FailureOr<Program> run() {
    t.spaces.push_back({t.string("host"), 0});
    for (const Variant &v : variants) {
      t.variants.push_back({t.string(v.name), 0, v.cpu});
      variant = t.variants.size() - 1;
      for (auto block : mlir::ModuleOp(v.module).getOps<rt::BlockOp>()) {
        if (mlir::failed(writeEntry(block))) {
          return mlir::failure();
        }
      }
    }
    program.variantCount = variants.size();
    for (auto [key, name] : {std::pair("nn.producer", "producer"), std::pair("nn.opset", "opset")}) {
      if (auto value = module->getAttrOfType<mlir::StringAttr>(key)) {
        t.metadata.push_back({t.string(name), t.string(value.getValue())});
      }
    }
    flattenBlocks();
    if (!t.unbound.empty()) {
      return module.emitError() << "expected every size to follow from the inputs, got " << t.unbound.front();
    }
    dlc_abi_model header{};
    header.name = t.string(name);
    header.producer = t.string("dlc 0.1.0");
    header.weights_size = program.weightsSize;
    header.features = features;
    if (t.stages.size() > t.blocks.size()) {
      header.features |= DLC_FEATURE_STAGES;
    }
    program.bytes = t.finish(header);
    return std::move(program);
  }

private:
  /// A block under construction. Its stages, and their steps, are numbered when all blocks are known.
  struct StageRecord {
    uint32_t frameSize = 0;
    std::vector<dlc_abi_dim_instr> program;
    std::vector<dlc_abi_step> steps;
    std::vector<llvm::SmallVector<uint32_t>> successors;
    llvm::SmallVector<uint32_t> frameValues;
  };
  struct BlockRecord {
    uint32_t name = 0;
    std::vector<StageRecord> stages;
    dlc_abi_range params{}, results{};
  };

  llvm::LogicalResult writeEntry(rt::BlockOp block) {
    mlir::Block &body = block.getBody().front();
    // Slots and symbols are those of one entry.
    Tables::Scope scope = t.enterScope();
    llvm::StringRef name = block.getEntry().value_or(block.getSymName());
    bounds = block.getBoundsAttr();
    for (auto [i, a] : llvm::enumerate(body.getArguments())) {
      if (stateOf(block, i) >= 0) {
        addValue(a, DLC_STORAGE_VARIABLE, variableOf(llvm::cast<mlir::StringAttr>(block.getInputs()[i]).getValue()), {});
      } else {
        addValue(a, DLC_STORAGE_INPUT, i, {});
      }
    }
    mlir::FailureOr<uint32_t> index = writeBlock(body, name);
    if (mlir::failed(index)) {
      return mlir::failure();
    }
    auto results = llvm::cast<rt::YieldOp>(body.getTerminator()).getResults_();
    blocks[*index].params = poolOf(body.getArguments());
    dlc_abi_entry entry{t.string(name), *index, uint32_t(t.ports.size()), body.getNumArguments(), 0, 0, 0};
    if (variants.size() > 1) {
      entry.variant = 1 + variant;
      features |= DLC_FEATURE_VARIANT_ENTRIES;
    }
    writePorts(body.getArguments(), block.getInputs());
    entry.first_output = t.ports.size();
    entry.output_count = results.size();
    writePorts(results, block.getOutputs());
    t.entries.push_back(entry);
    writeState(block, entry);
    nameFixedDims(block, entry);
    t.leaveScope(std::move(scope));
    return mlir::success();
  }

  /// The output that is kept for input `i`; -1: none.
  static int64_t stateOf(rt::BlockOp block, size_t i) {
    std::optional<llvm::ArrayRef<int64_t>> state = block.getState();
    return state ? (*state)[i] : -1;
  }
  /// Variables are called like their inputs; specialisations share them.
  uint32_t variableOf(llvm::StringRef name) {
    auto [it, isNew] = stateIndices.try_emplace(name, uint32_t(t.variables.size()));
    if (isNew) {
      t.variables.push_back({t.string(name), DLC_NONE, DLC_NONE, DLC_NONE});
    }
    return it->second;
  }
  void writeState(rt::BlockOp block, const dlc_abi_entry &entry) {
    for (uint32_t i = 0; i < entry.input_count; ++i) {
      int64_t output = stateOf(block, i);
      if (output < 0) {
        continue;
      }
      dlc_abi_port &from = t.ports[entry.first_output + output], &to = t.ports[entry.first_input + i];
      from.flags |= DLC_PORT_FEEDBACK;
      to.flags |= DLC_PORT_FEEDBACK;
      dlc_abi_variable &variable = t.variables[t.values[to.value].index];
      if (variable.value == DLC_NONE) {
        variable.value = to.value;
        variable.size = t.values[to.value].size;
      }
      t.feedback.push_back({uint32_t(t.entries.size() - 1), from.value, to.value});
      features |= DLC_FEATURE_VARIABLES;
    }
  }
  /// Among specialisations a size that is a number here may be a symbol elsewhere: it keeps its name.
  void nameFixedDims(rt::BlockOp block, const dlc_abi_entry &entry) {
    if (!block.getEntry()) {
      return;
    }
    features |= DLC_FEATURE_SPECIALISATIONS;
    for (uint32_t i = 0; block.getDimNames() && i < entry.input_count; ++i) {
      auto names = llvm::cast<mlir::ArrayAttr>((*block.getDimNames())[i]);
      for (auto [d, name] : llvm::enumerate(names.getAsRange<mlir::StringAttr>())) {
        dlc_abi_port_dim &dim = t.portDims[t.ports[entry.first_input + i].dims + d];
        if (dim.symbol == DLC_NONE && !name.getValue().empty()) {
          dim.symbol = t.string(name.getValue());
        }
      }
    }
  }
  /// What a dim of an input or output may be: stated for symbols.
  std::pair<int64_t, int64_t> boundsOf(dim::Expr e) const {
    auto range = bounds && e.getKind() == dim::ExprKind::Symbol ? bounds.getAs<mlir::DenseI64ArrayAttr>(e.getSymbol()) : mlir::DenseI64ArrayAttr();
    return range ? std::pair(range[0], range[1]) : std::pair<int64_t, int64_t>(0, -1);
  }

  /// Writes a block and those inside of it; the number that it has.
  mlir::FailureOr<uint32_t> writeBlock(mlir::Block &body, llvm::StringRef name) {
    uint32_t index = blocks.size();
    blocks.emplace_back();
    blocks[index].name = t.string(name);
    std::vector<dlc_abi_dim_instr> outer = std::move(t.program);
    t.program.clear();
    uint32_t outerBlock = std::exchange(current, index);
    rt::StageOp outerStage = stageOp;
    auto outerOffsets = std::exchange(offsets, {});
    Tables::Scope scope = t.enterScope();
    llvm::LogicalResult written = writeStages(body);
    if (mlir::succeeded(written)) {
      blocks[index].results = poolOf(llvm::cast<rt::YieldOp>(body.getTerminator()).getResults_());
    }
    if (outerBlock != DLC_NONE) {
      t.leaveScope(std::move(scope));
    }
    current = outerBlock;
    stageOp = outerStage;
    offsets = std::move(outerOffsets);
    t.program = std::move(outer);
    return mlir::failed(written) ? mlir::FailureOr<uint32_t>(mlir::failure()) : mlir::FailureOr<uint32_t>(index);
  }

  /// Gives stages and steps their numbers.
  void flattenBlocks() {
    bool anyDynamic = false;
    for (BlockRecord &record : blocks) {
      dlc_abi_block block{record.name, uint32_t(t.stages.size()), uint32_t(record.stages.size()), record.params, record.results};
      t.blocks.push_back(block);
      for (StageRecord &stage : record.stages) {
        for (uint32_t v : stage.frameValues) {
          t.values[v].index = t.stages.size();
        }
        dlc_abi_stage s{};
        s.first_instr = t.allInstructions.size();
        s.instr_count = stage.program.size();
        s.first_step = t.steps.size();
        s.step_count = stage.steps.size();
        s.frame_size = stage.frameSize;
        s.frame_value = DLC_NONE;
        // Slots of stages before it may be used too.
        anyDynamic |= llvm::any_of(stage.program, [](const dlc_abi_dim_instr &i) {
          return i.op == DLC_DIM_VALUE_DIM || i.op == DLC_DIM_READ || i.op == DLC_DIM_COUNT_INPUT;
        });
        s.flags = anyDynamic ? 0 : DLC_STAGE_STATIC;
        t.stages.push_back(s);
        for (auto [step, successors] : llvm::zip(stage.steps, stage.successors)) {
          step.successors = t.range(successors);
          t.steps.push_back(step);
        }
        t.allInstructions.insert(t.allInstructions.end(), stage.program.begin(), stage.program.end());
      }
    }
  }

  dlc_abi_range poolOf(mlir::ValueRange values) {
    llvm::SmallVector<uint32_t> indices;
    for (Value v : values) {
      indices.push_back(valueIndex[v]);
    }
    return t.range(indices);
  }

  static dlc_kind kindOf(mlir::Type type) {
    if (llvm::isa<nn::SequenceType>(type)) {
      return DLC_KIND_SEQUENCE;
    }
    if (llvm::isa<nn::OptionalType>(type)) {
      return DLC_KIND_OPTIONAL;
    }
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && nn::isString(tensor.getElementType()) ? DLC_KIND_STRINGS : DLC_KIND_TENSOR;
  }

  /// Shapes are given separately: inputs get theirs when their symbols are bound.
  uint32_t addValue(Value v, dlc_storage storage, uint32_t index, llvm::StringRef name, uint32_t offset = DLC_NONE) {
    mlir::RankedTensorType type = rt::getTensorType(v);
    dlc_abi_value e{};
    e.name = t.string(name);
    e.kind = kindOf(llvm::cast<rt::RefType>(v.getType()).getValue());
    e.dtype = type ? getDType(type.getElementType()) : DLC_UNDEFINED;
    e.rank = type ? type.getRank() : 0;
    e.storage = storage;
    e.index = index;
    e.offset = offset;
    e.shape = e.size = DLC_NONE;
    valueIndex[v] = t.values.size();
    t.values.push_back(e);
    return t.values.size() - 1;
  }
  void setShape(Value v) {
    mlir::RankedTensorType type = rt::getTensorType(v);
    if (!type || nn::isString(type.getElementType())) {
      return;
    }
    llvm::SmallVector<uint32_t> slots;
    mlir::MLIRContext *c = type.getContext();
    for (dim::Expr e : dim::getShape(type)) {
      slots.push_back(t.slot(e));
    }
    dim::Expr bits = dim::constant(c, nn::getElementBits(type.getElementType()));
    uint32_t size = t.slot(dim::ceilDiv(dim::mul(dim::product(c, dim::getShape(type)), bits), dim::constant(c, 8)));
    dlc_abi_value &e = t.values[valueIndex[v]];
    e.shape = t.range(slots).first;
    e.size = size;
  }

  StageRecord &stage() { return blocks[current].stages.back(); }

  llvm::LogicalResult writeStages(mlir::Block &body) {
    for (mlir::Operation &op : body) {
      if (auto next = llvm::dyn_cast<rt::StageOp>(op)) {
        openStage(next, body);
      } else if (auto symbol = llvm::dyn_cast<rt::SymbolOp>(op)) {
        t.bindSymbol(symbol.getName(), t.instruction(symbol.getRead() ? DLC_DIM_READ : DLC_DIM_VALUE_DIM,
                                                     valueIndex[symbol.getValue()], symbol.getIndex()));
      } else if (auto check = llvm::dyn_cast<rt::CheckOp>(op)) {
        uint32_t lhs = t.slot(check.getLhs()), rhs = t.slot(check.getRhs());
        t.instruction(DLC_DIM_CHECK_EQ, lhs, rhs, t.string(check.getMessage()));
      } else if (mlir::failed(write(&op))) {
        return mlir::failure();
      }
    }
    closeStage();
    return mlir::success();
  }

  void openStage(rt::StageOp op, mlir::Block &body) {
    bool first = blocks[current].stages.empty();
    if (!first) {
      closeStage();
    }
    blocks[current].stages.emplace_back();
    for (mlir::BlockArgument a : first ? body.getArguments() : llvm::MutableArrayRef<mlir::BlockArgument>()) {
      setShape(a);
      checkSizes(a);
    }
    stageOp = op;
  }

  /// Sizes of an input that are not free: a symbol's second place, or a formula.
  void checkSizes(mlir::BlockArgument a) {
    mlir::RankedTensorType type = rt::getTensorType(a);
    for (auto [i, e] : llvm::enumerate(type ? dim::getShape(type) : dim::Shape())) {
      if (dim::getConstant(e)) {
        continue;
      }
      uint32_t given = t.instruction(DLC_DIM_VALUE_DIM, valueIndex[a], i);
      std::string what = "dim " + std::to_string(i) + " of input " + std::to_string(a.getArgNumber()) + " against " + dim::toString(e);
      t.instruction(DLC_DIM_CHECK_EQ, given, t.slot(e), t.string(what));
    }
  }

  /// The frame's size and the places in it come last: they may use symbols that are bound in this stage.
  void closeStage() {
    for (auto [value, offset] : offsets) {
      t.values[value].offset = t.slot(offset);
    }
    offsets.clear();
    stage().frameSize = t.slot(stageOp.getFrameSize());
    stage().program = std::move(t.program);
    t.program.clear();
  }

  llvm::LogicalResult write(mlir::Operation *op) {
    if (auto constant = llvm::dyn_cast<rt::ConstantOp>(op)) {
      return writeConstant(constant);
    }
    if (auto buffer = llvm::dyn_cast<rt::BufferOp>(op)) {
      uint32_t v = addValue(buffer.getResult(), DLC_STORAGE_FRAME, 0, buffer.getName());
      stage().frameValues.push_back(v);
      offsets.push_back({v, buffer.getOffset()});
      setShape(buffer.getResult());
    } else if (auto output = llvm::dyn_cast<rt::OutputOp>(op)) {
      addValue(output.getResult(), DLC_STORAGE_OUTPUT, output.getIndex(), "");
      setShape(output.getResult());
    } else if (auto dynamic = llvm::dyn_cast<rt::DynamicOp>(op)) {
      addValue(dynamic.getResult(), DLC_STORAGE_DYNAMIC, 0, "");
    } else if (auto alias = llvm::dyn_cast<rt::AliasOp>(op)) {
      addValue(alias.getResult(), DLC_STORAGE_ALIAS, valueIndex[alias.getBase()], "", t.slot(alias.getOffset()));
      setShape(alias.getResult());
    } else if (auto dispatch = llvm::dyn_cast<rt::DispatchOp>(op)) {
      writeDispatch(dispatch);
    } else if (auto copy = llvm::dyn_cast<rt::CopyOp>(op)) {
      dlc_abi_step s = emptyStep();
      s.kind = DLC_STEP_COPY;
      s.name = t.string("copy");
      s.args = t.range({valueIndex[copy.getFrom()], valueIndex[copy.getTo()]});
      s.output_count = 1;
      addStep(s, copy.getAfter());
    } else if (auto call = llvm::dyn_cast<rt::HostCallOp>(op)) {
      writeHostCall(call);
    } else if (auto branch = llvm::dyn_cast<rt::IfOp>(op)) {
      return writeIf(branch);
    } else if (auto loop = llvm::dyn_cast<rt::LoopOp>(op)) {
      return writeLoop(loop);
    } else if (!llvm::isa<rt::YieldOp>(op)) {
      return op->emitOpError() << "has no form in the tables";
    }
    return mlir::success();
  }

  uint32_t nameOf(mlir::Operation *op, llvm::StringRef otherwise) {
    auto name = op->getAttrOfType<mlir::StringAttr>("name");
    return t.string(name && !name.getValue().empty() ? name.getValue() : otherwise);
  }

  void writeHostCall(rt::HostCallOp op) {
    dlc_abi_step s = emptyStep();
    s.kind = DLC_STEP_HOST_CALL;
    s.name = nameOf(op, op.getFunction());
    std::string key = (op.getFunction() + "@" + llvm::Twine(op.getVersion())).str();
    auto [it, isNew] = hostIndices.try_emplace(key, uint32_t(t.hostFunctions.size()));
    if (isNew) {
      t.hostFunctions.push_back({t.string(op.getFunction()), uint32_t(op.getVersion())});
    }
    program.needsLibraries |= op.getFunction().contains(':');
    s.target = it->second;
    llvm::SmallVector<uint32_t> args, dims;
    for (int64_t place : op.getPlaces()) {
      args.push_back(place < 0 ? absentValue() : valueIndex[op.getOperands_()[place]]);
    }
    for (dim::Expr e : op.getDims().getDims()) {
      dims.push_back(t.slot(e));
    }
    s.args = t.range(args);
    s.dims = t.range(dims);
    s.output_count = op.getOutputs();
    features |= DLC_FEATURE_HOST_CALLS;
    addStep(s, op.getAfter());
  }

  uint32_t absentValue() {
    if (absent == DLC_NONE) {
      absent = t.values.size();
      dlc_abi_value e{};
      e.name = t.string("");
      e.storage = DLC_STORAGE_NONE;
      e.offset = e.shape = e.size = DLC_NONE;
      t.values.push_back(e);
    }
    return absent;
  }

  llvm::LogicalResult writeIf(rt::IfOp op) {
    dlc_abi_step s = emptyStep();
    s.kind = DLC_STEP_IF;
    s.name = nameOf(op, "if");
    llvm::SmallVector<uint32_t> args{valueIndex[op.getCondition()]};
    for (Value v : op.getResults_()) {
      args.push_back(valueIndex[v]);
    }
    mlir::FailureOr<uint32_t> thenBlock = writeBlock(op.getThenBody().front(), "then");
    mlir::FailureOr<uint32_t> elseBlock = mlir::failed(thenBlock) ? thenBlock : writeBlock(op.getElseBody().front(), "else");
    if (mlir::failed(elseBlock)) {
      return mlir::failure();
    }
    s.target = *thenBlock;
    s.other = *elseBlock;
    s.args = t.range(args);
    s.output_count = op.getResults_().size();
    features |= DLC_FEATURE_CONTROL_FLOW;
    addStep(s, op.getAfter());
    return mlir::success();
  }

  llvm::LogicalResult writeLoop(rt::LoopOp op) {
    dlc_abi_step s = emptyStep();
    s.kind = DLC_STEP_LOOP;
    s.name = nameOf(op, "loop");
    mlir::FailureOr<uint32_t> body = writeBlock(op.getBody().front(), "body");
    if (mlir::failed(body)) {
      return mlir::failure();
    }
    s.target = *body;
    auto index = [&](Value v) { return v ? valueIndex[v] : DLC_NONE; };
    auto yielded = llvm::cast<rt::YieldOp>(op.getBody().front().getTerminator()).getResults_();
    llvm::SmallVector<uint32_t> extra{index(op.getTrips()), index(op.getCondition()), index(op.getIteration()), index(op.getGoing()),
                                      index(yielded[0]), uint32_t(op.getInitial().size())};
    for (auto [i, v] : llvm::enumerate(op.getInitial())) {
      extra.append({index(v), index(op.getParameters()[i]), index(yielded[1 + i]), index(op.getFinals()[i])});
    }
    extra.push_back(op.getScanned().size());
    for (auto [i, v] : llvm::enumerate(op.getScanned())) {
      extra.append({index(yielded[1 + op.getInitial().size() + i]), index(v)});
    }
    s.extra = t.range(extra);
    features |= DLC_FEATURE_CONTROL_FLOW;
    addStep(s, op.getAfter());
    return mlir::success();
  }

  llvm::LogicalResult writeConstant(rt::ConstantOp op) {
    mlir::FailureOr<nn::Tensor> tensor = nn::tensorFromAttr(op.getValue());
    if (mlir::failed(tensor) || getDType(tensor->element()) == DLC_UNDEFINED || nn::isString(tensor->element())) {
      return op.emitOpError() << "expected a constant of numbers whose data is present";
    }
    auto owner = std::make_shared<nn::Tensor>(*tensor);
    llvm::ArrayRef<char> bytes(owner->raw(), owner->bytes());
    llvm::StringRef content(bytes.data(), bytes.size());
    uint64_t hash = fnv1a(bytes) ^ bytes.size();
    uint32_t index = t.constants.size();
    size_t runs = program.weights.size();
    uint64_t offset = place(hash, content);
    if (program.weights.size() > runs) {
      program.owners.push_back(owner);
    }
    t.constants.push_back({offset, bytes.size(), t.string(""), uint32_t(getDType(tensor->element()))});
    addValue(op.getResult(), DLC_STORAGE_CONSTANT, index, "");
    setShape(op.getResult());
    return mlir::success();
  }

  /// Equal bytes are written once.
  uint64_t place(uint64_t hash, llvm::StringRef content) {
    for (size_t i : runsByHash[hash]) {
      if (llvm::StringRef(program.weights[i].bytes.data(), program.weights[i].bytes.size()) == content) {
        return program.weights[i].offset;
      }
    }
    uint64_t offset = (program.weightsSize + kWeightAlignment - 1) / kWeightAlignment * kWeightAlignment;
    runsByHash[hash].push_back(program.weights.size());
    program.weights.push_back({offset, llvm::ArrayRef(content.data(), content.size())});
    program.weightsSize = offset + content.size();
    return offset;
  }

  void writeDispatch(rt::DispatchOp op) {
    dlc_abi_step s = emptyStep();
    s.kind = DLC_STEP_DISPATCH;
    s.name = nameOf(op, op.getKernel());
    s.strategy = t.string(op.getStrategy());
    s.target = kernelIndex(op.getKernel());
    s.args = poolOf(op.getOperands_());
    s.output_count = op.getOutputs();
    llvm::SmallVector<uint32_t> dims;
    for (dim::Expr e : op.getDims().getDims()) {
      dims.push_back(t.slot(e));
    }
    s.dims = t.range(dims);
    s.tiles = t.slot(op.getTiles());
    s.scratch = dim::isConstant(op.getScratch(), 0) ? DLC_NONE : t.slot(op.getScratch());
    s.flops = t.slot(op.getFlops());
    addStep(s, op.getAfter());
  }

  uint32_t kernelIndex(llvm::StringRef name) {
    auto [it, isNew] = kernelIndices.try_emplace((name + "@" + llvm::Twine(variant)).str(), uint32_t(t.kernels.size()));
    if (isNew) {
      t.kernels.push_back({t.string(name), 0});
      program.kernels.push_back({name.str(), variants[variant].tag, variant});
    }
    return it->second;
  }

  void addStep(dlc_abi_step s, llvm::ArrayRef<int64_t> after) {
    s.dependency_count = after.size();
    StageRecord &record = stage();
    uint32_t self = record.steps.size();
    record.steps.push_back(s);
    record.successors.emplace_back();
    for (int64_t a : after) {
      record.successors[a].push_back(self);
    }
  }

  void writePorts(mlir::ValueRange values, mlir::ArrayAttr names) {
    for (auto [v, name] : llvm::zip(values, names)) {
      const dlc_abi_value &e = t.values[valueIndex[v]];
      dlc_abi_port p{};
      p.name = t.string(llvm::cast<mlir::StringAttr>(name).getValue());
      p.doc = p.type = DLC_NONE;
      p.value = valueIndex[v];
      p.kind = e.kind;
      p.dtype = e.dtype;
      p.rank = e.rank;
      p.dims = t.portDims.size();
      mlir::RankedTensorType type = rt::getTensorType(v);
      if (!type) {
        p.type = t.string(typeText(llvm::cast<rt::RefType>(v.getType()).getValue()));
      }
      for (auto [i, d] : llvm::enumerate(type ? dim::getShape(type) : dim::Shape())) {
        std::optional<int64_t> constant = dim::getConstant(d);
        auto [least, most] = constant ? std::pair(*constant, *constant) : boundsOf(d);
        t.portDims.push_back({constant ? *constant : -1, constant ? DLC_NONE : t.string(dim::toString(d)),
                              e.shape == DLC_NONE ? DLC_NONE : t.pool[e.shape + i], least, most});
      }
      t.ports.push_back(p);
    }
  }

  static std::string typeText(mlir::Type type) {
    std::string text;
    llvm::raw_string_ostream os(text);
    type.print(os);
    return text;
  }

  llvm::ArrayRef<Variant> variants;
  mlir::ModuleOp module; ///< the first
  llvm::StringRef name;
  uint32_t variant = 0; ///< that is being written
  Tables t;
  std::vector<BlockRecord> blocks;
  uint32_t current = DLC_NONE, absent = DLC_NONE;
  uint64_t features = 0;
  rt::StageOp stageOp;
  /// Values in the frame of the stage under construction, and their offsets.
  std::vector<std::pair<uint32_t, dim::Expr>> offsets;
  llvm::StringMap<uint32_t> hostIndices;
  Program program;
  llvm::DenseMap<Value, uint32_t> valueIndex;
  llvm::StringMap<uint32_t> kernelIndices, stateIndices;
  mlir::DictionaryAttr bounds;
  llvm::DenseMap<uint64_t, llvm::SmallVector<size_t, 1>> runsByHash;
};
} // namespace

mlir::FailureOr<Program> writeProgram(llvm::ArrayRef<Variant> variants, llvm::StringRef name) {
  return Writer(variants, name).run();
}
} // namespace dlc::emit
