//===- NodeCase.h - models of one node, written in a line ---------------------------------===//
#ifndef DLC_TESTS_UNIT_ONNX_NODECASE_H
#define DLC_TESTS_UNIT_ONNX_NODECASE_H
#include "tests/unit/onnx/TestModel.h"
#include "llvm/ADT/StringExtras.h"
#include <gtest/gtest.h>

namespace dlc::onnx_testing {
/// A model of one node.
struct Case {
  const char *op; ///< with its domain, if it is not ONNX's
  int64_t opset;
  /// Words: a type and sizes ("2xn" of f32, "i64:2", "i64:" for a scalar), a constant ("=1,2"), or "-" for none.
  const char *operands;
  const char *attributes; ///< words: "a=1", "a=0.5", "a=[1,2]", or a string
  const char *reason;
  unsigned outputs = 1;
};

inline int typeNamed(llvm::StringRef name) {
  return name == "i64"    ? onnx::TensorProto::INT64
         : name == "i32"  ? onnx::TensorProto::INT32
         : name == "u8"   ? onnx::TensorProto::UINT8
         : name == "bool" ? onnx::TensorProto::BOOL
                          : onnx::TensorProto::FLOAT;
}

/// An input of the model as a word says it.
inline void addInput(TestModel &m, const std::string &name, llvm::StringRef word) {
  auto [type, text] = word.contains(':') ? word.split(':') : std::pair(llvm::StringRef("f32"), word);
  onnx::ValueInfoProto &info = *m.graph().add_input();
  info.set_name(name);
  info.mutable_type()->mutable_tensor_type()->set_elem_type(typeNamed(type));
  auto *shape = info.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (llvm::StringRef size : llvm::split(text, 'x')) {
    int64_t number = 0;
    if (!size.getAsInteger(10, number)) {
      shape->add_dim()->set_dim_value(number);
    } else if (!size.empty()) {
      shape->add_dim()->set_dim_param(size.str());
    }
  }
}

inline std::vector<int64_t> numbers(llvm::StringRef text) {
  std::vector<int64_t> result;
  for (llvm::StringRef part : llvm::split(text, ',')) {
    part.getAsInteger(10, result.emplace_back());
  }
  return result;
}

inline void addAttribute(onnx::NodeProto &n, llvm::StringRef word) {
  auto [name, value] = word.split('=');
  onnx::AttributeProto &a = *n.add_attribute();
  a.set_name(name.str());
  int64_t number = 0;
  double real = 0;
  if (!value.getAsInteger(10, number)) {
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(number);
  } else if (!value.getAsDouble(real)) {
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(float(real));
  } else if (value.starts_with("[")) {
    a.set_type(onnx::AttributeProto::INTS);
    std::vector<int64_t> values = numbers(value.drop_front().drop_back());
    a.mutable_ints()->Add(values.begin(), values.end());
  } else {
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value.str());
  }
}

/// The node of a case, whose outputs are the model's.
inline onnx::NodeProto &build(TestModel &m, const Case &c) {
  auto [domain, op] = llvm::StringRef(c.op).rsplit('.');
  onnx::NodeProto &n = m.node(op.empty() ? c.op : op.str(), {}, {});
  if (!op.empty()) {
    n.set_domain(domain.str());
    m.proto.add_opset_import()->set_domain(domain.str());
    m.proto.mutable_opset_import(1)->set_version(1);
  }
  int count = 0;
  for (llvm::StringRef word : llvm::split(c.operands, ' ')) {
    std::string name = word == "-" || word.empty() ? "" : "x" + std::to_string(count++);
    if (word.consume_front("=")) {
      std::vector<int64_t> values = numbers(word);
      m.ints(name, {int64_t(values.size())}, values);
    } else if (!name.empty()) {
      addInput(m, name, word);
    }
    if (*c.operands) {
      n.add_input(name);
    }
  }
  for (llvm::StringRef word : llvm::split(c.attributes, ' ')) {
    if (!word.empty()) {
      addAttribute(n, word);
    }
  }
  for (unsigned i = 0; i < c.outputs; ++i) {
    n.add_output("y" + std::to_string(i));
    m.output("y" + std::to_string(i));
  }
  return n;
}

inline void expectReason(TestModel &m, const char *reason) {
  EXPECT_FALSE(m.import());
  ASSERT_EQ(m.problems.size(), 1u) << m.problemText();
  EXPECT_EQ(m.problems[0].reason, reason) << m.problemText();
}

inline void expectReasons(llvm::ArrayRef<Case> cases) {
  for (const Case &c : cases) {
    SCOPED_TRACE(std::string(c.op) + " of " + c.operands + " " + c.attributes);
    TestModel m(c.opset);
    build(m, c);
    expectReason(m, c.reason);
  }
}
} // namespace dlc::onnx_testing
#endif
