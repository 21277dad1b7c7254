// Ops that move elements without computing on them. Sizes and positions are formulas, never operands.
#ifndef DLC_NN_MOVE
#define DLC_NN_MOVE
include "dialects/nn/NNBase.td"

def NN_ReshapeOp : NN_Op<"reshape", [DeclareOpInterfaceMethods<SizeRules>, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "the same elements in row-major order, with other sizes";
  let arguments = (ins NN_Tensor:$input, Dim_ShapeAttr:$shape);
  let results = (outs NN_Tensor:$result);
  let hasCanonicalizer = 1;
}
def NN_BroadcastOp : NN_Op<"broadcast", [DeclareOpInterfaceMethods<SizeRules>, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "repeats dims of size 1 (and adds leading ones) up to `shape`";
  let arguments = (ins NN_Tensor:$input, Dim_ShapeAttr:$shape);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}
def NN_TransposeOp : NN_Op<"transpose", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "result dim i is input dim permutation[i]";
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_Tensor:$result);
  let hasCanonicalizer = 1;
}
def NN_SliceOp : NN_Op<"slice", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "result index i is input index starts + i * steps, for i below sizes";
  let description = [{ Starts are within the input; steps may be negative. }];
  let arguments = (ins NN_Tensor:$input, Dim_ShapeAttr:$starts, Dim_ShapeAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}
def NN_ConcatOp : NN_Op<"concat", [DeclareOpInterfaceMethods<SizeRules>, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "operands one after the other along `axis`";
  let arguments = (ins Variadic<NN_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}
def NN_GatherOp : NN_Op<"gather", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "input slices along `axis` at `indices`; negative ones count from the end";
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}

def NN_PadMode : I32EnumAttr<"PadMode", "what stands outside of the input", [
    I32EnumAttrCase<"Constant", 0, "constant">, I32EnumAttrCase<"Reflect", 1, "reflect">,
    I32EnumAttrCase<"Edge", 2, "edge">, I32EnumAttrCase<"Wrap", 3, "wrap">]> {
  let cppNamespace = "::dlc::nn";
}
def NN_PadOp : NN_Op<"pad"> {
  let summary = "adds `begins` and `ends` elements around the input (removes them where negative)";
  let arguments = (ins NN_Tensor:$input, Optional<NN_Tensor>:$value, NN_PadMode:$mode, Dim_ShapeAttr:$begins,
                       Dim_ShapeAttr:$ends);
  let results = (outs NN_Tensor:$result);
}
#endif
