// Recurrent networks, as in ONNX: the same gate orders, equations and layouts.
#ifndef DLC_NN_RNN
#define DLC_NN_RNN
include "dialects/nn/NNBase.td"

def NN_RnnDirection : I32EnumAttr<"RnnDirection", "which way a recurrence runs", [
    I32EnumAttrCase<"Forward", 0, "forward">, I32EnumAttrCase<"Reverse", 1, "reverse">,
    I32EnumAttrCase<"Bidirectional", 2, "bidirectional">]> {
  let cppNamespace = "::dlc::nn";
}

/// D: directions (1 or 2); G: gates; H: hidden size.
class NN_Recurrent<string mnemonic, dag state, dag extra> : NN_Op<mnemonic, [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SizeRules>]> {
  string common = [{
    input [sequence, batch, features], weights [D, G * H, features], recurrence [D, G * H, H], bias [D, 2 * G * H]
    (the input's biases, then the recurrence's), sequence_lens [batch], initial_h and y_h [D, batch, H],
    y [sequence, D, batch, H]. With layout 1 the batch comes first: input [batch, sequence, features],
    y [batch, sequence, D, H], initial_h and y_h [batch, D, H]; the same for c. Absent operands are zeros, absent
    lengths the whole sequence; y is zero past a length.

    `activations` names, direction by direction, one of sigmoid, tanh, relu, affine, leaky_relu, thresholded_relu,
    scaled_tanh, hard_sigmoid, elu, softsign, softplus per function; `alphas` and `betas` hold one number for each
    (ignored where the function has none). A `clip` above 0 bounds what activations get.
  }];
  let description = common;
  let arguments = !con((ins NN_FloatTensor:$input, NN_FloatTensor:$weights, NN_FloatTensor:$recurrence,
                        Optional<NN_FloatTensor>:$bias, Optional<NN_IndexTensor>:$sequence_lens,
                        Optional<NN_FloatTensor>:$initial_h), state,
                       (ins NN_RnnDirection:$direction, StrArrayAttr:$activations, DenseF64ArrayAttr:$alphas,
                        DenseF64ArrayAttr:$betas, DefaultValuedAttr<F64Attr, "0.0">:$clip,
                        DefaultValuedAttr<I64Attr, "0">:$layout), extra);
}

def NN_RnnOp : NN_Recurrent<"rnn", (ins), (ins)> {
  let summary = "a plain recurrence; one activation per direction";
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h);
}
def NN_GruOp : NN_Recurrent<"gru", (ins), (ins DefaultValuedAttr<BoolAttr, "false">:$linear_before_reset)> {
  let summary = "a gated recurrent unit; gates z, r, h; two activations per direction";
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h);
}
def NN_LstmOp : NN_Recurrent<"lstm", (ins Optional<NN_FloatTensor>:$initial_c, Optional<NN_FloatTensor>:$peephole),
                             (ins DefaultValuedAttr<BoolAttr, "false">:$input_forget)> {
  let summary = "long short-term memory; gates i, o, f, c; peephole [D, 3 * H] of i, o, f; three activations per direction";
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h, NN_Tensor:$y_c);
}
#endif
