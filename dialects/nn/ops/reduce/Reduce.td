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

def NN_ReduceOp : NN_Op<"reduce", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "reduces the dims `axes`; `keep_dims` leaves them with size 1";
  let arguments = (ins NN_Tensor:$input, NN_ReduceKind:$kind, DenseI64ArrayAttr:$axes, BoolAttr:$keep_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_SoftmaxOp : NN_Op<"softmax"> {
  let summary = "exp(x - max) / sum along `axis`; with `log`, the logarithm of that";
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$log);
  let results = (outs NN_Tensor:$result);
}

def NN_ArgReduceOp : NN_Op<"arg_reduce"> {
  let summary = "the position (i64) of the greatest or least element along `axis`";
  let description = [{
    `kind` is max or min. Of equal elements the first is taken, or the last with `select_last`. NaN is never greater
    nor less.
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_ReduceKind:$kind, I64Attr:$axis, BoolAttr:$keep_dims,
                       DefaultValuedAttr<BoolAttr, "false">:$select_last);
  let results = (outs NN_Tensor:$result);
}

class NN_Cumulative<string mnemonic> : NN_Op<mnemonic> {
  let description = [{ `exclusive` leaves the element itself out; `reverse` goes from the end. }];
  let arguments = (ins NN_NumberTensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$exclusive,
                       DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs NN_Tensor:$result);
}
def NN_CumSumOp : NN_Cumulative<"cumsum"> { let summary = "the sums of all elements up to each one along `axis`"; }
def NN_CumProdOp : NN_Cumulative<"cumprod"> { let summary = "the products of all elements up to each one along `axis`"; }

def NN_TopKOp : NN_Op<"top_k", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "the `k` greatest (or least) elements along `axis`, and their positions (i64)";
  let description = [{ Of equal elements the first come first. Without `sorted` their order is not promised. }];
  let arguments = (ins NN_NumberTensor:$input, I64Attr:$axis, Dim_ExprAttr:$k,
                       DefaultValuedAttr<BoolAttr, "true">:$largest, DefaultValuedAttr<BoolAttr, "true">:$sorted);
  let results = (outs NN_Tensor:$values, NN_Tensor:$indices);
}
#endif
