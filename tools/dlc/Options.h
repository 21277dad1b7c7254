/// \file Options that several commands have, spelled the same in each.
#ifndef DLC_TOOLS_DLC_OPTIONS_H
#define DLC_TOOLS_DLC_OPTIONS_H

#include "tools/common/Session.h"
#include "tools/common/ValueFile.h"
#include "tools/dlc/SourceOptions.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {

/// Which model (a compiled one, or a source and how to compile it), which of its entries, and on how many threads.
struct ModelOptions {
  SourceOptions source;
  std::string entry;    ///< empty: the first
  unsigned threads = 0; ///< 0: all that the process may use
};

/// Where inputs come from, as texts of the command line.
struct InputOptions {
  std::vector<std::string> inputs;
  std::string folder;
  std::vector<std::string> dims; ///< "batch=4"
  uint64_t seed = 0;
  std::string imageSize, imageMean, imageStd, imageScale, imageLayout, imageChannels;
};

/// The model, and how it is compiled if it is a source: those options are refused for a compiled one. `hasDims` is
/// false where --dim means the sizes of random inputs.
void addModelOptions(CLI::App &command, ModelOptions &options, bool hasDims);
void addEntryOption(CLI::App &command, ModelOptions &options);
void addThreadOption(CLI::App &command, ModelOptions &options);
/// --input, --input-dir and the options of images.
void addInputOptions(CLI::App &command, InputOptions &options);
/// --dim and --seed, for random inputs.
void addRandomOptions(CLI::App &command, InputOptions &options);

/// Loads a compiled model, or compiles a source model in memory first.
llvm::Expected<ModelHandle> openModel(const ModelOptions &options);

/// The index of the wanted entry; an unknown name lists those that exist.
llvm::Expected<size_t> findEntry(const dlc_model *model, const ModelOptions &options);

/// What is wrong with how the options of images and the sizes of random inputs are written: wrong usage.
llvm::Error checkInputOptions(const InputOptions &options);

llvm::Expected<ImageOptions> parseImageOptions(const InputOptions &options);

/// Sizes of symbols from "batch=4".
llvm::Expected<llvm::StringMap<int64_t>> parseDims(const std::vector<std::string> &texts);

/// One value per port (nothing for an optional input or a state that isn't given), read from files. When `isRandom`, inputs
/// without a file get random values. All problems are reported together.
llvm::Expected<std::vector<std::optional<HostValue>>> gatherInputs(const std::vector<Port> &ports,
                                                                   const InputOptions &options, bool isRandom);

} // namespace dlc

#endif // DLC_TOOLS_DLC_OPTIONS_H
