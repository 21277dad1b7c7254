// ONNX nodes as the code that kernels have for them.
#include "Elementwise.h"
#include "compiler/Pipeline.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Parser/Parser.h"
#include "tests/unit/onnx/NodeCase.h"

namespace dlc {
namespace {

/// The imported model, as text: each context parses its own.
std::string import(const Elementwise::Node &node) {
  onnx_testing::TestModel model(node.opset);
  onnx_testing::build(model, {node.op, node.opset, "16", node.attributes, ""});
  if (!model.import()) {
    llvm::errs() << model.problemText();
    std::exit(1);
  }
  std::string text;
  llvm::raw_string_ostream(text) << *model.module;
  return text;
}

/// A constant of one number as a vector like `like`.
mlir::Value splat(nn::ConstantOp constant, mlir::OpBuilder &b, mlir::Location loc, mlir::Value like) {
  auto number = llvm::cast<mlir::DenseElementsAttr>(constant.getValue()).getSplatValue<mlir::TypedAttr>();
  auto dense = mlir::DenseElementsAttr::get(llvm::cast<mlir::ShapedType>(like.getType()), mlir::Attribute(number));
  return mlir::arith::ConstantOp::create(b, loc, dense);
}

} // namespace

Elementwise Elementwise::compileNode(const Node &node, const cpu::TargetInfo &target) {
  Spec spec;
  spec.inputs = spec.outputs = [](mlir::OpBuilder &b) { return std::vector<mlir::Type>{b.getF32Type()}; };
  spec.registerMore = registerAllDialects;
  spec.body = [text = import(node)](mlir::OpBuilder &b, mlir::Location loc,
                                    mlir::ValueRange x) -> std::vector<mlir::Value> {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, b.getContext());
    auto main = module->lookupSymbol<mlir::func::FuncOp>("main");
    mlir::IRMapping values;
    values.map(main.getArgument(0), x[0]);
    for (mlir::Operation &op : main.front().without_terminator()) {
      if (auto constant = llvm::dyn_cast<nn::ConstantOp>(op)) {
        values.map(op.getResult(0), splat(constant, b, loc, x[0]));
        continue;
      }
      auto operands = llvm::map_to_vector(op.getOperands(), [&](mlir::Value v) { return values.lookup(v); });
      values.map(op.getResult(0), llvm::cast<nn::EmitElement>(op).emitElement(b, loc, operands));
    }
    return {values.lookup(main.front().getTerminator()->getOperand(0))};
  };
  return compile(spec, target);
}

} // namespace dlc
