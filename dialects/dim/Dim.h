//===- Dim.h - symbolic sizes ------------------------------------------------===//
#ifndef DLC_DIALECTS_DIM_DIM_H
#define DLC_DIALECTS_DIM_DIM_H
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include <optional>

namespace dlc::dim {
enum class ExprKind { Const, Symbol, Sum, Product, FloorDiv, Mod, Min, Max, Unknown };
namespace detail {
struct ExprStorage;
}
} // namespace dlc::dim

#include "dialects/dim/DimDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dim/DimAttrs.h.inc"

namespace dlc::dim {
using Expr = ExprAttr;
using Shape = llvm::SmallVector<Expr, 6>;
using mlir::MLIRContext;

/// Building blocks. Results are in normal form as long as they have at most kMaxTerms terms: products beyond it are kept
/// as products of sums, which are right but may be unequal to other forms of the same polynomial. `unknown` poisons
/// everything but a product with 0. Where a number in a result would not fit 64 bits, or a term would have more than
/// kMaxDegree factors, the result is unknown.
constexpr size_t kMaxTerms = 1024, kMaxDegree = 256;
Expr constant(MLIRContext *context, int64_t value);
Expr symbol(MLIRContext *context, llvm::StringRef name);
Expr unknown(MLIRContext *context);
Expr add(Expr a, Expr b);
Expr sub(Expr a, Expr b);
Expr mul(Expr a, Expr b);
/// Rounds toward minus infinity. A divisor that is symbolic is taken as positive.
Expr floorDiv(Expr a, Expr b);
Expr ceilDiv(Expr a, Expr b);
Expr mod(Expr a, Expr b);
Expr min(Expr a, Expr b);
Expr max(Expr a, Expr b);
/// 1 where a == b (a < b), otherwise 0.
Expr equalTo(Expr a, Expr b);
Expr lessThan(Expr a, Expr b);
Expr product(MLIRContext *context, llvm::ArrayRef<Expr> factors);

/// The value when it is a number.
std::optional<int64_t> getConstant(Expr e);
bool isConstant(Expr e, int64_t value);
bool isUnknown(Expr e);
/// True when `e >= 0` (`> 0` for provablyPositive) follows from symbols being at least 0 (taken as at least 1 there).
bool provablyNonNegative(Expr e);
/// True when both are known and the same formula.
bool equal(Expr a, Expr b);
/// A total order of formulas that depends on what they are, not on where they are in memory: below 0, 0 where they are
/// the same attribute, or above 0.
int compare(Expr a, Expr b);
/// Replaces symbols by formulas; symbols for which `map` returns null stay.
Expr substitute(Expr e, llvm::function_ref<Expr(llvm::StringRef)> map);
/// Evaluates; nullopt on overflow, division by zero, unknown parts, or a symbol without a value.
std::optional<int64_t> evaluate(Expr e, llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> value);
/// Calls `visit` for every symbol, once per occurrence.
void forEachSymbol(Expr e, llvm::function_ref<void(llvm::StringRef)> visit);
/// The formula as text, e.g. `batch * 2 + 1`; parse() reads it back. Names are [A-Za-z_][A-Za-z0-9_.$]*.
std::string toString(Expr e);
mlir::FailureOr<Expr> parse(mlir::AsmParser &parser);
/// Reads a formula from text; a failure's reason goes to `error`.
mlir::FailureOr<Expr> parse(MLIRContext *context, llvm::StringRef text, std::string &error);

/// The sizes of a ranked type: numbers, formulas of its encoding, or unknown.
Shape getShape(mlir::RankedTensorType type);
/// A tensor type with these sizes; the encoding is present only where a dim is symbolic and known.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<Expr> shape, mlir::Type element);
} // namespace dlc::dim
#endif
