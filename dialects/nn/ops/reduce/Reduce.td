// Reductions over axes, and what is built on them.
#ifndef DLC_NN_REDUCE
#define DLC_NN_REDUCE
include "dialects/nn/NNBase.td"

def NN_ReduceKind : I32EnumAttr<"ReduceKind", "what a reduction computes", [
    I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Prod", 2, "prod">,
    I32EnumAttrCase<"Max", 3, "max">, I32EnumAttrCase<"Min", 4, "min">, I32EnumAttrCase<"L1", 5, "l1">,
    I32EnumAttrCase<"L2", 6, "l2">, I32EnumAttrCase<"LogSum", 7, "log_sum">,
    I32EnumAttrCase<"LogSumExp", 8, "log_sum_exp">, I32EnumAttrCase<"SumSquare", 9, "sum_square">]> {
  let cppNamespace = "::dlc::nn";
}

def NN_ReduceOp : NN_Op<"reduce"> {
  let summary = "reduces the dims `axes`; `keep_dims` leaves them with size 1";
  let arguments = (ins NN_Tensor:$input, NN_ReduceKind:$kind, DenseI64ArrayAttr:$axes, BoolAttr:$keep_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_SoftmaxOp : NN_Op<"softmax"> {
  let summary = "exp(x - max) / sum along `axis`; with `log`, the logarithm of that";
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$log);
  let results = (outs NN_Tensor:$result);
}
#endif
