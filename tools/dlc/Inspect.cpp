#include "tools/dlc/Inspect.h"
#include "tools/common/ElementType.h"

namespace dlc {
namespace {

/// Calls a function of dlc/inspect.h that writes a text like snprintf does.
template <typename Write> std::string textOf(Write write) {
  std::string text(write(nullptr, 0), '\0');
  write(text.data(), text.size() + 1);
  return text;
}

/// The same formula with equal terms collected and numbers multiplied.
std::string normalised(llvm::StringRef formula) {
  FormulaSum sum;
  sum.add(formula);
  return sum.text();
}

SizeInfo sizeOf(const dlc_model *model, uint32_t slot) {
  if (slot == DLC_NONE) {
    return {};
  }
  int64_t number = 0;
  if (dlc_inspect_slot_constant(model, slot, &number)) {
    return {number, std::to_string(number)};
  }
  auto write = [&](char *text, size_t size) { return dlc_inspect_slot_text(model, slot, text, size); };
  return {std::nullopt, normalised(textOf(write))};
}

const char *stepKind(uint32_t kind) {
  switch (kind) {
  case DLC_STEP_DISPATCH:
    return "dispatch";
  case DLC_STEP_HOST_CALL:
    return "host call";
  case DLC_STEP_IF:
    return "if";
  case DLC_STEP_LOOP:
    return "loop";
  case DLC_STEP_CALL:
    return "call";
  case DLC_STEP_COPY:
    return "copy";
  default:
    return "unknown";
  }
}

const char *sizesText(uint32_t sizes) {
  switch (sizes) {
  case DLC_SIZES_STATIC:
    return "static";
  case DLC_SIZES_FROM_INPUT_DIMS:
    return "from input dimensions";
  default:
    return "from data";
  }
}

std::vector<std::string> featureNames(uint64_t features) {
  static constexpr std::pair<uint64_t, const char *> names[] = {{DLC_FEATURE_CONTROL_FLOW, "control flow"},
                                                                {DLC_FEATURE_STAGES, "sizes from data"},
                                                                {DLC_FEATURE_HOST_CALLS, "host calls"},
                                                                {DLC_FEATURE_VARIABLES, "variables"},
                                                                {DLC_FEATURE_SPECIALISATIONS, "specialisations"},
                                                                {DLC_FEATURE_VARIANT_ENTRIES, "entries per CPU variant"},
                                                                {DLC_FEATURE_PREPARED, "prepared constants"},
                                                                {DLC_FEATURE_COUNTED_LOOPS, "counted loops"},
                                                                {DLC_FEATURE_DEVICE_CUDA, "CUDA"}};
  std::vector<std::string> result;
  for (const auto &[bit, name] : names) {
    if (features & bit) {
      result.emplace_back(name);
    }
  }
  return result;
}

/// Reads a model's tables. The first error of the engine is kept; it means that an index of ours is wrong.
class Gatherer {
public:
  explicit Gatherer(const dlc_model *model) : model(model) {}

  llvm::Expected<ModelInfo> run() {
    check(dlc_inspect_get_counts(model, &counts));
    ModelInfo info;
    gatherModel(info);
    for (uint32_t i = 0; i < counts.entries; ++i) {
      dlc_inspect_entry entry{};
      check(dlc_inspect_get_entry(model, i, &entry));
      if (entry.entry != DLC_NONE) { // not of another processor
        info.entries.push_back(gatherEntry(i));
      }
    }
    return failed ? llvm::Expected<ModelInfo>(makeError("{0}", message)) : info;
  }

private:
  void check(dlc_status status) {
    if (status != DLC_OK && !failed) {
      failed = true;
      message = dlc_last_error();
    }
  }

  void gatherModel(ModelInfo &info) {
    info.name = dlc_model_name(model);
    info.producer = dlc_model_producer(model);
    info.variant = dlc_model_variant(model);
    info.features = featureNames(dlc_model_features(model));
    info.weightBytes = dlc_model_weights_size(model);
    info.storedWeightBytes = dlc_model_stored_weights_size(model);
    gatherPreparations(info);
    for (uint32_t i = 0; i < counts.variants; ++i) {
      info.variants.emplace_back(dlc_inspect_variant_name(model, i));
    }
    for (uint32_t i = 0; i < counts.variables; ++i) {
      info.state.push_back(gatherState(i));
    }
    for (size_t i = 0; i < dlc_model_metadata_count(model); ++i) {
      info.metadata.emplace_back(dlc_model_metadata_key(model, i), dlc_model_metadata_value(model, i));
    }
    for (uint32_t i = 0; i < counts.constants; ++i) {
      dlc_inspect_constant constant{};
      check(dlc_inspect_get_constant(model, i, &constant));
      unsigned bits = elementBits(static_cast<dlc_dtype>(constant.dtype));
      info.parameters += bits ? static_cast<double>(constant.size) * 8 / bits : 0;
    }
  }

