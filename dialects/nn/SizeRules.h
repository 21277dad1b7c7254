//===- SizeRules.h - what ops take for granted of sizes ----------------------------------===//
#ifndef DLC_DIALECTS_NN_SIZERULES_H
#define DLC_DIALECTS_NN_SIZERULES_H
#include "dialects/nn/NN.h"

namespace dlc::nn {
/// Type inference refuses numbers that do not fit. Of formulas only a run can tell: it must find `lhs` equal to `rhs`.
struct SizeRule {
  dim::Expr lhs, rhs;
  std::string what; ///< for people: "inner dims"
};
using SizeRuleList = llvm::SmallVectorImpl<SizeRule>;

/// The sizes are equal. Nothing is appended where that is known, or nothing is known of one of them.
void mustBeEqual(SizeRuleList &rules, dim::Expr a, dim::Expr b, llvm::StringRef what);
/// The shapes have equal dims, from the first one on; what the longer one has beyond is free.
void mustBeEqual(SizeRuleList &rules, llvm::ArrayRef<dim::Expr> a, llvm::ArrayRef<dim::Expr> b, llvm::StringRef what);
/// Each dim of `from` is that of `to` (counted from the back) or 1.
void mustBroadcastTo(SizeRuleList &rules, llvm::ArrayRef<dim::Expr> from, llvm::ArrayRef<dim::Expr> to,
                     llvm::StringRef what);
/// The shapes broadcast together: dims at one place are equal or 1.
void mustBroadcast(SizeRuleList &rules, llvm::ArrayRef<dim::Shape> shapes, llvm::StringRef what);
} // namespace dlc::nn
#endif
