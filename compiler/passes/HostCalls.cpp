//===- HostCalls.cpp - ops that the engine runs itself ----------------------------------------------===//
#include "compiler/passes/HostCalls.h"
#include "compiler/passes/DType.h"
#include "compiler/passes/OpAttributes.h"
#include "dialects/nn/eval/Eval.h"
#include "dialects/nn/ops/text/Regex.h"
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
  auto tensor = llvm::dyn_cast<mlir::TensorType>(type);
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

/// Strings as a constant of bytes: the length of each in 8 bytes, low ones first, then their texts. Integers: the sizes.
std::optional<HostCall> stringConstant(nn::ConstantOp op) {
  mlir::FailureOr<nn::Tensor> t = mlir::failure();
  if (nn::isString(nn::elementOf(op.getResult()))) {
    t = nn::tensorFromAttr(op.getValue());
  }
  if (mlir::failed(t)) {
    return std::nullopt;
  }
  HostCall c = call("string_constant", {});
  c.attributes.assign(t->shape().begin(), t->shape().end());
  for (const std::string &s : t->values<std::string>()) {
    for (unsigned byte = 0; byte < 8; ++byte) {
      c.encoded.push_back(char(uint64_t(s.size()) >> (8 * byte)));
    }
  }
  for (const std::string &s : t->values<std::string>()) {
    c.encoded.insert(c.encoded.end(), s.begin(), s.end());
  }
  c.encoded.push_back(0); // never empty
  return c;
}

/// The program that the engine follows; no call where it would be too long.
std::optional<HostCall> regexMatch(nn::RegexMatchOp op) {
  std::string error;
  std::optional<nn::Regex> regex = nn::parseRegex(op.getPattern(), error);
  std::optional<std::vector<int64_t>> program = regex ? nn::compileRegex(*regex, error) : std::nullopt;
  if (!program) {
    return std::nullopt;
  }
  HostCall c = call("regex_match", {op.getInput()});
  c.attributes.assign(program->begin(), program->end());
  return c;
}

/// Between numbers and their numerals.
std::optional<HostCall> stringCast(nn::CastOp op) {
  mlir::Type from = nn::elementOf(op.getInput()), to = op.getTo();
  auto isNumber = [](mlir::Type t) { return canOrder(t) || nn::isBool(t); };
  if (nn::isString(to) && isNumber(from)) {
    return call("numbers_to_strings", {op.getInput()});
  }
  return nn::isString(from) && isNumber(to)
             ? std::optional(call("strings_to_numbers", {op.getInput()}, {int64_t(getDType(to))}))
             : std::nullopt;
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
      .Case([](nn::ConstantOp o) { return stringConstant(o); })
      .Case([](nn::CastOp o) { return stringCast(o); })
      .Case([](nn::StringConcatOp o) { return call("string_concat", {o.getLhs(), o.getRhs()}); })
      .Case([](nn::StringSplitOp o) {
        return call("string_split", {o.getInput(), o.getDelimiter()}, {int64_t(o.getMaxSplits())});
      })
      .Case([](nn::StringNormalizeOp o) {
        return call("string_normalizer", {o.getInput(), o.getStopwords()},
                    {int64_t(o.getChange()), o.getCaseSensitive()});
      })
      .Case([](nn::RegexMatchOp o) { return regexMatch(o); })
      .Case([](nn::StringPickOp o) { return variadic("string_pick", o->getOperands()); })
      .Case([](nn::UnpackBitsOp o) { return call("unpack_bits", {o.getInput()}); })
      .Case([](nn::PackBitsOp o) { return call("pack_bits", {o.getInput()}, {dtypeOf(o.getType())}); })
      .Case([](nn::CustomOp o) { return customCall(o); })
      .Case([](nn::OptionalGetOp o) { return call("optional_get", {o.getInput()}); })
      .Default([](mlir::Operation *) { return Result(); });
}
} // namespace dlc
