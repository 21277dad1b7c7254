/// \file dlc-conformance: ONNX's backend tests through the compiler and the engine.
#include "tools/common/ExitCode.h"
#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "tools/common/Progress.h"
#include "tools/dlc-conformance/Expected.h"
#include "tools/dlc-conformance/Runner.h"
#include "tools/dlc-conformance/Variants.h"
#include "tools/dlc/Help.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <filesystem>
#include <regex>

namespace {

namespace fs = std::filesystem;
using namespace dlc;
using namespace dlc::conformance;

struct Options {
  std::string suite, csv, filter, expected, update;
  CaseOptions test;
  Limits limits;
  bool isVerbose = false;
};

int fail(const std::string &message) {
  llvm::errs() << "dlc-conformance: error: " << message << '\n';
  return exitInput;
}

/// Names (paths below the suite) of the folders with a model.onnx that the filter chooses.
std::vector<std::string> findTests(const Options &options) {
  std::vector<std::string> names;
  std::regex filter(options.filter);
  for (const auto &entry : fs::recursive_directory_iterator(options.suite)) {
    std::string name = fs::relative(entry.path().parent_path(), options.suite).string();
    if (entry.path().filename() == "model.onnx" && std::regex_search(name, filter)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    result += c == '"' ? "\"\"" : std::string(1, c);
  }
  return result + '"';
}

llvm::Error writeCsv(const Options &options, const std::vector<std::string> &names,
                     const std::vector<Outcome> &outcomes) {
  static constexpr const char *results[] = {"passed", "failed", "skipped"};
  std::string text = "test,ops,variant,result,stage,seconds,reason\n";
  for (size_t i = 0; i < names.size(); ++i) {
    const Verdict &verdict = outcomes[i].verdict;
    text += names[i] + "," + opsOf(options.suite + "/" + names[i]) + "," + variantName(options.test.variant) + "," +
            results[static_cast<int>(verdict.result)] + "," + verdict.stage + "," +
            llvm::formatv("{0:f2}", outcomes[i].seconds).str() + "," + quoted(verdict.reason) + "\n";
  }
  return writeFile(options.csv, llvm::StringRef(text));
}

/// The number of differences from the list of expected failures, each of which is printed. Without a list, every
/// failure is one.
size_t judge(const Options &options, const Failures &expected, const Failures &failures,
             const std::vector<std::string> &names) {
  size_t surprises = 0;
  for (const std::string &name : names) {
    auto found = failures.find(name);
    if (found == failures.end() && expected.count(name)) {
      llvm::outs() << "unexpected pass: " << name << '\n';
      ++surprises;
    } else if (found != failures.end()) {
      bool isKnown = expected.count(name);
      surprises += isKnown ? 0 : 1;
      if (!isKnown || options.isVerbose) {
        llvm::outs() << (isKnown                    ? "expected failure: "
                         : options.expected.empty() ? "failed: "
                                                    : "unexpected failure: ")
                     << name << ": " << found->second << '\n';
      }
    }
  }
  for (const auto &[name, reason] : expected) {
    if (options.filter.empty() && !std::binary_search(names.begin(), names.end(), name)) {
      llvm::outs() << "expected failure that does not exist: " << name << '\n';
      ++surprises;
    }
  }
  return surprises;
}

int runSuite(const Options &options) {
  Failures expected, failures;
  if (!options.expected.empty()) {
    llvm::Expected<Failures> list = readFailures(options.expected);
    if (!list) {
      return fail(llvm::toString(list.takeError()));
    }
    expected = std::move(*list);
  }
  if (!fs::is_directory(options.suite)) {
    return fail("--suite: expected a folder, got '" + options.suite + "'");
  }
  std::vector<std::string> names = findTests(options);
  if (names.empty()) {
    return fail("expected folders with a model.onnx in " + options.suite +
                (options.filter.empty() ? "" : ", with names that match '" + options.filter + "'"));
  }
  std::vector<CaseOptions> cases(names.size(), options.test);
  for (size_t i = 0; i < names.size(); ++i) {
    cases[i].folder = options.suite + "/" + names[i];
  }
  std::vector<Outcome> outcomes(names.size());
  size_t counts[3] = {}, finished = 0;
  Progress progress("tests", names.size());
  runCases(cases, options.limits, [&](size_t i, const Outcome &outcome) {
    outcomes[i] = outcome;
    ++counts[static_cast<int>(outcome.verdict.result)];
    progress.update(++finished, names[i]);
  });
  for (size_t i = 0; i < names.size(); ++i) {
    if (outcomes[i].verdict.result == Result::Failed) {
      std::string reason = outcomes[i].verdict.stage + ": " + outcomes[i].verdict.reason, place = cases[i].folder + "/";
      for (size_t at; (at = reason.find(place)) != std::string::npos;) {
        reason.erase(at, place.size()); // where the tests lie says nothing about them
      }
      failures[names[i]] = reason;
    }
  }
  llvm::Error error = options.csv.empty() ? llvm::Error::success() : writeCsv(options, names, outcomes);
  if (!error && !options.update.empty()) {
    error = writeFailures(options.update, failures,
                          "Tests that are expected to fail (" + std::string(variantName(options.test.variant)) +
                              " variant); a test that is listed and passes is an error too.");
  }
  if (error) {
    return fail(llvm::toString(std::move(error)));
  }
  size_t surprises = judge(options, expected, failures, names);
  if (!options.expected.empty()) {
    llvm::outs() << surprises << " unexpected\n";
  }
  llvm::outs() << counts[0] << " passed, " << counts[1] << " failed, " << counts[2] << " skipped\n";
  return surprises ? exitInput : exitDone;
}

void addOptions(CLI::App &app, Options &options, std::string &variant) {
  app.add_option("--suite", options.suite, "Folder of tests: each has model.onnx and test_data_set_N")
      ->type_name("DIR");
  app.add_option("--csv", options.csv, "Write a table of all results")->type_name("FILE");
  app.add_option("--filter", options.filter, "Only tests whose names match")
      ->type_name("REGEX")
      ->check([](const std::string &text) {
        try {
          std::regex{text};
          return std::string();
        } catch (const std::regex_error &error) {
          return "expected a regular expression, got '" + text + "': " + error.what();
        }
      });
  app.add_option("--variant", variant, "static, dynamic or constant")
      ->check(CLI::IsMember({"static", "dynamic", "constant"}).description(""))
      ->type_name("KIND");
  app.add_option("--jobs", options.limits.jobs, "Tests side by side; default: 2")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--time", options.limits.seconds, "Seconds that a test may take; default: 60")->type_name("S");
  app.add_option("--memory", options.limits.mebibytes, "MiB that a test may take; default: 4096; 0: any")
      ->type_name("N");
  app.add_option("--opt-level", options.test.optLevel, "LLVM's optimisation level, 0 to 3; default: 3")
      ->check(CLI::Range(0, 3).description(""))
      ->type_name("N");
  app.add_option("--expected", options.expected, "Tests that must fail; all others must not")->type_name("FILE");
  app.add_option("--write-expected", options.update, "Write such a list of this run's failures")->type_name("FILE");
  app.add_flag("--verbose", options.isVerbose, "Also print expected failures");
  app.add_option("--child", options.test.folder)->group("");
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app{"Runs ONNX's backend tests through dlc.", "dlc-conformance"};
  Options options;
  std::string variant = "static";
  addOptions(app, options, variant);
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("dlc-conformance: error: ") + error.what() + "\nsee 'dlc-conformance --help'\n";
  });
  try {
    app.parse(argc, argv);
    if (options.suite.empty() && options.test.folder.empty()) {
      throw CLI::RequiredError("--suite");
    }
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? exitDone : exitUsage;
  }
  options.test.variant = variant == "static"    ? Variant::Static
                         : variant == "dynamic" ? Variant::Dynamic
                                                : Variant::Constant;
  try {
    if (!options.test.folder.empty()) {
      return runChild(options.test, options.limits);
    }
    return runSuite(options);
  } catch (const std::exception &error) {
    return fail(error.what());
  }
}
