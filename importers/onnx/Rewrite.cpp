//===- Rewrite.cpp - a model's file with smaller tensors -----------------------------------===//
#include "importers/onnx/Rewrite.h"
#include "importers/onnx/ProtoEdit.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Path.h"
#include <set>

namespace dlc::onnx_import {
namespace {
using mlir::Operation;
using mlir::Value;

mlir::Block &bodyOf(mlir::ModuleOp module) { return module.lookupSymbol<mlir::func::FuncOp>("main").getBody().front(); }

std::string nameOf(Operation *op) {
  auto name = llvm::dyn_cast<mlir::NameLoc>(op->getLoc());
  return name ? name.getName().str() : std::string();
}

/// Walks both graphs side by side, and edits the model where they differ.
class Rewriter {
public:
  Rewriter(ProtoEdit &edit) : edit(edit) {}

  bool run(mlir::Block &before, mlir::Block &after) {
    for (auto [a, b] : llvm::zip_equal(before, after)) {
      if (a.getResultTypes() == b.getResultTypes() && a.getAttrDictionary() == b.getAttrDictionary()) {
        continue;
      }
      bool done = llvm::TypeSwitch<Operation *, bool>(&b)
                      .Case([&](nn::ConstantOp op) { return constant(llvm::cast<nn::ConstantOp>(a), op); })
                      .Case<nn::ConvOp, nn::ConvTransposeOp>([&](auto op) {
                        auto old = llvm::cast<decltype(op)>(a);
                        return old.getGroups() == op.getGroups() || groups(op, op.getGroups());
                      })
                      .Case([&](nn::ReshapeOp op) { return shape(op, "Reshape", /*copies=*/true); })
                      .Case([&](nn::BroadcastOp op) { return shape(op, "Expand", /*copies=*/false); })
                      .Case([&](nn::SliceOp op) { return slice(llvm::cast<nn::SliceOp>(a), op); })
                      .Case([&](nn::ResizeOp op) { return resize(op); })
                      .Default([](Operation *) { return true; });
      if (!done) {
        return false;
      }
    }
    return true;
  }

private:
  bool constant(nn::ConstantOp before, nn::ConstantOp after) {
    mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(after.getValue());
    if (mlir::failed(t)) {
      return edit.failTensor(nameOf(after));
    }
    return edit.setTensor(nameOf(after), llvm::cast<mlir::RankedTensorType>(before.getType()).getShape(), *t);
  }

  bool groups(Operation *op, int64_t count) {
    onnx::NodeProto *node = edit.node(nameOf(op));
    return node ? edit.setInt(*node, "group", count) : edit.failNode(nameOf(op), "its groups");
  }

  /// Ops that compute their result's shape themselves need no edit; whether that was right shows when the result is
  /// read.
  bool shape(Operation *op, llvm::StringRef type, bool copies) {
    onnx::NodeProto *node = edit.node(nameOf(op));
    if (!node || node->op_type() != type) {
      return true;
    }
    Shape from = nn::shapeOf(op->getOperand(0)), to = nn::shapeOf(op->getResult(0));
    Ints sizes;
    bool isInferred = false;
    for (auto [i, size] : llvm::enumerate(to)) {
      std::optional<int64_t> number = dim::getConstant(size);
      if (!number && copies && i < from.size() && from[i] == size) {
        number = 0;
      } else if (!number && copies && !isInferred) {
        number = -1;
        isInferred = true;
      }
      if (!number) {
        return edit.failNode(nameOf(op), "its target shape, of which several sizes are not known");
      }
      sizes.push_back(*number);
    }
    edit.removeAttribute(*node, "allowzero");
    return edit.setInts(*node, 1, "shape", sizes);
  }

  bool resize(nn::ResizeOp op) {
    onnx::NodeProto *node = edit.node(nameOf(op));
    if (!node || node->op_type() != "Resize" || node->input_size() < 4 || node->input(3).empty()) {
      return true; // by scales, which stay
    }
    Ints sizes;
    for (Expr size : op.getSizes().getDims()) {
      sizes.push_back(dim::getConstant(size).value_or(-1));
    }
    bool isKnown = llvm::all_of(sizes, [](int64_t s) { return s >= 0; });
    return isKnown ? edit.setInts(*node, 3, "", sizes) : edit.failNode(nameOf(op), "its sizes, which are not numbers");
  }

  bool slice(nn::SliceOp before, nn::SliceOp after) {
    onnx::NodeProto *node = edit.node(nameOf(after));
    if (node && node->op_type() == "Split") {
      return !splits.insert(nameOf(after)).second || split(*node, after);
    }
    if (!node || node->op_type() != "Slice") {
      return true;
    }
    Ints starts, ends, axes;
    Shape input = nn::shapeOf(before.getInput());
    for (int64_t d = 0; d < int64_t(input.size()); ++d) {
      if (dim::isConstant(before.getStarts().getDims()[d], 0) && before.getSizes().getDims()[d] == input[d] &&
          before.getSteps()[d] == 1) {
        continue;
      }
      std::optional<int64_t> start = dim::getConstant(after.getStarts().getDims()[d]);
      std::optional<int64_t> size = dim::getConstant(after.getSizes().getDims()[d]);
      if (!start || !size || after.getSteps()[d] != 1) {
        return edit.failNode(nameOf(after), "its bounds: expected numbers and steps of 1");
      }
      axes.push_back(d);
      starts.push_back(*start);
      ends.push_back(*start + *size);
    }
    if (edit.opset() >= 10 && node->input_size() > 4) {
      node->mutable_input()->DeleteSubrange(4, 1);
    }
    return edit.setInts(*node, 1, edit.opset() < 10 ? "starts" : "", starts) &&
           edit.setInts(*node, 2, edit.opset() < 10 ? "ends" : "", ends) &&
           edit.setInts(*node, 3, edit.opset() < 10 ? "axes" : "", axes);
  }

