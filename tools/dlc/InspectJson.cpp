#include "tools/common/ElementType.h"
#include "tools/dlc/Inspect.h"
#include "llvm/Support/JSON.h"

namespace dlc {
namespace {

using llvm::json::Array;
using llvm::json::fixUTF8;
using llvm::json::Object;
using llvm::json::Value;

/// A number, a formula's text, or null.
Value sizeValue(const SizeInfo &size) {
  if (size.number) {
    return *size.number;
  }
  return size.text.empty() ? Value(nullptr) : Value(fixUTF8(size.text));
}

Array textArray(const std::vector<std::string> &texts) {
  Array array;
  for (const std::string &text : texts) {
    array.push_back(fixUTF8(text));
  }
  return array;
}

Array portArray(const std::vector<Port> &ports) {
  Array array;
  for (const Port &port : ports) {
    Array shape, minimum, maximum;
    for (size_t i = 0; i < port.type.dims.size(); ++i) {
      bool isStatic = port.type.dims[i] >= 0;
      shape.push_back(isStatic ? Value(port.type.dims[i]) : Value(fixUTF8(port.type.symbols[i])));
      minimum.push_back(port.minimum[i]);
      maximum.push_back(port.maximum[i]);
    }
    bool isTensor = port.type.kind == DLC_KIND_TENSOR || port.type.kind == DLC_KIND_STRINGS;
    array.push_back(Object{{"name", fixUTF8(port.type.name)},
                           {"type", isTensor ? elementName(port.type.dtype).str() : fixUTF8(port.type.type)},
                           {"shape", isTensor ? Value(std::move(shape)) : Value(nullptr)},
                           {"min", std::move(minimum)},
                           {"max", std::move(maximum)},
                           {"optional", port.isOptional}});
  }
  return array;
}

Array bufferArray(const std::vector<BufferInfo> &buffers) {
  Array array;
  for (const BufferInfo &buffer : buffers) {
    array.push_back(Object{{"name", fixUTF8(buffer.name)},
                           {"type", elementName(buffer.dtype)},
                           {"shape", "[" + fixUTF8(buffer.shape) + "]"},
                           {"offset", sizeValue(buffer.offset)},
                           {"size", sizeValue(buffer.size)}});
  }
  return array;
}

Array stepArray(const std::vector<StepInfo> &steps) {
  Array array;
  for (const StepInfo &info : steps) {
    Array after;
    for (uint32_t step : info.after) {
      after.push_back(step);
    }
    array.push_back(Object{{"index", info.index},
                           {"kind", info.kind},
                           {"name", fixUTF8(info.step.name)},
                           {"strategy", fixUTF8(info.step.strategy)},
                           {"reason", fixUTF8(info.reason)},
                           {"target", fixUTF8(info.step.target)},
                           {"after", std::move(after)},
                           {"tiles", sizeValue(info.tiles)},
                           {"scratch", sizeValue(info.scratch)},
                           {"flops", sizeValue(info.flops)},
                           {"bytes", sizeValue(info.bytes)},
                           {"fallback", info.isFallback}});
  }
  return array;
}

Object entryObject(const EntryInfo &entry) {
  Array blocks;
  for (const BlockInfo &block : entry.blocks) {
    Array stages;
    for (const StageInfo &stage : block.stages) {
      stages.push_back(Object{{"index", stage.index},
                              {"sizes", stage.sizes},
                              {"frame_size", sizeValue(stage.frame)},
                              {"buffers", bufferArray(stage.buffers)},
                              {"steps", stepArray(stage.steps)}});
    }
    blocks.push_back(Object{{"index", block.index},
                            {"name", fixUTF8(block.name)},
                            {"parent_step", block.parentStep == DLC_NONE ? Value(nullptr) : Value(block.parentStep)},
                            {"stages", std::move(stages)}});
  }
  std::optional<double> flops = entry.flops.number();
  int64_t peak = 0;
  bool isNumber = !llvm::StringRef(entry.peak).getAsInteger(10, peak);
  return Object{{"name", fixUTF8(entry.name)},
                {"specialisation", static_cast<int64_t>(entry.specialisation)},
                {"inputs", portArray(entry.inputs)},
                {"outputs", portArray(entry.outputs)},
                {"flops", flops ? Value(*flops) : Value(fixUTF8(entry.flops.text()))},
                {"steps_without_flops", static_cast<int64_t>(entry.unknownFlops)},
                {"peak_bytes", isNumber ? Value(peak) : Value(fixUTF8(entry.peak))},
                {"blocks", std::move(blocks)}};
}

} // namespace

void printInspectJson(const ModelInfo &info, llvm::raw_ostream &stream) {
  Object metadata;
  for (const auto &[key, value] : info.metadata) {
    metadata[fixUTF8(key)] = fixUTF8(value);
  }
  Array entries;
  for (const EntryInfo &entry : info.entries) {
    entries.push_back(entryObject(entry));
  }
  Array state;
  for (const StateInfo &each : info.state) {
    state.push_back(Object{{"name", fixUTF8(each.name)},
                           {"output", fixUTF8(each.output)},
                           {"type", elementName(each.dtype)},
                           {"shape", "[" + fixUTF8(each.shape) + "]"},
                           {"size", sizeValue(each.size)},
                           {"copied", each.isCopied}});
  }
  Object source;
  if (info.source) {
    Object ops;
    for (const auto &[kind, count] : info.source->ops) {
      ops[kind] = static_cast<int64_t>(count);
    }
    source = Object{{"file", fixUTF8(info.source->file)}, {"ops", std::move(ops)}, {"parameters", info.source->parameters}};
  }
  Value value = Object{{"name", fixUTF8(info.name)},
                       {"source", info.source ? Value(std::move(source)) : Value(nullptr)},
                       {"producer", fixUTF8(info.producer)},
                       {"variants", textArray(info.variants)},
                       {"variant", fixUTF8(info.variant)},
                       {"features", textArray(info.features)},
                       {"state", std::move(state)},
                       {"metadata", std::move(metadata)},
                       {"file_bytes", static_cast<int64_t>(info.fileBytes)},
                       {"weight_bytes", static_cast<int64_t>(info.weightBytes)},
                       {"stored_weight_bytes", static_cast<int64_t>(info.storedWeightBytes)},
                       {"prepared", Object{{"constants", static_cast<int64_t>(info.preparations)},
                                           {"stored_bytes", static_cast<int64_t>(info.preparedFromBytes)},
                                           {"bytes", static_cast<int64_t>(info.preparedBytes)}}},
                       {"parameters", info.parameters},
                       {"entries", std::move(entries)}};
  stream << llvm::formatv("{0:2}\n", value);
}

} // namespace dlc
