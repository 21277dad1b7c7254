#include "tools/common/ElementType.h"
#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include "tools/dlc/Inspect.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc {
namespace {

std::string joined(const std::vector<std::string> &texts) { return texts.empty() ? "none" : llvm::join(texts, ", "); }

/// A formula as people write it: "n - 2", not "n + -2".
std::string readable(llvm::StringRef formula) {
  std::string text;
  for (size_t at = formula.find(" + -"); at != llvm::StringRef::npos; at = formula.find(" + -")) {
    text += (formula.take_front(at) + " - ").str();
    formula = formula.drop_front(at + 4);
  }
  return text + formula.str();
}

std::string orDash(const std::string &text) { return text.empty() ? "-" : readable(text); }

std::string bytesText(const SizeInfo &size) {
  return size.number ? bytesString(static_cast<double>(*size.number)) : orDash(size.text);
}

std::string countText(const SizeInfo &size) {
  return size.number ? countString(static_cast<double>(*size.number)) : orDash(size.text);
}

void printLine(llvm::raw_ostream &stream, llvm::StringRef name, const llvm::Twine &text) {
  printField(stream, name, text.str(), /*column=*/13);
}

/// A formula for at most `lines` lines from column `column` on: on a terminal, where a longer one hides what follows
/// it.
std::string formulaText(const std::string &text, const llvm::raw_ostream &stream, size_t column, size_t lines) {
  size_t width = terminalWidth(stream);
  return width == unlimitedWidth ? readable(text)
                                 : shortenMiddle(readable(text), lines * (width - std::min(width, column)));
}

void printPorts(llvm::raw_ostream &stream, llvm::StringRef what, const std::vector<Port> &ports) {
  for (const Port &port : ports) {
    std::string range;
    for (size_t i = 0; i < port.type.dims.size(); ++i) {
      bool isNarrow = port.type.dims[i] < 0 && (port.minimum[i] > 1 || port.maximum[i] >= 0);
      if (isNarrow) {
        range += llvm::formatv(", {0} from {1}{2}", port.type.symbols[i], port.minimum[i],
                               port.maximum[i] < 0 ? "" : " to " + std::to_string(port.maximum[i]))
                     .str();
      }
    }
    printLine(stream, "  " + what.str(),
              port.type.name + ": " + readable(port.type.toString()) + (port.isOptional ? ", optional" : "") + range);
  }
}

void printPlan(llvm::raw_ostream &stream, const StageInfo &stage) {
  if (stage.buffers.empty()) {
    return;
  }
  Table table({"~>offset", "~>size", "type", "~shape", "~buffer"});
  for (const BufferInfo &buffer : stage.buffers) {
    table.addRow({orDash(buffer.offset.text), bytesText(buffer.size), elementName(buffer.dtype).str(),
                  "[" + readable(buffer.shape) + "]", buffer.name});
  }
  table.print(stream, 6);
}

void printSteps(llvm::raw_ostream &stream, const StageInfo &stage) {
  if (stage.steps.empty()) {
    return;
  }
  Table table({">step", "~after", "~>tiles", "~>FLOP", "strategy", "~runs", "~name"});
  for (const StepInfo &info : stage.steps) {
    std::string after;
    for (uint32_t step : info.after) {
      after += (after.empty() ? "" : ",") + std::to_string(step);
    }
    bool isDispatch = info.step.kind == DLC_STEP_DISPATCH;
    table.addRow({std::to_string(info.index), orDash(after), isDispatch ? countText(info.tiles) : "-",
                  countText(info.flops), orDash(info.step.strategy),
                  isDispatch ? info.step.target : info.kind + " " + info.step.target, info.step.name});
  }
  table.print(stream, 6);
}

/// Steps with the same strategy for the same reason together, in the order of the first of each.
void printReasons(llvm::raw_ostream &stream, const StageInfo &stage) {
  std::vector<std::pair<std::string, std::string>> reasons; // and the steps
  for (const StepInfo &info : stage.steps) {
    if (info.reason.empty()) {
      continue;
    }
    std::string text = std::string(info.step.strategy) + ": " + info.reason;
    auto it = llvm::find_if(reasons, [&](const auto &known) { return known.first == text; });
    if (it == reasons.end()) {
      it = reasons.insert(it, {text, "steps"});
    }
    it->second += " " + std::to_string(info.index);
  }
  if (!reasons.empty()) {
    stream << "      why these strategies\n";
  }
  for (const auto &[text, steps] : reasons) {
    stream << std::string(8, ' ')
           << wrapText(text + " (" + steps + ")", terminalWidth(stream), /*indent=*/10, /*firstColumn=*/8) << '\n';
  }
}

void printFallbacks(llvm::raw_ostream &stream, const EntryInfo &entry) {
  bool isFirst = true;
  for (const BlockInfo &block : entry.blocks) {
    for (const StageInfo &stage : block.stages) {
      for (const StepInfo &info : stage.steps) {
        if (info.isFallback) {
          printLine(
              stream, isFirst ? "  fallbacks" : "",
              llvm::formatv("step {0}, {1}: {2} {3}", info.index, info.step.name, info.kind, info.step.target).str());
          isFirst = false;
        }
      }
    }
  }
  if (isFirst) {
    printLine(stream, "  fallbacks", "none");
  }
}

void printEntry(llvm::raw_ostream &stream, const EntryInfo &entry) {
  stream << "entry " << entry.name;
  if (entry.specialisations > 1) {
    stream << ", specialisation " << entry.specialisation + 1 << " of " << entry.specialisations;
  }
  stream << '\n';
  printPorts(stream, "input", entry.inputs);
  printPorts(stream, "output", entry.outputs);
  std::optional<double> flops = entry.flops.number();
  std::string unknown =
      entry.unknownFlops ? llvm::formatv(", and {0} steps that don't know theirs", entry.unknownFlops).str() : "";
  printLine(stream, "  FLOP",
            (flops ? countString(*flops) : formulaText(entry.flops.text(), stream, /*column=*/13, /*lines=*/3)) +
                unknown);
  int64_t peak = 0;
  bool isNumber = !llvm::StringRef(entry.peak).getAsInteger(10, peak);
  printLine(stream, "  peak",
            isNumber ? bytesString(static_cast<double>(peak)) + " of planned buffers"
                     : formulaText(entry.peak, stream, /*column=*/13, /*lines=*/3) + " bytes of planned buffers");
  printFallbacks(stream, entry);
  for (const BlockInfo &block : entry.blocks) {
    stream << "  block " << block.name;
    if (block.parentStep != DLC_NONE) {
      stream << ", run by step " << block.parentStep;
    }
    stream << '\n';
    for (const StageInfo &stage : block.stages) {
      std::string start = llvm::formatv("    stage {0}: sizes {1}, frame ", stage.index, stage.sizes).str();
      stream << start << formulaText(bytesText(stage.frame), stream, start.size(), /*lines=*/1) << '\n';
      printPlan(stream, stage);
      printSteps(stream, stage);
      printReasons(stream, stage);
    }
  }
}

} // namespace

