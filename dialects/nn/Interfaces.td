// What an nn op can do. InferTypes is implemented with the op; the others are external models, each kind in a library
// of its own, so that a tool links what it needs.
#ifndef DLC_NN_INTERFACES
#define DLC_NN_INTERFACES
include "mlir/IR/OpBase.td"

def InferTypes : OpInterface<"InferTypes"> {
  let cppNamespace = "::dlc::nn";
  let description = "Infers result types, with symbolic dims, from operands and attributes.";
  let methods = [
    InterfaceMethod<"Appends one type per result. Emits an error on the op and fails when operands do not fit.",
                    "::llvm::LogicalResult", "inferResultTypes", (ins "::llvm::SmallVectorImpl<::mlir::Type> &":$types)>
  ];
  let verify = [{ return ::dlc::nn::verifyResultTypes($_op); }];
}

def SizeRules : OpInterface<"SizeRules"> {
  let cppNamespace = "::dlc::nn";
  let description = "Ops for which not all sizes will do, beyond what type inference can refuse.";
  let methods = [
    InterfaceMethod<"Appends what a run must find of the sizes of the operands. Types have been inferred.",
                    "void", "sizeRules", (ins "::llvm::SmallVectorImpl<::dlc::nn::SizeRule> &":$rules)>
  ];
}

def ShapeValue : OpInterface<"ShapeValue"> {
  let cppNamespace = "::dlc::nn";
  let description = "Ops that take part in shape arithmetic: integer tensors whose elements are formulas over dims.";
  let methods = [
    InterfaceMethod<"The elements of the (single) result in row-major order, given those of the operands; an operand "
                    "whose elements are not known, or are too many, is nullopt.",
                    "::std::optional<::dlc::dim::Shape>", "shapeValue",
                    (ins "::llvm::ArrayRef<::std::optional<::dlc::dim::Shape>>":$operands)>
  ];
}

def Evaluate : OpInterface<"Evaluate"> {
  let cppNamespace = "::dlc::nn";
  let description = "The reference semantics: plain loops over native types, independent of the code generator.";
  let methods = [
    InterfaceMethod<"Appends one value per result. Returns an error text in `context` and fails when values do not fit.",
                    "::llvm::LogicalResult", "evaluate",
                    (ins "::dlc::nn::EvalContext &":$context, "::llvm::ArrayRef<::dlc::nn::Datum>":$operands,
                         "::llvm::SmallVectorImpl<::dlc::nn::Datum> &":$results)>
  ];
}

def Lower : OpInterface<"Lower"> {
  let cppNamespace = "::dlc::nn";
  let description = "The generic lowering, free of any target, to linalg and tensor ops on plain tensors.";
  let methods = [
    InterfaceMethod<"Appends one tensor per result. `operands` are the lowered operands (null where absent).",
                    "::llvm::LogicalResult", "lower",
                    (ins "::dlc::nn::LowerContext &":$context, "::llvm::ArrayRef<::mlir::Value>":$operands,
                         "::llvm::SmallVectorImpl<::mlir::Value> &":$results)>
  ];
}

def EmitElement : OpInterface<"EmitElement"> {
  let cppNamespace = "::dlc::nn";
  let description = "Ops that compute each element from the elements at the same (broadcast) position.";
  let methods = [
    InterfaceMethod<"The result for scalar operands, or for vectors of one length, of the storage element types.",
                    "::mlir::Value", "emitElement",
                    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::llvm::ArrayRef<::mlir::Value>":$operands)>,
    InterfaceMethod<"Whether the op does so with its operands and attributes.", "bool", "worksByElement", (ins), "",
                    [{ return true; }]>
  ];
}

def Vjp : OpInterface<"Vjp"> {
  let cppNamespace = "::dlc::nn";
  let description = "Reverse-mode differentiation, built out of nn ops.";
  let methods = [
    InterfaceMethod<"Given the cotangent of each result (null when it is zero), appends the cotangent of each operand "
                    "(null when there is none).",
                    "::llvm::LogicalResult", "vjp",
                    (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$cotangents,
                         "::llvm::SmallVectorImpl<::mlir::Value> &":$results)>
  ];
}
#endif
