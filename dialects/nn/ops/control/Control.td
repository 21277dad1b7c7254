// Control flow. Regions use values of the graph around them.
#ifndef DLC_NN_CONTROL
#define DLC_NN_CONTROL
include "dialects/nn/NNBase.td"

class NN_ControlOp<string mnemonic, list<Trait> traits = []> :
    Op<NN_Dialect, mnemonic, !listconcat([RecursiveMemoryEffects, DeclareOpInterfaceMethods<InferTypes>], traits)>;

def NN_IfOp : NN_ControlOp<"if"> {
  let summary = "runs one of two regions; each ends in nn.yield";
  let description = [{
    `condition` has one element. A result has the dims that both regions agree on; the others are unknown, or those of
    entry i (a #dim.shape) of `result_dims`.
  }];
  let arguments = (ins NN_BoolTensor:$condition, OptionalAttr<ArrayAttr>:$result_dims);
  let results = (outs Variadic<NN_Any>:$results_);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = [{
    $condition `:` type($condition) (`->` type($results_)^)? attr-dict-with-keyword $then_body `else` $else_body
  }];
}

def NN_LoopOp : NN_ControlOp<"loop", [AttrSizedOperandSegments]> {
  let summary = "runs a region while its condition holds, at most `trip_count` times";
  let description = [{
    Region arguments: the iteration (tensor<i64>), the condition (tensor<i1>), then the carried values. It yields the next
    condition, the next carried values, then the scan outputs of this iteration. Results: the last carried values, then
    all outputs of each scan stacked along a new first dim. `trip_count` (absent: no bound) and `condition` (absent:
    true) have one element. Dims that change from one iteration to the next are unknown in the region's arguments.
    `result_dims` as for nn.if.
  }];
  let arguments = (ins Optional<NN_IndexTensor>:$trip_count, Optional<NN_BoolTensor>:$condition,
                       Variadic<NN_Any>:$carried, OptionalAttr<ArrayAttr>:$result_dims);
  let results = (outs Variadic<NN_Any>:$results_);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`trips` $trip_count^ `:` type($trip_count))? (`while` $condition^ `:` type($condition))?
    `(` $carried `)` `:` functional-type($carried, $results_) attr-dict-with-keyword $body
  }];
}

def NN_SplitBatchOp : NN_ControlOp<"split_batch"> {
  let summary = "runs a region on one part of the batch after the other";
  let description = [{
    `batch` is the number of images: the first dim of each input and result is a multiple of it. Part i has the images
    from i * `size` on: `size` of them, or those that are left. The region's arguments are their rows of the inputs, and
    it yields their rows of the results. In types of the region `part` is how many images there are; without it there
    are always `size`, which then divides `batch`.
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inputs, Dim_ExprAttr:$batch, I64Attr:$size, OptionalAttr<StrAttr>:$part);
  let results = (outs Variadic<NN_Tensor>:$results_);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $batch `by` $size (`called` $part^)? `(` $inputs `)` `:` functional-type($inputs, $results_)
    attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    /// The images of a part, as a formula: of `part`, or a number.
    ::dlc::dim::Expr getPartImages();
    /// How many parts there are, as a formula.
    ::dlc::dim::Expr getParts();
  }];
}
#endif
