// Ops that read between elements.
#ifndef DLC_NN_SAMPLE
#define DLC_NN_SAMPLE
include "dialects/nn/NNBase.td"

def NN_SampleMode : I32EnumAttr<"SampleMode", "how values between elements come about", [
    I32EnumAttrCase<"Nearest", 0, "nearest">, I32EnumAttrCase<"Linear", 1, "linear">, I32EnumAttrCase<"Cubic", 2, "cubic">]> {
  let cppNamespace = "::dlc::nn";
}
def NN_CoordinateMode : I32EnumAttr<"CoordinateMode", "ONNX Resize's coordinate_transformation_mode", [
    I32EnumAttrCase<"HalfPixel", 0, "half_pixel">, I32EnumAttrCase<"HalfPixelSymmetric", 1, "half_pixel_symmetric">,
    I32EnumAttrCase<"PytorchHalfPixel", 2, "pytorch_half_pixel">, I32EnumAttrCase<"AlignCorners", 3, "align_corners">,
    I32EnumAttrCase<"Asymmetric", 4, "asymmetric">, I32EnumAttrCase<"TfCropAndResize", 5, "tf_crop_and_resize">]> {
  let cppNamespace = "::dlc::nn";
}
def NN_NearestMode : I32EnumAttr<"NearestMode", "which of two neighbours is the nearest", [
    I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">, I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
    I32EnumAttrCase<"Floor", 2, "floor">, I32EnumAttrCase<"Ceil", 3, "ceil">]> {
  let cppNamespace = "::dlc::nn";
}
def NN_OutsideMode : I32EnumAttr<"OutsideMode", "what stands outside of the image", [
    I32EnumAttrCase<"Zeros", 0, "zeros">, I32EnumAttrCase<"Border", 1, "border">, I32EnumAttrCase<"Reflection", 2, "reflection">]> {
  let cppNamespace = "::dlc::nn";
}

def NN_ResizeOp : NN_Op<"resize", [AttrSizedOperandSegments]> {
  let summary = "the input with other sizes, by interpolation along each dim";
  let description = [{
    `sizes` are the result's, one per dim; `scales` has one number per dim, where 0 stands for size / input size. Dims of
    scale 1 and equal size are left alone. roi (for tf_crop_and_resize): the starts, then the ends, in [0, 1] of each
    dim; positions outside of the input give `extrapolation`. `antialias` widens the filter when shrinking. scale_values:
    one number per dim, for those whose `scales` are 0, where only the run knows them.
  }];
  let arguments = (ins NN_NumberTensor:$input, Optional<NN_FloatTensor>:$roi,
                       Optional<NN_FloatTensor>:$scale_values, Dim_ShapeAttr:$sizes,
                       DenseF64ArrayAttr:$scales, NN_SampleMode:$mode, NN_CoordinateMode:$coordinates,
                       DefaultValuedAttr<NN_NearestMode, "::dlc::nn::NearestMode::RoundPreferFloor">:$nearest,
                       DefaultValuedAttr<F64Attr, "-0.75">:$cubic_coeff_a,
                       DefaultValuedAttr<BoolAttr, "false">:$exclude_outside,
                       DefaultValuedAttr<F64Attr, "0.0">:$extrapolation,
                       DefaultValuedAttr<BoolAttr, "false">:$antialias);
  let results = (outs NN_Tensor:$result);
}
def NN_GridSampleOp : NN_Op<"grid_sample"> {
  let summary = "samples [N, C, spatial...] at the positions of a grid [N, out..., spatial rank]";
  let description = [{
    Positions are in [-1, 1], the last spatial dim first: the centres of the corner elements with `align_corners`, or else
    their outer edges. The cubic coefficient is -0.75.
  }];
  let arguments = (ins NN_NumberTensor:$input, NN_FloatTensor:$grid, NN_SampleMode:$mode, NN_OutsideMode:$outside,
                       BoolAttr:$align_corners);
  let results = (outs NN_Tensor:$result);
}
def NN_RoiAlignOp : NN_Op<"roi_align"> {
  let summary = "pools regions [R, 4] (x1, y1, x2, y2) of [N, C, H, W] into [R, C, height, width]";
  let description = [{
    Each bin averages `sampling_ratio` x `sampling_ratio` bilinear samples (0: as many as the bin has elements), or takes
    the greatest weighted corner with `max`. `half_pixel` shifts regions by half an element.
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$rois, NN_IndexTensor:$batch_indices, I64Attr:$height,
                       I64Attr:$width, I64Attr:$sampling_ratio, F64Attr:$spatial_scale, BoolAttr:$half_pixel,
                       DefaultValuedAttr<BoolAttr, "false">:$max);
  let results = (outs NN_Tensor:$result);
}
#endif