  void gatherPreparations(ModelInfo &info) {
    std::vector<std::pair<uint64_t, uint64_t>> sources; // where they begin and end
    for (uint32_t i = 0; i < dlc_inspect_preparation_count(model); ++i) {
      dlc_inspect_preparation preparation{};
      check(dlc_inspect_get_preparation(model, i, &preparation));
      if (preparation.used) {
        ++info.preparations;
        info.preparedBytes += preparation.prepared;
        sources.emplace_back(preparation.source, preparation.source + preparation.stored);
      }
    }
    llvm::sort(sources);
    uint64_t counted = 0; // up to where
    for (auto [begin, end] : sources) {
      info.preparedFromBytes += end - std::clamp(counted, begin, end);
      counted = std::max(counted, end);
    }
  }

  std::string shapeOf(const dlc_inspect_value &value) {
    std::string text;
    for (uint32_t axis = 0; value.shape && axis < value.rank; ++axis) {
      text += (axis ? ", " : "") + sizeOf(model, value.shape[axis]).text;
    }
    return text;
  }

  StateInfo gatherState(uint32_t index) {
    dlc_inspect_variable variable{};
    check(dlc_inspect_get_variable(model, index, &variable));
    StateInfo state;
    state.name = variable.name ? variable.name : "";
    state.output = variable.output ? variable.output : "";
    state.size = sizeOf(model, variable.size);
    state.isCopied = variable.copied;
    dlc_inspect_value value{};
    if (variable.value != DLC_NONE) {
      check(dlc_inspect_get_value(model, variable.value, &value));
      state.dtype = static_cast<dlc_dtype>(value.dtype);
      state.shape = shapeOf(value);
    }
    return state;
  }

  EntryInfo gatherEntry(uint32_t index) {
    dlc_inspect_entry source{};
    check(dlc_inspect_get_entry(model, index, &source));
    EntryInfo entry;
    entry.name = source.name ? source.name : "";
    entry.peak =
        normalised(textOf([&](char *text, size_t size) { return dlc_inspect_peak_text(model, index, text, size); }));
    entry.specialisation = source.specialisation;
    entry.specialisations = dlc_model_specialisation_count(model, source.entry);
    entry.inputs = inputPorts(model, source.entry, source.specialisation);
    entry.outputs = outputPorts(model, source.entry, source.specialisation);
    for (uint32_t i = 0; i < counts.blocks; ++i) {
      dlc_inspect_block block{};
      check(dlc_inspect_get_block(model, i, &block));
      if (block.entry == index) {
        entry.blocks.push_back(gatherBlock(i, block, entry));
      }
    }
    return entry;
  }

  BlockInfo gatherBlock(uint32_t index, const dlc_inspect_block &source, EntryInfo &entry) {
    BlockInfo block;
    block.index = index;
    block.name = source.name;
    block.parentStep = source.parent_step;
    repeats = repeatsOf(source.parent_step);
    for (uint32_t i = 0; i < source.stage_count; ++i) {
      block.stages.push_back(gatherStage(source.first_stage + i, entry));
    }
    return block;
  }

  /// How often the steps of a block run where one that a step runs is counted: as a number or formula.
  SizeInfo repeatsOf(uint32_t parentStep) {
    SizeInfo once{1, "1"};
    if (parentStep == DLC_NONE) {
      return once;
    }
    dlc_inspect_step step{};
    check(dlc_inspect_get_step(model, parentStep, &step));
    dlc_inspect_block block{};
    check(dlc_inspect_get_block(model, step.block, &block));
    SizeInfo outer = repeatsOf(block.parent_step);
    bool isCounted = step.kind == DLC_STEP_LOOP && step.dim_count == 1;
    SizeInfo own = isCounted ? sizeOf(model, step.dims[0]) : once;
    return own.number == 1 ? outer : outer.number == 1 ? own : times(outer, own);
  }
  /// The operations of all rounds. What was shared out among them evenly is what it was before.
  static std::string inAllRounds(const SizeInfo &flops, const SizeInfo &rounds) {
    llvm::StringRef text = flops.text;
    bool isShare = text.consume_front("floordiv(") && text.consume_back(", max(1, " + rounds.text + "))");
    return isShare && text.count('(') == text.count(')') ? text.str() : times(rounds, flops).text;
  }
  static SizeInfo times(const SizeInfo &a, const SizeInfo &b) {
    if (a.number && b.number) {
      return {*a.number * *b.number, std::to_string(*a.number * *b.number)};
    }
    auto factor = [](const std::string &text) { return text.find(' ') == text.npos ? text : "(" + text + ")"; };
    return {std::nullopt, normalised(factor(a.text) + " * " + factor(b.text))};
  }

