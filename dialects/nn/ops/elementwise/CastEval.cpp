//===- CastEval.cpp - reference evaluation of conversions ---------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include <charconv>

namespace dlc::nn {
namespace {
/// As few digits as read back to the same number, in plain notation between 1e-4 and 1e16.
template <class C> std::string floatText(C x) {
  if (x != x || std::isinf(x)) {
    return x != x ? "NaN" : x < 0 ? "-INF" : "INF";
  }
  C size = std::abs(x);
  bool plain = size == 0 || (size >= C(1e-4) && size < C(1e16));
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), x,
                           plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  return plain && text.find('.') == std::string::npos ? text + ".0" : text;
}

template <class T> std::string textOf(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return x ? "True" : "False";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(x);
  } else {
    return floatText(Compute<T>(x));
  }
}

/// Plain and scientific notation, and any case of inf and nan.
std::optional<double> parseNumber(llvm::StringRef text) {
  text = text.trim();
  std::string lower = text.lower();
  if (lower == "inf" || lower == "+inf" || lower == "-inf") {
    return lower[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  if (lower == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double value;
  return text.ltrim('+').getAsDouble(value) ? std::nullopt : std::optional<double>(value);
}

llvm::LogicalResult toStrings(EvalContext &context, const Tensor &x, Tensor &result) {
  return dispatch<Numbers | Bools | Strings>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < x.count(); ++i) {
      if constexpr (std::is_same_v<T, std::string>) {
        result.values<std::string>()[i] = x.values<T>()[i];
      } else {
        result.values<std::string>()[i] = textOf(x.values<T>()[i]);
      }
    }
  });
}

llvm::LogicalResult fromStrings(EvalContext &context, const Tensor &x, Tensor &result, bool saturate) {
  for (int64_t i = 0; i < x.count(); ++i) {
    const std::string &text = x.values<std::string>()[i];
    std::optional<double> number = parseNumber(text);
    if (!number) {
      return context.fail("expected a number, got '" + text + "'");
    }
    llvm::LogicalResult done = dispatch<Numbers | Bools>(context, result.element(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      T &out = result.values<T>()[i];
      out = fromDouble<T>(*number, saturate);
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        (void)std::from_chars(text.data(), text.data() + text.size(), out); // exact beyond 2^53
      }
    });
    if (mlir::failed(done)) {
      return done;
    }
  }
  return mlir::success();
}

/// To an integer of less than a byte: see nn.cast.
template <class From> char lowBits(From x, mlir::Type element) {
  if constexpr (isFloating<From>) {
    return extendBits(char(convert<int32_t>(std::nearbyint(double(Compute<From>(x))))), element);
  } else {
    return extendBits(char(x), element);
  }
}

template <class From> F8E8M0FNU powerOfTwo(From x, CastOp op) {
  llvm::StringRef mode = op.getRoundMode();
  auto round = mode == "up" ? F8E8M0FNU::Round::Up : mode == "down" ? F8E8M0FNU::Round::Down : F8E8M0FNU::Round::Nearest;
  return F8E8M0FNU::from(double(Compute<From>(x)), round, op.getSaturate());
}

template <class To, class From> To castOne(From x, bool saturate) {
  if constexpr (isSmallFloat<To> && sizeof(To) == 1) {
    return fromDouble<To>(double(Compute<From>(x)), saturate);
  } else {
    return convert<To>(x);
  }
}

llvm::LogicalResult evalCast(CastOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Tensor result = Tensor::zeros(op.getTo(), x.shape());
  results.push_back(result);
  if (isString(op.getTo())) {
    return toStrings(context, x, result);
  }
  if (isString(x.element())) {
    return fromStrings(context, x, result, op.getSaturate());
  }
  if (getElementBits(op.getTo()) < 8 && isInteger(op.getTo())) {
    return dispatch<Numbers | Bools>(context, x.element(), [&](auto from) {
      using From = typename decltype(from)::type;
      for (int64_t i = 0; i < x.count(); ++i) {
        result.rawMutable()[i] = lowBits(x.values<From>()[i], op.getTo());
      }
    });
  }
  if (llvm::isa<mlir::Float8E8M0FNUType>(op.getTo())) {
    return dispatch<Numbers | Bools>(context, x.element(), [&](auto from) {
      using From = typename decltype(from)::type;
      for (int64_t i = 0; i < x.count(); ++i) {
        result.values<F8E8M0FNU>()[i] = powerOfTwo(x.values<From>()[i], op);
      }
    });
  }
  llvm::LogicalResult inner = mlir::success();
  llvm::LogicalResult outer = dispatch<Numbers | Bools>(context, x.element(), [&](auto from) {
    inner = dispatch<Numbers | Bools>(context, op.getTo(), [&](auto to) {
      using From = typename decltype(from)::type;
      using To = typename decltype(to)::type;
      for (int64_t i = 0; i < x.count(); ++i) {
        result.values<To>()[i] = castOne<To>(x.values<From>()[i], op.getSaturate());
      }
    });
  });
  return mlir::success(mlir::succeeded(inner) && mlir::succeeded(outer));
}

llvm::LogicalResult evalBitCast(BitCastOp op, EvalContext &, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Tensor result = Tensor::zeros(op.getTo(), x.shape());
  std::memcpy(result.rawMutable(), x.raw(), result.bytes());
  for (int64_t i = 0; getElementBits(op.getTo()) < 8 && i < x.count(); ++i) {
    result.rawMutable()[i] = extendBits(result.raw()[i], op.getTo());
  }
  results.push_back(result);
  return mlir::success();
}
} // namespace

void attachCastEval(mlir::MLIRContext &context) {
  attachEvaluate<CastOp, evalCast>(context);
  attachEvaluate<BitCastOp, evalBitCast>(context);
}
} // namespace dlc::nn
