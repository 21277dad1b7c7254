#include "tools/dlc/Reference.h"
#include "compiler/passes/DType.h"
#include "tools/common/ElementType.h"
#include <cstring>

namespace dlc {
namespace {

llvm::Expected<nn::Tensor> toTensor(const HostTensor &tensor, mlir::Type type) {
  auto ranked = llvm::dyn_cast<mlir::TensorType>(type);
  if (!ranked || getDType(ranked.getElementType()) != tensor.dtype) {
    return makeError("'{0}': expected a value of another type than {1}", tensor.name, typeString(tensor));
  }
  nn::Tensor result = nn::Tensor::zeros(ranked.getElementType(), tensor.dims);
  if (tensor.dtype == DLC_STRING) {
    llvm::copy(tensor.strings, result.values<std::string>().begin());
  } else if (isPackedElement(tensor.dtype)) { // a byte each, here
    unsigned bits = elementBits(tensor.dtype);
    for (size_t i = 0; i < size_t(result.count()); ++i) {
      char byte = char(tensor.bytes[i * bits / 8] >> (i * bits % 8));
      result.rawMutable()[i] = nn::extendBits(byte, ranked.getElementType());
    }
  } else if (!tensor.bytes.empty()) {
    std::memcpy(result.rawMutable(), tensor.bytes.data(), std::min(tensor.bytes.size(), result.bytes()));
  }
  return result;
}

HostTensor fromTensor(const nn::Tensor &tensor) {
  HostTensor result;
  result.dtype = getDType(tensor.element());
  result.dims.assign(tensor.shape().begin(), tensor.shape().end());
  if (result.dtype == DLC_STRING) {
    llvm::ArrayRef<std::string> strings = tensor.values<std::string>();
    result.strings.assign(strings.begin(), strings.end());
  } else if (isPackedElement(result.dtype)) {
    unsigned bits = elementBits(result.dtype), mask = (1u << bits) - 1;
    result.bytes.resize(elementBytes(result.dtype, tensor.count()).value_or(0));
    for (size_t i = 0; i < size_t(tensor.count()); ++i) {
      result.bytes[i * bits / 8] |= uint8_t((uint8_t(tensor.raw()[i]) & mask) << (i * bits % 8));
    }
  } else {
    result.bytes.assign(tensor.raw(), tensor.raw() + tensor.bytes());
  }
  return result;
}

} // namespace

llvm::Expected<nn::Datum> toDatum(const HostValue &value, mlir::Type type) {
  if (value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS) {
    auto tensor = toTensor(value.tensor, type);
    return tensor ? llvm::Expected<nn::Datum>(nn::Datum(std::move(*tensor))) : tensor.takeError();
  }
  auto sequence = llvm::dyn_cast<nn::SequenceType>(type);
  auto optional = llvm::dyn_cast<nn::OptionalType>(type);
  if ((value.kind == DLC_KIND_SEQUENCE) != bool(sequence) || (value.kind == DLC_KIND_OPTIONAL) != bool(optional)) {
    return makeError("'{0}': expected a value of another kind than {1}", value.name, typeString(value));
  }
  std::vector<nn::Datum> items;
  for (const HostValue &element : value.elements) {
    auto item = toDatum(element, sequence ? sequence.getElement() : optional.getElement());
    if (!item) {
      return item.takeError();
    }
    items.push_back(std::move(*item));
  }
  return sequence ? nn::Datum::sequence(std::move(items)) : nn::Datum::optional(std::move(items));
}

HostValue fromDatum(const nn::Datum &datum) {
  if (datum.getKind() == nn::Datum::Kind::Tensor) {
    return HostValue(fromTensor(datum.tensor()));
  }
  HostValue result;
  result.kind = datum.getKind() == nn::Datum::Kind::Sequence ? DLC_KIND_SEQUENCE : DLC_KIND_OPTIONAL;
  for (const nn::Datum &item : datum.items()) {
    result.elements.push_back(fromDatum(item));
  }
  return result;
}

llvm::Expected<std::vector<HostValue>> evaluateReference(mlir::func::FuncOp main,
                                                         const std::vector<std::optional<HostValue>> &inputs,
                                                         const OpLibraries &libraries) {
  std::vector<nn::Datum> arguments;
  for (auto [value, type] : llvm::zip_equal(inputs, main.getArgumentTypes())) {
    auto datum = value ? toDatum(*value, type) : llvm::Expected<nn::Datum>(nn::Datum());
    if (!datum) {
      return datum.takeError();
    }
    arguments.push_back(std::move(*datum));
  }
  nn::Evaluator evaluator(/*visit=*/nullptr,
                          [&](mlir::Operation *op, nn::EvalContext &context, llvm::ArrayRef<nn::Datum> operands,
                              llvm::SmallVectorImpl<nn::Datum> &results) {
                            return libraries.evaluate(llvm::cast<nn::CustomOp>(op), context, operands, results);
                          });
  mlir::FailureOr<std::vector<nn::Datum>> results = evaluator.run(main.getBody().front(), arguments);
  if (mlir::failed(results)) {
    return makeError("the reference evaluator could not run the model");
  }
  std::vector<HostValue> outputs;
  for (const nn::Datum &datum : *results) {
    outputs.push_back(fromDatum(datum));
  }
  return outputs;
}

} // namespace dlc
