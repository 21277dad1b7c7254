//===- Tune.cpp - kernels get what was measured to be the fastest -------------------------------------------===//
#include "compiler/tune/Tune.h"
#include "compiler/CompileProgress.h"
#include "compiler/passes/Kernels.h"
#include "compiler/tune/Race.h"
#include "compiler/tune/TunedKernel.h"
#include "compiler/tune/Tuning.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/TargetParser/Host.h"

namespace dlc::tune {
namespace {
using Clock = std::chrono::steady_clock;

/// Candidates that go from the first measurement into the second.
constexpr size_t kFinalists = 3;
/// Memory that weights are rotated through at most: more than any cache that they could stay in.
constexpr int64_t kMostWeights = 96 << 20;
/// The first measurement of many, and the ones that decide.
constexpr RaceLength kHeats{3, 1e-3, 4}, kFinal{7, 3e-3, 6};

bool canRun(const cpu::TargetInfo &target) {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  llvm::SmallVector<llvm::StringRef> features;
  llvm::StringRef(target.features).split(features, ',', -1, false);
  return cpu::TargetInfo::native().vectorBits >= target.vectorBits &&
         llvm::all_of(features, [&](llvm::StringRef f) { return host.lookup(f.drop_front()); });
}

/// How much two ways to compute the same may differ, as a fraction of the peak.
double tolerance(TunedKernel &kernel, const cpu::KernelChoice &choice) {
  mlir::Type input = nn::elementOf(cpu::rootOf(kernel.func)->getOperand(0));
  mlir::Type result = llvm::cast<mlir::RankedTensorType>(kernel.func.getResultTypes()[0]).getElementType();
  if (llvm::isa<mlir::IntegerType>(result)) {
    // Sums of integers are exact; floats that are rounded to integers may be one off.
    return llvm::isa<mlir::IntegerType>(input) ? 0 : 1.0 / 64;
  }
  if (nn::getElementBits(result) < 32) {
    return result.isBF16() ? 1.0 / 128 : 1.0 / 1024;
  }
  bool isWinograd = choice.strategy == "winograd" || kernel.model.strategy == "winograd";
  return isWinograd ? 6e-5 : 1e-5;
}

/// Measures one kernel.
class KernelTuner {
public:
  KernelTuner(TunedKernel &kernel, const CompileOptions &options, CompileLoops compile, int64_t networkBytes)
      : kernel(kernel), options(options), compile(compile), networkBytes(networkBytes),
        buffers(kernel.func, kernel.constants()) {}

  /// What is the fastest; emits an error when a candidate can't be made.
  mlir::FailureOr<TuneEntry> run() {
    std::vector<cpu::KernelChoice> choices = cpu::alternatives(kernel.func, options.target);
    if (mlir::failed(make(choices))) {
      return mlir::failure();
    }
    leaveOutWrong(0);
    std::vector<size_t> best = heats(0);
    // Then everything else about the best register tile.
    size_t known = candidates.size();
    auto tile = llvm::find_if(best, [&](size_t i) { return !candidates[i].makeCall; });
    const cpu::KernelChoice &base = candidates[tile == best.end() ? 0 : *tile].choice;
    if (mlir::failed(make(cpu::variations(kernel.func, options.target, base)))) {
      return mlir::failure();
    }
    leaveOutWrong(known);
    best = heats(known, best);
    TuneEntry entry;
    entry.model = entry.choice = candidates[0].choice.text();
    Runners first = final(best);
    size_t winner = 0;
    for (size_t i = 1; i < first.size(); ++i) {
      winner = first[i].seconds() < first[winner].seconds() ? i : winner;
    }
    if (!isFaster(first[winner].minima, first[0].minima)) {
      entry.modelMicros = entry.choiceMicros = first[0].seconds() * 1e6;
      return entry;
    }
    // Again, for the best of many was lucky, too.
    Runners second = measure({0, best[winner]}, kFinal);
    entry.modelMicros = entry.choiceMicros = second[0].seconds() * 1e6;
    if (isFaster(second[1].minima, second[0].minima)) {
      entry.choice = candidates[best[winner]].choice.text();
      double careful = second[0].seconds() * first[winner].seconds() / first[0].seconds();
      entry.choiceMicros = std::max(second[1].seconds(), careful) * 1e6;
    }
    return entry;
  }

private:
  /// Compiles more candidates, those whose rounding these weights allow.
  llvm::LogicalResult make(std::vector<cpu::KernelChoice> choices) {
    llvm::erase_if(choices, [&](const cpu::KernelChoice &choice) {
      auto same = [&](const Candidate &c) { return c.choice == choice; };
      return llvm::any_of(candidates, same) || (!(choice == kernel.model) && !allows(choice));
    });
    int64_t tiles = candidates.empty() ? 0 : candidates.front().tiles;
    auto more = makeCandidates(kernel.func, options, choices, tiles, compile);
    if (mlir::failed(more)) {
      return fault();
    }
    std::move(more->begin(), more->end(), std::back_inserter(candidates));
    return mlir::success();
  }

