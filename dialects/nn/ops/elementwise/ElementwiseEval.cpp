//===- ElementwiseEval.cpp - reference evaluation of elementwise ops ----------------------===//
// Semantics: the ONNX operator of the same name. Small floats compute in float.
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
/// Offsets of each result element in an operand that broadcasts to `shape`.
class Broadcast {
public:
  Broadcast(const Tensor &operand, llvm::ArrayRef<int64_t> shape) : steps(broadcastSteps(operand.shape(), shape)) {}
  int64_t at(llvm::ArrayRef<int64_t> index) const { return dot(index, steps); }

private:
  llvm::SmallVector<int64_t> steps;
};

template <class T> using Bits = std::make_unsigned_t<T>;

struct Functions {
  // Each function: defined for the types its op accepts; `C` is the type that arithmetic is done in.
  template <class C> static C abs(C x) {
    if constexpr (std::is_unsigned_v<C>) {
      return x;
    } else if constexpr (std::is_integral_v<C>) {
      return x < 0 ? C(Bits<C>(0) - Bits<C>(x)) : x;
    } else {
      return std::abs(x);
    }
  }
  template <class C> static C neg(C x) {
    if constexpr (std::is_integral_v<C>) {
      return C(Bits<C>(0) - Bits<C>(x));
    } else {
      return -x;
    }
  }
  template <class C> static C sign(C x) { return x > C(0) ? C(1) : x < C(0) ? C(-1) : x; }
  template <class C> static C relu(C x) { return x < C(0) ? C(0) : x; }
  template <class C> static C sigmoid(C x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
  template <class C> static C softplus(C x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
  template <class C> static C mod(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      if (b == 0) {
        return 0;
      }
      if constexpr (std::is_signed_v<C>) {
        if (b == -1) {
          return 0;
        }
      }
      C r = a % b;
      return r != 0 && ((r < 0) != (b < 0)) ? C(r + b) : r;
    } else {
      C r = std::fmod(a, b);
      return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
    }
  }
  template <class C> static C fmod(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      if (b == 0) {
        return 0;
      }
      if constexpr (std::is_signed_v<C>) {
        if (b == -1) {
          return 0;
        }
      }
      return C(a % b);
    } else {
      return std::fmod(a, b);
    }
  }
  template <class C> static C div(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      if (b == 0) {
        return 0; // callers refuse it
      }
      if constexpr (std::is_signed_v<C>) {
        if (b == -1) {
          return neg(a);
        }
      }
      return C(a / b);
    } else {
      return a / b;
    }
  }
  template <class C> static C min(C a, C b) { return a != a ? a : b != b ? b : a < b ? a : b; }
  template <class C> static C max(C a, C b) { return a != a ? a : b != b ? b : a > b ? a : b; }
  template <class C> static C add(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      return C(Bits<C>(a) + Bits<C>(b));
    } else {
      return a + b;
    }
  }
  template <class C> static C sub(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      return C(Bits<C>(a) - Bits<C>(b));
    } else {
      return a - b;
    }
  }
  template <class C> static C mul(C a, C b) {
    if constexpr (std::is_integral_v<C>) {
      return C(uint64_t(a) * uint64_t(b));
    } else {
      return a * b;
    }
  }
};

/// Applies `f(C) -> R` to every element.
template <class R, class T, class F> void mapUnary(const Tensor &x, Tensor &r, F f) {
  llvm::ArrayRef<T> in = x.values<T>();
  llvm::MutableArrayRef<R> out = r.values<R>();
  for (int64_t i = 0; i < r.count(); ++i) {
    out[i] = R(f(Compute<T>(in[i])));
  }
}

template <class R, class T, class F> void mapBinary(const Tensor &a, const Tensor &b, Tensor &r, F f) {
  llvm::ArrayRef<T> x = a.values<T>(), y = b.values<T>();
  llvm::MutableArrayRef<R> out = r.values<R>();
  if (a.shape() == r.shape() && b.shape() == r.shape()) {
    for (int64_t i = 0; i < r.count(); ++i) {
      out[i] = R(f(Compute<T>(x[i]), Compute<T>(y[i])));
    }
    return;
  }
  Broadcast ba(a, r.shape()), bb(b, r.shape());
  IndexSpace index(r.shape());
  for (int64_t i = 0; i < r.count(); ++i, index.next()) {
    out[i] = R(f(Compute<T>(x[ba.at(*index)]), Compute<T>(y[bb.at(*index)])));
  }
}

