//===- ScatterLower.cpp - scatters, seen from the elements that they write ------------------------------===//
// Every element looks for the updates that meet it, so that all elements are independent. The cost: scatter_elements
// takes (elements of the input) * (indices along the axis) comparisons; scatter_nd takes (indexed positions of the input)
// * (index vectors), and with a reduction (elements of the input) * (index vectors).
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// What leaves a value as it is under `kind`, in the compute type of `element`.
Value identityOf(LowerContext &c, ScatterKind kind, mlir::Type element) {
  mlir::Type type = getComputeType(element);
  bool greatest = kind == ScatterKind::Min;
  if (kind == ScatterKind::Add || kind == ScatterKind::Mul) {
    return constantOf(c.b, c.loc, type, kind == ScatterKind::Mul);
  }
  if (isFloat(element)) {
    double inf = std::numeric_limits<double>::infinity();
    return constantOf(c.b, c.loc, type, greatest ? inf : -inf);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  bool u = element.isUnsignedInteger();
  llvm::APInt v = greatest ? (u ? llvm::APInt::getMaxValue(width) : llvm::APInt::getSignedMaxValue(width))
                           : (u ? llvm::APInt::getMinValue(width) : llvm::APInt::getSignedMinValue(width));
  return arith::ConstantOp::create(c.b, c.loc, mlir::IntegerAttr::get(type, v));
}

Value combine(mlir::OpBuilder &b, mlir::Location loc, ScatterKind kind, Value old, Value update, mlir::Type element) {
  switch (kind) {
  case ScatterKind::None:
    return update;
  case ScatterKind::Add:
    return emitAdd(b, loc, old, update);
  case ScatterKind::Mul:
    return emitMul(b, loc, old, update);
  case ScatterKind::Max:
    return emitMax(b, loc, old, update, element);
  case ScatterKind::Min:
    return emitMin(b, loc, old, update, element);
  }
  return update;
}

/// One scatter, whatever its indices are like.
struct Scatter {
  LowerContext &c;
  Value input;                 ///< of the op
  Value lowered, updates;      ///< input and updates
  ScatterKind kind;
  dim::Shape searched;         ///< sizes of the dims over which an element looks for updates
  size_t keyDims;              ///< the leading dims of the input that decide which updates meet an element
  mlir::Type element = elementOf(input);

  /// Whether the update at `search` meets the elements at `key`.
  using Meets = llvm::function_ref<Value(const IndexMath &, mlir::ValueRange key, mlir::ValueRange search)>;
  /// The indices of an update, from those of an element and those of the search.
  using UpdateAt = llvm::function_ref<Indices(const IndexMath &, mlir::ValueRange element, mlir::ValueRange search)>;

  Value run(Meets meets, UpdateAt updateAt) {
    return kind == ScatterKind::None ? replace(meets, updateAt) : accumulate(meets, updateAt);
  }

private:
  /// The number of the last update that meets an element (or -1), then that update.
  Value replace(Meets meets, UpdateAt updateAt) {
    dim::Shape shape = shapeOf(input), keys(llvm::ArrayRef(shape).take_front(keyDims));
    mlir::Type i64 = c.b.getI64Type();
    Indices sizes;
    llvm::transform(searched, std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
    Value last = c.reduce(keys, searched, i64, integerOf(c.b, c.loc, i64, -1),
                          [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                            IndexMath m{b, loc};
                            Value number = m.c(0);
                            for (auto [size, index] : llvm::zip(sizes, i.drop_front(keyDims))) {
                              number = m.add(m.mul(number, size), index);
                            }
                            number = arith::IndexCastOp::create(b, loc, i64, number);
                            return m.select(meets(m, i.take_front(keyDims), i.drop_front(keyDims)), number, acc);
                          });
    return c.compute(shape, getStorageType(element), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) -> Value {
      IndexMath m{b, loc};
      Value number = arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, last, i.take_front(keyDims)));
      Value met = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, number, m.c(0));
      Value rest = number;
      Indices search(sizes.size());
      for (size_t d = sizes.size(); d-- > 0;) {
        search[d] = d == 0 ? rest : arith::RemUIOp::create(b, loc, rest, sizes[d]).getResult();
        rest = d == 0 ? rest : arith::DivUIOp::create(b, loc, rest, sizes[d]).getResult();
      }
      return branch(b, loc, met, [&](mlir::OpBuilder &nested) {
        return LowerContext::extract(nested, loc, updates, updateAt(IndexMath{nested, loc}, i, search));
      }, [&](mlir::OpBuilder &nested) { return LowerContext::extract(nested, loc, lowered, i); });
    });
  }

  Value accumulate(Meets meets, UpdateAt updateAt) {
    dim::Shape shape = shapeOf(input);
    mlir::Type type = getComputeType(element);
    Value total = c.reduce(shape, searched, type, identityOf(c, kind, element),
                           [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                             IndexMath m{b, loc};
                             mlir::ValueRange at = i.take_front(shape.size()), search = i.drop_front(shape.size());
                             return branch(b, loc, meets(m, at.take_front(keyDims), search), [&](mlir::OpBuilder &nested) {
                               Value u = LowerContext::extract(nested, loc, updates, updateAt(IndexMath{nested, loc}, at, search));
                               return combine(nested, loc, kind, acc, fromStorage(nested, loc, u, element), element);
                             }, [&](mlir::OpBuilder &) { return acc; });
                           });
    return c.compute(shape, getStorageType(element), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      Value old = fromStorage(b, loc, LowerContext::extract(b, loc, lowered, i), element);
      return toStorage(b, loc, combine(b, loc, kind, old, LowerContext::extract(b, loc, total, i), element), element);
    });
  }

  template <class Then, class Else>
  static Value branch(mlir::OpBuilder &b, mlir::Location loc, Value condition, Then then, Else otherwise) {
    auto op = mlir::scf::IfOp::create(
        b, loc, condition,
        [&](mlir::OpBuilder &nested, mlir::Location l) { mlir::scf::YieldOp::create(nested, l, then(nested)); },
        [&](mlir::OpBuilder &nested, mlir::Location l) { mlir::scf::YieldOp::create(nested, l, otherwise(nested)); });
    return op.getResult(0);
  }
};

