// Ops whose result sizes are found in data. `result_dims`, where given, names the dims that are unknown otherwise.
#ifndef DLC_NN_DYNAMIC
#define DLC_NN_DYNAMIC
include "dialects/nn/NNBase.td"

def NN_NonZeroOp : NN_Op<"nonzero"> {
  let summary = "the positions (i64, [rank, count]) of the elements that are not zero, in row-major order";
  let arguments = (ins NN_Tensor:$input, OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_CompressOp : NN_Op<"compress"> {
  let summary = "the slices along `axis` (or, without it, the elements in row-major order) where `condition` is true";
  let description = [{ A condition shorter than the dim is false beyond its end. }];
  let arguments = (ins NN_Tensor:$input, NN_BoolTensor:$condition, OptionalAttr<I64Attr>:$axis,
                       OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_UniqueOp : NN_Op<"unique"> {
  let summary = "the different slices along `axis` (or, without it, elements), sorted or in order of appearance";
  let description = [{
    indices: where each one is first; inverse: which one stands at each place of the input; counts: how often (all i64).
    `result_dims` is the shape of `result`.
  }];
  let arguments = (ins NN_Tensor:$input, OptionalAttr<I64Attr>:$axis, DefaultValuedAttr<BoolAttr, "true">:$sorted,
                       OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result, NN_Tensor:$indices, NN_Tensor:$inverse, NN_Tensor:$counts);
}
def NN_NonMaxSuppressionOp : NN_Op<"non_max_suppression", [AttrSizedOperandSegments]> {
  let summary = "the boxes (i64, [count, 3]: batch, class, box) left when each suppresses lower ones that overlap it";
  let description = [{
    boxes [batch, boxes, 4] as two corners (y, x each), or centre x, y, width, height with `center_point_box`; scores
    [batch, classes, boxes]. max_per_class (absent: 0), iou_threshold (absent: 0) and score_threshold (absent: none)
    have one element.
  }];
  let arguments = (ins NN_FloatTensor:$boxes, NN_FloatTensor:$scores, Optional<NN_IndexTensor>:$max_per_class,
                       Optional<NN_FloatTensor>:$iou_threshold, Optional<NN_FloatTensor>:$score_threshold,
                       DefaultValuedAttr<BoolAttr, "false">:$center_point_box,
                       OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result);
}
#endif
