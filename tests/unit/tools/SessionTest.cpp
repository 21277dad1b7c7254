#include "tools/common/Session.h"
#include "TestModel.h"
#include "TestSupport.h"
#include "tools/common/Compare.h"
#include "tools/dlc/Bench.h"
#include "tools/dlc/Inspect.h"
#include "tools/dlc/Profile.h"
#include "llvm/Support/JSON.h"

using namespace dlc;
using namespace dlc::test;

namespace {

/// A session over the test model with two rows bound.
class SessionTest : public ::testing::Test {
protected:
  SessionTest() : model(source.load()), input(tensorOf(DLC_F32, {2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})) {
    dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    sessions.push_back(valueOf(Session::create(model.get(), 0, options)));
    EXPECT_EQ(errorOf(session().bind(inputPorts(model.get(), 0).at(0), input)), "");
  }
  Session &session() { return sessions.front(); }

  TestModel source;
  ModelHandle model;
  HostValue input;
  std::vector<Session> sessions;
};

std::string printed(void (*print)(const ModelInfo &, llvm::raw_ostream &), const ModelInfo &info) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(info, stream);
  return text;
}

} // namespace

TEST_F(SessionTest, Ports) {
  std::vector<Port> inputs = inputPorts(model.get(), 0), outputs = outputPorts(model.get(), 0);
  ASSERT_EQ(inputs.size(), 1u);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(inputs[0].type.toString(), "f32 [batch, 4]");
  EXPECT_EQ(inputs[0].maximum, (std::vector<int64_t>{64, 4}));
  EXPECT_EQ(outputs[0].type.name, "y");
}

TEST_F(SessionTest, RunsAndReturnsOutputs) {
  ASSERT_EQ(errorOf(session().run()), "");
  HostValue output = valueOf(session().output(outputPorts(model.get(), 0).at(0)));
  EXPECT_EQ(output.name, "y");
  EXPECT_EQ(output.tensor.dims, (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(numbersOf(output.tensor), (std::vector<double>{1, 3, 5, 7, 9, 11, 13, 15}));
}

TEST_F(SessionTest, WrongInputsAreErrors) {
  Port port = inputPorts(model.get(), 0).at(0);
  HostValue wrong = tensorOf(DLC_F64, {2, 4}, {});
  std::string error = errorOf(session().bind(port, wrong));
  EXPECT_NE(error + errorOf(session().run()), "");
  HostValue deep = tensorOf(DLC_F32, std::vector<int64_t>(20, 1), {});
  EXPECT_EQ(errorOf(session().bind(port, deep)), "input 'x': expected a rank of at most 16, got 20");
}

TEST_F(SessionTest, ValuesCrossTheBorderAndComeBack) {
  HostTensor strings;
  strings.dtype = DLC_STRING;
  strings.dims = {2};
  strings.strings = {"a", ""};
  HostValue sequence;
  sequence.kind = DLC_KIND_SEQUENCE;
  sequence.elements = {tensorOf(DLC_I64, {2}, {5, 6}), tensorOf(DLC_I64, {0}, {})};
  HostValue optional;
  optional.kind = DLC_KIND_OPTIONAL;
  optional.elements = {sequence};
  for (const HostValue &value : {HostValue(strings), sequence, optional}) {
    ValueHandle handle = valueOf(toEngine(value));
    HostValue back = valueOf(fromEngine(handle.get()));
    EXPECT_EQ(back.kind, value.kind);
    EXPECT_TRUE(compareValues(value, back).passed) << compareValues(value, back).toString();
  }
}

TEST_F(SessionTest, BenchMeasures) {
  BenchResult result = valueOf(benchSessions(sessions, 0.01));
  EXPECT_GE(result.latencies.size(), 5u);
  EXPECT_LE(result.percentile(0), result.percentile(0.99));
  EXPECT_GT(result.runsPerSecond(), 0);
}

TEST_F(SessionTest, BenchReportsErrors) {
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  sessions.push_back(valueOf(Session::create(model.get(), 0, options)));
  EXPECT_NE(errorOf(benchSessions(sessions, 0.01)), "");
}

TEST_F(SessionTest, ProfileCountsArithmetic) {
  Profile profile = valueOf(collectProfile(session(), 3));
  EXPECT_EQ(profile.runs, 3);
  EXPECT_EQ(profile.flopsPerRun(), 16);
  EXPECT_TRUE(profile.isComplete());
  std::string text;
  llvm::raw_string_ostream stream(text);
  printProfile(profile, stream);
  EXPECT_NE(text.find("increment"), std::string::npos) << text;

  TemporaryFolder folder;
  ASSERT_EQ(errorOf(writeTrace(folder.file("t.json"), profile, model.get())), "");
  llvm::json::Value trace = valueOf(llvm::json::parse(contentOf(folder.file("t.json"))));
  EXPECT_EQ(trace.getAsObject()->getArray("traceEvents")->size(), 4u);
}

TEST_F(SessionTest, InspectGathersThePlan) {
  ModelInfo info = valueOf(inspectModel(model.get()));
  EXPECT_EQ(info.name, "rows");
  ASSERT_EQ(info.entries.size(), 1u);
  EXPECT_EQ(info.entries[0].flops.text(), "8 * batch");
  const StageInfo &stage = info.entries[0].blocks.at(0).stages.at(0);
  ASSERT_EQ(stage.buffers.size(), 1u);
  EXPECT_EQ(stage.buffers[0].name, "doubled");
  ASSERT_EQ(stage.steps.size(), 2u);
  EXPECT_EQ(stage.steps[1].after, (std::vector<uint32_t>{0}));
}

TEST_F(SessionTest, InspectPrints) {
  ModelInfo info = valueOf(inspectModel(model.get()));
  std::string text = printed(printInspectText, info);
  for (const char *part : {"x: f32 [batch, 4], batch from 1 to 64", "8 * batch", "double_rows", "fallbacks  none"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  llvm::json::Value json = valueOf(llvm::json::parse(printed(printInspectJson, info)));
  EXPECT_EQ(json.getAsObject()->getArray("entries")->size(), 1u);
  EXPECT_NE(printed(printInspectDot, info).find("s0 -> s1;"), std::string::npos);
}
