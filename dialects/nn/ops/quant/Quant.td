// Quantisation: real = (quantised - zero point) * scale.
#ifndef DLC_NN_QUANT
#define DLC_NN_QUANT
include "dialects/nn/NNBase.td"

def NN_QuantizeLinearOp : NN_Op<"quantize_linear"> {
  let summary = "round(input / scale) + zero point, saturated, as elements of type `to`";
  let description = [{
    scale and zero_point (absent: 0) are scalars (or have one element), or vectors along `axis`; with a `block_size`
    above 0 they have the input's rank and dim `axis` holds one element per block. Halves round to even. To 8-bit
    floats: converted, saturating with `saturate`. The division is done in the type `precision`, or else scale's.
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_FloatTensor:$scale, Optional<NN_NumberTensor>:$zero_point,
                       TypeAttr:$to, DefaultValuedAttr<I64Attr, "1">:$axis, DefaultValuedAttr<I64Attr, "0">:$block_size,
                       DefaultValuedAttr<BoolAttr, "true">:$saturate, OptionalAttr<TypeAttr>:$precision);
  let results = (outs NN_Tensor:$result);
}
def NN_DequantizeLinearOp : NN_Op<"dequantize_linear"> {
  let summary = "(input - zero point) * scale, as floats of type `to`";
  let description = [{ scale and zero_point as for quantize_linear. }];
  let arguments = (ins NN_NumberTensor:$input, NN_FloatTensor:$scale, Optional<NN_NumberTensor>:$zero_point,
                       TypeAttr:$to, DefaultValuedAttr<I64Attr, "1">:$axis, DefaultValuedAttr<I64Attr, "0">:$block_size);
  let results = (outs NN_Tensor:$result);
}
def NN_DynamicQuantizeOp : NN_Op<"dynamic_quantize"> {
  let summary = "quantises to ui8 with the scale and zero point that the input's range, with 0 in it, asks for";
  let description = [{
    scale = (max - min) / 255 (1 when that is 0), zero point = saturate(round(-min / scale)).
  }];
  let arguments = (ins NN_FloatTensor:$input);
  let results = (outs NN_Tensor:$result, NN_Tensor:$scale, NN_Tensor:$zero_point);
}
def NN_UnpackBitsOp : NN_Op<"unpack_bits"> {
  let summary = "elements of 2 or 4 bits, of which a byte holds several, as bytes";
  let description = [{
    Integers keep their values, in 8-bit integers of the same sign; floats keep their bits, in the low ones of a ui8.
    Only what a caller passes in or gets back is packed (dlc-widen-elements); low bits come first.
  }];
  let arguments = (ins NN_NumberTensor:$input);
  let results = (outs NN_Tensor:$result);
}
def NN_PackBitsOp : NN_Op<"pack_bits"> {
  let summary = "bytes as elements of 2 or 4 bits, of which a byte holds several: what unpack_bits takes apart";
  let arguments = (ins NN_NumberTensor:$input, TypeAttr:$to);
  let results = (outs NN_Tensor:$result);
}
#endif