  bool allows(const cpu::KernelChoice &choice) {
    if (choice.strategy == kOneDnnStrategy) {
      return options.tuning->library && kernel.allows(choice);
    }
    if (choice.strategy != "winograd") {
      return true;
    }
    auto [it, isNew] = winogradAllowed.try_emplace(choice.choice.m, false);
    it->second = isNew ? kernel.allows(choice) : it->second;
    return it->second;
  }

  /// Compares the candidates from `first` on with the model's choice. Those that differ go, with a warning: rounding is
  /// no fault where the kernel's ops jump (a sign, a floor), and a kernel that is wrong must not be taken either.
  void leaveOutWrong(size_t first) {
    if (first == 0) {
      Runner(candidates[0], buffers, 1).run();
      expected.assign(buffers.result().raw(), buffers.result().raw() + buffers.result().bytes());
      first = 1;
    }
    auto isWrong = [&](const Candidate &candidate) {
      nn::Tensor &result = buffers.result();
      std::memset(result.rawMutable(), 0xa5, result.bytes());
      Runner runner(candidate, buffers, 1);
      if (!runner.problem().empty()) {
        leaveOut(candidate, runner.problem());
        return true;
      }
      runner.run();
      double error = difference(nn::Tensor::view(result.element(), result.shape(), expected.data()), result);
      bool isNear = error <= tolerance(kernel, candidate.choice);
      if (!isNear) {
        leaveOut(candidate, llvm::formatv("its results differ by {0:e1} of the peak from those of {1}", error,
                                          candidates[0].choice.text()));
      }
      return !isNear;
    };
    candidates.erase(std::remove_if(candidates.begin() + first, candidates.end(), isWrong), candidates.end());
  }

  void leaveOut(const Candidate &candidate, const llvm::Twine &why) {
    mlir::emitWarning(kernel.dispatches.front().getLoc())
        << "tuning: " << kernel.describe() << ": left out " << candidate.choice.text() << ": " << why;
  }

  llvm::LogicalResult fault() {
    if (options.internalError) {
      *options.internalError = true;
    }
    return mlir::failure();
  }

  using Runners = std::vector<Runner>;
  Runners measure(llvm::ArrayRef<size_t> which, const RaceLength &length) {
    int64_t weights = 1;
    for (const cpu::PackedArgument &argument : candidates[0].packed) {
      weights += buffers.constant(argument.argument).bytes();
    }
    int64_t passing = std::min(networkBytes, kMostWeights);
    int64_t copies = std::clamp<int64_t>(passing / (weights * int64_t(which.size())), 1, 1000);
    Runners runners;
    for (size_t i : which) {
      runners.emplace_back(candidates[i], buffers, copies);
    }
    race(runners, length);
    return runners;
  }

  /// Measures the candidates from `first` on beside `others`; the best of all of them, the fastest first.
  std::vector<size_t> heats(size_t first, std::vector<size_t> others = {}) {
    for (size_t i = first; i < candidates.size(); ++i) {
      others.push_back(i);
    }
    Runners runners = measure(others, kHeats);
    std::vector<size_t> order(others.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](size_t a, size_t b) { return runners[a].seconds() < runners[b].seconds(); });
    order.resize(std::min(order.size(), kFinalists));
    std::vector<size_t> best;
    for (size_t i : order) {
      best.push_back(others[i]);
    }
    return best;
  }

  /// Measures `which`, of which the first becomes the model's choice.
  Runners final(std::vector<size_t> &which) {
    llvm::erase(which, 0u);
    which.insert(which.begin(), 0);
    return measure(which, kFinal);
  }

  TunedKernel &kernel;
  const CompileOptions &options;
  CompileLoops compile;
  int64_t networkBytes;
  Buffers buffers;
  std::vector<Candidate> candidates;
  std::vector<char> expected;
  llvm::DenseMap<int, bool> winogradAllowed;
};

/// All kernels of a module.
class ModuleTuner {
public:
  ModuleTuner(mlir::ModuleOp module, const CompileOptions &options, CompileLoops compile)
      : module(module), options(options), tuning(*options.tuning), compile(compile) {}

