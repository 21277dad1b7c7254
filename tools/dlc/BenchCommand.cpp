/// \file `dlc bench`: latency, throughput and efficiency of a model on this machine.
#include "tools/common/ExitCode.h"
#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include "tools/dlc/Bench.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Options.h"
#include "tools/dlc/Peak.h"
#include "tools/dlc/Prepared.h"
#include "tools/dlc/Profile.h"
#include "llvm/Support/JSON.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

struct BenchOptions {
  ModelOptions model;
  InputOptions inputs;
  double seconds = 2;
  unsigned contexts = 1;
  bool isJson = false;
  std::string profilePath;
};

/// What is reported.
struct BenchReport {
  BenchResult result;
  Profile profile;
  PeakResult peak;
  unsigned threads = 1, contexts = 1;
  std::vector<std::string> inputs;

  /// From the median: a machine that is busy with other things for a moment says nothing about the model. Where several
  /// runs share the processors, only what all of them did in the time counts.
  double gflops() const {
    double median = result.percentile(0.5);
    double runsPerSecond = contexts > 1 ? result.runsPerSecond() : median > 0 ? 1e3 / median : 0;
    return runsPerSecond * profile.flopsPerRun() / 1e9;
  }
  double percentOfPeak() const { return peak.gflops > 0 ? 100 * gflops() / peak.gflops : 0; }
};

void printJson(const BenchReport &report, const dlc_model *model) {
  const BenchResult &result = report.result;
  llvm::json::Value value = llvm::json::Object{
      {"model", llvm::json::fixUTF8(dlc_model_name(model))},
      {"variant", dlc_model_variant(model)},
      {"threads", report.threads},
      {"contexts", report.contexts},
      {"inputs", llvm::json::Array(report.inputs)},
      {"runs", static_cast<int64_t>(result.latencies.size())},
      {"seconds", result.seconds},
      {"min_ms", result.percentile(0)},
      {"median_ms", result.percentile(0.5)},
      {"p90_ms", result.percentile(0.9)},
      {"p99_ms", result.percentile(0.99)},
      {"runs_per_second", result.runsPerSecond()},
      {"flops_per_run", report.profile.flopsPerRun()},
      {"flops_complete", report.profile.isComplete()},
      {"gflops", report.gflops()},
      {"peak_gflops", report.peak.gflops},
      {"percent_of_peak", report.percentOfPeak()},
  };
  llvm::outs() << llvm::formatv("{0:2}\n", value);
}

void printText(const BenchReport &report, const dlc_model *model) {
  const BenchResult &result = report.result;
  auto line = [](llvm::StringRef name, const std::string &text) {
    printField(llvm::outs(), name, text, /*column=*/12);
  };
  line("model", std::string(dlc_model_name(model)) + " (" + dlc_model_variant(model) + ")");
  for (const std::string &input : report.inputs) {
    line("input", input);
  }
  line("latency", llvm::formatv("min {0:f3} ms, median {1:f3} ms, p90 {2:f3} ms, p99 {3:f3} ms", result.percentile(0),
                                result.percentile(0.5), result.percentile(0.9), result.percentile(0.99))
                      .str());
  line("throughput", llvm::formatv("{0:f1} runs/s ({1} runs in {2:f2} s, {3} x {4} threads)", result.runsPerSecond(),
                                   result.latencies.size(), result.seconds, report.contexts, report.threads)
                         .str());
  if (report.profile.flopsPerRun() > 0) {
    line("arithmetic",
         llvm::formatv("{0}FLOP a run{1}, {2:f1} GFLOP/s, {3:f1}% of the measured f32 peak of {4:f0} GFLOP/s ({5})",
                       countString(report.profile.flopsPerRun()), report.profile.isComplete() ? "" : " at least",
                       report.gflops(), report.percentOfPeak(), report.peak.gflops, report.peak.vector)
             .str());
  }
}

/// One session per context, all reading the same inputs.
llvm::Expected<std::vector<Session>> makeSessions(const PreparedModel &prepared, const BenchOptions &options) {
  unsigned threads = options.model.threads;
  if (options.contexts > 1 && threads == 0) {
    threads = std::max(1u, dlc_available_threads() / options.contexts);
  }
  std::vector<Session> sessions;
  for (unsigned i = 0; i < options.contexts; ++i) {
    auto session = prepared.start(threads);
    if (!session) {
      return session.takeError();
    }
    sessions.push_back(std::move(*session));
  }
  return sessions;
}

/// As many profiled runs as fit in half of the measured time, at least one.
int64_t profiledRuns(const BenchResult &result, double seconds) {
  double fitting = seconds * 500 / std::max(result.percentile(0.5), 1e-3);
  return std::clamp<int64_t>(static_cast<int64_t>(fitting), 1, 50);
}

llvm::Error benchModel(const BenchOptions &options) {
  auto prepared = prepareModel(options.model, options.inputs, /*isRandom=*/true);
  if (!prepared) {
    return prepared.takeError();
  }
  auto sessions = makeSessions(*prepared, options);
  if (!sessions) {
    return sessions.takeError();
  }
  const dlc_model *model = prepared->model.get();
  BenchReport report;
  report.contexts = options.contexts;
  report.threads = dlc_context_threads(sessions->front().context());
  for (const auto &input : prepared->inputs) {
    report.inputs.push_back(input ? input->name + " " + typeString(*input) : "(absent)");
  }
  PeakResult before = measurePeak(report.threads * report.contexts);
  auto result = benchSessions(*sessions, options.seconds);
  if (!result) {
    return result.takeError();
  }
  report.result = std::move(*result);
  report.peak = measurePeak(report.threads * report.contexts);
  report.peak.gflops = (report.peak.gflops + before.gflops) / 2;
  auto profile =
      collectProfile(sessions->front(), options.profilePath.empty() ? 1 : profiledRuns(report.result, options.seconds));
  if (!profile) {
    return profile.takeError();
  }
  report.profile = std::move(*profile);
  options.isJson ? printJson(report, model) : printText(report, model);
  if (options.profilePath.empty()) {
    return llvm::Error::success();
  }
  printProfile(report.profile, options.isJson ? llvm::errs() : llvm::outs());
  return writeTrace(options.profilePath, report.profile, model);
}

} // namespace

void addBenchCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App *command = app.add_subcommand("bench", "Measure a model's latency, throughput and efficiency");
  addModelOptions(*command, options->model, /*hasDims=*/false);
  command->add_option("--duration", options->seconds, "Seconds to measure; default: 2")
      ->type_name("S")
      ->check([](const std::string &text) {
        double seconds = 0;
        bool isWrong = llvm::StringRef(text).getAsDouble(seconds) || !(seconds >= 0 && seconds <= 86400);
        return isWrong ? "expected a number from 0 to 86400, got '" + text + "'" : std::string();
      });
  command->add_option("--contexts", options->contexts, "Runs side by side; default: 1")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command->add_flag("--json", options->isJson, "Print JSON");
  command
      ->add_option("--profile", options->profilePath,
                   "Write a trace of one run (for Perfetto or chrome://tracing), and print what each step costs")
      ->type_name("FILE");
  addEntryOption(*command, options->model);
  addThreadOption(*command, options->model);
  addInputOptions(*command, options->inputs);
  addRandomOptions(*command, options->inputs);
  command->callback([options, &exitCode]() {
    if (llvm::Error error = checkInputOptions(options->inputs)) {
      reportError(std::move(error));
      exitCode = exitUsage;
      return;
    }
    llvm::Error error = benchModel(*options);
    exitCode = error ? reportError(std::move(error)) : exitDone;
  });
}

} // namespace dlc
