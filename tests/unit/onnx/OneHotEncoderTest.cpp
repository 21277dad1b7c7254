//===- OneHotEncoderTest.cpp - OneHotEncoder of ai.onnx.ml ------------------------------------===//
#include "tests/unit/onnx/Messages.h"
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;

struct Encoder : TestModel {
  Encoder() : TestModel(18) {
    proto.add_opset_import()->set_domain("ai.onnx.ml");
    proto.mutable_opset_import(1)->set_version(1);
    input("x", {"n"}).output("y").node("OneHotEncoder", {"x"}, {"y"}).set_domain("ai.onnx.ml");
    setInts(own(), "cats_int64s", {3, 7});
  }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
};

TEST(OneHotEncoder, UnknownCategoriesAreZeros) {
  Encoder m;
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{3}, {7, 4, 3}}}), (std::vector<float>{0, 1, 0, 0, 1, 0})) << m.error;
}

TEST(OneHotEncoder, RefusesToCheckCategories) {
  Encoder m;
  setInt(m.own(), "zeros", 0);
  expectRefused(m, "expected zeros = 1, and cats_strings for strings, or cats_int64s for numbers");
}
} // namespace
