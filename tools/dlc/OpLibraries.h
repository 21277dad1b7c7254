/// \file Libraries of ops (`--op-library`): opened once, for the compiler and the engine.
#ifndef DLC_TOOLS_DLC_OPLIBRARIES_H
#define DLC_TOOLS_DLC_OPLIBRARIES_H

#include "dialects/nn/eval/Eval.h"
#include "dlc/custom_op.h"
#include "dlc/runtime.h"
#include "importers/onnx/Import.h"
#include "llvm/Support/Error.h"

namespace CLI {
class App;
} // namespace CLI

namespace dlc {

class OpLibraries : public onnx_import::CustomOps {
public:
  /// Opens files; the error of the first that is no library.
  static llvm::Expected<OpLibraries> open(const std::vector<std::string> &paths);
  bool has(llvm::StringRef domain, llvm::StringRef op, int64_t version) const override {
    return find(domain, op, version) != nullptr;
  }
  bool infer(const onnx_import::CustomNode &node, llvm::SmallVectorImpl<onnx_import::CustomResult> &results,
             std::string &error) const override;
  /// What the op's library computes, as a reference. The library's code is the only definition of its ops: this tells
  /// whether they are called with what they should be, not whether they are right.
  llvm::LogicalResult evaluate(nn::CustomOp op, nn::EvalContext &context, llvm::ArrayRef<nn::Datum> operands,
                               llvm::SmallVectorImpl<nn::Datum> &results) const;
  /// Options to load a model with, which need this to stay.
  dlc_model_options modelOptions() const;

private:
  const dlc_custom_op *find(llvm::StringRef domain, llvm::StringRef op, int64_t version) const;
  std::vector<const dlc_op_library *> libraries;
};

void addOpLibraryOption(CLI::App &command, std::vector<std::string> &paths);

} // namespace dlc

#endif // DLC_TOOLS_DLC_OPLIBRARIES_H
