//===- Dim.cpp - the dim dialect, its storage and tensor types ----------------===//
#include "dialects/dim/Dim.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::dim::detail {
struct ExprStorage : public mlir::AttributeStorage {
  using KeyTy = std::tuple<ExprKind, int64_t, llvm::StringRef, llvm::ArrayRef<mlir::Attribute>>;
  ExprStorage(ExprKind kind, int64_t value, llvm::StringRef symbol, llvm::ArrayRef<mlir::Attribute> operands)
      : kind(kind), value(value), symbol(symbol), operands(operands) {}
  bool operator==(const KeyTy &key) const { return key == getAsKey(); }
  KeyTy getAsKey() const { return KeyTy(kind, value, symbol, operands); }
  static llvm::hash_code hashKey(const KeyTy &key) {
    return llvm::hash_combine(std::get<0>(key), std::get<1>(key), std::get<2>(key),
                              llvm::hash_combine_range(std::get<3>(key).begin(), std::get<3>(key).end()));
  }
  static ExprStorage *construct(mlir::AttributeStorageAllocator &allocator, KeyTy &&key) {
    return new (allocator.allocate<ExprStorage>()) ExprStorage(
        std::get<0>(key), std::get<1>(key), allocator.copyInto(std::get<2>(key)), allocator.copyInto(std::get<3>(key)));
  }
  ExprKind kind;
  int64_t value;
  llvm::StringRef symbol;
  llvm::ArrayRef<mlir::Attribute> operands;
};
} // namespace dlc::dim::detail

#include "dialects/dim/DimDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dim/DimAttrs.cpp.inc"

namespace dlc::dim {
void DimDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dim/DimAttrs.cpp.inc"
      >();
}

// The storage is our own, so are its accessors.
ExprKind ExprAttr::getKind() const { return getImpl()->kind; }
int64_t ExprAttr::getValue() const { return getImpl()->value; }
llvm::StringRef ExprAttr::getSymbol() const { return getImpl()->symbol; }
llvm::ArrayRef<mlir::Attribute> ExprAttr::getOperands() const { return getImpl()->operands; }

mlir::Attribute ExprAttr::parse(mlir::AsmParser &parser, mlir::Type) {
  if (parser.parseLess()) {
    return {};
  }
  mlir::FailureOr<Expr> e = dim::parse(parser);
  if (mlir::failed(e) || parser.parseGreater()) {
    return {};
  }
  return *e;
}

void ExprAttr::print(mlir::AsmPrinter &printer) const { printer << "<" << toString(*this) << ">"; }

mlir::Attribute ShapeAttr::parse(mlir::AsmParser &parser, mlir::Type) {
  llvm::SmallVector<ExprAttr> dims;
  auto one = [&]() -> mlir::ParseResult {
    mlir::FailureOr<Expr> e = dim::parse(parser);
    if (mlir::failed(e)) {
      return mlir::failure();
    }
    dims.push_back(*e);
    return mlir::success();
  };
  if (parser.parseLess() || parser.parseCommaSeparatedList(mlir::AsmParser::Delimiter::Square, one) ||
      parser.parseGreater()) {
    return {};
  }
  return ShapeAttr::get(parser.getContext(), dims);
}

void ShapeAttr::print(mlir::AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getDims(), printer, [&](ExprAttr e) { printer << toString(e); });
  printer << "]>";
}

llvm::LogicalResult ShapeAttr::verifyEncoding(llvm::ArrayRef<int64_t> shape, mlir::Type,
                                              llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const {
  if (shape.size() != getDims().size()) {
    return emitError() << "expected " << shape.size() << " dims in the shape, got " << getDims().size();
  }
  for (auto [size, e] : llvm::zip(shape, getDims())) {
    std::optional<int64_t> constant = getConstant(e);
    if (!mlir::ShapedType::isDynamic(size) && constant != size) {
      return emitError() << "expected the formula of a static dim to be " << size << ", got " << toString(e);
    }
    if (mlir::ShapedType::isDynamic(size) && constant) {
      return emitError() << "expected a dim of size " << *constant << " to be static";
    }
  }
  return mlir::success();
}

Shape getShape(mlir::RankedTensorType type) {
  MLIRContext *context = type.getContext();
  auto encoding = llvm::dyn_cast_or_null<ShapeAttr>(type.getEncoding());
  Shape shape;
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (!mlir::ShapedType::isDynamic(size)) {
      shape.push_back(constant(context, size));
    } else {
      shape.push_back(encoding ? encoding.getDims()[i] : unknown(context));
    }
  }
  return shape;
}

mlir::RankedTensorType getTensorType(llvm::ArrayRef<Expr> shape, mlir::Type element) {
  llvm::SmallVector<int64_t> sizes;
  bool symbolic = false;
  for (Expr e : shape) {
    std::optional<int64_t> constant = getConstant(e);
    sizes.push_back(constant ? *constant : mlir::ShapedType::kDynamic);
    symbolic |= !constant && !isUnknown(e);
  }
  mlir::Attribute encoding = symbolic ? ShapeAttr::get(element.getContext(), shape) : mlir::Attribute();
  return mlir::RankedTensorType::get(sizes, element, encoding);
}
} // namespace dlc::dim
