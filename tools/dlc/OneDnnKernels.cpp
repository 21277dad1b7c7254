#include "tools/dlc/OneDnnKernels.h"
#include "compiler/passes/DType.h"
#include "compiler/target/cpu/strategy/OneDnnPattern.h"
#include "dlc/runtime.h"
#include "tools/common/Session.h"
#include "tools/dlc/LibraryCall.h"

namespace dlc {
namespace {

dlc_op_tensor describe(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  dlc_op_tensor t{};
  t.dtype = getDType(tensor.getElementType());
  t.rank = uint32_t(tensor.getRank());
  llvm::copy(tensor.getShape(), t.dims);
  t.count = uint64_t(tensor.getNumElements());
  return t;
}

/// A kernel's call, and where its operands come from.
class KernelCall : LibraryCall {
public:
  KernelCall(const dlc_custom_op &op, mlir::func::FuncOp kernel, const cpu::OneDnnPattern &pattern)
      : LibraryCall(op, pattern.parameters()) {
    for (mlir::Value v : {pattern.input, pattern.weights, pattern.bias, pattern.addend}) {
      inputs.push_back(v ? describe(v.getType()) : dlc_op_tensor{});
      buffers.push_back(-1);
      if (auto argument = llvm::dyn_cast_or_null<mlir::BlockArgument>(v)) {
        buffers.back() = argument.getArgNumber();
      } else if (v) {
        constants.push_back(*nn::tensorFromAttr(v.getDefiningOp<nn::ConstantOp>().getValue()));
        inputs.back().data = const_cast<char *>(constants.back().raw());
      }
    }
    constantInputs = 1 << 1; // the weights
    outputs.push_back(describe(kernel.getResultTypes()[0]));
    buffers.push_back(int64_t(kernel.getNumArguments()));
  }

  /// What went wrong; empty: nothing.
  std::string run(void *const *pointers) {
    for (auto [input, buffer] : llvm::zip_first(inputs, buffers)) {
      input.data = buffer < 0 ? input.data : pointers[buffer];
    }
    outputs[0].data = pointers[buffers.back()];
    return apply(op.compute, "compute");
  }

private:
  std::vector<int64_t> buffers; ///< of the kernel, per operand and result; -1: none
  std::vector<nn::Tensor> constants;
};

class OneDnnKernels : public tune::LibraryKernels {
public:
  explicit OneDnnKernels(const dlc_op_library &library) : library(library) {}

  llvm::Expected<Call> make(mlir::func::FuncOp kernel) const override {
    std::optional<cpu::OneDnnPattern> pattern = cpu::findOneDnnKernel(kernel);
    for (uint32_t i = 0; pattern && i < library.op_count; ++i) {
      if (pattern->function() == library.ops[i]->name) {
        auto call = std::make_shared<KernelCall>(*library.ops[i], kernel, *pattern);
        return [call](void *const *buffers) { return call->run(buffers); };
      }
    }
    return makeError("libdlc_onednn.so does not compute this kernel");
  }

private:
  const dlc_op_library &library;
};

} // namespace

llvm::Expected<std::shared_ptr<const tune::LibraryKernels>> openOneDnn() {
  const dlc_op_library *library = nullptr;
  if (dlc_op_library_find("dlc.onednn", &library)) {
    return engineError();
  }
  return std::make_shared<OneDnnKernels>(*library);
}

} // namespace dlc
