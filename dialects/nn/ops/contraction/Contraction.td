// Matrix products.
#ifndef DLC_NN_CONTRACTION
#define DLC_NN_CONTRACTION
include "dialects/nn/NNBase.td"

def NN_MatmulOp : NN_Op<"matmul", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "matrix product of the last two dims, numpy's rules for 1-D operands and batch dims";
  let description = [{
    `transpose_lhs` and `transpose_rhs` exchange the last two dims of an operand of rank 2 or more first. The element
    type of the result is the operands', or i32 for 8-bit integers (no zero points: they are subtracted before).
  }];
  let arguments = (ins NN_NumberTensor:$lhs, NN_NumberTensor:$rhs, DefaultValuedAttr<BoolAttr, "false">:$transpose_lhs,
                       DefaultValuedAttr<BoolAttr, "false">:$transpose_rhs);
  let results = (outs NN_Tensor:$result);
}

def NN_MatmulIntegerOp : NN_Op<"matmul_integer", [DeclareOpInterfaceMethods<SizeRules>, AttrSizedOperandSegments]> {
  let summary = "matmul of 8-bit integers, less their zero points, in i32";
  let description = [{
    lhs_zero (absent: 0) is a scalar, a vector with one element per row, or [..., rows, 1]; rhs_zero is a scalar, a
    vector with one element per column, or [..., 1, columns].
  }];
  let arguments = (ins NN_IntTensor:$lhs, NN_IntTensor:$rhs, Optional<NN_IntTensor>:$lhs_zero,
                       Optional<NN_IntTensor>:$rhs_zero);
  let results = (outs NN_Tensor:$result);
}

def NN_EinsumOp : NN_Op<"einsum", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "sums of products, as an equation says: `ij,jk->ik`";
  let description = [{
    Letters name dims; `...` stands for dims that broadcast; a letter twice in one operand takes its diagonal. Without
    `->` the result has the letters that occur once, in alphabetical order, after the broadcast dims. Letters missing
    in the result are summed over.
  }];
  let arguments = (ins Variadic<NN_NumberTensor>:$inputs, StrAttr:$equation);
  let results = (outs NN_Tensor:$result);
}
def NN_DetOp : NN_Op<"det", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "the determinants of the matrices in the last two dims";
  let arguments = (ins NN_FloatTensor:$input);
  let results = (outs NN_Tensor:$result);
}
#endif
