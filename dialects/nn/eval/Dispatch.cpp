//===- Dispatch.cpp - helpers of the evaluation rules -----------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::nn {
llvm::LogicalResult failElement(EvalContext &context, mlir::Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << "expected a supported element type, got " << element;
  return context.fail(text);
}

std::vector<double> toDoubles(const Tensor &t) {
  std::vector<double> values(t.count());
  visitElement(t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr ((classOf<T> & (Numbers | Bools)) != 0) {
      for (int64_t i = 0; i < t.count(); ++i) {
        values[i] = double(Compute<T>(t.values<T>()[i]));
      }
    }
  });
  return values;
}

llvm::LogicalResult storeDoubles(EvalContext &context, Tensor &t, llvm::ArrayRef<double> values, bool saturate) {
  if (isInteger(t.element()) && getElementBits(t.element()) < 8) {
    double span = std::ldexp(1.0, getElementBits(t.element())), low = t.element().isUnsignedInteger() ? 0 : -span / 2;
    for (int64_t i = 0; i < t.count(); ++i) {
      t.values<int8_t>()[i] = convert<int8_t>(std::clamp(values[i], low, low + span - 1));
    }
    return mlir::success();
  }
  return dispatch<Numbers>(context, t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < t.count(); ++i) {
      t.values<T>()[i] = fromDouble<T>(values[i], saturate);
    }
  });
}

double roundTo(mlir::Type type, double v) {
  visitElement(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (isFloating<T>) {
      v = double(Compute<T>(T(v)));
    }
  });
  return v;
}

int64_t countOf(llvm::ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t s : shape) {
    n *= s;
  }
  return n;
}

mlir::FailureOr<llvm::SmallVector<int64_t>> broadcastSizes(EvalContext &context,
                                                           llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (llvm::ArrayRef<int64_t> s : shapes) {
    rank = std::max(rank, s.size());
  }
  llvm::SmallVector<int64_t> result(rank, 1);
  for (llvm::ArrayRef<int64_t> s : shapes) {
    for (size_t i = 0; i < s.size(); ++i) {
      int64_t &r = result[rank - s.size() + i];
      if (r != s[i] && r != 1 && s[i] != 1) {
        return context.fail("expected dims that are equal or 1, got " + llvm::Twine(r) + " and " + llvm::Twine(s[i]));
      }
      r = r == 1 ? s[i] : r;
    }
  }
  return result;
}

llvm::SmallVector<int64_t> broadcastSteps(llvm::ArrayRef<int64_t> own, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> steps(shape.size(), 0), strides = rowMajorStrides(own);
  size_t lead = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i) {
    steps[lead + i] = own[i] == 1 ? 0 : strides[i];
  }
  return steps;
}
} // namespace dlc::nn
