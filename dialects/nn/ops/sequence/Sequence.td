// Lists and optional values.
#ifndef DLC_NN_SEQUENCE
#define DLC_NN_SEQUENCE
include "dialects/nn/NNBase.td"

def NN_Sequence : Type<CPred<"::llvm::isa<::dlc::nn::SequenceType>($_self)">, "sequence", "::dlc::nn::SequenceType">;

def NN_SequenceEmptyOp : NN_Op<"sequence_empty"> {
  let summary = "a list of nothing, of elements of the given type";
  let arguments = (ins TypeAttr:$element);
  let results = (outs NN_Any:$result);
}
def NN_SequenceConstructOp : NN_Op<"sequence_construct"> {
  let summary = "the list of the operands";
  let arguments = (ins Variadic<NN_Any>:$inputs);
  let results = (outs NN_Any:$result);
}
def NN_SequenceInsertOp : NN_Op<"sequence_insert"> {
  let summary = "the list with `value` before `position` (absent: at the end; negative: from the end)";
  let arguments = (ins NN_Sequence:$sequence, NN_Any:$value, Optional<NN_IndexTensor>:$position);
  let results = (outs NN_Any:$result);
}
def NN_SequenceEraseOp : NN_Op<"sequence_erase"> {
  let summary = "the list without the element at `position` (absent: the last)";
  let arguments = (ins NN_Sequence:$sequence, Optional<NN_IndexTensor>:$position);
  let results = (outs NN_Any:$result);
}
def NN_SequenceAtOp : NN_Op<"sequence_at"> {
  let summary = "the element at `position`; negative ones count from the end";
  let description = [{ `result_dims` names unknown dims of the element's type. }];
  let arguments = (ins NN_Sequence:$sequence, NN_IndexTensor:$position, OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Any:$result);
}
def NN_SequenceLengthOp : NN_Op<"sequence_length"> {
  let summary = "the number of elements, a scalar of i64";
  let arguments = (ins NN_Sequence:$sequence);
  let results = (outs NN_Tensor:$result);
}
def NN_SplitToSequenceOp : NN_Op<"split_to_sequence"> {
  let summary = "the parts of the input along `axis`";
  let description = [{
    `split`: a scalar, the size of all parts but the last, or a vector of sizes; absent: parts of size 1, whose dim goes
    unless `keep_dims`.
  }];
  let arguments = (ins NN_Tensor:$input, Optional<NN_IndexTensor>:$split, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "true">:$keep_dims);
  let results = (outs NN_Any:$result);
}
def NN_ConcatFromSequenceOp : NN_Op<"concat_from_sequence"> {
  let summary = "the tensors of a list one after the other along `axis`, or stacked along a new one";
  let description = [{ `result_dims` names unknown dims of the result. }];
  let arguments = (ins NN_Sequence:$sequence, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$new_axis,
                       OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_OptionalMakeOp : NN_Op<"optional_make"> {
  let summary = "an optional of the given element type, with the value or empty";
  let arguments = (ins Optional<NN_Any>:$value, TypeAttr:$element);
  let results = (outs NN_Any:$result);
}
def NN_OptionalHasOp : NN_Op<"optional_has"> {
  let summary = "whether there is a value, a scalar; always true for what is no optional";
  let arguments = (ins NN_Any:$input);
  let results = (outs NN_Tensor:$result);
}
def NN_OptionalGetOp : NN_Op<"optional_get"> {
  let summary = "the value of an optional; the input itself when it is none";
  let arguments = (ins NN_Any:$input);
  let results = (outs NN_Any:$result);
}
#endif
