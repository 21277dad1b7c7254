// Random numbers that are the same everywhere: a counter-based generator.
#ifndef DLC_NN_RANDOM
#define DLC_NN_RANDOM
include "dialects/nn/NNBase.td"

/// Element i takes the four 32-bit words of Philox-4x32-10 for a counter of i (64 bits in the first two words, the others
/// 0) and the key `seed` (low word first). A uniform number is (word >> 8) * 2^-24, in [0, 1).
class NN_Random<string mnemonic, dag arguments_, list<Trait> traits = []> : NN_Op<mnemonic, traits> {
  let arguments = !con(arguments_, (ins I64Attr:$seed, TypeAttr:$to));
  let results = (outs NN_Tensor:$result);
}
def NN_RandomUniformOp : NN_Random<"random_uniform", (ins Dim_ShapeAttr:$shape, F64Attr:$low, F64Attr:$high)> {
  let summary = "low + u * (high - low), of word 0";
}
def NN_RandomNormalOp : NN_Random<"random_normal", (ins Dim_ShapeAttr:$shape, F64Attr:$mean, F64Attr:$scale)> {
  let summary = "mean + scale * sqrt(-2 log(1 - u)) * cos(2 pi v), of words 0 and 1";
}
def NN_BernoulliOp : NN_Random<"bernoulli", (ins NN_FloatTensor:$input)> {
  let summary = "1 with the probability that each element gives, where u (word 0) is below it";
}
def NN_MultinomialOp : NN_Random<"multinomial", (ins NN_FloatTensor:$input, I64Attr:$sample_size)> {
  let summary = "`sample_size` classes per row of unnormalised log-probabilities [batch, classes]";
  let description = [{
    The first class whose cumulative probability is above u (word 0 of the result's element).
  }];
}
#endif
