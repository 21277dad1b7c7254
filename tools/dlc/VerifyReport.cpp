#include "tools/dlc/VerifyReport.h"
#include "tools/common/Table.h"
#include "tools/common/Terminal.h"

namespace dlc {
namespace {

std::string number(double value) {
  if (value == 0) {
    return "0";
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2e", value);
  return text;
}

/// Digits, or the magnitude of what has too many.
std::string countText(uint64_t count) {
  return count < 10000000 ? std::to_string(count) : number(static_cast<double>(count));
}

void printWrapped(const std::string &text, llvm::raw_ostream &stream) {
  stream << wrapText(text, terminalWidth(stream), /*indent=*/2) << '\n';
}

/// "step 2: " when there are several.
std::string stepPrefix(const Report &report, size_t step) {
  return report.steps.size() > 1 ? "step " + std::to_string(step + 1) + ": " : "";
}

std::string titleOf(const Report &report) {
  std::string title = report.data.empty() ? "random inputs" : report.data;
  title += report.specialisation.empty() ? "" : ", " + report.specialisation;
  title += report.isStored ? " against stored outputs" : " against the reference evaluator";
  if (report.steps.size() > 1) {
    title += report.isStored ? ", steps after the first against the reference evaluator" : "";
  }
  return title;
}

} // namespace

void printReport(const Report &report, llvm::raw_ostream &stream) {
  printWrapped(titleOf(report), stream);
  bool hasSteps = report.steps.size() > 1;
  std::vector<std::string> headers{"~output",     "~type", ">max abs", "?>max rel", ">of peak",
                                   ">of channel", "?>ulp", ">cosine",  "result"};
  if (hasSteps) {
    headers.insert(headers.begin(), ">step");
  }
  Table table(headers);
  for (const auto &[i, step] : llvm::enumerate(report.steps)) {
    for (const OutputCheck &check : step.checks) {
      const Comparison &c = check.comparison;
      std::vector<std::string> row{check.name,
                                   check.type,
                                   number(c.maxAbs),
                                   number(c.maxRel),
                                   number(c.peakError),
                                   number(check.channelError),
                                   countText(c.maxUlps),
                                   llvm::formatv("{0:f7}", c.cosine),
                                   check.failure.empty() ? "ok" : "failed"};
      if (hasSteps) {
        row.insert(row.begin(), std::to_string(i + 1));
      }
      table.addRow(std::move(row));
    }
  }
  if (!table.empty()) {
    table.print(stream);
  }
  for (const auto &[i, step] : llvm::enumerate(report.steps)) {
    for (const std::string &name : step.unchecked) {
      printWrapped(stepPrefix(report, i) + name + ": not compared, no value is stored", stream);
    }
    for (const OutputCheck &check : step.checks) {
      if (!check.failure.empty()) {
        printWrapped(stepPrefix(report, i) + check.name + ": " + check.failure, stream);
      }
    }
  }
  for (const std::string &problem : report.problems) {
    printWrapped(problem, stream);
  }
}

void printFirstLayer(const Report &report, size_t layers, size_t states, llvm::raw_ostream &stream) {
  size_t values = 0;
  for (const auto &[i, step] : llvm::enumerate(report.steps)) {
    llvm::ArrayRef<OutputCheck> checks = step.checks;
    for (const OutputCheck &check : checks.drop_back(states).take_back(layers)) {
      if (!check.failure.empty()) {
        printWrapped(stepPrefix(report, i) + "the first layer that differs: " + check.name + ": " + check.failure,
                     stream);
        return;
      }
    }
    for (const OutputCheck &check : checks) {
      if (!check.failure.empty()) {
        printWrapped(stepPrefix(report, i) + "no inner layer differs, but output " + check.name + ": " + check.failure,
                     stream);
        return;
      }
    }
    values += checks.size();
  }
  stream << "no layer differs: compared " << values << (values == 1 ? " value" : " values");
  stream << (report.steps.size() > 1 ? " of " + std::to_string(report.steps.size()) + " steps\n" : "\n");
}

llvm::json::Value toJson(const Report &report) {
  llvm::json::Array outputs, unchecked;
  for (const auto &[i, step] : llvm::enumerate(report.steps)) {
    for (const OutputCheck &check : step.checks) {
      const Comparison &c = check.comparison;
      outputs.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(check.name)},
                                           {"step", static_cast<int64_t>(i)},
                                           {"type", check.type},
                                           {"max_abs", c.maxAbs},
                                           {"max_rel", c.maxRel},
                                           {"peak_error", c.peakError},
                                           {"channel_error", check.channelError},
                                           {"max_ulps", static_cast<int64_t>(std::min<uint64_t>(c.maxUlps, INT64_MAX))},
                                           {"cosine", c.cosine},
                                           {"passed", check.failure.empty()},
                                           {"failure", llvm::json::fixUTF8(check.failure)}});
    }
    for (const std::string &name : step.unchecked) {
      unchecked.push_back(llvm::json::fixUTF8(name));
    }
  }
  return llvm::json::Object{{"data", report.data},
                            {"specialisation", report.specialisation},
                            {"steps", static_cast<int64_t>(report.steps.size())},
                            {"outputs", std::move(outputs)},
                            {"unchecked", std::move(unchecked)},
                            {"problems", llvm::json::Array(report.problems)},
                            {"passed", report.passed()}};
}

} // namespace dlc
