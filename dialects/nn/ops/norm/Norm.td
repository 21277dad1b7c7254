// Normalisations. Statistics are computed in f32 or better, whatever the element type.
#ifndef DLC_NN_NORM
#define DLC_NN_NORM
include "dialects/nn/NNBase.td"

def NN_BatchNormOp : NN_Op<"batch_norm", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "(input - mean) / sqrt(variance + epsilon) * scale + bias, with given statistics per channel";
  let description = [{ `axis` is the channels' dim; the four vectors have one element per channel. }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$scale, NN_FloatTensor:$bias, NN_FloatTensor:$mean,
                       NN_FloatTensor:$variance, F64Attr:$epsilon, DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs NN_Tensor:$result);
}
def NN_LayerNormOp : NN_Op<"layer_norm", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "normalises over the dims from `axis` on, then scales";
  let description = [{
    (x - mean) / sqrt(variance + epsilon) * scale + bias; with `rms`, x / sqrt(mean of squares + epsilon) * scale + bias.
    scale and bias broadcast to the input.
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$scale, Optional<NN_FloatTensor>:$bias, I64Attr:$axis,
                       F64Attr:$epsilon, DefaultValuedAttr<BoolAttr, "false">:$rms);
  let results = (outs NN_Tensor:$result);
}
def NN_InstanceNormOp : NN_Op<"instance_norm", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "normalises each channel of each [N, C, spatial...] element, then scales per channel";
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$scale, NN_FloatTensor:$bias, F64Attr:$epsilon);
  let results = (outs NN_Tensor:$result);
}
def NN_GroupNormOp : NN_Op<"group_norm", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "normalises `num_groups` groups of channels of [N, C, spatial...], then scales per channel";
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$scale, NN_FloatTensor:$bias, I64Attr:$num_groups,
                       F64Attr:$epsilon);
  let results = (outs NN_Tensor:$result);
}
def NN_LrnOp : NN_Op<"lrn"> {
  let summary = "local response normalisation across `size` channels of [N, C, spatial...]";
  let description = [{
    x / (bias + alpha / size * sum)^beta, with the sum of squares of channels [c - (size - 1) / 2, c + size / 2].
  }];
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$size, F64Attr:$alpha, F64Attr:$beta, F64Attr:$bias);
  let results = (outs NN_Tensor:$result);
}
def NN_LpNormalizeOp : NN_Op<"lp_normalize"> {
  let summary = "divides by the L1 or L2 norm along `axis`; zeros stay zeros";
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$axis, I64Attr:$p);
  let results = (outs NN_Tensor:$result);
}
#endif