llvm::LogicalResult lowerScatterElements(ScatterElementsOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput()), indices = shapeOf(op.getIndices());
  int64_t axis = op.getAxis();
  Value size = c.size(input[axis]);
  Indices limits;
  llvm::transform(indices, std::back_inserter(limits), [&](dim::Expr e) { return c.size(e); });
  auto updateAt = [&](const IndexMath &, mlir::ValueRange element, mlir::ValueRange search) {
    Indices at(element);
    at[axis] = search[0];
    return at;
  };
  auto meets = [&](const IndexMath &m, mlir::ValueRange key, mlir::ValueRange search) {
    Indices at = updateAt(m, key, search);
    Value within;
    for (size_t d = 0; d < at.size(); ++d) { // indices may be shorter than the input
      if (static_cast<int64_t>(d) != axis && !dim::equal(indices[d], input[d])) {
        within = m.both(within, m.less(at[d], limits[d]));
        at[d] = m.clamp(at[d], limits[d]);
      }
    }
    Value index = m.fromEnd(LowerContext::extract(m.b, m.loc, operands[1], at), size);
    return m.both(within, m.equal(index, key[axis]));
  };
  Scatter s{c, op.getInput(), operands[0], operands[2], op.getReduction(), {indices[axis]}, input.size()};
  results.push_back(s.run(meets, updateAt));
  return mlir::success();
}

llvm::LogicalResult lowerScatterND(ScatterNDOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput()), indices = shapeOf(op.getIndices());
  int64_t length = *dim::getConstant(indices.back());
  Indices sizes;
  for (int64_t k = 0; k < length; ++k) {
    sizes.push_back(c.size(input[k]));
  }
  auto meets = [&](const IndexMath &m, mlir::ValueRange key, mlir::ValueRange search) {
    Value all;
    for (int64_t k = 0; k < length; ++k) {
      Indices at(search);
      at.push_back(m.c(k));
      all = m.both(all, m.equal(m.fromEnd(LowerContext::extract(m.b, m.loc, operands[1], at), sizes[k]), key[k]));
    }
    return all ? all : integerOf(m.b, m.loc, m.b.getI1Type(), 1);
  };
  auto updateAt = [&](const IndexMath &, mlir::ValueRange element, mlir::ValueRange search) {
    Indices at(search);
    llvm::append_range(at, element.drop_front(length));
    return at;
  };
  indices.pop_back();
  Scatter s{c, op.getInput(), operands[0], operands[2], op.getReduction(), indices, size_t(length)};
  results.push_back(s.run(meets, updateAt));
  return mlir::success();
}
} // namespace

void attachScatterLower(mlir::MLIRContext &context) {
  attachLower<ScatterElementsOp, lowerScatterElements>(context);
  attachLower<ScatterNDOp, lowerScatterND>(context);
}
} // namespace dlc::nn
