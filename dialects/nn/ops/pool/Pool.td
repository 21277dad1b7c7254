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
#endif
