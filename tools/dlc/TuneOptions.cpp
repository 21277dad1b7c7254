#include "tools/dlc/TuneOptions.h"
#include "compiler/tune/Tuning.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/OneDnnKernels.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <cmath>

namespace dlc {

namespace {

/// The user's own, for all models.
llvm::Expected<std::string> defaultCache() {
  llvm::SmallString<128> path;
  if (!llvm::sys::path::cache_directory(path)) {
    return makeError(
        "--tune: no folder for caches is known, since neither XDG_CACHE_HOME nor HOME is set; --tune-cache "
        "names a file");
  }
  llvm::sys::path::append(path, "dlc", "tuning.jsonl");
  return path.str().str();
}

} // namespace

void addTuneCacheOption(CLI::App &command, SourceOptions &options) {
  command
      .add_option(
          "--tune-cache", options.tuneCache,
          "Take kernels that FILE says are faster than what the cost model chooses. It is written by --tune, and "
          "can be shared: what is in it for other kernels or CPUs is not used")
      ->type_name("FILE");
}

void addTuneOption(CLI::App &command, SourceOptions &options) {
  command
      .add_flag("--tune{60}", options.tuneSeconds,
                "Measure other ways to make the model's convolutions and matrix products, for 60 or the given seconds, "
                "and take those that are faster on this machine by more than 2%. What is known is kept in the file of "
                "--tune-cache, by default dlc/tuning.jsonl in the user's folder for caches, and not measured again; "
                "only kernels whose sizes are all known are measured (see --dim)")
      ->type_name("SECONDS");
}

llvm::Expected<double> parseTuneSeconds(const SourceOptions &options) {
  double seconds = 0;
  llvm::StringRef text = options.tuneSeconds;
  if (!text.empty() && (text.getAsDouble(seconds) || !(seconds > 0) || std::isinf(seconds))) {
    return makeError("--tune: expected seconds, such as --tune=60, got '{0}'", text);
  }
  return seconds;
}

llvm::Expected<CompileOptions> openCompileOptions(const SourceOptions &options) {
  llvm::Expected<double> seconds = parseTuneSeconds(options);
  if (!seconds) {
    return seconds.takeError();
  }
  llvm::Expected<CompileOptions> result = toCompileOptions(options);
  bool isTuned = *seconds > 0;
  if (!result || (!isTuned && options.tuneCache.empty())) {
    return result;
  }
  std::string path = options.tuneCache;
  if (path.empty()) {
    llvm::Expected<std::string> found = defaultCache();
    if (!found) {
      return found.takeError();
    }
    path = *found;
  }
  auto tuning = std::make_shared<tune::Tuning>();
  tuning->seconds = std::min(*seconds, 1e6);
  if (isTuned && result->target.oneDnn == cpu::OneDnnUse::Measured) {
    auto library = openOneDnn();
    if (!library) {
      return makeError("--kernels={0}: {1}", options.kernels, llvm::toString(library.takeError()));
    }
    tuning->library = std::move(*library);
  }
  if (llvm::Error error = tuning->cache.open(path, isTuned)) {
    return std::move(error);
  }
  for (const std::string &warning : tuning->cache.warnings()) {
    llvm::errs() << "dlc: warning: " << warning << '\n';
  }
  result->tuning = std::move(tuning);
  return result;
}

void reportTuning(const CompileOptions &options) {
  if (options.tuning && options.tuning->seconds > 0) {
    llvm::errs() << "dlc: tuning: " << options.tuning->summary() << " (" << options.tuning->cache.path() << ")\n";
  }
}

} // namespace dlc
