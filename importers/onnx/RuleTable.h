//===- RuleTable.h - which function imports which op ---------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULETABLE_H
#define DLC_IMPORTERS_ONNX_RULETABLE_H
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <limits>
#include <vector>

namespace dlc::onnx_import {
class Node;

/// How many inputs a node may have.
struct Arity {
  unsigned least, most;
};
constexpr unsigned kAnyNumber = std::numeric_limits<unsigned>::max();

/// Inputs that are no tensors are refused before a rule sees them, unless it asks for them.
enum class Inputs { Tensors, Any };

/// How an op is imported from each of `since` on, until the next of them in any rule of the op.
struct Rule {
  llvm::StringRef domain, op;
  llvm::SmallVector<int, 6> since;
  llvm::LogicalResult (*import)(Node &);
  Arity arity;
  Inputs inputs = Inputs::Tensors;
};

/// All rules, keyed by domain and op.
class RuleTable {
public:
  /// Every rule that there is.
  static const RuleTable &get();
  struct Match {
    const Rule *rule = nullptr;
    int since = 0;
  };
  /// The rule with the highest since-version that is not above `opset`; null when there is none.
  Match find(llvm::StringRef domain, llvm::StringRef op, int64_t opset) const;
  /// The versions of the op that there are rules for, in no order; empty when it is not known at all.
  llvm::SmallVector<int> versions(llvm::StringRef domain, llvm::StringRef op) const;
  void add(llvm::ArrayRef<Rule> rules);
  /// Calls `visit` for every rule.
  void forEach(llvm::function_ref<void(const Rule &)> visit) const;

private:
  static std::string key(llvm::StringRef domain, llvm::StringRef op) { return (domain + ":" + op).str(); }
  llvm::StringMap<std::vector<Rule>> rules;
};

/// The domain of the ops that ONNX Runtime adds.
constexpr llvm::StringLiteral kMicrosoft = "com.microsoft";

void addAttentionRules(RuleTable &table);
void addAttentionMicrosoftRules(RuleTable &table);
void addPackedWeightRules(RuleTable &table);
void addElementwiseRules(RuleTable &table);
void addActivationRules(RuleTable &table);
void addConstantRules(RuleTable &table);
void addContractionRules(RuleTable &table);
void addConvRules(RuleTable &table);
void addLabelRules(RuleTable &table);
void addMlRules(RuleTable &table);
void addMoveRules(RuleTable &table);
void addNormRules(RuleTable &table);
void addPoolRules(RuleTable &table);
void addReduceRules(RuleTable &table);
void addRecurrenceRules(RuleTable &table);
void addQuantRules(RuleTable &table);
void addQLinearRules(RuleTable &table);
void addSearchRules(RuleTable &table);
void addRnnRules(RuleTable &table);
void addImageRules(RuleTable &table);
void addIndexRules(RuleTable &table);
void addLossRules(RuleTable &table);
void addResizeRules(RuleTable &table);
void addDynamicRules(RuleTable &table);
void addEinsumRules(RuleTable &table);
void addFusedRules(RuleTable &table);
void addControlRules(RuleTable &table);
void addSequenceRules(RuleTable &table);
void addShapeRules(RuleTable &table);
void addSliceRules(RuleTable &table);
void addGridRules(RuleTable &table);
void addSignalRules(RuleTable &table);
void addTextRules(RuleTable &table);
void addTrainingRules(RuleTable &table);
void addTreeRules(RuleTable &table);
} // namespace dlc::onnx_import
#endif
