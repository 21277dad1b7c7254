// What tools read of a program.
#include "dlc/inspect.h"
#include "Builder.h"
#include <gtest/gtest.h>

using namespace dlc::test;

namespace {

std::string peak(Builder b) {
  Blob blob = b.finish();
  dlc_model *m = load(blob);
  EXPECT_TRUE(m) << dlc_last_error();
  char text[512], cut[8];
  size_t length = dlc_inspect_peak_text(m, 0, text, sizeof text);
  EXPECT_EQ(length, strlen(text));
  EXPECT_EQ(dlc_inspect_peak_text(m, 0, cut, sizeof cut), length);
  dlc_model_release(m);
  return text;
}

TEST(Inspect, PeakIsANumberOrAFormula) {
  EXPECT_EQ(peak(diamond(1000)), std::to_string(3 * 4032));
  EXPECT_EQ(peak(diamond(-1)), "floordiv(n * 4 + 63, 64) * 64 * 3");
}

TEST(Inspect, TablesAreReadable) {
  Blob blob = diamond(-1).finish();
  dlc_model *m = load(blob);
  dlc_inspect_counts counts;
  ASSERT_EQ(dlc_inspect_get_counts(m, &counts), DLC_OK);
  EXPECT_EQ(counts.steps, 4u);
  EXPECT_EQ(counts.kernels, 2u);
  dlc_inspect_step step;
  ASSERT_EQ(dlc_inspect_get_step(m, 2, &step), DLC_OK);
  EXPECT_STREQ(step.target, "add");
  EXPECT_EQ(step.arg_count, 3u);
  EXPECT_EQ(step.dependency_count, 2u);
  EXPECT_EQ(step.successors[0], 3u);
  EXPECT_EQ(dlc_inspect_get_step(m, 4, &step), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(dlc_inspect_step_reason(m, 2), "it is a test");
  EXPECT_STREQ(dlc_inspect_step_reason(m, 4), "");
  dlc_inspect_stage stage;
  ASSERT_EQ(dlc_inspect_get_stage(m, 0, &stage), DLC_OK);
  EXPECT_EQ(stage.sizes, uint32_t(DLC_SIZES_FROM_INPUT_DIMS));
  dlc_inspect_block block;
  ASSERT_EQ(dlc_inspect_get_block(m, 0, &block), DLC_OK);
  EXPECT_EQ(block.parent_step, DLC_NONE);
  dlc_inspect_value value;
  ASSERT_EQ(dlc_inspect_get_value(m, step.args[0], &value), DLC_OK);
  EXPECT_STREQ(value.name, "left");
  char text[64];
  dlc_inspect_instruction_text(m, 1, text, sizeof text);
  EXPECT_STREQ(text, "s1 = const 4");
  int64_t number;
  EXPECT_TRUE(dlc_inspect_slot_constant(m, 1, &number));
  EXPECT_EQ(number, 4);
  EXPECT_FALSE(dlc_inspect_slot_constant(m, 0, &number));
  EXPECT_TRUE(dlc_inspect_kernel_code(m, 0));
  dlc_model_release(m);
}

} // namespace