  llvm::LogicalResult run() {
    collect();
    std::vector<TunedKernel *> missing;
    for (TunedKernel &kernel : kernels) {
      const TuneEntry *entry = tuning.cache.find(kernel.key(options.target));
      entry ? take(kernel, *entry, tuning.known) : missing.push_back(&kernel);
    }
    if (tuning.seconds == 0) {
      return mlir::success();
    }
    if (!canRun(options.target)) {
      tuning.foreign += missing.size();
      return mlir::success();
    }
    llvm::stable_sort(missing, [](TunedKernel *a, TunedKernel *b) { return a->work > b->work; });
    return measure(missing);
  }

private:
  void collect() {
    llvm::StringMap<size_t> numbers;
    for (auto func : getKernelModule(module).getOps<mlir::func::FuncOp>()) {
      auto strategy = func->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
      if (cpu::hasAlternatives(func)) {
        numbers[func.getSymName()] = kernels.size();
        kernels.emplace_back(func, options.target);
      } else if (strategy && strategy.getValue() != kLoopsStrategy && cpu::findStrategy(strategy.getValue())->tiles) {
        ++tuning.dynamic;
      }
    }
    llvm::DenseSet<mlir::Attribute> constants;
    module.walk([&](nn::DispatchOp dispatch) {
      for (mlir::Value v : dispatch->getOperands()) {
        auto constant = v.getDefiningOp<nn::ConstantOp>();
        if (constant && constants.insert(constant.getValue()).second) {
          auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
          networkBytes += type.getNumElements() * int64_t(nn::getElementBits(type.getElementType())) / 8;
        }
      }
      if (auto it = numbers.find(dispatch.getKernel()); it != numbers.end()) {
        kernels[it->second].dispatches.push_back(dispatch);
        kernels[it->second].work += cpu::workOf(kernels[it->second].func);
      }
    });
  }

  void take(TunedKernel &kernel, const TuneEntry &entry, int &count) {
    ++count;
    std::optional<cpu::KernelChoice> choice = cpu::KernelChoice::parse(entry.choice);
    bool isFaster = choice && !(*choice == kernel.model) && entry.gain() > 0;
    if (isFaster && cpu::isAlternative(kernel.func, options.target, *choice) && kernel.allows(*choice)) {
      kernel.take(entry, *choice);
      ++tuning.faster;
    }
  }

  llvm::LogicalResult measure(llvm::ArrayRef<TunedKernel *> missing) {
    if (!tuning.deadline) {
      auto budget = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(tuning.seconds));
      tuning.deadline = Clock::now() + budget;
    }
    for (auto [i, kernel] : llvm::enumerate(missing)) {
      if (Clock::now() >= *tuning.deadline) {
        tuning.left += missing.size() - i;
        return mlir::success();
      }
      if (options.progress) {
        options.progress->set("tuning", 400 + 200 * i / missing.size());
      }
      mlir::FailureOr<TuneEntry> entry = KernelTuner(*kernel, options, compile, networkBytes).run();
      if (mlir::failed(entry)) {
        return mlir::failure();
      }
      entry->key = kernel->key(options.target);
      entry->kernel = kernel->describe();
      entry->target = targetText(options.target);
      if (llvm::Error error = tuning.cache.record(*entry)) {
        return mlir::emitError(mlir::UnknownLoc::get(module.getContext())) << llvm::toString(std::move(error));
      }
      take(*kernel, *tuning.cache.find(entry->key), tuning.measured);
    }
    return mlir::success();
  }

  mlir::ModuleOp module;
  const CompileOptions &options;
  Tuning &tuning;
  CompileLoops compile;
  std::vector<TunedKernel> kernels;
  int64_t networkBytes = 0;
};
} // namespace

llvm::LogicalResult tuneKernels(mlir::ModuleOp module, const CompileOptions &options, CompileLoops compile) {
  return ModuleTuner(module, options, compile).run();
}

std::string Tuning::summary() const {
  std::string text;
  auto add = [&](int count, llvm::StringRef one, llvm::StringRef many) {
    if (count) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + (count == 1 ? one : many).str();
    }
  };
  add(measured, "kernel measured", "kernels measured");
  add(known, "from the cache", "from the cache");
  add(faster, "made faster than the cost model's choice", "made faster than the cost model's choice");
  add(left, "left for want of time: the same command goes on", "left for want of time: the same command goes on");
  add(dynamic, "left, since only a run knows its sizes (see --dim)",
      "left, since only a run knows their sizes (see --dim)");
  add(foreign, "left, for a CPU that this machine is not", "left, for a CPU that this machine is not");
  return text.empty() ? "no kernel has a choice" : text;
}
} // namespace dlc::tune
