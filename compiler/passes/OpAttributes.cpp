//===- OpAttributes.cpp - attributes as ops of libraries get them ----------------------------------===//
#include "compiler/passes/OpAttributes.h"
#include "compiler/passes/DType.h"
#include "dialects/nn/eval/Eval.h"
#include "dlc/custom_op.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

namespace dlc {
namespace {
struct Encoded {
  uint64_t type = 0, dtype = 0, count = 0;
  std::vector<int64_t> dims;
  std::string data;
};

template <typename T> std::string bytesOf(llvm::ArrayRef<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

Encoded strings(llvm::ArrayRef<llvm::StringRef> texts) {
  Encoded e{DLC_OP_STRINGS, DLC_STRING, texts.size(), {}, {}};
  for (llvm::StringRef text : texts) {
    // What follows a 0 in a string is out of reach for C.
    e.data += text.take_until([](char c) { return c == 0; }).str();
    e.data.push_back(0);
  }
  return e;
}

Encoded tensor(mlir::ElementsAttr value) {
  Encoded e{DLC_OP_TENSOR, 0, 0, {}, {}};
  mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(value);
  if (mlir::succeeded(t) && !nn::isString(t->element())) {
    e.dtype = getDType(t->element());
    e.dims.assign(t->shape().begin(), t->shape().end());
    e.count = value.getNumElements();
    e.data.assign(t->raw(), t->bytes());
  }
  return e;
}

Encoded encode(mlir::Attribute attribute) {
  using namespace mlir;
  return llvm::TypeSwitch<Attribute, Encoded>(attribute)
      .Case([](IntegerAttr a) { return Encoded{DLC_OP_INTS, DLC_I64, 1, {}, bytesOf<int64_t>({a.getInt()})}; })
      .Case([](FloatAttr a) {
        return Encoded{DLC_OP_FLOATS, DLC_F32, 1, {}, bytesOf<float>({a.getValue().convertToFloat()})};
      })
      .Case([](StringAttr a) { return strings(a.getValue()); })
      .Case([](DenseI64ArrayAttr a) {
        return Encoded{DLC_OP_INTS, DLC_I64, uint64_t(a.size()), {}, bytesOf(a.asArrayRef())};
      })
      .Case([](DenseF32ArrayAttr a) {
        return Encoded{DLC_OP_FLOATS, DLC_F32, uint64_t(a.size()), {}, bytesOf(a.asArrayRef())};
      })
      .Case([](ElementsAttr a) { return tensor(a); })
      .Case([](ArrayAttr a) {
        llvm::SmallVector<llvm::StringRef> texts;
        for (auto text : a.getAsRange<StringAttr>()) {
          texts.push_back(text.getValue());
        }
        return strings(texts);
      })
      .Default([](Attribute) { return Encoded(); });
}

/// Appends bytes at a multiple of 8; their offset.
uint64_t append(std::vector<char> &to, llvm::StringRef bytes) {
  uint64_t offset = to.size();
  to.insert(to.end(), bytes.begin(), bytes.end());
  to.resize((to.size() + 7) / 8 * 8);
  return offset;
}
} // namespace

std::vector<char> encodeOpAttributes(mlir::DictionaryAttr attributes) {
  std::vector<uint64_t> head{attributes.size()};
  head.resize(1 + 7 * attributes.size());
  std::vector<char> bytes(head.size() * 8);
  uint64_t *entry = head.data() + 1;
  for (mlir::NamedAttribute attribute : attributes) {
    Encoded e = encode(attribute.getValue());
    uint64_t name = append(bytes, attribute.getName().str() + std::string(1, 0));
    uint64_t dims = append(bytes, bytesOf(llvm::ArrayRef<int64_t>(e.dims)));
    uint64_t values[] = {name, e.type, e.dtype, e.count, e.dims.size(), dims, append(bytes, e.data)};
    entry = std::copy(std::begin(values), std::end(values), entry);
  }
  std::memcpy(bytes.data(), head.data(), head.size() * 8);
  return bytes;
}
} // namespace dlc
