// Pooling over windows.
#ifndef DLC_NN_POOL
#define DLC_NN_POOL
include "dialects/nn/NNBase.td"

class NN_Pool<string mnemonic, dag extra> : NN_Op<mnemonic> {
  let arguments = !con((ins NN_NumberTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, BoolAttr:$ceil_mode,
                       DefaultValuedAttr<BoolAttr, "false">:$channel_last), extra);
}
def NN_MaxPoolOp : NN_Pool<"max_pool", (ins)> {
  let summary = "the greatest element of each window; padding never wins";
  let results = (outs NN_Tensor:$result);
}
def NN_AvgPoolOp : NN_Pool<"avg_pool", (ins BoolAttr:$count_include_pad)> {
  let summary = "the mean of each window";
  let results = (outs NN_Tensor:$result);
}

def NN_LpPoolOp : NN_Pool<"lp_pool", (ins I64Attr:$p)> {
  let summary = "the Lp norm of each window";
  let results = (outs NN_Tensor:$result);
}
def NN_MaxPoolIndicesOp : NN_Pool<"max_pool_indices", (ins DefaultValuedAttr<I64Attr, "0">:$storage_order)> {
  let summary = "max_pool, and where in the flattened input (i64) each greatest element is, the first of equal ones";
  let description = [{
    With `storage_order` 1 the spatial dims count in column-major order. Channels come first only.
  }];
  let results = (outs NN_Tensor:$result, NN_Tensor:$indices);
}
def NN_MaxUnpoolOp : NN_Op<"max_unpool"> {
  let summary = "puts elements at `indices` into a tensor of zeros: the inverse of max_pool_indices";
  let description = [{
    Indices count in a tensor of shape `indexed`; `shape` is the result's, which has the same rank and dims at least as
    great: an element keeps its position.
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_IndexTensor:$indices, Dim_ShapeAttr:$indexed, Dim_ShapeAttr:$shape);
  let results = (outs NN_Tensor:$result);
}
#endif