  StageInfo gatherStage(uint32_t index, EntryInfo &entry) {
    dlc_inspect_stage source{};
    check(dlc_inspect_get_stage(model, index, &source));
    StageInfo stage;
    stage.index = index;
    stage.sizes = sizesText(source.sizes);
    stage.frame = sizeOf(model, source.frame_size);
    for (uint32_t i = 0; i < source.step_count; ++i) {
      stage.steps.push_back(gatherStep(source.first_step + i, entry));
    }
    for (uint32_t i = 0; i < source.step_count; ++i) {
      const dlc_inspect_step &step = stage.steps[i].step;
      for (uint32_t k = 0; k < step.successor_count; ++k) {
        if (step.successors[k] < source.step_count) {
          stage.steps[step.successors[k]].after.push_back(source.first_step + i);
        }
      }
    }
    gatherBuffers(index, stage);
    return stage;
  }

  StepInfo gatherStep(uint32_t index, EntryInfo &entry) {
    StepInfo info;
    check(dlc_inspect_get_step(model, index, &info.step));
    info.index = index;
    info.kind = stepKind(info.step.kind);
    info.reason = dlc_inspect_step_reason(model, index);
    info.tiles = sizeOf(model, info.step.tiles);
    info.scratch = sizeOf(model, info.step.scratch);
    info.flops = sizeOf(model, info.step.flops);
    info.bytes = sizeOf(model, info.step.bytes);
    llvm::StringRef strategy = info.step.strategy ? info.step.strategy : "";
    // A check is what it is everywhere: no kernel could do it better. A call that has a strategy was chosen.
    bool isCheck = llvm::StringRef(info.step.target ? info.step.target : "") == "check_indices";
    info.isFallback = (info.step.kind == DLC_STEP_HOST_CALL && !isCheck && strategy.empty()) || strategy.starts_with("fallback");
    if (info.flops.number && repeats.number) {
      entry.flops.add(*info.flops.number * *repeats.number);
    } else if (!info.flops.text.empty()) {
      entry.flops.add(repeats.number == 1 ? info.flops.text : inAllRounds(info.flops, repeats));
    } else {
      entry.unknownFlops += info.step.kind == DLC_STEP_DISPATCH;
    }
    return info;
  }

  void gatherBuffers(uint32_t stage, StageInfo &info) {
    for (uint32_t i = 0; i < counts.values; ++i) {
      dlc_inspect_value value{};
      check(dlc_inspect_get_value(model, i, &value));
      if (value.storage != DLC_STORAGE_FRAME || value.index != stage) {
        continue;
      }
      BufferInfo buffer;
      buffer.value = i;
      buffer.name = value.name;
      buffer.dtype = static_cast<dlc_dtype>(value.dtype);
      buffer.shape = shapeOf(value);
      buffer.offset = value.offset == DLC_NONE ? SizeInfo{0, "0"} : sizeOf(model, value.offset);
      buffer.size = sizeOf(model, value.size);
      info.buffers.push_back(std::move(buffer));
    }
    llvm::sort(info.buffers, [](const BufferInfo &a, const BufferInfo &b) {
      auto key = [](const BufferInfo &buffer) {
        return std::pair(buffer.offset.number.value_or(INT64_MAX), buffer.value);
      };
      return key(a) < key(b);
    });
  }

  const dlc_model *model;
  dlc_inspect_counts counts{};
  SizeInfo repeats; ///< of the block that is being read
  bool failed = false;
  std::string message;
};

} // namespace

llvm::Expected<ModelInfo> inspectModel(const dlc_model *model) { return Gatherer(model).run(); }

} // namespace dlc
