//===- DimArith.cpp - arithmetic on symbolic sizes, in normal form ------------===//
#include "dialects/dim/Factor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <numeric>

namespace dlc::dim {
namespace {
struct ByStructure {
  bool operator()(Expr a, Expr b) const { return compare(a, b) < 0; }
};
using Monomial = llvm::SmallVector<Expr, 2>; // sorted atoms
struct MonomialLess {
  bool operator()(const Monomial &a, const Monomial &b) const {
    if (a.size() != b.size()) {
      return a.size() > b.size();
    }
    for (auto [x, y] : llvm::zip(a, b)) {
      if (x != y) {
        return ByStructure()(x, y);
      }
    }
    return false;
  }
};
/// A polynomial: the empty monomial holds the constant. Without `fits`, a coefficient does not fit 64 bits.
struct Poly {
  std::map<Monomial, int64_t, MonomialLess> terms;
  bool fits = true;
};

Expr make(MLIRContext *context, ExprKind kind, int64_t value, llvm::StringRef symbol = "",
          llvm::ArrayRef<mlir::Attribute> operands = {}) {
  return ExprAttr::get(context, kind, value, symbol, operands);
}

Expr operand(Expr e, unsigned i) { return llvm::cast<ExprAttr>(e.getOperands()[i]); }

void addTerm(Poly &poly, const Monomial &monomial, int64_t coefficient) {
  int64_t &slot = poly.terms[monomial];
  poly.fits &= !llvm::AddOverflow(slot, coefficient, slot);
  if (slot == 0) {
    poly.terms.erase(monomial);
  }
}

void addTerms(Poly &poly, const Poly &other) {
  poly.fits &= other.fits;
  for (const auto &[monomial, coefficient] : other.terms) {
    addTerm(poly, monomial, coefficient);
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
      addTerms(poly, toPoly(llvm::cast<ExprAttr>(a)));
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
  if (!poly.fits) {
    return unknown(context);
  }
  if (poly.terms.empty()) {
    return constant(context, 0);
  }
  llvm::SmallVector<mlir::Attribute> terms;
  for (const auto &[monomial, coefficient] : poly.terms) {
    terms.push_back(fromTerm(context, monomial, coefficient));
  }
  return terms.size() == 1 ? llvm::cast<ExprAttr>(terms.front()) : make(context, ExprKind::Sum, 0, "", terms);
}

/// What is left of `atoms` without those of `divisor`; nullopt when it lacks one.
std::optional<Monomial> divideMonomial(Monomial atoms, const Monomial &divisor) {
  for (Expr atom : divisor) {
    auto *it = llvm::find(atoms, atom);
    if (it == atoms.end()) {
      return std::nullopt;
    }
    atoms.erase(it);
  }
  return atoms;
}

/// Divides every term of `poly` by `monomial * coefficient`; terms that do not divide exactly go to `rest`.
Poly divideTerms(const Poly &poly, const Monomial &monomial, int64_t coefficient, Poly &rest) {
  Poly quotient;
  for (const auto &[atoms, c] : poly.terms) {
    bool divisible = coefficient != -1 ? c % coefficient == 0 : c != INT64_MIN;
    std::optional<Monomial> left = divisible ? divideMonomial(atoms, monomial) : std::nullopt;
    if (left) {
      addTerm(quotient, *left, c / coefficient);
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
  case ExprKind::Sum: // of a product that was not multiplied out
    return provablyNonNegative(e);
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

std::pair<int64_t, Expr> takeFactor(Expr e) {
  Poly poly = toPoly(e);
  int64_t factor = 0;
  for (const auto &[monomial, coefficient] : poly.terms) {
    factor = coefficient == INT64_MIN ? 1 : std::gcd(factor, coefficient);
  }
  if (!poly.fits || factor <= 1) {
    return {1, e};
  }
  for (auto &[monomial, coefficient] : poly.terms) {
    coefficient /= factor;
  }
  return {factor, fromPoly(e.getContext(), poly)};
}

int compare(Expr a, Expr b) {
  if (a == b) {
    return 0;
  }
  auto order = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (int r = order(a.getKind(), b.getKind())) {
    return r;
  }
  if (int r = a.getSymbol().compare(b.getSymbol())) {
    return r;
  }
  if (int r = order(a.getOperands().size(), b.getOperands().size())) {
    return r;
  }
  for (size_t i = 0; i < a.getOperands().size(); ++i) {
    if (int r = compare(operand(a, i), operand(b, i))) {
      return r; // equal formulas are one attribute, so this looks at one path only
    }
  }
  return order(a.getValue(), b.getValue());
}

Expr add(Expr a, Expr b) {
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  Poly poly = toPoly(a);
  addTerms(poly, toPoly(b));
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
  Poly x = toPoly(a), y = toPoly(b), product;
  product.fits = x.fits && y.fits;
  if (x.terms.size() > 1 && y.terms.size() > 1 && x.terms.size() * y.terms.size() > kMaxTerms) {
    // Each is one atom of the product.
    (x = Poly()).terms[{a}] = 1;
    (y = Poly()).terms[{b}] = 1;
  }
  for (const auto &[m, cm] : x.terms) {
    for (const auto &[n, cn] : y.terms) {
      Monomial atoms = m;
      llvm::append_range(atoms, n);
      llvm::sort(atoms, ByStructure());
      int64_t coefficient = 0;
      product.fits &= !llvm::MulOverflow(cm, cn, coefficient) && atoms.size() <= kMaxDegree;
      addTerm(product, atoms, coefficient);
    }
  }
  return fromPoly(a.getContext(), product);
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
    std::optional<int64_t> q = apply(ExprKind::FloorDiv, *x, *y);
    return q ? constant(context, *q) : unknown(context);
  }
  if (a == b) {
    return constant(context, 1);
  }
  Poly divisor = toPoly(b);
  if (divisor.terms.size() != 1) {
    return binary(ExprKind::FloorDiv, a, b);
  }
  Poly rest;
  const auto &[monomial, coefficient] = *divisor.terms.begin();
  Expr q = fromPoly(context, divideTerms(toPoly(a), monomial, coefficient, rest)), r = fromPoly(context, rest);
  if (rest.terms.empty()) {
    return q;
  }
  bool numbers = getConstant(r) && getConstant(b);
  return add(q, numbers ? floorDiv(r, b) : binary(ExprKind::FloorDiv, r, b));
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

namespace {
/// Whether `e` is the minimum (or maximum) of `x` and something.
bool contains(Expr e, ExprKind kind, Expr x) { return e.getKind() == kind && llvm::is_contained(e.getOperands(), x); }
/// min(x, max(x, y)) = x and min(x, min(x, y)) = min(x, y); the same with min and max exchanged. Null when neither holds.
Expr absorb(Expr a, Expr b, ExprKind kind, ExprKind opposite) {
  for (auto [x, e] : {std::pair(a, b), std::pair(b, a)}) {
    if (contains(e, opposite, x)) {
      return x;
    }
    if (contains(e, kind, x)) {
      return e;
    }
  }
  return {};
}
} // namespace

Expr min(Expr a, Expr b) {
  if (auto x = getConstant(a), y = getConstant(b); x && y) {
    return *x < *y ? a : b;
  }
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  if (a == b || provablyNonNegative(sub(b, a))) {
    return a;
  }
  if (provablyNonNegative(sub(a, b))) {
    return b;
  }
  if (Expr e = absorb(a, b, ExprKind::Min, ExprKind::Max)) {
    return e;
  }
  return ByStructure()(b, a) ? binary(ExprKind::Min, b, a) : binary(ExprKind::Min, a, b);
}

Expr max(Expr a, Expr b) {
  if (auto x = getConstant(a), y = getConstant(b); x && y) {
    return *x > *y ? a : b;
  }
  if (isUnknown(a) || isUnknown(b)) {
    return unknown(a.getContext());
  }
  if (a == b || provablyNonNegative(sub(a, b))) {
    return a;
  }
  if (provablyNonNegative(sub(b, a))) {
    return b;
  }
  if (Expr e = absorb(a, b, ExprKind::Max, ExprKind::Min)) {
    return e;
  }
  return ByStructure()(b, a) ? binary(ExprKind::Max, b, a) : binary(ExprKind::Max, a, b);
}

Expr equalTo(Expr a, Expr b) {
  MLIRContext *context = a.getContext();
  Expr one = constant(context, 1), zero = constant(context, 0), d = sub(a, b), e = sub(b, a);
  if (isUnknown(d) || isUnknown(e)) {
    return unknown(context);
  }
  if (isConstant(d, 0)) {
    return one;
  }
  if (provablyNonNegative(sub(d, one)) || provablyNonNegative(sub(e, one))) {
    return zero;
  }
  return max(sub(one, max(d, e)), zero); // |a - b| is at least 1 where they differ
}

Expr lessThan(Expr a, Expr b) {
  Expr zero = constant(a.getContext(), 0);
  return min(max(sub(b, a), zero), constant(a.getContext(), 1));
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
  for (auto &[monomial, coefficient] : toPoly(e).terms) {
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
