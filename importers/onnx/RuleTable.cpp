//===- RuleTable.cpp - which function imports which op -------------------------------===//
#include "importers/onnx/RuleTable.h"

namespace dlc::onnx_import {
const RuleTable &RuleTable::get() {
  static const RuleTable table = [] {
    RuleTable t;
    addAttentionRules(t);
    addAttentionMicrosoftRules(t);
    addPackedWeightRules(t);
    addElementwiseRules(t);
    addActivationRules(t);
    addConstantRules(t);
    addContractionRules(t);
    addConvRules(t);
    addMlRules(t);
    addLabelRules(t);
    addMoveRules(t);
    addNormRules(t);
    addPoolRules(t);
    addReduceRules(t);
    addRecurrenceRules(t);
    addQuantRules(t);
    addQLinearRules(t);
    addSearchRules(t);
    addRnnRules(t);
    addImageRules(t);
    addIndexRules(t);
    addLossRules(t);
    addResizeRules(t);
    addDynamicRules(t);
    addEinsumRules(t);
    addFusedRules(t);
    addControlRules(t);
    addSequenceRules(t);
    addShapeRules(t);
    addSliceRules(t);
    addGridRules(t);
    addSignalRules(t);
    addTextRules(t);
    addTrainingRules(t);
    addTreeRules(t);
    return t;
  }();
  return table;
}

void RuleTable::add(llvm::ArrayRef<Rule> more) {
  for (const Rule &rule : more) {
    rules[key(rule.domain, rule.op)].push_back(rule);
  }
}

RuleTable::Match RuleTable::find(llvm::StringRef domain, llvm::StringRef op, int64_t opset) const {
  auto it = rules.find(key(domain, op));
  Match match;
  if (it == rules.end()) {
    return match;
  }
  for (const Rule &rule : it->second) {
    for (int since : rule.since) {
      if (since <= opset && since > match.since) {
        match = {&rule, since};
      }
    }
  }
  return match;
}

llvm::SmallVector<int> RuleTable::versions(llvm::StringRef domain, llvm::StringRef op) const {
  llvm::SmallVector<int> all;
  if (auto it = rules.find(key(domain, op)); it != rules.end()) {
    for (const Rule &rule : it->second) {
      llvm::append_range(all, rule.since);
    }
  }
  return all;
}

void RuleTable::forEach(llvm::function_ref<void(const Rule &)> visit) const {
  for (const auto &entry : rules) {
    for (const Rule &rule : entry.second) {
      visit(rule);
    }
  }
}
} // namespace dlc::onnx_import