/// A tensor of the operands' broadcast shape.
mlir::FailureOr<Tensor> resultOf(mlir::Operation *op, EvalContext &context, Operands operands) {
  llvm::SmallVector<llvm::ArrayRef<int64_t>> shapes;
  for (const Datum &d : operands) {
    shapes.push_back(d.tensor().shape());
  }
  mlir::FailureOr<llvm::SmallVector<int64_t>> shape = broadcastSizes(context, shapes);
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  return Tensor::zeros(elementOf(op->getResult(0)), *shape);
}

/// Evaluates a unary op whose function is defined for the classes in `allowed`.
template <int allowed, class F>
llvm::LogicalResult unary(mlir::Operation *op, EvalContext &context, Operands operands, Results &results, F f) {
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  results.push_back(*r);
  return dispatch<allowed>(context, operands[0].tensor().element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    mapUnary<T, T>(operands[0].tensor(), *r, f);
  });
}

template <int allowed, bool predicate, class F>
llvm::LogicalResult binary(mlir::Operation *op, EvalContext &context, Operands operands, Results &results, F f) {
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  results.push_back(*r);
  return dispatch<allowed>(context, operands[0].tensor().element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    mapBinary<std::conditional_t<predicate, bool, T>, T>(operands[0].tensor(), operands[1].tensor(), *r, f);
  });
}

llvm::LogicalResult refuseZeroDivisor(EvalContext &context, const Tensor &divisor) {
  if (isInteger(divisor.element())) {
    for (int64_t i = 0; i < divisor.count(); ++i) {
      if (divisor.integer(i) == 0) {
        return context.fail("integer division by zero");
      }
    }
  }
  return mlir::success();
}

#define DLC_UNARY(Op, classes, expression)                                                                             \
  llvm::LogicalResult eval##Op(Op op, EvalContext &c, Operands o, Results &r) {                                        \
    return unary<classes>(op, c, o, r, [](auto x) { return expression; });                                             \
  }
DLC_UNARY(AbsOp, Numbers, Functions::abs(x))
DLC_UNARY(NegOp, Numbers, Functions::neg(x))
DLC_UNARY(SignOp, Numbers, Functions::sign(x))
DLC_UNARY(ReluOp, Numbers, Functions::relu(x))
DLC_UNARY(NotOp, Bools, !x)
DLC_UNARY(BitNotOp, Integers, ~x)
DLC_UNARY(ExpOp, Floats, std::exp(x))
DLC_UNARY(LogOp, Floats, std::log(x))
DLC_UNARY(SqrtOp, Floats, std::sqrt(x))
DLC_UNARY(ReciprocalOp, Floats, 1 / x)
DLC_UNARY(SinOp, Floats, std::sin(x))
DLC_UNARY(CosOp, Floats, std::cos(x))
DLC_UNARY(TanOp, Floats, std::tan(x))
DLC_UNARY(AsinOp, Floats, std::asin(x))
DLC_UNARY(AcosOp, Floats, std::acos(x))
DLC_UNARY(AtanOp, Floats, std::atan(x))
DLC_UNARY(SinhOp, Floats, std::sinh(x))
DLC_UNARY(CoshOp, Floats, std::cosh(x))
DLC_UNARY(TanhOp, Floats, std::tanh(x))
DLC_UNARY(AsinhOp, Floats, std::asinh(x))
DLC_UNARY(AcoshOp, Floats, std::acosh(x))
DLC_UNARY(AtanhOp, Floats, std::atanh(x))
DLC_UNARY(ErfOp, Floats, std::erf(x))
DLC_UNARY(SigmoidOp, Floats, Functions::sigmoid(x))
DLC_UNARY(SoftplusOp, Floats, Functions::softplus(x))
DLC_UNARY(FloorOp, Floats, std::floor(x))
DLC_UNARY(CeilOp, Floats, std::ceil(x))
DLC_UNARY(RoundOp, Floats, std::nearbyint(x))
#undef DLC_UNARY

#define DLC_UNARY_AB(Op, expression)                                                                                   \
  llvm::LogicalResult eval##Op(Op op, EvalContext &c, Operands o, Results &r) {                                        \
    double a = op.getAlpha().convertToDouble(), b = op.getBeta().convertToDouble();                                    \
    return unary<Floats>(op, c, o, r, [=](auto x) {                                                                    \
      using C = decltype(x);                                                                                           \
      [[maybe_unused]] C alpha = C(a), beta = C(b);                                                                    \
      return C(expression);                                                                                            \
    });                                                                                                                \
  }
DLC_UNARY_AB(LeakyReluOp, x < 0 ? alpha * x : x)
DLC_UNARY_AB(EluOp, x < 0 ? alpha * std::expm1(x) : x)
DLC_UNARY_AB(HardSigmoidOp, Functions::max(C(0), Functions::min(C(1), C(alpha *x + beta))))
#undef DLC_UNARY_AB

