// Strings: what is computed from their characters, and how they are moved.
#ifndef DLC_NN_TEXT
#define DLC_NN_TEXT
include "dialects/nn/NNBase.td"

def NN_StringTensor : NN_TensorWith<"isString", "strings">;

def NN_CaseChange : I32EnumAttr<"CaseChange", "what becomes of letters", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Lower", 1, "lower">, I32EnumAttrCase<"Upper", 2, "upper">]> {
  let cppNamespace = "::dlc::nn";
}

def NN_StringConcatOp : NN_Op<"string_concat", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "each string of lhs followed by that of rhs, with broadcasting";
  let arguments = (ins NN_StringTensor:$lhs, NN_StringTensor:$rhs);
  let results = (outs NN_Tensor:$result);
}
def NN_StringSplitOp : NN_Op<"string_split"> {
  let summary = "the parts of each string along a new last dim, filled up with empty ones, and how many there are (i64)";
  let description = [{
    Parts stand between occurrences of `delimiter`, a tensor of one string; absent or empty: between runs of white space,
    which leave no empty part at the ends. At most `max_splits` splits are made from the left (negative: any number).
    `result_dims` is the shape of `result`.
  }];
  let arguments = (ins NN_StringTensor:$input, Optional<NN_StringTensor>:$delimiter,
                       DefaultValuedAttr<I64Attr, "-1">:$max_splits, OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result, NN_Tensor:$counts);
}
def NN_StringNormalizeOp : NN_Op<"string_normalize"> {
  let summary = "the strings of a vector [C] or a row [1, C] that are no stop words, in the case that is asked for";
  let description = [{
    Stop words are compared before the case changes. Letters are those of ASCII; other characters stay as they are. Where
    nothing is left, the result is one empty string. `result_dims` is its shape.
  }];
  let arguments = (ins NN_StringTensor:$input, Optional<NN_StringTensor>:$stopwords,
                       DefaultValuedAttr<NN_CaseChange, "::dlc::nn::CaseChange::None">:$change, BoolAttr:$case_sensitive,
                       OptionalAttr<Dim_ShapeAttr>:$result_dims);
  let results = (outs NN_Tensor:$result);
}
def NN_RegexMatchOp : NN_Op<"regex_match"> {
  let summary = "whether the whole of each string matches a regular expression";
  let description = [{ The syntax is RE2's, as ops/text/Regex.h lists it. }];
  let arguments = (ins NN_StringTensor:$input, StrAttr:$pattern);
  let results = (outs NN_Tensor:$result);
}
def NN_StringPickOp : NN_Op<"string_pick"> {
  let summary = "strings of `sources` at the places that `indices` (i64) say, in the indices' shape";
  let description = [{
    Places count through all sources, one after the other, each in row-major order. Whatever moves strings becomes this
    op on moved indices (dlc-move-strings).
  }];
  let arguments = (ins NN_IndexTensor:$indices, Variadic<NN_StringTensor>:$sources);
  let results = (outs NN_Tensor:$result);
}
#endif
