//===- Supported.cpp - what there are rules for, for people to read -------------------===//
#include "importers/onnx/Supported.h"
#include "importers/onnx/RuleTable.h"
#include "importers/onnx/Types.h"
#include <map>
#include <set>

namespace dlc::onnx_import {
namespace {
SupportedVersion describe(const Rule &rule, int since) {
  SupportedVersion version{since, rule.arity.least, rule.arity.most, rule.inputs == Inputs::Tensors};
  if (rule.arity.most == kAnyNumber) {
    version.mostInputs.reset();
  }
  return version;
}
} // namespace

std::vector<SupportedOp> supportedOps() {
  const RuleTable &table = RuleTable::get();
  // Rules have the empty domain for ai.onnx, which so comes first.
  std::map<std::pair<std::string, std::string>, std::set<int>> all;
  table.forEach([&](const Rule &rule) {
    for (int since : rule.since) {
      if (!rule.domain.empty() || since <= kNewestOpset) {
        all[{rule.domain.str(), rule.op.str()}].insert(since);
      }
    }
  });
  std::vector<SupportedOp> ops;
  for (const auto &[key, versions] : all) {
    const auto &[domain, name] = key;
    SupportedOp &op = ops.emplace_back(SupportedOp{domain.empty() ? "ai.onnx" : domain, name, {}});
    for (int since : versions) {
      op.versions.push_back(describe(*table.find(domain, name, since).rule, since));
    }
  }
  return ops;
}

std::vector<std::string> supportedElementTypes() {
  // Beyond all numbers of types that there are.
  constexpr int64_t kEnd = 128;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<nn::NNDialect>();
  std::vector<std::string> names;
  for (int64_t type = 1; type < kEnd; ++type) {
    if (elementType(&context, type)) {
      names.push_back(dataTypeName(type));
    }
  }
  return names;
}
} // namespace dlc::onnx_import
