//===- Program.cpp - from rt ops to tables ----------------------------------------------------------===//
#include "compiler/emit/Program.h"
#include "compiler/emit/Tables.h"
#include "compiler/passes/Storage.h"
#include "dialects/nn/eval/Eval.h"
#include <map>

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
  Writer(mlir::ModuleOp module, const ProgramOptions &options) : module(module), options(options) {}

  mlir::FailureOr<Program> run() {
    t.spaces.push_back({t.string("host"), 0});
    t.variants.push_back({t.string(options.variant), 0, options.cpu});
    for (auto block : module.getOps<rt::BlockOp>()) {
      if (mlir::failed(writeEntry(block))) {
        return mlir::failure();
      }
    }
    for (auto [key, name] : {std::pair("nn.producer", "producer"), std::pair("nn.opset", "opset")}) {
      if (auto value = module->getAttrOfType<mlir::StringAttr>(key)) {
        t.metadata.push_back({t.string(name), t.string(value.getValue())});
      }
    }
    writeSuccessors();
    if (!t.unbound.empty()) {
      return module.emitError() << "expected every size to follow from the inputs, got " << t.unbound.front();
    }
    dlc_abi_model header{};
    header.name = t.string(options.name);
    header.producer = t.string("dlc 0.1.0");
    header.weights_size = program.weightsSize;
    program.bytes = t.finish(header);
    return std::move(program);
  }

