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
} // namespace

std::optional<HostCall> getHostCall(mlir::Operation *op) {
  using Result = std::optional<HostCall>;
  return llvm::TypeSwitch<mlir::Operation *, Result>(op)
      .Case([](nn::NonZeroOp o) { return call("nonzero", {o.getInput()}); })
      .Case([](nn::CompressOp o) {
        int64_t axis = o.getAxis().value_or(0);
        return call("compress", {o.getInput(), o.getCondition()}, {o.getAxis().has_value(), axis});
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
