#include "tools/dlc/PruneReport.h"
#include "dialects/nn/NN.h"
#include "tools/common/Table.h"
#include "tools/dlc/Bench.h"
#include "tools/dlc/Profile.h"
#include "llvm/Support/JSON.h"

namespace dlc {
namespace {

/// Turns that two models take, so that a slow moment of the machine hits both.
constexpr int turns = 4;

bool isLayer(mlir::Operation *op) { return llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MatmulOp>(op); }

/// Output channels: of the result's dim 1, or of a product's last.
int64_t filterCount(mlir::Operation *op) {
  auto type = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType());
  return type.getDimSize(llvm::isa<nn::MatmulOp>(op) ? type.getRank() - 1 : 1);
}

/// The median of all turns' runs.
double median(std::vector<double> latencies) {
  llvm::sort(latencies);
  return latencies.empty() ? 0 : latencies[latencies.size() / 2];
}

std::string changeText(double before, double after) {
  return before > 0 ? llvm::formatv("{0:f1}%", 100 * (after - before) / before).str() : "";
}

} // namespace

std::vector<PrunedLayer> prunedLayers(mlir::ModuleOp before, mlir::ModuleOp after) {
  std::vector<mlir::Operation *> left, right;
  before.walk([&](mlir::Operation *op) { isLayer(op) ? left.push_back(op) : void(); });
  after.walk([&](mlir::Operation *op) { isLayer(op) ? right.push_back(op) : void(); });
  std::vector<PrunedLayer> layers;
  for (auto [a, b] : llvm::zip(left, right)) {
    auto name = llvm::dyn_cast<mlir::NameLoc>(a->getLoc());
    if (filterCount(a) != filterCount(b)) {
      layers.push_back(
          {name ? name.getName().str() : a->getName().getStringRef().str(), filterCount(a), filterCount(b)});
    }
  }
  return layers;
}

llvm::Error measurePruning(const PreparedModel &before, const PreparedModel &after, unsigned threads, double seconds,
                           PruneReport &report) {
  std::array<std::vector<Session>, 2> sessions;
  const PreparedModel *both[] = {&before, &after};
  for (int side : {0, 1}) {
    auto session = both[side]->start(threads);
    if (!session) {
      return session.takeError();
    }
    sessions[side].push_back(std::move(*session));
    auto profile = collectProfile(sessions[side].front(), 1);
    if (!profile) {
      return profile.takeError();
    }
    report.flops[side] = profile->flopsPerRun();
  }
  std::vector<Port> ports = outputPorts(before.model.get(), 0), others = outputPorts(after.model.get(), 0);
  for (auto [port, other] : llvm::zip(ports, others)) {
    auto expected = sessions[0].front().output(port), actual = sessions[1].front().output(other);
    if (!expected || !actual) {
      return llvm::joinErrors(expected.takeError(), actual.takeError());
    }
    report.outputs.emplace_back(port.type.name, compareValues(*expected, *actual));
  }
  std::array<std::vector<double>, 2> latencies;
  for (int turn = 0; turn < turns; ++turn) {
    for (int side : {0, 1}) {
      auto result = benchSessions(sessions[side], seconds / (2 * turns));
      if (!result) {
        return result.takeError();
      }
      llvm::append_range(latencies[side], result->latencies);
    }
  }
  report.milliseconds = {median(latencies[0]), median(latencies[1])};
  return llvm::Error::success();
}

void printText(const PruneReport &report, llvm::StringRef output) {
  Table layers({"~layer", ">filters", ">kept"});
  for (const PrunedLayer &layer : report.layers) {
    layers.addRow({layer.name, std::to_string(layer.before), std::to_string(layer.after)});
  }
  layers.print(llvm::outs());
  Table sums({"", ">before", ">after", ">change"});
  auto count = [](double number) { return countString(number); };
  sums.addRow({"parameters", count(report.parameters[0]), count(report.parameters[1]),
               changeText(report.parameters[0], report.parameters[1])});
  sums.addRow(
      {"FLOP per run", count(report.flops[0]), count(report.flops[1]), changeText(report.flops[0], report.flops[1])});
  auto time = [](double ms) { return llvm::formatv("{0:f3} ms", ms).str(); };
  sums.addRow({"latency", time(report.milliseconds[0]), time(report.milliseconds[1]),
               changeText(report.milliseconds[0], report.milliseconds[1])});
  llvm::outs() << '\n';
  sums.print(llvm::outs());
  Table outputs({"~output", ">max change", ">of the peak", ">cosine"});
  for (const auto &[name, c] : report.outputs) {
    bool isCompared = c.mismatch.empty();
    auto text = [&](const char *format, double v) {
      return isCompared ? llvm::formatv(format, v).str() : std::string("-");
    };
    outputs.addRow({name, text("{0:e2}", c.maxAbs), text("{0:e2}", c.peakError), text("{0:f6}", c.cosine)});
  }
  llvm::outs() << '\n';
  outputs.print(llvm::outs());
  llvm::outs() << "\nwritten: " << output << '\n';
}

void printJson(const PruneReport &report, llvm::StringRef output) {
  using llvm::json::Array;
  using llvm::json::Object;
  Array layers, outputs;
  for (const PrunedLayer &layer : report.layers) {
    layers.push_back(
        Object{{"name", llvm::json::fixUTF8(layer.name)}, {"filters", layer.before}, {"kept", layer.after}});
  }
  for (const auto &[name, c] : report.outputs) {
    outputs.push_back(Object{
        {"name", llvm::json::fixUTF8(name)}, {"max_abs", c.maxAbs}, {"of_peak", c.peakError}, {"cosine", c.cosine}});
  }
  auto both = [](const PruneReport::Both<double> &pair) { return Object{{"before", pair[0]}, {"after", pair[1]}}; };
  llvm::json::Value value = Object{{"output", llvm::json::fixUTF8(output)},  {"layers", std::move(layers)},
                                   {"parameters", both(report.parameters)},  {"flops_per_run", both(report.flops)},
                                   {"median_ms", both(report.milliseconds)}, {"outputs", std::move(outputs)}};
  llvm::outs() << llvm::formatv("{0:2}\n", value);
}

} // namespace dlc
