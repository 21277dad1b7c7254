// The nn dialect: value-semantic tensors (and strings, sequences, optionals), explicit attributes, no memory.
#ifndef DLC_NN_BASE
#define DLC_NN_BASE
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/dim/Dim.td"
include "dialects/nn/Interfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::dlc::nn";
  let summary = "networks as graphs of values";
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::dlc::dim::DimDialect"];
}

class NN_Type<string name, string mnemonic_, list<Trait> traits = []> : TypeDef<NN_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}
def NN_StringType : NN_Type<"String", "string"> {
  let summary = "the element type of string tensors";
}
def NN_SequenceType : NN_Type<"Sequence", "sequence"> {
  let summary = "a list of values of one type";
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def NN_OptionalType : NN_Type<"Optional", "optional"> {
  let summary = "a value or nothing";
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

def NN_Tensor : Type<CPred<"::llvm::isa<::mlir::RankedTensorType>($_self)">, "ranked tensor", "::mlir::RankedTensorType">;
class NN_TensorWith<string predicate, string what> :
    Type<And<[NN_Tensor.predicate, CPred<"::dlc::nn::" # predicate # "(::llvm::cast<::mlir::RankedTensorType>($_self).getElementType())">]>,
                   "tensor of " # what, "::mlir::RankedTensorType">;
def NN_FloatTensor : NN_TensorWith<"isFloat", "floating-point numbers">;
def NN_IntTensor : NN_TensorWith<"isInteger", "integers">;
def NN_NumberTensor : NN_TensorWith<"isNumber", "numbers">;
def NN_BoolTensor : NN_TensorWith<"isBool", "booleans">;
def NN_IndexTensor : NN_TensorWith<"isIndexLike", "32-bit or 64-bit integers">;
def NN_Any : Type<CPred<"true">, "any value">;

/// Every op infers its result types (InferTypes), and is free of side effects unless it says otherwise.
class NN_Op<string mnemonic, list<Trait> traits = []> :
    Op<NN_Dialect, mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<InferTypes>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
