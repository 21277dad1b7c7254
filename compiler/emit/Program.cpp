//===- Program.cpp - from rt ops to tables ----------------------------------------------------------===//
#include "compiler/emit/Program.h"
#include "compiler/emit/Blocks.h"

namespace dlc::emit {
namespace {
/// Which output of the run before input `input` of a block keeps; -1: none.
int64_t stateOf(rt::BlockOp block, size_t input) {
  std::optional<llvm::ArrayRef<int64_t>> state = block.getState();
  return state ? (*state)[input] : -1;
}

std::string typeText(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  type.print(os);
  return text;
}

/// Writes the model and its entries; what they run is written by Blocks.
class Writer {
public:
  Writer(llvm::ArrayRef<Variant> variants, llvm::StringRef name)
      : variants(variants), module(variants[0].module), name(name), values(t, program), blocks(t, values, program) {}

  mlir::FailureOr<Program> run() {
    t.spaces.push_back({t.string("host"), 0});
    for (const Variant &v : variants) {
      t.variants.push_back({t.string(v.name), 0, v.cpu});
      blocks.beginVariant(t.variants.size() - 1, v.tag);
      for (auto block : mlir::ModuleOp(v.module).getOps<rt::BlockOp>()) {
        if (mlir::failed(writeEntry(block))) {
          return mlir::failure();
        }
      }
      values.endVariant();
    }
    program.variantCount = variants.size();
    for (auto [key, name] : {std::pair("nn.producer", "producer"), std::pair("nn.opset", "opset")}) {
      if (auto value = module->getAttrOfType<mlir::StringAttr>(key)) {
        t.metadata.push_back({t.string(name), t.string(value.getValue())});
      }
    }
    blocks.finish();
    if (!t.unbound.empty()) {
      return module.emitError() << "expected every size to follow from the inputs, got " << t.unbound.front();
    }
    dlc_abi_model header{};
    header.name = t.string(name);
    header.producer = t.string("dlc 0.1.0");
    values.finish(header);
    program.bytes = t.finish(header);
    return std::move(program);
  }

private:
  llvm::LogicalResult writeEntry(rt::BlockOp block) {
    mlir::Block &body = block.getBody().front();
    // Slots and symbols are those of one entry.
    Tables::Scope scope = t.enterScope();
    llvm::StringRef name = block.getEntry().value_or(block.getSymName());
    bounds = block.getBoundsAttr();
    for (auto [i, a] : llvm::enumerate(body.getArguments())) {
      if (stateOf(block, i) >= 0) {
        llvm::StringRef input = llvm::cast<mlir::StringAttr>(block.getInputs()[i]).getValue();
        values.add(a, DLC_STORAGE_VARIABLE, variableOf(input), {});
      } else {
        values.add(a, DLC_STORAGE_INPUT, i, {});
      }
    }
    mlir::FailureOr<uint32_t> index = blocks.write(body, name);
    if (mlir::failed(index)) {
      return mlir::failure();
    }
    auto results = llvm::cast<rt::YieldOp>(body.getTerminator()).getResults_();
    blocks.setParameters(*index, values.range(body.getArguments()));
    dlc_abi_entry entry{t.string(name), *index, uint32_t(t.ports.size()), body.getNumArguments(), 0, 0, 0};
    if (variants.size() > 1) {
      entry.variant = t.variants.size(); // counted from 1
      t.features |= DLC_FEATURE_VARIANT_ENTRIES;
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

  void writePorts(mlir::ValueRange ports, mlir::ArrayAttr names) {
    for (auto [v, name] : llvm::zip(ports, names)) {
      const dlc_abi_value &e = t.values[values[v]];
      dlc_abi_port p{};
      p.name = t.string(llvm::cast<mlir::StringAttr>(name).getValue());
      p.doc = p.type = DLC_NONE;
      p.value = values[v];
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

  /// What a dim of an input or output may be: stated for symbols.
  std::pair<int64_t, int64_t> boundsOf(dim::Expr e) const {
    mlir::DenseI64ArrayAttr range;
    if (bounds && e.getKind() == dim::ExprKind::Symbol) {
      range = bounds.getAs<mlir::DenseI64ArrayAttr>(e.getSymbol());
    }
    return range ? std::pair(range[0], range[1]) : std::pair<int64_t, int64_t>(0, -1);
  }

  /// Variables are called like their inputs; specialisations share them.
  uint32_t variableOf(llvm::StringRef name) {
    auto [it, isNew] = variableIndices.try_emplace(name, uint32_t(t.variables.size()));
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
      t.features |= DLC_FEATURE_VARIABLES;
    }
  }

  /// Among specialisations a size that is a number here may be a symbol elsewhere: it keeps its name.
  void nameFixedDims(rt::BlockOp block, const dlc_abi_entry &entry) {
    if (!block.getEntry()) {
      return;
    }
    t.features |= DLC_FEATURE_SPECIALISATIONS;
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

  llvm::ArrayRef<Variant> variants;
  mlir::ModuleOp module; ///< the first
  llvm::StringRef name;
  Program program;
  Tables t;
  Values values;
  Blocks blocks;
  mlir::DictionaryAttr bounds; ///< of the symbols of the entry that is being written
  llvm::StringMap<uint32_t> variableIndices;
};
} // namespace

mlir::FailureOr<Program> writeProgram(llvm::ArrayRef<Variant> variants, llvm::StringRef name) {
  return Writer(variants, name).run();
}
} // namespace dlc::emit
