//===- HostCalls.cpp - ops that the engine runs itself ----------------------------------------------===//
#include "compiler/passes/HostCalls.h"
#include "compiler/passes/DType.h"
#include "compiler/passes/OpAttributes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc {
namespace {
using mlir::Value;

HostCall call(llvm::StringRef function, std::initializer_list<Value> operands,
              std::initializer_list<int64_t> attributes = {}) {
  return HostCall{function.str(), operands, attributes};
}

HostCall variadic(llvm::StringRef function, mlir::ValueRange operands) {
  HostCall c = call(function, {});
  c.operands.assign(operands.begin(), operands.end());
  return c;
}

/// Element types that the engine can compare and compute with.
bool canOrder(mlir::Type element) {
  if (element.isF16() || element.isBF16() || element.isF32() || element.isF64()) {
    return true;
  }
  return nn::isInteger(element) && nn::getElementBits(element) >= 8;
}

int64_t dtypeOf(mlir::Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  return tensor ? getDType(tensor.getElementType()) : DLC_UNDEFINED;
}
} // namespace

namespace {
/// An op of the user. The integers tell the types and sizes that the graph was compiled for; the engine compares.
HostCall customCall(nn::CustomOp op) {
  HostCall c;
  c.function = (op.getDomain() + ":" + op.getFunction()).str();
  c.version = op.getVersion();
  c.encoded = encodeOpAttributes(op.getParameters());
  for (int64_t place : op.getPlaces()) {
    c.operands.push_back(place < 0 ? Value() : op.getInputs()[place]);
  }
  for (Value v : op.getResults_()) {
    c.attributes.append({dtypeOf(v.getType()), nn::rankOf(v)});
    for (dim::Expr e : nn::shapeOf(v)) {
      c.attributes.push_back(dim::getConstant(e).value_or(-1));
    }
  }
  return c;
}

/// The bounds of each component, one after the other.
HostCall checkIndices(nn::CheckIndicesOp op) {
  HostCall c = call(kCheckIndices, {op.getIndices()});
  for (auto [low, high] : llvm::zip(op.getLow().getDims(), op.getHigh().getDims())) {
    c.sizes.append({low, high});
  }
  return c;
}

/// Whether the engine combines elements of this type; it puts those of any type that has whole bytes.
bool canScatter(mlir::Type element, nn::ScatterKind kind) {
  return !nn::isString(element) && (nn::getElementBits(element) >= 8 || nn::isBool(element)) &&
         (kind == nn::ScatterKind::None || canOrder(element));
}
} // namespace

std::optional<HostCall> getHostCall(mlir::Operation *op) {
  using Result = std::optional<HostCall>;
  return llvm::TypeSwitch<mlir::Operation *, Result>(op)
      .Case([](nn::NonZeroOp o) { return call("nonzero", {o.getInput()}); })
      .Case([](nn::CompressOp o) {
        int64_t axis = o.getAxis().value_or(0);
        return call("compress", {o.getInput(), o.getCondition()}, {o.getAxis().has_value(), axis});
      })
      .Case([](nn::CheckIndicesOp o) { return checkIndices(o); })
      .Case([](nn::ScatterElementsOp o) {
        bool fits = canScatter(nn::elementOf(o.getInput()), o.getReduction());
        return fits ? call(kScatterElements, {o.getInput(), o.getIndices(), o.getUpdates()},
                           {int64_t(o.getAxis()), int64_t(o.getReduction())})
                    : Result();
      })
      .Case([](nn::ScatterNDOp o) {
        bool fits = canScatter(nn::elementOf(o.getInput()), o.getReduction());
        return fits ? call(kScatterND, {o.getInput(), o.getIndices(), o.getUpdates()}, {int64_t(o.getReduction())})
                    : Result();
      })
      .Case([](nn::TopKOp o) {
        HostCall c = call("top_k", {o.getInput()}, {int64_t(o.getAxis()), o.getLargest()});
        c.sizes.push_back(o.getK());
        return canOrder(nn::elementOf(o.getInput())) ? c : Result();
      })
      .Case([](nn::UniqueOp o) {
        int64_t axis = o.getAxis().value_or(0);
        return call("unique", {o.getInput()}, {o.getSorted(), o.getAxis().has_value(), axis});
      })
      .Case([](nn::NonMaxSuppressionOp o) {
        return call("non_max_suppression",
                    {o.getBoxes(), o.getScores(), o.getMaxPerClass(), o.getIouThreshold(), o.getScoreThreshold()},
                    {o.getCenterPointBox()});
      })
      .Case([](nn::SequenceEmptyOp o) { return call("sequence_empty", {}, {dtypeOf(o.getElement())}); })
      .Case([](nn::SequenceConstructOp o) { return variadic("sequence_construct", o.getInputs()); })
      .Case([](nn::SequenceInsertOp o) {
        return call("sequence_insert", {o.getSequence(), o.getValue(), o.getPosition()});
      })
      .Case([](nn::SequenceEraseOp o) { return call("sequence_erase", {o.getSequence(), o.getPosition()}); })
      .Case([](nn::SequenceAtOp o) { return call("sequence_at", {o.getSequence(), o.getPosition()}); })
      .Case([](nn::SequenceLengthOp o) { return call("sequence_length", {o.getSequence()}); })
      .Case([](nn::SplitToSequenceOp o) {
        return call("split_to_sequence", {o.getInput(), o.getSplit()}, {int64_t(o.getAxis()), o.getKeepDims()});
      })
      .Case([](nn::ConcatFromSequenceOp o) {
        return call("concat_from_sequence", {o.getSequence()}, {int64_t(o.getAxis()), o.getNewAxis()});
      })
      .Case([](nn::OptionalMakeOp o) { return call("optional_make", {o.getValue()}, {dtypeOf(o.getElement())}); })
      .Case([](nn::OptionalHasOp o) { return call("optional_has", {o.getInput()}); })
      .Case([](nn::EqualOp o) {
        return nn::isString(nn::elementOf(o.getLhs())) ? call("string_equal", {o.getLhs(), o.getRhs()}) : Result();
      })
      .Case([](nn::CustomOp o) { return customCall(o); })
      .Case([](nn::OptionalGetOp o) { return call("optional_get", {o.getInput()}); })
      .Default([](mlir::Operation *) { return Result(); });
}
} // namespace dlc
