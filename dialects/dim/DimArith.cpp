//===- DimArith.cpp - arithmetic on symbolic sizes, in normal form ------------===//
#include "dialects/dim/Dim.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>

namespace dlc::dim {
namespace {
struct ByText {
  bool operator()(Expr a, Expr b) const { return a != b && toString(a) < toString(b); }
};
using Monomial = llvm::SmallVector<Expr, 2>; // sorted atoms
struct MonomialLess {
  bool operator()(const Monomial &a, const Monomial &b) const {
    if (a.size() != b.size()) {
      return a.size() > b.size();
    }
    for (auto [x, y] : llvm::zip(a, b)) {
      if (x != y) {
        return ByText()(x, y);
      }
    }
    return false;
  }
};
/// A polynomial: the empty monomial holds the constant.
using Poly = std::map<Monomial, int64_t, MonomialLess>;

Expr make(MLIRContext *context, ExprKind kind, int64_t value, llvm::StringRef symbol = "",
          llvm::ArrayRef<mlir::Attribute> operands = {}) {
  return ExprAttr::get(context, kind, value, symbol, operands);
}

Expr operand(Expr e, unsigned i) { return llvm::cast<ExprAttr>(e.getOperands()[i]); }

void addTerm(Poly &poly, const Monomial &monomial, int64_t coefficient) {
  int64_t &slot = poly[monomial];
  slot += coefficient;
  if (slot == 0) {
    poly.erase(monomial);
  }
}

Poly toPoly(Expr e) {
  Poly poly;
  switch (e.getKind()) {
  case ExprKind::Const:
    addTerm(poly, {}, e.getValue());
    break;
  case ExprKind::Product: {
    Monomial atoms;
    for (mlir::Attribute a : e.getOperands()) {
      atoms.push_back(llvm::cast<ExprAttr>(a));
    }
    addTerm(poly, atoms, e.getValue());
    break;
  }
  case ExprKind::Sum:
    for (mlir::Attribute a : e.getOperands()) {
      for (auto &[monomial, coefficient] : toPoly(llvm::cast<ExprAttr>(a))) {
        addTerm(poly, monomial, coefficient);
      }
    }
    break;
  default:
    addTerm(poly, {e}, 1);
  }
  return poly;
}

Expr fromTerm(MLIRContext *context, const Monomial &monomial, int64_t coefficient) {
  if (monomial.empty()) {
    return constant(context, coefficient);
  }
  if (coefficient == 1 && monomial.size() == 1) {
    return monomial.front();
  }
  llvm::SmallVector<mlir::Attribute> atoms(monomial.begin(), monomial.end());
  return make(context, ExprKind::Product, coefficient, "", atoms);
}

Expr fromPoly(MLIRContext *context, const Poly &poly) {
  if (poly.empty()) {
    return constant(context, 0);
  }
  llvm::SmallVector<mlir::Attribute> terms;
  for (auto &[monomial, coefficient] : poly) {
    terms.push_back(fromTerm(context, monomial, coefficient));
  }
  return terms.size() == 1 ? llvm::cast<ExprAttr>(terms.front()) : make(context, ExprKind::Sum, 0, "", terms);
}

/// Divides every term of `poly` by `monomial * coefficient`; terms that do not divide exactly go to `rest`.
Poly divideTerms(const Poly &poly, const Monomial &monomial, int64_t coefficient, Poly &rest) {
  Poly quotient;
  for (auto &[atoms, c] : poly) {
    Monomial left = atoms;
    bool exact = c % coefficient == 0;
    for (Expr atom : monomial) {
      auto *it = llvm::find(left, atom);
      if (it == left.end()) {
        exact = false;
        break;
      }
      left.erase(it);
    }
    if (exact) {
      addTerm(quotient, left, c / coefficient);
    } else {
      addTerm(rest, atoms, c);
    }
  }
  return quotient;
}

Expr binary(ExprKind kind, Expr a, Expr b) {
  return make(a.getContext(), kind, 0, "", {a, b});
}

std::optional<int64_t> apply(ExprKind kind, int64_t a, int64_t b) {
  int64_t r;
  switch (kind) {
  case ExprKind::Sum:
    return llvm::AddOverflow(a, b, r) ? std::nullopt : std::optional<int64_t>(r);
  case ExprKind::Product:
    return llvm::MulOverflow(a, b, r) ? std::nullopt : std::optional<int64_t>(r);
  case ExprKind::FloorDiv:
    return b == 0 || (a == INT64_MIN && b == -1) ? std::nullopt
                                                 : std::optional<int64_t>(llvm::divideFloorSigned(a, b));
  case ExprKind::Mod:
    return b == 0 || b == -1 ? (b == 0 ? std::nullopt : std::optional<int64_t>(0))
                             : std::optional<int64_t>(a - b * llvm::divideFloorSigned(a, b));
  case ExprKind::Min:
    return std::min(a, b);
  case ExprKind::Max:
    return std::max(a, b);
  default:
    return std::nullopt;
  }
}

bool atomNonNegative(Expr e) {
  switch (e.getKind()) {
  case ExprKind::Symbol:
    return !e.getSymbol().ends_with("$");
  case ExprKind::FloorDiv:
    return provablyNonNegative(operand(e, 0)) && provablyNonNegative(operand(e, 1));
  case ExprKind::Mod:
    return provablyNonNegative(operand(e, 1));
  case ExprKind::Min:
    return provablyNonNegative(operand(e, 0)) && provablyNonNegative(operand(e, 1));
  case ExprKind::Max:
    return provablyNonNegative(operand(e, 0)) || provablyNonNegative(operand(e, 1));
  default:
    return false;
  }
}
} // namespace

Expr constant(MLIRContext *context, int64_t value) { return make(context, ExprKind::Const, value); }
Expr symbol(MLIRContext *context, llvm::StringRef name) { return make(context, ExprKind::Symbol, 0, name); }
Expr unknown(MLIRContext *context) { return make(context, ExprKind::Unknown, 0); }
bool isUnknown(Expr e) { return e.getKind() == ExprKind::Unknown; }
bool isConstant(Expr e, int64_t value) { return getConstant(e) == value; }
bool equal(Expr a, Expr b) { return !isUnknown(a) && a == b; }

std::optional<int64_t> getConstant(Expr e) {
  return e.getKind() == ExprKind::Const ? std::optional<int64_t>(e.getValue()) : std::nullopt;
}

Expr add(Expr a, Expr b) {
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  Poly poly = toPoly(a);
  for (auto &[monomial, coefficient] : toPoly(b)) {
    addTerm(poly, monomial, coefficient);
  }
  return fromPoly(a.getContext(), poly);
}

Expr sub(Expr a, Expr b) { return add(a, mul(b, constant(a.getContext(), -1))); }

Expr mul(Expr a, Expr b) {
  if (isConstant(a, 0) || isConstant(b, 0)) {
    return constant(a.getContext(), 0);
  }
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  Poly poly, other = toPoly(b);
  for (auto &[x, cx] : toPoly(a)) {
    for (auto &[y, cy] : other) {
      Monomial atoms = x;
      llvm::append_range(atoms, y);
      llvm::sort(atoms, ByText());
      addTerm(poly, atoms, cx * cy);
    }
  }
  return fromPoly(a.getContext(), poly);
}

Expr floorDiv(Expr a, Expr b) {
  MLIRContext *context = a.getContext();
  if (isConstant(b, 1)) {
    return a;
  }
  if (isUnknown(a) || isUnknown(b) || isConstant(b, 0)) {
    return unknown(context);
  }
  if (auto x = getConstant(a), y = getConstant(b); x && y) {
    return constant(context, llvm::divideFloorSigned(*x, *y));
  }
  if (a == b) {
    return constant(context, 1);
  }
  Poly divisor = toPoly(b);
  if (divisor.size() == 1) {
    Poly rest;
    auto &[monomial, coefficient] = *divisor.begin();
    Poly quotient = divideTerms(toPoly(a), monomial, coefficient, rest);
    Expr r = fromPoly(context, rest), q = fromPoly(context, quotient);
    if (rest.empty()) {
      return q;
    }
    if (auto x = getConstant(r), y = getConstant(b); x && y) {
      return add(q, constant(context, llvm::divideFloorSigned(*x, *y)));
    }
    return add(q, binary(ExprKind::FloorDiv, r, b));
  }
  return binary(ExprKind::FloorDiv, a, b);
}

Expr ceilDiv(Expr a, Expr b) {
  Expr minusOne = constant(a.getContext(), -1);
  return mul(floorDiv(mul(a, minusOne), b), minusOne);
}

Expr mod(Expr a, Expr b) {
  Expr q = floorDiv(a, b);
  if (isUnknown(q)) {
    return q;
  }
  Expr r = sub(a, mul(b, q));
  return getConstant(r) ? r : binary(ExprKind::Mod, a, b);
}

Expr min(Expr a, Expr b) {
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  if (provablyNonNegative(sub(b, a))) {
    return a;
  }
  if (provablyNonNegative(sub(a, b))) {
    return b;
  }
  return ByText()(b, a) ? binary(ExprKind::Min, b, a) : binary(ExprKind::Min, a, b);
}

Expr max(Expr a, Expr b) {
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  if (provablyNonNegative(sub(a, b))) {
    return a;
  }
  if (provablyNonNegative(sub(b, a))) {
    return b;
  }
  return ByText()(b, a) ? binary(ExprKind::Max, b, a) : binary(ExprKind::Max, a, b);
}

Expr product(MLIRContext *context, llvm::ArrayRef<Expr> factors) {
  Expr r = constant(context, 1);
  for (Expr e : factors) {
    r = mul(r, e);
  }
  return r;
}

bool provablyNonNegative(Expr e) {
  if (isUnknown(e)) {
    return false;
  }
  for (auto &[monomial, coefficient] : toPoly(e)) {
    if (coefficient < 0 || !llvm::all_of(monomial, atomNonNegative)) {
      return false;
    }
  }
  return true;
}

Expr substitute(Expr e, llvm::function_ref<Expr(llvm::StringRef)> map) {
  MLIRContext *context = e.getContext();
  auto sub = [&](unsigned i) { return substitute(operand(e, i), map); };
  switch (e.getKind()) {
  case ExprKind::Const:
  case ExprKind::Unknown:
    return e;
  case ExprKind::Symbol: {
    Expr r = map(e.getSymbol());
    return r ? r : e;
  }
  case ExprKind::Sum:
  case ExprKind::Product: {
    bool sum = e.getKind() == ExprKind::Sum;
    Expr r = constant(context, sum ? 0 : e.getValue());
    for (unsigned i = 0; i < e.getOperands().size(); ++i) {
      r = sum ? add(r, sub(i)) : mul(r, sub(i));
    }
    return r;
  }
  case ExprKind::FloorDiv:
    return floorDiv(sub(0), sub(1));
  case ExprKind::Mod:
    return mod(sub(0), sub(1));
  case ExprKind::Min:
    return min(sub(0), sub(1));
  case ExprKind::Max:
    return max(sub(0), sub(1));
  }
  return e;
}

std::optional<int64_t> evaluate(Expr e, llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> value) {
  switch (e.getKind()) {
  case ExprKind::Const:
    return e.getValue();
  case ExprKind::Unknown:
    return std::nullopt;
  case ExprKind::Symbol:
    return value(e.getSymbol());
  default:
    break;
  }
  std::optional<int64_t> r;
  if (e.getKind() == ExprKind::Sum) {
    r = 0;
  } else if (e.getKind() == ExprKind::Product) {
    r = e.getValue();
  }
  for (unsigned i = 0; i < e.getOperands().size(); ++i) {
    std::optional<int64_t> x = evaluate(operand(e, i), value);
    if (!x) {
      return std::nullopt;
    }
    r = r ? apply(e.getKind(), *r, *x) : x;
    if (!r) {
      return std::nullopt;
    }
  }
  return r;
}

void forEachSymbol(Expr e, llvm::function_ref<void(llvm::StringRef)> visit) {
  if (e.getKind() == ExprKind::Symbol) {
    visit(e.getSymbol());
  }
  for (mlir::Attribute a : e.getOperands()) {
    forEachSymbol(llvm::cast<ExprAttr>(a), visit);
  }
}
} // namespace dlc::dim
