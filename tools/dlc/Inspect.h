/// \file What `dlc inspect` shows, gathered from dlc/inspect.h before it is printed.
#ifndef DLC_TOOLS_DLC_INSPECT_H
#define DLC_TOOLS_DLC_INSPECT_H

#include "dlc/inspect.h"
#include "tools/common/Session.h"
#include "tools/dlc/Formula.h"
#include "tools/dlc/Options.h"

namespace dlc {

/// A size: a number when it is known without inputs, and always a text. Both empty when unknown.
struct SizeInfo {
  std::optional<int64_t> number;
  std::string text;
};

struct StepInfo {
  dlc_inspect_step step{};
  uint32_t index = 0;          ///< in the model
  std::string kind;            ///< "dispatch", "host call", ...
  std::string reason;          ///< why a dispatch has its strategy
  std::vector<uint32_t> after; ///< indices of the steps that it waits for
  SizeInfo tiles, scratch, flops, bytes;
  bool isFallback = false; ///< not a compiled kernel, or one that was compiled without a strategy
};

struct BufferInfo {
  uint32_t value = 0;
  std::string name;
  dlc_dtype dtype = DLC_UNDEFINED;
  std::string shape;
  SizeInfo offset, size;
};

struct StageInfo {
  uint32_t index = 0;
  std::string sizes; ///< what its sizes depend on
  SizeInfo frame;
  std::vector<BufferInfo> buffers; ///< of its frame
  std::vector<StepInfo> steps;
};

struct BlockInfo {
  uint32_t index = 0;
  std::string name;
  uint32_t parentStep = DLC_NONE;
  std::vector<StageInfo> stages;
};

struct EntryInfo {
  std::string name, peak;
  size_t specialisation = 0, specialisations = 1; ///< which of how many
  std::vector<Port> inputs, outputs;
  std::vector<BlockInfo> blocks;
  FormulaSum flops;
  size_t unknownFlops = 0; ///< dispatches that don't know theirs
};

/// What contexts keep from run to run.
struct StateInfo {
  std::string name, output; ///< of the input, and of the output that it takes its value from
  dlc_dtype dtype = DLC_UNDEFINED;
  std::string shape;
  SizeInfo size;
  bool isCopied = false; ///< after each run, because no kernel writes it in place
};

/// What a source model holds, before the compiler changes it.
struct SourceInfo {
  std::string file;
  std::vector<std::pair<std::string, size_t>> ops; ///< kinds of ops and how many there are, the most frequent first
  double parameters = 0;                           ///< elements of all constants
};

struct ModelInfo {
  std::string name, producer, variant;
  std::vector<std::string> variants, features;
  std::vector<StateInfo> state;
  std::vector<std::pair<std::string, std::string>> metadata;
  uint64_t fileBytes = 0;
  uint64_t weightBytes = 0, storedWeightBytes = 0; ///< in memory, in the artifact
  uint32_t preparations = 0;                       ///< constants that the engine makes of others, and the bytes of both
  uint64_t preparedBytes = 0, preparedFromBytes = 0;
  double parameters = 0; ///< elements of all constants
  std::vector<EntryInfo> entries;
  std::optional<SourceInfo> source; ///< when this was compiled for the occasion
  std::shared_ptr<dlc_model> owner; ///< of the texts in steps, when nobody else keeps the model
};

llvm::Expected<ModelInfo> inspectModel(const dlc_model *model);
/// The same for a source model, which is compiled in memory for this machine.
llvm::Expected<ModelInfo> inspectSourceModel(const SourceOptions &source);

void printInspectText(const ModelInfo &info, llvm::raw_ostream &stream);
void printInspectJson(const ModelInfo &info, llvm::raw_ostream &stream);
/// The steps and their dependencies as a Graphviz graph.
void printInspectDot(const ModelInfo &info, llvm::raw_ostream &stream);

} // namespace dlc

#endif // DLC_TOOLS_DLC_INSPECT_H
