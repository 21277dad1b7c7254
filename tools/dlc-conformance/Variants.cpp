#include "tools/dlc-conformance/Variants.h"
#include "importers/onnx/Constants.h"
#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::conformance {
namespace {

llvm::Expected<onnx::ModelProto> readModel(const std::string &folder) {
  auto bytes = readFile(folder + "/model.onnx");
  if (!bytes) {
    return bytes.takeError();
  }
  onnx::ModelProto proto;
  if (!proto.ParseFromArray((*bytes)->getBufferStart(), static_cast<int>((*bytes)->getBufferSize()))) {
    return makeError("{0}/model.onnx: expected an ONNX model", folder);
  }
  return proto;
}

std::vector<const onnx::ValueInfoProto *> fedInputs(const onnx::GraphProto &graph) {
  std::set<std::string> initialisers;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    initialisers.insert(tensor.name());
  }
  std::vector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (!initialisers.count(input.name())) {
      inputs.push_back(&input);
    }
  }
  return inputs;
}

/// The inputs with an element per dim, or per axis, of another tensor: their length is a rank, and ranks are no sizes.
std::set<std::string> inputsPerDim(const onnx::GraphProto &graph) {
  const std::set<std::string> ops = {"CenterCropPad", "ConstantOfShape", "Expand",    "MaxUnpool", "Pad",
                                     "Reshape",       "Resize",          "Slice",     "Split",     "Squeeze",
                                     "Tile",          "Unsqueeze",       "Upsample"};
  std::set<std::string> result;
  for (const onnx::NodeProto &node : graph.node()) {
    // The first operand of all but ConstantOfShape is the other tensor.
    for (int i = node.op_type() == "ConstantOfShape" ? 0 : 1; ops.count(node.op_type()) && i < node.input_size(); ++i) {
      result.insert(node.input(i));
    }
  }
  return result;
}

/// Symbols for all sizes but 0 and 1, which decide how operands broadcast.
void makeDynamic(const onnx::ValueInfoProto &input, Presentation &result) {
  if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
    return;
  }
  std::vector<std::string> sizes;
  bool hasSymbol = false;
  for (const auto &dim : input.type().tensor_type().shape().dim()) {
    if (dim.dim_value() > 1) {
      sizes.push_back("size" + std::to_string(dim.dim_value()));
      hasSymbol = true;
    } else {
      sizes.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param());
    }
    if (sizes.back().empty()) {
      return; // unnamed in the model: symbolic already
    }
  }
  if (hasSymbol) {
    result.options.inputShapes[input.name()] = std::move(sizes);
    result.isDifferent = true;
  }
}

llvm::Error makeConstant(mlir::MLIRContext &context, const onnx::ValueInfoProto &input, const std::string &file,
                         Presentation &result) {
  if (!input.type().has_tensor_type()) {
    return llvm::Error::success();
  }
  auto bytes = readFile(file);
  if (!bytes) {
    return bytes.takeError();
  }
  onnx::TensorProto proto;
  if (!proto.ParseFromArray((*bytes)->getBufferStart(), static_cast<int>((*bytes)->getBufferSize()))) {
    return makeError("{0}: expected a tensor", file);
  }
  onnx_import::Model none;
  std::string error;
  mlir::ElementsAttr value = onnx_import::Constants(&context, none).convert(proto, error);
  if (!value) {
    return makeError("{0}: {1}", file, error);
  }
  result.options.constants[input.name()] = value;
  result.isDifferent = true;
  return llvm::Error::success();
}

} // namespace

llvm::Expected<Presentation> present(mlir::MLIRContext &context, const CaseOptions &options) {
  llvm::Expected<onnx::ModelProto> model = readModel(options.folder);
  if (!model) {
    return model.takeError();
  }
  Presentation result;
  result.isDifferent = options.variant == Variant::Static;
  result.options.ignoreOutputShapes = options.variant == Variant::Dynamic;
  for (const onnx::NodeProto &node : model->graph().node()) {
    result.facts.ops.push_back(node.op_type());
  }
  std::set<std::string> perDim = inputsPerDim(model->graph());
  for (const onnx::ValueInfoProto *input : fedInputs(model->graph())) {
    bool hasRankAsSize = perDim.count(input->name()) && input->type().tensor_type().shape().dim_size() == 1;
    if (options.variant == Variant::Dynamic) {
      hasRankAsSize ? void() : makeDynamic(*input, result);
    } else if (options.variant == Variant::Constant) {
      std::string file = "/test_data_set_0/input_" + std::to_string(result.facts.inputs.size()) + ".pb";
      if (llvm::Error error = makeConstant(context, *input, options.folder + file, result)) {
        return error;
      }
    }
    result.facts.inputs.push_back(input->name());
  }
  return result;
}

std::string opsOf(const std::string &folder) {
  llvm::Expected<onnx::ModelProto> model = readModel(folder);
  if (!model) {
    llvm::consumeError(model.takeError());
    return "";
  }
  std::set<std::string> ops;
  for (const onnx::NodeProto &node : model->graph().node()) {
    ops.insert(node.op_type());
  }
  return llvm::join(ops, "+");
}

} // namespace dlc::conformance
