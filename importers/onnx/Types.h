//===- Types.h - ONNX types as types of the nn dialect -------------------------===//
#ifndef DLC_IMPORTERS_ONNX_TYPES_H
#define DLC_IMPORTERS_ONNX_TYPES_H
#include "dialects/nn/NN.h"
#include "importers/onnx/Import.h"
#include "importers/onnx/OnnxProto.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::onnx_import {
/// The element type of a TensorProto.DataType; null when there is none in nn.
mlir::Type elementType(mlir::MLIRContext *context, int64_t dataType);
/// The name of a TensorProto.DataType, for messages.
std::string dataTypeName(int64_t dataType);
/// The DataType of an upper-case name (attribute `to` of Cast-1); 0 when there is none.
int64_t dataTypeOfName(llvm::StringRef name);

/// The symbols of a module: one per named dim of the model, and fresh ones.
class SymbolNames {
public:
  SymbolNames(mlir::MLIRContext *context, const ImportOptions &options) : context(context), options(options) {}
  /// The size that the model calls `name`: a symbol, or what the options say that it is. Null, with the text in
  /// `error`, when the options' formula can't be read.
  dim::Expr named(llvm::StringRef name, std::string &error);
  /// A symbol that nobody else has, made of `base`; one whose value may be negative ends in `$`.
  dim::Expr fresh(const llvm::Twine &base, bool maybeNegative = false);
  /// The size of a dim that the model does not name: a symbol made of `base`, or what the options say that it is.
  dim::Expr anonymous(const std::string &base, std::string &error);
  /// True when the options say what `name` is.
  bool isStated(llvm::StringRef name) const { return options.dims.contains(name); }
  /// The options' names that no dim has had so far; `known` receives those that dims have.
  std::vector<std::string> unusedNames(std::vector<std::string> &known) const;

private:
  std::string unique(const llvm::Twine &base, llvm::StringRef suffix);
  mlir::MLIRContext *context;
  const ImportOptions &options;
  llvm::StringMap<dim::Expr> known;
  llvm::StringMap<unsigned> counts;
  llvm::StringSet<> used;
  llvm::StringSet<> statedNames; ///< of the options, that were asked for
  std::vector<std::string> names; ///< that dims have, in order
};

/// The type of a value that the model describes. `name` names its anonymous dims. Null, with the text in `error`, when
/// nn has no such type.
mlir::Type convertType(const onnx::TypeProto &proto, llvm::StringRef name, SymbolNames &symbols,
                       mlir::MLIRContext *context, std::string &error);
} // namespace dlc::onnx_import
#endif
