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
#endif