private:
  llvm::LogicalResult writeEntry(rt::BlockOp block) {
    uint32_t index = t.blocks.size();
    t.blocks.emplace_back();
    mlir::Block &body = block.getBody().front();
    dlc_abi_entry entry{t.string(block.getSymName()), index, 0, 0, 0, 0};
    for (auto [i, a] : llvm::enumerate(body.getArguments())) {
      addValue(a, DLC_STORAGE_INPUT, i, {});
    }
    uint32_t firstStage = t.stages.size();
    if (mlir::failed(writeStages(body))) {
      return mlir::failure();
    }
    auto results = llvm::cast<rt::YieldOp>(body.getTerminator()).getResults_();
    t.blocks[index] = {t.string(block.getSymName()), firstStage, uint32_t(t.stages.size()) - firstStage,
                       poolOf(body.getArguments()), poolOf(results)};
    entry.first_input = t.ports.size();
    entry.input_count = body.getNumArguments();
    writePorts(body.getArguments(), block.getInputs());
    entry.first_output = t.ports.size();
    entry.output_count = results.size();
    writePorts(results, block.getOutputs());
    t.entries.push_back(entry);
    return mlir::success();
  }

  dlc_abi_range poolOf(mlir::ValueRange values) {
    llvm::SmallVector<uint32_t> indices;
    for (Value v : values) {
      indices.push_back(valueIndex[v]);
    }
    return t.range(indices);
  }

  /// Shapes are given after the symbols of the stage are bound; inputs of the entry get theirs in `writeStages`.
  uint32_t addValue(Value v, dlc_storage storage, uint32_t index, llvm::StringRef name, uint32_t offset = DLC_NONE) {
    mlir::RankedTensorType type = rt::getTensorType(v);
    dlc_abi_value e{};
    e.name = t.string(name);
    e.kind = DLC_KIND_TENSOR;
    e.dtype = getDType(type.getElementType());
    e.rank = type.getRank();
    e.storage = storage;
    e.index = index;
    e.offset = offset;
    e.size = DLC_NONE;
    valueIndex[v] = t.values.size();
    t.values.push_back(e);
    return t.values.size() - 1;
  }
  void setShape(Value v) {
    mlir::RankedTensorType type = rt::getTensorType(v);
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

  llvm::LogicalResult writeStages(mlir::Block &body) {
    t.program.clear();
    bool open = false;
    for (mlir::Operation &op : body) {
      if (auto stage = llvm::dyn_cast<rt::StageOp>(op)) {
        if (open) {
          closeStage();
        }
        open = true;
        openStage(stage, body);
      } else if (auto symbol = llvm::dyn_cast<rt::SymbolOp>(op)) {
        t.bindSymbol(symbol.getName(), t.instruction(symbol.getRead() ? DLC_DIM_READ : DLC_DIM_VALUE_DIM,
                                                     valueIndex[symbol.getValue()], symbol.getIndex()));
      } else if (mlir::failed(write(&op))) {
        return mlir::failure();
      }
    }
    closeStage();
    return mlir::success();
  }

  void openStage(rt::StageOp stage, mlir::Block &body) {
    dlc_abi_stage s{};
    s.first_step = t.steps.size();
    s.frame_value = DLC_NONE;
    t.stages.push_back(s);
    firstStep = s.first_step;
    if (*body.getOps<rt::StageOp>().begin() == stage) {
      for (mlir::BlockArgument a : body.getArguments()) {
        setShape(a);
        checkSizes(a);
      }
    }
    t.stages.back().frame_size = t.slot(stage.getFrameSize());
  }

  /// Sizes of an input that are not free: a symbol's second place, or a formula.
  void checkSizes(mlir::BlockArgument a) {
    for (auto [i, e] : llvm::enumerate(dim::getShape(rt::getTensorType(a)))) {
      if (dim::getConstant(e)) {
        continue;
      }
      uint32_t given = t.instruction(DLC_DIM_VALUE_DIM, valueIndex[a], i);
      std::string what = "dim " + std::to_string(i) + " of input " + std::to_string(a.getArgNumber()) + " against " + dim::toString(e);
      t.instruction(DLC_DIM_CHECK_EQ, given, t.slot(e), t.string(what));
    }
  }

  void closeStage() {
    dlc_abi_stage &s = t.stages.back();
    s.step_count = t.steps.size() - s.first_step;
    s.first_instr = t.allInstructions.size();
    s.instr_count = t.program.size();
    bool isStatic = llvm::none_of(t.program, [](const dlc_abi_dim_instr &i) {
      return i.op == DLC_DIM_VALUE_DIM || i.op == DLC_DIM_READ || i.op == DLC_DIM_COUNT_INPUT;
    });
    s.flags = isStatic ? DLC_STAGE_STATIC : 0;
    t.allInstructions.insert(t.allInstructions.end(), t.program.begin(), t.program.end());
    t.program.clear();
  }

  llvm::LogicalResult write(mlir::Operation *op) {
    if (auto constant = llvm::dyn_cast<rt::ConstantOp>(op)) {
      return writeConstant(constant);
    }
    if (auto buffer = llvm::dyn_cast<rt::BufferOp>(op)) {
      addValue(buffer.getResult(), DLC_STORAGE_FRAME, t.stages.size() - 1, buffer.getName(), t.slot(buffer.getOffset()));
      setShape(buffer.getResult());
      return mlir::success();
    }
    if (auto output = llvm::dyn_cast<rt::OutputOp>(op)) {
      addValue(output.getResult(), DLC_STORAGE_OUTPUT, output.getIndex(), "");
      setShape(output.getResult());
      return mlir::success();
    }
    if (auto alias = llvm::dyn_cast<rt::AliasOp>(op)) {
      addValue(alias.getResult(), DLC_STORAGE_ALIAS, valueIndex[alias.getBase()], "", t.slot(alias.getOffset()));
      setShape(alias.getResult());
      return mlir::success();
    }
    if (auto dispatch = llvm::dyn_cast<rt::DispatchOp>(op)) {
      writeDispatch(dispatch);
      return mlir::success();
    }
    if (auto copy = llvm::dyn_cast<rt::CopyOp>(op)) {
      dlc_abi_step s = emptyStep();
      s.kind = DLC_STEP_COPY;
      s.name = t.string("copy");
      s.args = t.range({valueIndex[copy.getFrom()], valueIndex[copy.getTo()]});
      s.output_count = 1;
      addStep(s, copy.getAfter());
      return mlir::success();
    }
    return llvm::isa<rt::YieldOp>(op) ? mlir::success() : op->emitOpError() << "has no form in the tables";
  }

  llvm::LogicalResult writeConstant(rt::ConstantOp op) {
    mlir::FailureOr<nn::Tensor> tensor = nn::tensorFromAttr(op.getValue());
    if (mlir::failed(tensor) || getDType(tensor->element()) == DLC_UNDEFINED || nn::isString(tensor->element())) {
      return op.emitOpError() << "expected a constant of numbers whose data is present";
    }
    auto owner = std::make_shared<nn::Tensor>(*tensor);
    program.owners.push_back(owner);
    llvm::ArrayRef<char> bytes(owner->raw(), owner->bytes());
    llvm::StringRef content(bytes.data(), bytes.size());
    uint64_t hash = fnv1a(bytes) ^ bytes.size();
    uint32_t index = t.constants.size();
    uint64_t offset = place(hash, content);
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
    auto name = op->getAttrOfType<mlir::StringAttr>("name");
    s.name = t.string(name && !name.getValue().empty() ? name.getValue() : op.getKernel());
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
    auto [it, isNew] = kernelIndices.try_emplace(name, uint32_t(t.kernels.size()));
    if (isNew) {
      t.kernels.push_back({t.string(name), 0});
      program.kernels.push_back(name.str());
    }
    return it->second;
  }

  /// Successors are written when all steps are known.
  void addStep(dlc_abi_step s, llvm::ArrayRef<int64_t> after) {
    s.dependency_count = after.size();
    uint32_t self = t.steps.size() - firstStep;
    t.steps.push_back(s);
    for (int64_t a : after) {
      successors[firstStep + a].push_back(self);
    }
  }

  void writeSuccessors() {
    for (auto [i, step] : llvm::enumerate(t.steps)) {
      step.successors = t.range(successors[i]);
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
      for (auto [i, d] : llvm::enumerate(dim::getShape(rt::getTensorType(v)))) {
        std::optional<int64_t> constant = dim::getConstant(d);
        t.portDims.push_back({constant ? *constant : -1, constant ? DLC_NONE : t.string(dim::toString(d)),
                              t.pool[e.shape + i], constant ? *constant : 0, constant ? *constant : -1});
      }
      t.ports.push_back(p);
    }
  }

  mlir::ModuleOp module;
  const ProgramOptions &options;
  Tables t;
  Program program;
  llvm::DenseMap<Value, uint32_t> valueIndex;
  llvm::StringMap<uint32_t> kernelIndices;
  llvm::DenseMap<uint64_t, llvm::SmallVector<size_t, 1>> runsByHash;
  std::map<size_t, llvm::SmallVector<uint32_t>> successors;
  uint32_t firstStep = 0;
};
} // namespace

