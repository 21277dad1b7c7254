#include "tools/dlc/SourceOptions.h"
#include "compiler/target/cpu/TargetInfo.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/PruneOptions.h"
#include "tools/dlc/Specialisations.h"
#include "tools/dlc/TuneOptions.h"
#include "llvm/Support/Path.h"
#include <CLI/CLI.hpp>

namespace dlc {

llvm::Error checkSourceOptions(const SourceOptions &options) {
  auto tuneSeconds = parseTuneSeconds(options);
  if (!tuneSeconds) {
    return tuneSeconds.takeError();
  }
  auto combinations = parseSpecialisations(options.dims);
  auto states = parseStates(options.states);
  auto compileOptions = toCompileOptions(options);
  auto pruning = parsePruning(options.prune);
  llvm::Error error = llvm::joinErrors(combinations.takeError(), states.takeError());
  return llvm::joinErrors(llvm::joinErrors(std::move(error), pruning.takeError()), compileOptions.takeError());
}

void addSourceArgument(CLI::App &command, SourceOptions &options) {
  command.add_option("model", options.path, "The source model (.onnx)")->required()->type_name("FILE");
}

void addFetchOptions(CLI::App &command, SourceOptions &options) {
  command.add_option("--fetch", options.fetches, "Compute this value only (may be repeated)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_option("--feed", options.feeds, "Feed this value (may be repeated)")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void addDimOption(CLI::App &command, SourceOptions &options) {
  command
      .add_option(
          "--dim", options.dims,
          "What a symbolic dim is: a size (batch=4) or a range (seq=1..512, seq=16..). Several, separated by |, become "
          "specialisations in one file, of which a run takes the first that fits: seq=1|128|1..512. May be repeated; "
          "then every combination is compiled, 64 at most")
      ->type_name("NAME=SIZES")
      ->allow_extra_args(false);
}

void addCodeOptions(CLI::App &command, SourceOptions &options) {
  command.add_option("--name", options.name, "The model's name in the artifact; default: the file's")
      ->type_name("NAME");
  command
      .add_option("--target", options.target,
                  "CPU: native, x86-64, x86-64-v3[+avxvnni], x86-64-v4[+vnni][+bf16]; default: native. Several, "
                  "separated by commas, "
                  "go into one file, and the machine that loads it takes what suits it best")
      ->type_name("CPU");
  command.add_option("--opt-level", options.optLevel, "LLVM's optimisation level, 0 to 3; default: 3")
      ->type_name("N")
      ->check(CLI::Range(0, 3).description(""));
  command.add_flag(
      "--no-winograd", options.noWinograd,
      "Sum 3x3 convolutions directly: slower, and rounded less. Winograd's algorithm is used where it is faster and "
      "wrong by less than 3e-5 of a layer's peak");
  command.add_flag(
      "--no-strassen", options.noStrassen,
      "Multiply by constant matrices with as many multiplications as elements: slower for large ones, and rounded less. "
      "Strassen's algorithm takes 7 for 8, and 1.75 times the memory of a matrix");
  command
      .add_option("--batch-part", options.batchPart,
                  "Run a larger batch through the network in parts of so many images, so that what lies between layers "
                  "stays in the caches and takes less memory; 0: never. Default: as many as caches hold, where a batch "
                  "has at least twice as many")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20).description(""));
  command
      .add_option("--kernels", options.kernels,
                  "Who computes f32 convolutions and products by constant weights: dlc (default); onednn, wherever it "
                  "can; or dlc,onednn: dlc, but for those that --tune measures to be faster in oneDNN, on one thread. "
                  "The artifact then needs libdlc_onednn.so and oneDNN where it runs, and each call of them takes one "
                  "thread; in it, a NaN becomes a bound of the Relu or Clip behind")
      ->type_name("dlc|onednn|dlc,onednn");
  command
      .add_option(
          "--prune", options.prune,
          "Remove the channels of each layer whose filters have the smallest norm: channel:0.3 removes 30% of them, "
          "channel:0.3:global of those of the whole network. Results change: 'dlc prune' tells how much")
      ->type_name("channel:FRACTION[:global]");
  command.add_option("--jobs", options.jobs, "Kernels compiled side by side; 0: one per processor")->type_name("N");
  addTuneCacheOption(command, options);
}

CLI::Option *addStateOption(CLI::App &command, SourceOptions &options) {
  return command
      .add_option(
          "--state", options.states,
          "Keep an output as an input of the next run, within the context: h_out:h_in. It begins with zeros, and is no "
          "longer an input or output of the caller (may be repeated)")
      ->type_name("OUTPUT:INPUT")
      ->allow_extra_args(false);
}

/// What --kernels says.
static llvm::Expected<cpu::OneDnnUse> parseKernels(const SourceOptions &options) {
  if (options.kernels == "dlc") {
    return cpu::OneDnnUse::Never;
  }
  if (options.kernels == "onednn") {
    return cpu::OneDnnUse::Always;
  }
  if (options.kernels != "dlc,onednn" && options.kernels != "onednn,dlc") {
    return makeError("--kernels: expected dlc, onednn or dlc,onednn, got '{0}'", options.kernels);
  }
  if (options.tuneSeconds.empty() && options.tuneCache.empty()) {
    return makeError("--kernels={0}: which kernels are faster in oneDNN is known from measurements: expected --tune or "
                     "--tune-cache too",
                     options.kernels);
  }
  return cpu::OneDnnUse::Measured;
}

llvm::Expected<CompileOptions> toCompileOptions(const SourceOptions &options) {
  CompileOptions result;
  llvm::Expected<cpu::OneDnnUse> oneDnn = parseKernels(options);
  if (!oneDnn) {
    return oneDnn.takeError();
  }
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(options.target).split(names, ',');
  for (llvm::StringRef name : names) {
    std::optional<cpu::TargetInfo> target = cpu::TargetInfo::named(name);
    if (!target) {
      return makeError("--target: expected native, x86-64, x86-64-v3[+avxvnni] or x86-64-v4[+vnni][+bf16], got '{0}'",
                       name);
    }
    target->winograd = !options.noWinograd;
    target->strassen = !options.noStrassen;
    target->batchPart = options.batchPart;
    target->oneDnn = *oneDnn;
    bool isKnown = llvm::any_of(result.variants, [&](const cpu::TargetInfo &t) {
      return t.cpu == target->cpu && t.features == target->features;
    });
    if (isKnown) {
      return makeError("--target: expected different targets, got '{0}' twice (native is one of the others, too)",
                       name);
    }
    result.variants.push_back(*target);
  }
  result.target = result.variants.front();
  if (llvm::StringRef(options.name).contains('/')) {
    return makeError("--name: expected a name without '/', got '{0}'; where to write is said by --output",
                     options.name);
  }
  result.name = options.name.empty() ? llvm::sys::path::stem(options.path).str() : options.name;
  result.optLevel = options.optLevel;
  result.threads = options.jobs;
  return result;
}

} // namespace dlc
