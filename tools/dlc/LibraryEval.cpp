/// \file Ops of libraries in the reference evaluator.
#include "compiler/passes/DType.h"
#include "tools/dlc/LibraryCall.h"
#include "tools/dlc/OpLibraries.h"
#include <cstring>

namespace dlc {
namespace {

/// A call of `shape`, then of `compute`, as the engine makes them.
class EvaluationCall : LibraryCall {
public:
  EvaluationCall(const dlc_custom_op &library, nn::CustomOp node, llvm::ArrayRef<nn::Datum> operands)
      : LibraryCall(library, node.getParameters()), node(node) {
    for (int64_t place : node.getPlaces()) {
      inputs.push_back(place < 0 ? dlc_op_tensor{} : describe(operands[place].tensor()));
    }
  }

  llvm::LogicalResult run(nn::EvalContext &context, llvm::SmallVectorImpl<nn::Datum> &results) {
    if (!hasAttributes()) {
      return context.fail("expected attributes that fit dlc/custom_op.h");
    }
    if (std::string error = findShapes(); !error.empty()) {
      return context.fail(error);
    }
    std::vector<nn::Tensor> tensors;
    for (auto [output, value] : llvm::zip_equal(outputs, node.getResults_())) {
      llvm::ArrayRef<int64_t> sizes(output.dims, output.rank);
      if (output.dtype != getDType(nn::elementOf(value)) || int64_t(output.rank) != nn::rankOf(value) ||
          llvm::any_of(sizes, [](int64_t size) { return size < 0; })) {
        return context.fail(
            "expected the library to give outputs sizes, and to leave their types and ranks as they are");
      }
      tensors.push_back(nn::Tensor::zeros(nn::elementOf(value), sizes));
      output.count = uint64_t(tensors.back().count());
      output.data = tensors.back().rawMutable();
    }
    if (std::string error = apply(op.compute, "compute"); !error.empty()) {
      return context.fail(error);
    }
    results.append(tensors.begin(), tensors.end());
    return mlir::success();
  }

private:
  static dlc_op_tensor describe(const nn::Tensor &tensor) {
    dlc_op_tensor t{};
    t.dtype = getDType(tensor.element());
    t.rank = uint32_t(tensor.rank());
    llvm::copy(tensor.shape(), t.dims);
    t.count = uint64_t(tensor.count());
    t.data = const_cast<char *>(tensor.raw());
    return t;
  }

  std::string findShapes() {
    for (mlir::Value value : node.getResults_()) {
      dlc_op_tensor output{};
      output.dtype = getDType(nn::elementOf(value));
      output.rank = uint32_t(nn::rankOf(value));
      if (isSameShape()) {
        std::memcpy(output.dims, inputs[0].dims, sizeof(output.dims));
      }
      outputs.push_back(output);
    }
    if (isSameShape()) {
      return "";
    }
    std::vector<dlc_op_tensor> whole = inputs;
    for (dlc_op_tensor &input : inputs) {
      input.data = areSizesFromData() ? input.data : nullptr;
    }
    std::string error = apply(op.shape, "shape");
    inputs = std::move(whole);
    return error;
  }

  nn::CustomOp node;
};

} // namespace

llvm::LogicalResult OpLibraries::evaluate(nn::CustomOp op, nn::EvalContext &context, llvm::ArrayRef<nn::Datum> operands,
                                          llvm::SmallVectorImpl<nn::Datum> &results) const {
  const dlc_custom_op *library = find(op.getDomain(), op.getFunction(), op.getVersion());
  if (!library) {
    return context.fail("expected a library that has this op");
  }
  if (llvm::any_of(operands, [](const nn::Datum &datum) { return nn::isString(datum.tensor().element()); })) {
    return context.fail("expected operands of numbers: the evaluator gives no strings to libraries");
  }
  return EvaluationCall(*library, op, operands).run(context, results);
}

} // namespace dlc