template <class F>
llvm::LogicalResult classify(mlir::Operation *op, EvalContext &context, Operands operands, Results &results, F f) {
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  visitElement(operands[0].tensor().element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (isFloating<T>) {
      mapUnary<bool, T>(operands[0].tensor(), *r, f);
    }
  });
  results.push_back(*r);
  return mlir::success();
}
llvm::LogicalResult evalIsNaNOp(IsNaNOp op, EvalContext &c, Operands o, Results &r) {
  return classify(op, c, o, r, [](auto x) { return x != x; });
}
llvm::LogicalResult evalIsInfOp(IsInfOp op, EvalContext &c, Operands o, Results &r) {
  bool negative = op.getNegative(), positive = op.getPositive();
  return classify(op, c, o, r, [=](auto x) { return std::isinf(x) && (x < 0 ? negative : positive); });
}

#define DLC_BINARY(Op, classes, expression)                                                                            \
  llvm::LogicalResult eval##Op(Op op, EvalContext &c, Operands o, Results &r) {                                        \
    return binary<classes, false>(op, c, o, r, [](auto x, auto y) { return expression; });                             \
  }
#define DLC_DIVISION(Op, expression)                                                                                   \
  llvm::LogicalResult eval##Op(Op op, EvalContext &c, Operands o, Results &r) {                                        \
    if (mlir::failed(refuseZeroDivisor(c, o[1].tensor()))) {                                                           \
      return mlir::failure();                                                                                          \
    }                                                                                                                  \
    return binary<Numbers, false>(op, c, o, r, [](auto x, auto y) { return expression; });                             \
  }
#define DLC_COMPARE(Op, expression)                                                                                    \
  llvm::LogicalResult eval##Op(Op op, EvalContext &c, Operands o, Results &r) {                                        \
    return binary<Numbers | Bools, true>(op, c, o, r, [](auto x, auto y) { return expression; });                      \
  }
DLC_BINARY(AddOp, Numbers, Functions::add(x, y))
DLC_BINARY(SubOp, Numbers, Functions::sub(x, y))
DLC_BINARY(MulOp, Numbers, Functions::mul(x, y))
DLC_DIVISION(DivOp, Functions::div(x, y))
DLC_DIVISION(ModOp, Functions::mod(x, y))
DLC_DIVISION(FmodOp, Functions::fmod(x, y))
DLC_BINARY(MinOp, Numbers, Functions::min(x, y))
DLC_BINARY(MaxOp, Numbers, Functions::max(x, y))
DLC_BINARY(AndOp, Bools, x &&y)
DLC_BINARY(OrOp, Bools, x || y)
DLC_BINARY(XorOp, Bools, x != y)
DLC_BINARY(BitAndOp, Integers, x &y)
DLC_BINARY(BitOrOp, Integers, x | y)
DLC_BINARY(BitXorOp, Integers, x ^ y)
DLC_BINARY(ShiftLeftOp, Integers, uint64_t(y) >= sizeof(x) * 8 ? 0 : uint64_t(x) << uint64_t(y))
DLC_BINARY(ShiftRightOp, Integers, uint64_t(y) >= sizeof(x) * 8 ? 0 : x >> y)
DLC_COMPARE(LessOp, x < y)
DLC_COMPARE(LessEqualOp, x <= y)
#undef DLC_COMPARE
#undef DLC_DIVISION
#undef DLC_BINARY

llvm::LogicalResult evalEqualOp(EqualOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &a = operands[0].tensor(), &b = operands[1].tensor();
  if (!isString(a.element())) {
    return binary<Numbers | Bools, true>(op, context, operands, results, [](auto x, auto y) { return x == y; });
  }
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  Broadcast ba(a, r->shape()), bb(b, r->shape());
  IndexSpace index(r->shape());
  for (int64_t i = 0; i < r->count(); ++i, index.next()) {
    r->values<bool>()[i] = a.values<std::string>()[ba.at(*index)] == b.values<std::string>()[bb.at(*index)];
  }
  results.push_back(*r);
  return mlir::success();
}

template <class A, class B> A power(A a, B b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    if (b < B(0)) {
      return a == A(1) ? A(1) : a == A(-1) ? (b % 2 ? A(-1) : A(1)) : A(0);
    }
    uint64_t r = 1, base = uint64_t(a);
    for (uint64_t e = uint64_t(b); e; e >>= 1, base *= base) {
      r *= e & 1 ? base : 1;
    }
    return A(r);
  } else if constexpr (std::is_same_v<A, float> && std::is_same_v<B, float>) {
    return std::pow(a, b);
  } else {
    return A(std::pow(double(a), double(b)));
  }
}

