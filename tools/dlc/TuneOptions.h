/// \file Where measurements of kernels are kept, and whether kernels are measured.
#ifndef DLC_TOOLS_DLC_TUNEOPTIONS_H
#define DLC_TOOLS_DLC_TUNEOPTIONS_H

#include "tools/dlc/SourceOptions.h"

namespace dlc {

/// --tune-cache, which is only read.
void addTuneCacheOption(CLI::App &command, SourceOptions &options);
/// --tune, which measures and writes the cache.
void addTuneOption(CLI::App &command, SourceOptions &options);
/// What --tune says; 0 without it.
llvm::Expected<double> parseTuneSeconds(const SourceOptions &options);
/// toCompileOptions, with the cache that the options ask for. Prints a warning for each line that is none of its
/// entries.
llvm::Expected<CompileOptions> openCompileOptions(const SourceOptions &options);
/// Tells on standard error what has been measured, if anything was to be.
void reportTuning(const CompileOptions &options);

} // namespace dlc

#endif // DLC_TOOLS_DLC_TUNEOPTIONS_H
