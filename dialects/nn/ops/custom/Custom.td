// Ops of users' libraries.
#ifndef DLC_NN_CUSTOM
#define DLC_NN_CUSTOM
include "dialects/nn/NNBase.td"

def NN_CustomOp : Op<NN_Dialect, "custom", [Pure]> {
  let summary = "an op that a library of the user computes (dlc/custom_op.h)";
  let description = [{
    `version` is that of the domain's opset which the model imports. `parameters` hold i64, f32 and string ones,
    arrays of them, and tensors. `places` has an entry per operand of the source's node: the input's number, or -1 where
    it is absent. Result types come from the library: sizes that it tells only when it runs are symbols that nothing else
    defines.
  }];
  let arguments = (ins StrAttr:$domain, StrAttr:$function, I64Attr:$version, DictionaryAttr:$parameters,
                       DenseI64ArrayAttr:$places, Variadic<NN_Tensor>:$inputs);
  let results = (outs Variadic<NN_Tensor>:$results_);
  let assemblyFormat = [{
    $domain $function `version` $version `(` $inputs `)` `places` $places `parameters` $parameters attr-dict
    `:` functional-type($inputs, $results_)
  }];
  let hasVerifier = 1;
}
#endif
