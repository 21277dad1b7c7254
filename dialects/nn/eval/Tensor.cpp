//===- Tensor.cpp - tensors with elements ------------------------------------------===//
#include "dialects/nn/eval/Eval.h"

namespace dlc::nn {
namespace {
int64_t product(llvm::ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t s : shape) {
    n *= s;
  }
  return n;
}
} // namespace

Tensor Tensor::zeros(mlir::Type element, llvm::ArrayRef<int64_t> shape) {
  Tensor t;
  t.elementType = element;
  t.sizes.assign(shape.begin(), shape.end());
  t.elements = product(shape);
  if (isString(element)) {
    auto strings = std::make_shared<std::vector<std::string>>(t.elements);
    t.data = reinterpret_cast<char *>(strings->data());
    t.owner = strings;
  } else {
    size_t bytes = std::max<size_t>(t.bytes(), 1);
    t.owner = std::shared_ptr<void>(std::calloc(bytes, 1), std::free);
    t.data = static_cast<char *>(t.owner.get());
  }
  return t;
}

Tensor Tensor::view(mlir::Type element, llvm::ArrayRef<int64_t> shape, const void *data) {
  Tensor t;
  t.elementType = element;
  t.sizes.assign(shape.begin(), shape.end());
  t.elements = product(shape);
  t.data = const_cast<char *>(static_cast<const char *>(data));
  return t;
}

Tensor Tensor::scalar(mlir::Type element, double value) {
  Tensor t = zeros(element, {});
  visitElement(element, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!std::is_same_v<T, std::string>) {
      if constexpr (isSmallFloat<T>) {
        t.values<T>()[0] = T(float(value));
      } else {
        t.values<T>()[0] = T(value);
      }
    }
  });
  return t;
}

Tensor Tensor::reshaped(llvm::ArrayRef<int64_t> shape) const {
  Tensor t = *this;
  t.sizes.assign(shape.begin(), shape.end());
  return t;
}

int64_t Tensor::integer(int64_t i) const {
  int64_t r = 0;
  visitElement(elementType, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      r = int64_t(values<T>()[i]);
    }
  });
  return r;
}

Datum Datum::sequence(std::vector<Datum> items) {
  Datum d;
  d.kind = Kind::Sequence;
  d.list = std::make_shared<std::vector<Datum>>(std::move(items));
  return d;
}

Datum Datum::optional(std::vector<Datum> itemOrNothing) {
  Datum d = sequence(std::move(itemOrNothing));
  d.kind = Kind::Optional;
  return d;
}

llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * shape[i];
  }
  return strides;
}
} // namespace dlc::nn
