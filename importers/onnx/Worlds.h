//===- Worlds.h - what follows an If whose branches give different kinds of values ----------===//
#ifndef DLC_IMPORTERS_ONNX_WORLDS_H
#define DLC_IMPORTERS_ONNX_WORLDS_H
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
/// An If whose branches give values of different ranks or kinds has no type. ONNX says what it means all the same: the
/// nodes after it see the values of the branch that was taken. So those nodes are imported once per branch, inside of
/// it ("in two worlds"), until all values that are still needed have one type in both.
///
/// Where a node means nothing in one of the worlds (a Squeeze of a dim of 3, say), no run may take that branch: the
/// other one is taken for granted, and an nn.assume refuses runs whose condition says otherwise.
class Worlds {
public:
  /// `proto` was imported as `op`, whose regions end in nn.yield and whose results have no types yet. Names in `wanted`
  /// are needed when the graph has been imported.
  Worlds(Importer &importer, Scope &scope, const onnx::NodeProto &proto, nn::IfOp op,
         const std::vector<std::string> &wanted, mlir::OpBuilder &builder);
  /// Imports nodes of `rest`, which are in order; returns those that are still to be imported. What these need has been
  /// defined.
  NodeRefs run(NodeRefs rest);

private:
  struct World {
    World(Scope &outer, mlir::Region &region, bool condition);
    Scope scope;
    mlir::OpBuilder builder;
    const bool condition;          ///< that leads here
    std::vector<Problem> problems; ///< why no run can be here
    bool complete = false;         ///< all nodes are imported
  };
  void bindOutputs();
  /// Imports the nodes that do not depend on the branches; leaves those that do.
  NodeRefs importOthers(NodeRefs rest);
  void advance(World &world, NodeRefs from);
  /// The names of `made` that `rest` or the graph's end need.
  std::vector<std::string> needed(const llvm::StringSet<> &made, NodeRefs rest) const;
  bool canMeet(const std::vector<std::string> &names);
  void meet(const std::vector<std::string> &names);
  void settle(World &taken, const World &other);
  /// Reports that the worlds do not meet, and leaves out what depends on them.
  void refuse(const NodeRefs &dependent);
  Expr conditionFormula(Node &n);

  Importer &importer;
  Scope &scope;
  const onnx::NodeProto &proto;
  const int64_t opset;
  nn::IfOp op;
  const std::vector<std::string> &wanted;
  mlir::OpBuilder &builder;
  std::string kinds; ///< of the branches' outputs, for messages
  World yes, no;
};
} // namespace dlc::onnx_import
#endif
