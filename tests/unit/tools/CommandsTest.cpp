#include "TestSupport.h"
#include "tools/dlc/Bench.h"
#include "tools/dlc/Formula.h"
#include "tools/dlc/Options.h"
#include "tools/dlc/Peak.h"

using namespace dlc;
using namespace dlc::test;

TEST(Formula, EqualTermsAreCollected) {
  FormulaSum sum;
  sum.add(10);
  sum.add("batch * 64 + 12");
  sum.add("2 * batch");
  sum.add("floordiv(seq + 1, 2) * 3");
  sum.add("seq * batch");
  EXPECT_EQ(sum.text(), "66 * batch + batch * seq + 3 * floordiv(seq + 1, 2) + 22");
  EXPECT_FALSE(sum.number());
}

TEST(Formula, RoundingUpIsReadable) {
  FormulaSum sum;
  sum.add("-64 * floordiv(-40 * batch, 64) + max(6272 * batch, -1 * floordiv(-1 * batch + -3, 2))");
  sum.add("floordiv(-1 * batch + 3, 2)");
  EXPECT_EQ(sum.text(), "64 * ceildiv(40 * batch, 64) + floordiv(-1 * batch + 3, 2) + "
                        "max(6272 * batch, ceildiv(batch + 3, 2))");
}

TEST(Formula, Numbers) {
  FormulaSum sum;
  EXPECT_EQ(sum.number(), 0);
  EXPECT_EQ(sum.text(), "0");
  sum.add(5);
  sum.add("7");
  EXPECT_EQ(sum.number(), 12);
  EXPECT_EQ(sum.text(), "12");
}

TEST(Bench, PercentilesAreNearestRanks) {
  BenchResult result;
  EXPECT_EQ(result.percentile(0.5), 0);
  for (int i = 1; i <= 10; ++i) {
    result.latencies.push_back(i);
  }
  result.seconds = 5;
  EXPECT_EQ(result.percentile(0), 1);
  EXPECT_EQ(result.percentile(0.5), 5);
  EXPECT_EQ(result.percentile(0.9), 9);
  EXPECT_EQ(result.percentile(0.99), 10);
  EXPECT_EQ(result.runsPerSecond(), 2);
}

TEST(Options, Dims) {
  auto dims = valueOf(parseDims({"batch=4", "seq=128"}));
  EXPECT_EQ(dims.lookup("seq"), 128);
  EXPECT_EQ(errorOf(parseDims({"batch"})), "--dim: expected NAME=N such as batch=4, got 'batch'");
  EXPECT_NE(errorOf(parseDims({"batch=-1"})), "");
}

TEST(Options, Images) {
  InputOptions texts;
  texts.imageSize = "32x16";
  texts.imageMean = "1,2,3";
  texts.imageScale = "2";
  texts.imageChannels = "bgr";
  ImageOptions options = valueOf(parseImageOptions(texts));
  EXPECT_EQ(options.size->first, 32);
  EXPECT_EQ(options.mean.size(), 3u);
  EXPECT_EQ(options.scale, 2);
  EXPECT_EQ(options.channels, ImageChannels::bgr);
  EXPECT_FALSE(options.layout);
  texts.imageScale = "1,2";
  EXPECT_NE(errorOf(parseImageOptions(texts)), "");
}

TEST(Inputs, AllProblemsAreReportedTogether) {
  std::vector<Port> ports(2);
  for (size_t i = 0; i < 2; ++i) {
    ports[i].type.name = i == 0 ? "a" : "b";
    ports[i].type.dtype = DLC_F32;
    ports[i].type.dims = {-1};
    ports[i].type.symbols = {"batch"};
    ports[i].minimum = {0};
    ports[i].maximum = {-1};
  }
  InputOptions options;
  options.inputs = {"c=x.npy"};
  std::string error = errorOf(gatherInputs(ports, options, /*isRandom=*/false));
  EXPECT_NE(error.find("got 'c=x.npy'"), std::string::npos) << error;
  EXPECT_NE(error.find("input 'a': expected a file for f32 [batch]"), std::string::npos) << error;
  EXPECT_NE(error.find("input 'b'"), std::string::npos) << error;

  InputOptions random;
  random.dims = {"batch=3"};
  auto values = valueOf(gatherInputs(ports, random, /*isRandom=*/true));
  EXPECT_EQ(values.at(1)->tensor.dims, (std::vector<int64_t>{3}));
  random.dims = {"seq=3"};
  EXPECT_NE(errorOf(gatherInputs(ports, random, /*isRandom=*/true)).find("symbolic dimensions batch"),
            std::string::npos);
}

TEST(Peak, IsPositive) {
  PeakResult peak = measurePeak(1);
  EXPECT_GT(peak.gflops, 0.1);
  EXPECT_FALSE(peak.vector.empty());
}
