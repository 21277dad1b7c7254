#include "tools/dlc/OpLibraries.h"
#include "compiler/passes/DType.h"
#include "tools/common/ElementType.h"
#include "tools/common/Session.h"
#include "tools/dlc/LibraryCall.h"
#include <CLI/CLI.hpp>

namespace dlc {
namespace {

using onnx_import::CustomNode;
using onnx_import::CustomResult;

/// A call of `types` or `shape` for a node.
class InferenceCall : LibraryCall {
public:
  InferenceCall(const CustomNode &node, const dlc_custom_op &op) : LibraryCall(op, node.attributes), node(node) {
    outputs.resize(node.outputs);
    for (mlir::RankedTensorType type : node.operands) {
      dlc_op_tensor input{};
      if (type) {
        input.dtype = getDType(type.getElementType());
        input.rank = type.getRank();
      }
      inputs.push_back(input);
    }
  }

  bool run(llvm::SmallVectorImpl<CustomResult> &results, std::string &error) {
    return check(error) && findTypes(error) && findShapes(error) && collect(results, error);
  }

private:
  bool fail(std::string &error, const llvm::Twine &text) {
    error = text.str();
    return false;
  }

  bool check(std::string &error) {
    size_t count = node.operands.size();
    while (count > 0 && !node.operands[count - 1]) {
      --count;
    }
    if (count < op.least_inputs || count > op.most_inputs) {
      return fail(error, "expected " + llvm::Twine(op.least_inputs) + " to " + llvm::Twine(op.most_inputs) +
                             " inputs, got " + llvm::Twine(count));
    }
    if (node.outputs == 0 || node.outputs > op.most_outputs) {
      return fail(error,
                  "expected 1 to " + llvm::Twine(op.most_outputs) + " outputs, got " + llvm::Twine(node.outputs));
    }
    if (isSameShape() && !node.operands[0]) {
      return fail(error, "expected input 0 to be present");
    }
    for (mlir::RankedTensorType type : node.operands) {
      if (type && type.getRank() > DLC_OP_MAX_RANK) {
        return fail(error, "expected inputs of rank 16 at most");
      }
    }
    return hasAttributes() || fail(error, "expected at most " + llvm::Twine(DLC_OP_MAX_ATTRIBUTES) +
                                              " attributes, and no tensors of strings among them");
  }

  bool apply(dlc_op_fn function, const char *what, std::string &error) {
    error = LibraryCall::apply(function, what);
    return error.empty();
  }

  bool findTypes(std::string &error) {
    if (op.types && !apply(op.types, "types", error)) {
      return false;
    }
    for (auto [i, output] : llvm::enumerate(outputs)) {
      if (!op.types) {
        output.dtype = inputs[0].dtype;
      }
      if (isSameShape()) {
        output.rank = inputs[0].rank;
      }
      if (!elementOf(output.dtype) || output.rank > DLC_OP_MAX_RANK) {
        return fail(error, "expected the library to give output " + llvm::Twine(i) +
                               " a type of numbers and a rank of 16 at most, got type " + llvm::Twine(output.dtype) +
                               " and rank " + llvm::Twine(output.rank));
      }
    }
    return true;
  }

  /// Sizes are asked for where they are numbers already.
  bool findShapes(std::string &error) {
    bool isStatic = !isSameShape() && !areSizesFromData();
    for (auto [input, type] : llvm::zip_equal(inputs, node.operands)) {
      isStatic &= !type || type.hasStaticShape();
      input.count = 1;
      for (uint32_t i = 0; type && isStatic && i < input.rank; ++i) {
        input.dims[i] = type.getDimSize(i);
        input.count *= uint64_t(input.dims[i]);
      }
    }
    areSizesKnown = isStatic;
    std::vector<dlc_op_tensor> before = outputs;
    if (!isStatic) {
      return true;
    }
    if (!apply(op.shape, "shape", error)) {
      return false;
    }
    for (auto [i, output] : llvm::enumerate(outputs)) {
      if (output.dtype != before[i].dtype || output.rank != before[i].rank ||
          llvm::any_of(llvm::ArrayRef(output.dims, output.rank), [](int64_t size) { return size < 0; })) {
        return fail(error, "expected the library to give output " + llvm::Twine(i) +
                               " sizes, and to leave its type and rank as they are");
      }
    }
    return true;
  }

  mlir::Type elementOf(uint32_t dtype) const {
    mlir::MLIRContext *c = node.attributes.getContext();
    mlir::Type type = onnx_import::elementTypeOf(*c, dtype);
    return type && getDType(type) == dtype && dtype != DLC_STRING ? type : mlir::Type();
  }

  bool collect(llvm::SmallVectorImpl<CustomResult> &results, std::string &) {
    mlir::MLIRContext *c = node.attributes.getContext();
    for (const dlc_op_tensor &output : outputs) {
      CustomResult result{elementOf(output.dtype), {}};
      if (isSameShape()) {
        result.shape = dim::getShape(node.operands[0]);
      }
      for (uint32_t i = result.shape.size(); i < output.rank; ++i) {
        result.shape.push_back(areSizesKnown ? dim::constant(c, output.dims[i]) : dim::unknown(c));
      }
      results.push_back(std::move(result));
    }
    return true;
  }

  const CustomNode &node;
  bool areSizesKnown = false;
};

} // namespace

llvm::Expected<OpLibraries> OpLibraries::open(const std::vector<std::string> &paths) {
  OpLibraries all;
  for (const std::string &path : paths) {
    const dlc_op_library *library = nullptr;
    if (dlc_op_library_open(path.c_str(), &library)) {
      return engineError();
    }
    all.libraries.push_back(library);
  }
  return all;
}

const dlc_custom_op *OpLibraries::find(llvm::StringRef domain, llvm::StringRef name, int64_t version) const {
  for (const dlc_op_library *library : libraries) {
    for (uint32_t i = 0; i < library->op_count; ++i) {
      const dlc_custom_op &op = *library->ops[i];
      if (domain == op.domain && name == op.name && version >= op.since_version &&
          (!op.until_version || version <= op.until_version)) {
        return &op;
      }
    }
  }
  return nullptr;
}

bool OpLibraries::infer(const CustomNode &node, llvm::SmallVectorImpl<CustomResult> &results,
                        std::string &error) const {
  return InferenceCall(node, *find(node.domain, node.op, node.version)).run(results, error);
}

dlc_model_options OpLibraries::modelOptions() const {
  dlc_model_options options = DLC_MODEL_OPTIONS_INIT;
  options.op_libraries = libraries.data();
  options.op_library_count = libraries.size();
  return options;
}

void addOpLibraryOption(CLI::App &command, std::vector<std::string> &paths) {
  command
      .add_option("--op-library", paths,
                  "A library of ops that the model has beside those of ONNX (dlc/custom_op.h; may be repeated)")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

} // namespace dlc
