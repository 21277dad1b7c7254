// All op families.
include "dialects/nn/ops/structure/Structure.td"
include "dialects/nn/ops/elementwise/Elementwise.td"
include "dialects/nn/ops/contraction/Contraction.td"
include "dialects/nn/ops/conv/Conv.td"
include "dialects/nn/ops/pool/Pool.td"
include "dialects/nn/ops/reduce/Reduce.td"
include "dialects/nn/ops/move/Move.td"