void printInspectText(const ModelInfo &info, llvm::raw_ostream &stream) {
  printLine(stream, "model", info.name);
  printLine(stream, "producer", info.producer);
  printLine(stream, "variants", joined(info.variants) + "; this machine runs " + info.variant);
  printLine(stream, "features", joined(info.features));
  if (info.fileBytes != 0) {
    printLine(stream, "file", bytesString(static_cast<double>(info.fileBytes)));
  }
  std::string weights = bytesString(static_cast<double>(info.weightBytes));
  if (info.preparations != 0) {
    weights += llvm::formatv(" in memory, {0} in the file ({1} prepared: {2} from {3})",
                             bytesString(static_cast<double>(info.storedWeightBytes)), info.preparations,
                             bytesString(static_cast<double>(info.preparedBytes)),
                             bytesString(static_cast<double>(info.preparedFromBytes)))
                   .str();
  }
  printLine(stream, "weights", weights);
  printLine(stream, "parameters",
            (info.source ? countString(info.source->parameters) + ", " : "") + countString(info.parameters) +
                " as packed for kernels");
  if (info.source) {
    std::string ops;
    for (const auto &[kind, count] : info.source->ops) {
      ops += llvm::formatv("{0}{1} {2}", ops.empty() ? "" : ", ", count, kind).str();
    }
    printLine(stream, "source ops", ops.empty() ? "none" : ops);
  }
  for (const StateInfo &state : info.state) {
    printLine(stream, "state",
              llvm::formatv(
                  "{0}: {1} [{2}], {3}, {4}", state.name, elementName(state.dtype), state.shape, bytesText(state.size),
                  state.output.empty()
                      ? std::string("set by the caller")
                      : (state.isCopied ? "copied from output " : "written in place by output ") + state.output)
                  .str());
  }
  for (const auto &[key, value] : info.metadata) {
    printLine(stream, "metadata", key + " = " + (value.empty() ? "(empty)" : value));
  }
  for (const EntryInfo &entry : info.entries) {
    printEntry(stream, entry);
  }
}

} // namespace dlc
