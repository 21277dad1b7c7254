// Convolutions.
#ifndef DLC_NN_CONV
#define DLC_NN_CONV
include "dialects/nn/NNBase.td"

def NN_ConvOp : NN_Op<"conv", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "N-D convolution (cross-correlation) with groups";
  let description = [{
    input [N, C, spatial...] (or [N, spatial..., C] with `channel_last`), weight [O, C / groups, kernel...] always,
    bias [O]. `pads` holds the begins, then the ends; padding has the value `pad_value`. Result element type: the
    input's, or i32 for 8-bit integers (no zero points: they are in the bias and the padding).
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_NumberTensor:$weight, Optional<NN_NumberTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                       I64Attr:$groups, DefaultValuedAttr<BoolAttr, "false">:$channel_last,
                       DefaultValuedAttr<I64Attr, "0">:$pad_value);
  let results = (outs NN_Tensor:$result);
}

def NN_ConvTransposeOp : NN_Op<"conv_transpose", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "transposed N-D convolution with groups";
  let description = [{
    input [N, C, spatial...] (or channel-last), weight [C, O / groups, kernel...], bias [O]. Output size:
    stride * (size - 1) + output_padding + (kernel - 1) * dilation + 1 - pads.
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_NumberTensor:$weight, Optional<NN_NumberTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$output_padding, I64Attr:$groups,
                       DefaultValuedAttr<BoolAttr, "false">:$channel_last);
  let results = (outs NN_Tensor:$result);
}

def NN_ConvIntegerOp : NN_Op<"conv_integer", [DeclareOpInterfaceMethods<SizeRules>, AttrSizedOperandSegments]> {
  let summary = "conv of 8-bit integers, less their zero points, in i32; padding is zero after the subtraction";
  let description = [{ input_zero (absent: 0) is a scalar; weight_zero a scalar or one element per output channel. }];
  let arguments = (ins NN_IntTensor:$input, NN_IntTensor:$weight, Optional<NN_IntTensor>:$input_zero,
                       Optional<NN_IntTensor>:$weight_zero, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads, I64Attr:$groups, DefaultValuedAttr<BoolAttr, "false">:$channel_last);
  let results = (outs NN_Tensor:$result);
}
#endif