dlc_dtype getDType(mlir::Type e) {
  if (auto i = llvm::dyn_cast<mlir::IntegerType>(e)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1:
      return DLC_BOOL;
    case 2:
      return u ? DLC_U2 : DLC_I2;
    case 4:
      return u ? DLC_U4 : DLC_I4;
    case 8:
      return u ? DLC_U8 : DLC_I8;
    case 16:
      return u ? DLC_U16 : DLC_I16;
    case 32:
      return u ? DLC_U32 : DLC_I32;
    case 64:
      return u ? DLC_U64 : DLC_I64;
    default:
      return DLC_UNDEFINED;
    }
  }
  if (auto c = llvm::dyn_cast<mlir::ComplexType>(e)) {
    return c.getElementType().isF32() ? DLC_C64 : c.getElementType().isF64() ? DLC_C128 : DLC_UNDEFINED;
  }
  if (nn::isString(e)) {
    return DLC_STRING;
  }
  if (llvm::isa<mlir::Float8E4M3FNType>(e)) {
    return DLC_F8E4M3FN;
  }
  if (llvm::isa<mlir::Float8E4M3FNUZType>(e)) {
    return DLC_F8E4M3FNUZ;
  }
  if (llvm::isa<mlir::Float8E5M2Type>(e)) {
    return DLC_F8E5M2;
  }
  if (llvm::isa<mlir::Float8E5M2FNUZType>(e)) {
    return DLC_F8E5M2FNUZ;
  }
  return e.isF32() ? DLC_F32 : e.isF64() ? DLC_F64 : e.isF16() ? DLC_F16 : e.isBF16() ? DLC_BF16 : DLC_UNDEFINED;
}

mlir::FailureOr<Program> writeProgram(mlir::ModuleOp module, const ProgramOptions &options) {
  return Writer(module, options).run();
}
} // namespace dlc::emit
