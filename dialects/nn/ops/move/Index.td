// Ops that move elements to or from positions found in data, and tensors made of positions.
#ifndef DLC_NN_INDEX
#define DLC_NN_INDEX
include "dialects/nn/NNBase.td"

def NN_ScatterKind : I32EnumAttr<"ScatterKind", "what an update does to the element that it meets", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Add", 1, "add">, I32EnumAttrCase<"Mul", 2, "mul">,
    I32EnumAttrCase<"Max", 3, "max">, I32EnumAttrCase<"Min", 4, "min">]> {
  let cppNamespace = "::dlc::nn";
}

def NN_GatherElementsOp : NN_Op<"gather_elements", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "result[i, j, ...] = input[i, j, ...] with the index of dim `axis` replaced by indices[i, j, ...]";
  let description = [{ Negative indices count from the end. }];
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}
def NN_GatherNDOp : NN_Op<"gather_nd", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "slices of the input at index vectors: the last dim of `indices`, for dims from `batch_dims` on";
  let description = [{
    Result: the dims of indices but the last, then those of the input after the indexed ones. The first batch_dims dims
    of input and indices are the same. Negative indices count from the end.
  }];
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_ScatterElementsOp : NN_Op<"scatter_elements", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "the input with updates[i, j, ...] put (or combined) where gather_elements would read";
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$indices, NN_Tensor:$updates, I64Attr:$axis,
                       DefaultValuedAttr<NN_ScatterKind, "::dlc::nn::ScatterKind::None">:$reduction);
  let results = (outs NN_Tensor:$result);
}
def NN_ScatterNDOp : NN_Op<"scatter_nd", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "the input with slices of `updates` put (or combined) where gather_nd would read";
  let description = [{ Updates that meet are combined in row-major order of the indices. }];
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$indices, NN_Tensor:$updates,
                       DefaultValuedAttr<NN_ScatterKind, "::dlc::nn::ScatterKind::None">:$reduction);
  let results = (outs NN_Tensor:$result);
}
def NN_OneHotOp : NN_Op<"one_hot"> {
  let summary = "a new dim `axis` of size `depth` with values[1] at the index and values[0] elsewhere";
  let description = [{ Negative indices count from the end; those out of range give values[0] everywhere. }];
  let arguments = (ins NN_NumberTensor:$indices, NN_Tensor:$values, Dim_ExprAttr:$depth, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}
def NN_IotaOp : NN_Op<"iota", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "0, 1, 2, ... along dim `axis` of a tensor of the given shape, as elements of type `to`";
  let arguments = (ins Dim_ShapeAttr:$shape, I64Attr:$axis, TypeAttr:$to);
  let results = (outs NN_Tensor:$result);
}
def NN_TileOp : NN_Op<"tile", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "the input `repeats` times along each dim";
  let arguments = (ins NN_Tensor:$input, Dim_ShapeAttr:$repeats);
  let results = (outs NN_Tensor:$result);
}
def NN_ReverseSequenceOp : NN_Op<"reverse_sequence", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "reverses the first `lengths[b]` elements along `time_axis`, for each index b of `batch_axis`";
  let arguments = (ins NN_Tensor:$input, NN_IndexTensor:$lengths, I64Attr:$batch_axis, I64Attr:$time_axis);
  let results = (outs NN_Tensor:$result);
}
def NN_TriluOp : NN_Op<"trilu"> {
  let summary = "keeps the upper (or lower) triangle of the last two dims; zeros elsewhere";
  let description = [{ The diagonal `k` (a scalar, absent: 0) is the last kept; positive ones are above the main one. }];
  let arguments = (ins NN_Tensor:$input, Optional<NN_IndexTensor>:$k, BoolAttr:$upper);
  let results = (outs NN_Tensor:$result);
}
def NN_Col2ImOp : NN_Op<"col2im"> {
  let summary = "adds up the windows of a [N, C * kernel, windows] tensor into an [N, C, image...] one";
  let description = [{ The inverse of taking the windows that a convolution sees; elements in the padding are dropped. }];
  let arguments = (ins NN_NumberTensor:$input, Dim_ShapeAttr:$image, Dim_ShapeAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads);
  let results = (outs NN_Tensor:$result);
}
def NN_CheckIndicesOp : Op<NN_Dialect, "check_indices"> {
  let summary = "the run fails unless all indices are legal; the first one that is not is named";
  let description = [{
    Element i in row-major order must be at least `low[j]` and below `high[j]`, j being i modulo their number: an index
    vector has a range per component. `dlc-check-indices` makes it, for the ops that trust their indices.
  }];
  let arguments = (ins NN_IndexTensor:$indices, Dim_ShapeAttr:$low, Dim_ShapeAttr:$high);
  let assemblyFormat = "$indices `from` $low `below` $high attr-dict `:` type($indices)";
  let hasVerifier = 1;
}
#endif
