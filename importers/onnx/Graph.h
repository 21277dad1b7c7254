//===- Graph.h - the import of one model ---------------------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_GRAPH_H
#define DLC_IMPORTERS_ONNX_GRAPH_H
#include "importers/onnx/Constants.h"
#include "importers/onnx/Node.h"
#include "importers/onnx/Order.h"
#include "importers/onnx/KnownValues.h"
#include "importers/onnx/Types.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::onnx_import {
/// The default domain has two names.
inline llvm::StringRef normalDomain(llvm::StringRef domain) { return domain == "ai.onnx" ? llvm::StringRef() : domain; }

/// The state of one import. Problems are collected; what depends on a failed node is skipped.
class Importer {
public:
  Importer(mlir::MLIRContext *context, const Model &model, const ImportOptions &options,
           std::vector<Problem> &problems);
  /// Null when there were problems.
  mlir::OwningOpRef<mlir::ModuleOp> run();

  // For rules.
  /// Imports the nodes of `graph` that its outputs need at the builder's place. Its inputs are `arguments`; nodes see
  /// the names of `outer`. Fails when an output could not be imported.
  llvm::LogicalResult importSubgraph(Node &node, const onnx::GraphProto &graph, llvm::ArrayRef<Value> arguments,
                                     llvm::SmallVectorImpl<Value> &results);
  mlir::ElementsAttr convertConstant(const onnx::TensorProto &tensor, std::string &error) {
    return constants.convert(tensor, error);
  }
  mlir::ElementsAttr convertConstant(const onnx::SparseTensorProto &tensor, std::string &error) {
    return constants.convert(tensor, error);
  }
  /// Takes an op with regions out of the graph. It stays until the end of the import, because what is known of values is
  /// kept by their addresses.
  void discard(mlir::Operation *op);
  /// Notes that the dims of the type are sizes; false when their formulas are too large to work with.
  bool noteSizes(Type type);
  bool isKnownSize(Expr e) const { return seenSizes.contains(e); }
  KnownValues known;
  SymbolNames symbols;
  /// Pairs of sizes that a run finds equal before it goes on, and where.
  llvm::DenseSet<std::tuple<mlir::Block *, Expr, Expr>> assumed;
  /// The last error that an op emitted.
  std::string diagnostic;
  /// Set by the rule of If where the branches' outputs have no common type: nothing is defined for the node, and what
  /// follows it is imported for each branch (Worlds.h).
  nn::IfOp divergent;

private:
  friend class Worlds;
  // The model.
  void readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports, Frame &frame);
  void readFunctions();
  void createMain();
  void addInputs(Scope &scope);
  void addConstantInput(Scope &scope, const std::string &name, mlir::ElementsAttr value);
  Value createConstant(llvm::StringRef name, mlir::ElementsAttr value);
  void addInput(Scope &scope, const onnx::ValueInfoProto &info);
  void noteDimNames(const std::string &input, const onnx::TypeProto &type);
  void checkDimNames();
  bool overrideShape(llvm::StringRef name, Type &type, std::string &error);
  Value addArgument(Scope &scope, llvm::StringRef name, Type type);
  void finishMain(Scope &scope);
  void eraseUnused();
  void checkOutput(const onnx::ValueInfoProto &info, Value v);
  std::vector<std::string> wantedOutputs() const;

  // Graphs and nodes.
  void addInitializers(Scope &scope, const onnx::GraphProto &graph);
  void importNodes(Scope &scope, const NodeList &nodes, const std::vector<std::string> &wanted,
                   mlir::OpBuilder &builder);
  /// Imports nodes that are in order.
  void importList(Scope &scope, NodeRefs nodes, const std::vector<std::string> &wanted, mlir::OpBuilder &builder);
  void importNode(Scope &scope, const onnx::NodeProto &node, mlir::OpBuilder &builder);
  void applyRule(Scope &scope, const onnx::NodeProto &node, mlir::OpBuilder &builder, RuleTable::Match match,
                 int64_t opset, llvm::SmallVector<Value> operands);
  void applyFunction(Scope &scope, const onnx::NodeProto &node, mlir::OpBuilder &builder,
                     const onnx::FunctionProto &function, llvm::ArrayRef<Value> operands);
  void applyCustom(Scope &scope, const onnx::NodeProto &proto, mlir::OpBuilder &builder, int64_t opset,
                   llvm::ArrayRef<Value> operands);
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &node) const;
  enum class Resolved { Yes, Poisoned, Missing };
  Resolved resolveOperands(Scope &scope, const onnx::NodeProto &node, llvm::SmallVectorImpl<Value> &operands);
  std::string checkOperands(const Rule &rule, llvm::ArrayRef<Value> operands) const;
  /// The value that `name` stands for; null when it is poisoned. Creates constants on first use.
  Value materialize(llvm::StringRef name, Binding &binding);
  void define(Scope &scope, const onnx::NodeProto &node, llvm::ArrayRef<Value> values);
  void poison(Scope &scope, const onnx::NodeProto &node);
  /// Takes `nodes` from what may be imported; false when nothing is left.
  bool spend(int64_t nodes);
  void report(const onnx::NodeProto *node, int64_t opset, const llvm::Twine &reason);
  /// Of a node in `scope`.
  void report(const Scope &scope, const onnx::NodeProto &node, const llvm::Twine &reason);
  mlir::Location locationOf(const onnx::NodeProto &node) const;
  const onnx::ValueInfoProto *describe(llvm::StringRef name) const;

  mlir::MLIRContext *context;
  const Model &model;
  const ImportOptions &options;
  std::vector<Problem> &problems;
  Constants constants;
  const RuleTable &rules;
  Frame frame;
  llvm::StringMap<const onnx::FunctionProto *> functions;
  llvm::StringMap<const onnx::ValueInfoProto *> described;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp main;
  mlir::Operation *lastConstant = nullptr;
  llvm::DenseSet<Expr> seenSizes;
  llvm::StringMap<std::vector<std::string>> dimNames; ///< of inputs, as the model calls them where the options say their size
  std::vector<mlir::Operation *> discarded;
  int64_t budget = int64_t(1) << 22;
  bool exhausted = false; ///< the budget is
  const size_t problemsBefore;
};
} // namespace dlc::onnx_import
#endif
