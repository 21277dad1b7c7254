// Matrix products.
#ifndef DLC_NN_CONTRACTION
#define DLC_NN_CONTRACTION
include "dialects/nn/NNBase.td"

def NN_MatmulOp : NN_Op<"matmul"> {
  let summary = "matrix product of the last two dims, numpy's rules for 1-D operands and batch dims";
  let description = [{
    `transpose_lhs` and `transpose_rhs` exchange the last two dims of an operand of rank 2 or more first. The element
    type of the result is the operands', or i32 for 8-bit integers (no zero points: they are subtracted before).
  }];
  let arguments = (ins NN_NumberTensor:$lhs, NN_NumberTensor:$rhs, DefaultValuedAttr<BoolAttr, "false">:$transpose_lhs,
                       DefaultValuedAttr<BoolAttr, "false">:$transpose_rhs);
  let results = (outs NN_Tensor:$result);
}
#endif
