#include "tools/dlc/Inspect.h"
#include "llvm/Support/GraphWriter.h"

namespace dlc {
namespace {

std::string stepLabel(const StepInfo &info) {
  std::string label = std::to_string(info.index) + ": " + info.step.name;
  llvm::StringRef strategy = info.step.strategy;
  label += "\n" + (strategy.empty() ? info.kind : strategy.str());
  if (info.step.kind != DLC_STEP_DISPATCH && info.step.target[0] != '\0') {
    label += "\n" + info.kind + " " + info.step.target;
  }
  return llvm::DOT::EscapeString(label);
}

void printBlock(const BlockInfo &block, llvm::raw_ostream &stream) {
  stream << "  subgraph cluster_block" << block.index << " {\n    label=\"" << llvm::DOT::EscapeString(block.name)
         << "\";\n";
  for (const StageInfo &stage : block.stages) {
    stream << "    subgraph cluster_stage" << stage.index << " {\n      label=\"stage " << stage.index << "\";\n";
    for (const StepInfo &info : stage.steps) {
      stream << "      s" << info.index << " [shape=box" << (info.isFallback ? ", style=dashed" : "") << ", label=\""
             << stepLabel(info) << "\"];\n";
    }
    stream << "    }\n";
  }
  stream << "  }\n";
}

} // namespace

void printInspectDot(const ModelInfo &info, llvm::raw_ostream &stream) {
  stream << "digraph \"" << llvm::DOT::EscapeString(info.name) << "\" {\n";
  for (const EntryInfo &entry : info.entries) {
    for (const BlockInfo &block : entry.blocks) {
      printBlock(block, stream);
    }
  }
  for (const EntryInfo &entry : info.entries) {
    for (const BlockInfo &block : entry.blocks) {
      for (const StageInfo &stage : block.stages) {
        for (const StepInfo &step : stage.steps) {
          for (uint32_t before : step.after) {
            stream << "  s" << before << " -> s" << step.index << ";\n";
          }
        }
        bool isRunByStep = block.parentStep != DLC_NONE && &stage == &block.stages.front() && !stage.steps.empty();
        if (isRunByStep) {
          stream << "  s" << block.parentStep << " -> s" << stage.steps.front().index << " [style=dotted];\n";
        }
      }
    }
  }
  stream << "}\n";
}

} // namespace dlc