llvm::LogicalResult evalPow(PowOp op, EvalContext &context, Operands operands, Results &results) {
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  const Tensor &a = operands[0].tensor(), &b = operands[1].tensor();
  visitElement(a.element(), [&](auto ta) {
    visitElement(b.element(), [&](auto tb) {
      using A = typename decltype(ta)::type;
      using B = typename decltype(tb)::type;
      if constexpr (((classOf<A> | classOf<B>)&~Numbers) == 0) {
        Broadcast ba(a, r->shape()), bb(b, r->shape());
        IndexSpace index(r->shape());
        for (int64_t i = 0; i < r->count(); ++i, index.next()) {
          r->values<A>()[i] =
              A(power(Compute<A>(a.values<A>()[ba.at(*index)]), Compute<B>(b.values<B>()[bb.at(*index)])));
        }
      }
    });
  });
  results.push_back(*r);
  return mlir::success();
}

llvm::LogicalResult evalSelect(SelectOp op, EvalContext &context, Operands operands, Results &results) {
  mlir::FailureOr<Tensor> r = resultOf(op, context, operands);
  if (mlir::failed(r)) {
    return mlir::failure();
  }
  const Tensor &c = operands[0].tensor(), &a = operands[1].tensor(), &b = operands[2].tensor();
  visitElement(r->element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    Broadcast bc(c, r->shape()), ba(a, r->shape()), bb(b, r->shape());
    IndexSpace index(r->shape());
    for (int64_t i = 0; i < r->count(); ++i, index.next()) {
      r->values<T>()[i] = c.values<bool>()[bc.at(*index)] ? a.values<T>()[ba.at(*index)] : b.values<T>()[bb.at(*index)];
    }
  });
  results.push_back(*r);
  return mlir::success();
}
} // namespace

void attachElementwiseEval(mlir::MLIRContext &context) {
#define DLC_ATTACH(Op) attachEvaluate<Op, eval##Op>(context);
  DLC_ATTACH(AbsOp)
  DLC_ATTACH(NegOp)
  DLC_ATTACH(SignOp)
  DLC_ATTACH(ReluOp)
  DLC_ATTACH(NotOp)
  DLC_ATTACH(BitNotOp)
  DLC_ATTACH(ExpOp)
  DLC_ATTACH(LogOp)
  DLC_ATTACH(SqrtOp)
  DLC_ATTACH(ReciprocalOp)
  DLC_ATTACH(SinOp)
  DLC_ATTACH(CosOp)
  DLC_ATTACH(TanOp)
  DLC_ATTACH(AsinOp)
  DLC_ATTACH(AcosOp)
  DLC_ATTACH(AtanOp)
  DLC_ATTACH(SinhOp)
  DLC_ATTACH(CoshOp)
  DLC_ATTACH(TanhOp)
  DLC_ATTACH(AsinhOp)
  DLC_ATTACH(AcoshOp)
  DLC_ATTACH(AtanhOp)
  DLC_ATTACH(ErfOp)
  DLC_ATTACH(SigmoidOp)
  DLC_ATTACH(SoftplusOp)
  DLC_ATTACH(FloorOp)
  DLC_ATTACH(CeilOp)
  DLC_ATTACH(RoundOp)
  DLC_ATTACH(IsNaNOp)
  DLC_ATTACH(IsInfOp)
  DLC_ATTACH(LeakyReluOp)
  DLC_ATTACH(EluOp)
  DLC_ATTACH(HardSigmoidOp)
  DLC_ATTACH(AddOp)
  DLC_ATTACH(SubOp)
  DLC_ATTACH(MulOp)
  DLC_ATTACH(DivOp)
  DLC_ATTACH(ModOp)
  DLC_ATTACH(FmodOp)
  DLC_ATTACH(MinOp)
  DLC_ATTACH(MaxOp)
  DLC_ATTACH(AndOp)
  DLC_ATTACH(OrOp)
  DLC_ATTACH(XorOp)
  DLC_ATTACH(BitAndOp)
  DLC_ATTACH(BitOrOp)
  DLC_ATTACH(BitXorOp)
  DLC_ATTACH(ShiftLeftOp)
  DLC_ATTACH(ShiftRightOp)
  DLC_ATTACH(EqualOp)
  DLC_ATTACH(LessOp)
  DLC_ATTACH(LessEqualOp)
#undef DLC_ATTACH
  attachEvaluate<PowOp, evalPow>(context);
  attachEvaluate<SelectOp, evalSelect>(context);
}
} // namespace dlc::nn
