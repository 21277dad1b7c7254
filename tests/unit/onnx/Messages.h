//===- Messages.h - what models that are refused must say --------------------------------===//
#ifndef DLC_TESTS_UNIT_ONNX_MESSAGES_H
#define DLC_TESTS_UNIT_ONNX_MESSAGES_H
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>

namespace dlc::onnx_testing {
/// `message` is the reason of the only problem.
inline void expectRefused(TestModel &m, const std::string &message, const onnx_import::ImportOptions &options = {},
                          const std::string &folder = "") {
  EXPECT_FALSE(m.import(options, folder)) << message;
  ASSERT_EQ(m.problems.size(), 1u) << message << "\n" << m.problemText();
  EXPECT_EQ(m.problems[0].reason, message);
}

/// x: [2] -> Relu -> y.
struct Plain : TestModel {
  Plain() : TestModel(17) { input("x", {2}).output("y").node("Relu", {"x"}, {"y"}); }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
};
} // namespace dlc::onnx_testing
#endif
