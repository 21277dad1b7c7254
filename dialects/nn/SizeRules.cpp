//===- SizeRules.cpp - what ops take for granted of sizes --------------------------------===//
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
void mustBeEqual(SizeRuleList &rules, dim::Expr a, dim::Expr b, llvm::StringRef what) {
  if (a != b && !dim::isUnknown(a) && !dim::isUnknown(b)) {
    rules.push_back({a, b, what.str()});
  }
}

void mustBeEqual(SizeRuleList &rules, llvm::ArrayRef<dim::Expr> a, llvm::ArrayRef<dim::Expr> b, llvm::StringRef what) {
  for (auto [x, y] : llvm::zip(a, b)) {
    mustBeEqual(rules, x, y, what);
  }
}

void mustBroadcastTo(SizeRuleList &rules, llvm::ArrayRef<dim::Expr> from, llvm::ArrayRef<dim::Expr> to,
                     llvm::StringRef what) {
  for (size_t i = 0; i < from.size() && i < to.size(); ++i) {
    dim::Expr size = from[from.size() - 1 - i], target = to[to.size() - 1 - i];
    if (size == target || dim::isConstant(size, 1) || dim::isUnknown(size) || dim::isUnknown(target)) {
      continue;
    }
    // `target` where the size is not 1, otherwise 1.
    dim::Expr one = dim::constant(size.getContext(), 1);
    dim::Expr repeats = dim::mul(dim::equalTo(size, one), dim::sub(one, target));
    mustBeEqual(rules, size, dim::add(target, repeats), what);
  }
}

void mustBroadcast(SizeRuleList &rules, llvm::ArrayRef<dim::Shape> shapes, llvm::StringRef what) {
  std::string ignored;
  mlir::FailureOr<dim::Shape> result = broadcastShapes(shapes, ignored);
  for (const dim::Shape &shape : shapes) {
    if (mlir::succeeded(result)) {
      mustBroadcastTo(rules, shape, *result, what);
    }
  }
}
} // namespace dlc::nn
