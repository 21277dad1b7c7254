#include "tools/dlc/Verifier.h"
#include "dialects/nn/NN.h"
#include "tools/common/DataSet.h"
#include "tools/dlc/Options.h"
#include "tools/dlc/Reference.h"
#include "tools/dlc/TuneOptions.h"
#include <set>

namespace dlc {
namespace {

/// How many runs in a row show whether state is kept as it should be.
constexpr unsigned usualSteps = 4;

/// A state as contexts begin with it.
llvm::Expected<HostValue> zerosFor(const Port &port) {
  auto tensor = HostTensor::create(port.type.dtype, port.type.dims);
  if (!tensor) {
    return tensor.takeError();
  }
  tensor->name = port.type.name;
  return HostValue(std::move(*tensor));
}

bool haveEqualBytes(const HostValue &left, const HostValue &right) {
  return left.kind == right.kind && left.tensor.dims == right.tensor.dims && left.tensor.bytes == right.tensor.bytes &&
         left.tensor.strings == right.tensor.strings && left.elements.size() == right.elements.size() &&
         llvm::all_of(llvm::zip(left.elements, right.elements),
                      [](auto pair) { return haveEqualBytes(std::get<0>(pair), std::get<1>(pair)); });
}

/// "step 2 of 4: " when there are several.
std::string stepText(size_t step, size_t steps) {
  return steps > 1 ? llvm::formatv("step {0} of {1}: ", step + 1, steps).str() : "";
}

} // namespace

bool Report::passed() const {
  return problems.empty() && llvm::all_of(steps, [](const StepReport &step) {
           return llvm::all_of(step.checks, [](const OutputCheck &check) { return check.failure.empty(); });
         });
}

llvm::Error Verifier::build() {
  llvm::Expected<CompileOptions> compileOptions = openCompileOptions(options.source);
  if (!compileOptions) {
    return compileOptions.takeError();
  }
  if (!source.import(options.source)) {
    return source.takeError();
  }
  bounds = boundsFor(source.module());
  if (options.tolerance > 0) {
    bounds = {.peak = options.tolerance,
              .channel = 10 * options.tolerance,
              .cosine = 1 - options.tolerance / 10,
              .isQuantized = bounds.isQuantized};
  }
  if (options.isLayered && llvm::range_size(source.module().getOps<mlir::func::FuncOp>()) > 1) {
    return makeError("--layers: expected one size per dim, got specialisations");
  }
  if (options.isLayered) {
    layers = exposeLayers(source.module());
    bounds.peak *= 10; // the reference rounds too, and what follows a layer is not there to average it out
    bounds.channel *= 10;
  }
  reference = source.module().clone();
  auto bytes = source.compile(*compileOptions);
  if (!bytes) {
    return bytes.takeError();
  }
  artifact = std::move(*bytes);
  auto loaded = source.load(artifact->getBuffer());
  if (!loaded) {
    return loaded.takeError();
  }
  model = std::move(*loaded);
  states = statePorts(model.get(), 0);
  results = outputPorts(model.get(), 0);
  llvm::append_range(results, stateOutputPorts(model.get(), 0));
  return llvm::Error::success();
}

std::vector<std::string> Verifier::libraryOps() {
  std::set<std::string> ops;
  reference->walk([&](nn::CustomOp op) { ops.insert((op.getDomain() + ":" + op.getFunction()).str()); });
  return {ops.begin(), ops.end()};
}

llvm::Expected<Report> Verifier::verify(const std::string &folder, size_t specialisation) {
  Report report;
  report.data = folder;
  if (folder.empty() && specialisations() > 1) {
    report.specialisation = llvm::formatv("specialisation {0} of {1}", specialisation + 1, specialisations()).str();
  }
  auto inputs = takeInputs(folder, specialisation);
  if (!inputs) {
    return inputs.takeError();
  }
  if (!folder.empty()) {
    specialisation = specialisationFor(model.get(), inputs->steps.front());
  }
  auto actual = run(*inputs, options.threads, 0);
  if (!actual) {
    return actual.takeError();
  }
  auto expected = takeExpected(*inputs, specialisation, report);
  if (!expected) {
    return expected.takeError();
  }
  bool isCompared = false;
  for (auto [wanted, got] : llvm::zip_equal(*expected, *actual)) {
    report.steps.push_back(compare(wanted, got));
    isCompared |= !report.steps.back().checks.empty();
  }
  if (!isCompared) {
    report.problems.push_back("expected a stored value of at least one output, got none");
  }
  if (options.isScheduled) {
    if (llvm::Error error = compareSchedules(*inputs, *actual, report)) {
      return error;
    }
  }
  return report;
}

std::vector<std::string> Verifier::sourceNames(const std::vector<std::string> &names) const {
  return states.empty() ? std::vector<std::string>() : names;
}

llvm::Expected<Verifier::Inputs> Verifier::takeInputs(const std::string &folder, size_t specialisation) const {
  unsigned steps = options.steps ? options.steps : states.empty() ? 1 : usualSteps;
  Inputs inputs;
  if (!folder.empty()) {
    std::vector<Port> ports = inputPorts(model.get(), 0);
    size_t count = ports.size();
    llvm::append_range(ports, states);
    auto stored = readDataSet(folder, "input", ports, sourceNames(source.inputNames));
    if (!stored) {
      return stored.takeError();
    }
    inputs.state.assign(stored->begin() + count, stored->end());
    stored->resize(count);
    inputs.steps.assign(steps, *stored);
    return inputs;
  }
  std::vector<Port> ports = inputsOnlyFor(model.get(), specialisation);
  inputs.state.resize(states.size());
  for (unsigned step = 0; step < steps; ++step) {
    InputOptions random;
    random.seed = options.seed + step * ports.size();
    auto values = gatherInputs(ports, random, /*isRandom=*/true);
    if (!values) {
      return values.takeError();
    }
    inputs.steps.push_back(std::move(*values));
  }
  return inputs;
}

llvm::Expected<Verifier::Results> Verifier::run(const Inputs &inputs, unsigned threads, uint64_t tileOrder) const {
  dlc_context_options contextOptions = DLC_CONTEXT_OPTIONS_INIT;
  contextOptions.threads = threads;
  contextOptions.tile_order_seed = tileOrder;
  auto session = Session::create(model.get(), 0, contextOptions);
  if (!session) {
    return session.takeError();
  }
  if (llvm::Error error = session->setStates(states, inputs.state)) {
    return error;
  }
  std::vector<Port> ports = inputPorts(model.get(), 0);
  Results all;
  for (const Values &step : inputs.steps) {
    if (llvm::Error error = session->bind(ports, step)) {
      return error;
    }
    if (llvm::Error error = session->run()) {
      return error;
    }
    std::vector<HostValue> values;
    for (const Port &port : results) {
      auto value =
          port.isState ? session->state(states[values.size() + states.size() - results.size()]) : session->output(port);
      if (!value) {
        return value.takeError();
      }
      value->name = value->tensor.name = port.type.name;
      values.push_back(std::move(*value));
    }
    all.push_back(std::move(values));
  }
  return all;
}

llvm::Expected<std::vector<Verifier::Values>> Verifier::takeExpected(const Inputs &inputs, size_t specialisation,
                                                                     Report &report) {
  Values stored;
  if (!report.data.empty() && !options.isLayered) {
    auto values = readDataSet(report.data, "output", results, sourceNames(source.outputNames));
    if (!values) {
      return values.takeError();
    }
    stored = std::move(*values);
  }
  report.isStored = llvm::any_of(stored, [](const auto &value) { return value.has_value(); });
  if (report.isStored && inputs.steps.size() == 1) {
    return std::vector<Values>{stored};
  }
  auto expected = evaluate(inputs, specialisation);
  if (expected && report.isStored) {
    expected->front() = std::move(stored);
  }
  return expected;
}

llvm::Expected<std::vector<Verifier::Values>> Verifier::evaluate(const Inputs &inputs, size_t specialisation) {
  auto main = *std::next(reference->getOps<mlir::func::FuncOp>().begin(), specialisation);
  Values state = inputs.state;
  for (auto [value, port] : llvm::zip_equal(state, states)) {
    if (value) {
      continue;
    }
    auto zeros = zerosFor(port);
    if (!zeros) {
      return zeros.takeError();
    }
    value = std::move(*zeros);
  }
  std::vector<Values> all;
  for (const Values &step : inputs.steps) {
    Values arguments = step;
    llvm::append_range(arguments, state);
    auto values = evaluateReference(main, arguments, source.libraries());
    if (!values) {
      return makeError("{0}: {1}", llvm::toString(values.takeError()), llvm::toString(source.takeError()));
    }
    all.emplace_back();
    for (const Port &port : results) {
      all.back().push_back(std::move((*values)[port.index]));
    }
    state.assign(all.back().end() - states.size(), all.back().end());
  }
  return all;
}

StepReport Verifier::compare(const Values &expected, const std::vector<HostValue> &actual) const {
  StepReport report;
  for (auto [i, port] : llvm::enumerate(results)) {
    if (!expected[i]) {
      report.unchecked.push_back(port.type.name);
      continue;
    }
    report.checks.push_back(checkOutput(*expected[i], actual[i], bounds));
    // The outputs that exposeLayers added are the last of those that are no state.
    size_t firstLayer = results.size() - states.size() - layers.size();
    if (i >= firstLayer && i < firstLayer + layers.size()) {
      report.checks.back().name = layers[i - firstLayer];
    }
  }
  return report;
}

/// Results must not depend on who runs which tile when.
llvm::Error Verifier::compareSchedules(const Inputs &inputs, const Results &first, Report &report) const {
  constexpr std::pair<unsigned, uint64_t> schedules[] = {{1, 0}, {2, 0}, {3, 0}, {7, 0}, {1, 1}, {1, 2}, {1, 3}};
  for (auto [threads, tileOrder] : schedules) {
    auto again = run(inputs, threads, tileOrder);
    if (!again) {
      return again.takeError();
    }
    for (size_t step = 0; step < first.size(); ++step) {
      for (auto [before, now] : llvm::zip_equal(first[step], (*again)[step])) {
        if (!haveEqualBytes(before, now)) {
          report.problems.push_back(llvm::formatv("{0}output '{1}' changes with {2} threads and tile order {3}",
                                                  stepText(step, first.size()), before.name, threads, tileOrder));
        }
      }
    }
  }
  return llvm::Error::success();
}

} // namespace dlc
