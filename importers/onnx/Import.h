//===- Import.h - ONNX models as modules of the nn dialect --------------------===//
#ifndef DLC_IMPORTERS_ONNX_IMPORT_H
#define DLC_IMPORTERS_ONNX_IMPORT_H
#include "dialects/dim/Dim.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include <map>
#include <string>
#include <vector>

namespace dlc::onnx_import {
/// A result of an op that the importer does not know; sizes that only the run tells are unknown.
struct CustomResult {
  mlir::Type element;
  dim::Shape shape;
};
/// A node that the importer has no rule for. `attributes` are i64, f32 and string attributes, arrays of them, and tensors;
/// absent operands are null.
struct CustomNode {
  llvm::StringRef domain, op;
  int64_t version; ///< of the domain's opset
  mlir::DictionaryAttr attributes;
  llvm::SmallVector<mlir::RankedTensorType> operands;
  unsigned outputs;
};
/// The element type with the number of TensorProto.DataType; null when there is none.
mlir::Type elementTypeOf(mlir::MLIRContext &context, int64_t dataType);

/// Libraries of ops.
class CustomOps {
public:
  virtual ~CustomOps() = default;
  virtual bool has(llvm::StringRef domain, llvm::StringRef op, int64_t version) const = 0;
  /// The results of a node that a library has; false, and the reason in `error`, when it refuses it.
  virtual bool infer(const CustomNode &node, llvm::SmallVectorImpl<CustomResult> &results, std::string &error) const = 0;
};

/// What to take of a model, and what is known of its sizes.
struct ImportOptions {
  /// Names of the values to compute; empty: the graph's outputs.
  std::vector<std::string> fetches;
  /// Names of values to feed instead of the graph's inputs; empty: the graph's inputs that have no initialiser. An
  /// intermediate value can be fed when the model states its type.
  std::vector<std::string> feeds;
  /// What named dims are: the name in the model (or the symbol made of it) -> a number or a formula, e.g. `2 * batch`.
  llvm::StringMap<std::string> dims;
  /// Sizes of inputs that replace those in the model: name -> one number or formula per dim.
  llvm::StringMap<std::vector<std::string>> inputShapes;
  /// Inputs that always have this value, and so need not be fed: name -> constant.
  std::map<std::string, mlir::ElementsAttr> constants;
  /// Where to look for ops that there is no rule for; null: nowhere.
  const CustomOps *customOps = nullptr;
  /// Does not compare the shapes that the model states of its outputs with the inferred ones.
  bool ignoreOutputShapes = false;
};

/// Why a part of the model (a node, or the whole when `op` is empty) can't be imported.
struct Problem {
  std::string node;
  std::string op;
  std::string domain;
  int64_t opset = 0;
  std::string reason;
};

/// One line: `node "conv1" (Conv, opset 11): expected 2 strides, got 3`.
std::string toString(const Problem &problem);

/// Imports the ONNX model in the file `path` as a module with one function, `@main`. Constants stay in the mapped file;
/// the mapping lives as long as they do. On failure `problems` lists everything that is wrong with the model, not only
/// the first; nothing is emitted as a diagnostic.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(mlir::MLIRContext &context, llvm::StringRef path,
                                                               const ImportOptions &options,
                                                               std::vector<Problem> &problems);

/// The same for a serialised model in memory, which is copied. External data is looked for in `folder`; where that is
/// empty, external data is refused.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModelFromMemory(mlir::MLIRContext &context,
                                                                         llvm::StringRef bytes, llvm::StringRef folder,
                                                                         const ImportOptions &options,
                                                                         std::vector<Problem> &problems);
} // namespace dlc::onnx_import
#endif