  /// The parts are slices of one value, all made by this node.
  bool split(onnx::NodeProto &node, nn::SliceOp first) {
    std::vector<std::pair<int64_t, int64_t>> parts;
    int64_t rank = nn::rankOf(first.getInput()), axis = 0;
    for (const onnx::AttributeProto &a : node.attribute()) {
      axis = a.name() == "axis" ? a.i() : axis;
    }
    axis = axis < 0 ? axis + rank : axis;
    for (Operation *user : first.getInput().getUsers()) {
      auto part = llvm::dyn_cast<nn::SliceOp>(user);
      if (!part || part->getLoc() != first->getLoc()) {
        continue;
      }
      std::optional<int64_t> start = dim::getConstant(part.getStarts().getDims()[axis]);
      std::optional<int64_t> size = dim::getConstant(part.getSizes().getDims()[axis]);
      if (!start || !size) {
        return edit.failNode(node.name(), "its parts, whose sizes are not numbers");
      }
      parts.push_back({*start, *size});
    }
    llvm::sort(parts);
    if (int64_t(parts.size()) != node.output_size()) {
      return edit.failNode(node.name(), "its parts, of which some are not used");
    }
    Ints sizes;
    for (auto [start, size] : parts) {
      sizes.push_back(size);
    }
    edit.removeAttribute(node, "num_outputs");
    return edit.setInts(node, 1, edit.opset() < 13 ? "split" : "", sizes);
  }

  ProtoEdit &edit;
  std::set<std::string> splits;
};

/// Whether two graphs are the same, constants byte by byte; `difference` names the first op that is not.
class Comparison {
public:
  bool same(mlir::Block &a, mlir::Block &b) {
    bool fits = a.getNumArguments() == b.getNumArguments() && a.getOperations().size() == b.getOperations().size();
    for (unsigned i = 0; fits && i < a.getNumArguments(); ++i) {
      fits = a.getArgument(i).getType() == b.getArgument(i).getType();
      values[a.getArgument(i)] = b.getArgument(i);
    }
    if (!fits) {
      return false;
    }
    for (auto [x, y] : llvm::zip(a, b)) {
      if (!same(&x, &y)) {
        difference = difference.empty() ? nameOf(&x) : difference;
        return false;
      }
    }
    return true;
  }
  std::string difference;

private:
  bool same(Operation *a, Operation *b) {
    if (a->getName() != b->getName() || a->getNumOperands() != b->getNumOperands() ||
        a->getResultTypes() != b->getResultTypes() || a->getNumRegions() != b->getNumRegions()) {
      return false;
    }
    for (auto [x, y] : llvm::zip(a->getOperands(), b->getOperands())) {
      if (values.lookup(x) != y) {
        return false;
      }
    }
    for (auto [x, y] : llvm::zip(a->getResults(), b->getResults())) {
      values[x] = y;
    }
    for (auto [x, y] : llvm::zip(a->getRegions(), b->getRegions())) {
      if (x.empty() != y.empty() || (!x.empty() && !same(x.front(), y.front()))) {
        return false;
      }
    }
    if (auto constant = llvm::dyn_cast<nn::ConstantOp>(a)) {
      auto x = nn::tensorFromAttr(constant.getValue()),
           y = nn::tensorFromAttr(llvm::cast<nn::ConstantOp>(b).getValue());
      bool isText = nn::isString(nn::elementOf(a->getResult(0)));
      return isText || (succeeded(x) && succeeded(y) && std::memcmp(x->raw(), y->raw(), x->bytes()) == 0);
    }
    return a->getAttrDictionary() == b->getAttrDictionary();
  }
  llvm::DenseMap<Value, Value> values;
};
} // namespace

mlir::FailureOr<std::string> rewriteModel(llvm::StringRef path, mlir::ModuleOp before, mlir::ModuleOp after,
                                          std::vector<Problem> &problems) {
  auto fail = [&](const std::string &reason) {
    problems.push_back({"", "", "", 0, path.str() + ": can't be written back as ONNX: " + reason});
    return mlir::failure();
  };
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  ProtoEdit edit(before.getContext(), path, folder.empty() ? "." : folder);
  std::string bytes;
  if (!edit.error.empty() || !edit.takeExternalData() || !Rewriter(edit).run(bodyOf(before), bodyOf(after)) ||
      !edit.serialise(bytes)) {
    return fail(edit.error);
  }
  auto again = importModelFromMemory(*before.getContext(), bytes, "", {}, problems);
  if (mlir::failed(again)) {
    return fail("what was written is not a valid model");
  }
  Comparison comparison;
  if (!comparison.same(bodyOf(after), bodyOf(**again))) {
    return fail("expected the written model to compute what the pruned one does, got another one" +
                (comparison.difference.empty() ? "" : " at node \"" + comparison.difference + "\"") +
                "; compile with --prune instead");
  }
  return bytes;
}
} // namespace dlc::onnx_import
