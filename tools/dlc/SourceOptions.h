/// \file What the command line says about how a source model is to be compiled.
#ifndef DLC_TOOLS_DLC_SOURCEOPTIONS_H
#define DLC_TOOLS_DLC_SOURCEOPTIONS_H

#include "compiler/CompileOptions.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace dlc {

/// Options of commands that read a source model.
struct SourceOptions {
  std::string path;
  std::vector<std::string> fetches, feeds, dims, states, libraries;
  std::string prune; ///< "channel:0.3:global"; empty: nothing is pruned
  std::string target = "native";
  std::string name;
  int optLevel = 3;
  bool noWinograd = false;
  bool noStrassen = false;
  std::optional<int64_t> batchPart; ///< images; 0: batches stay whole
  std::string kernels = "dlc"; ///< or "onednn", "dlc,onednn"
  unsigned jobs = 0;
  std::string tuneSeconds; ///< empty: nothing is measured
  std::string tuneCache;
};

/// The model itself, which must be a source.
void addSourceArgument(CLI::App &command, SourceOptions &options);
/// --fetch and --feed.
void addFetchOptions(CLI::App &command, SourceOptions &options);
void addDimOption(CLI::App &command, SourceOptions &options);
/// --name, --target and how kernels are compiled.
void addCodeOptions(CLI::App &command, SourceOptions &options);
CLI::Option *addStateOption(CLI::App &command, SourceOptions &options);

/// What is wrong with how --dim, --state, --target and --name are written: wrong usage, whatever the model is.
llvm::Error checkSourceOptions(const SourceOptions &options);

/// The compiler's options; what is wrong with them is wrong usage.
llvm::Expected<CompileOptions> toCompileOptions(const SourceOptions &options);

} // namespace dlc

#endif // DLC_TOOLS_DLC_SOURCEOPTIONS_H
