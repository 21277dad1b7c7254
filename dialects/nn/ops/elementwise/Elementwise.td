// Elementwise ops with multi-directional broadcasting.
#ifndef DLC_NN_ELEMENTWISE
#define DLC_NN_ELEMENTWISE
include "dialects/nn/NNBase.td"

/// Result: the broadcast shape; element type: the first operand's unless the op says otherwise.
class NN_Unary<string mnemonic, Type type = NN_FloatTensor, list<Trait> traits = []> : NN_Op<mnemonic, traits> {
  let arguments = (ins type:$input);
  let results = (outs NN_Tensor:$result);
}
class NN_UnaryAB<string mnemonic> : NN_Op<mnemonic> {
  let arguments = (ins NN_FloatTensor:$input, F64Attr:$alpha, F64Attr:$beta);
  let results = (outs NN_Tensor:$result);
}
class NN_Binary<string mnemonic, Type type = NN_NumberTensor, list<Trait> traits = []> : NN_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<SizeRules>], traits)> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs NN_Tensor:$result);
}

def NN_AbsOp : NN_Unary<"abs", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_NegOp : NN_Unary<"neg", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_SignOp : NN_Unary<"sign", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_ReluOp : NN_Unary<"relu", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_NotOp : NN_Unary<"not", NN_BoolTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_BitNotOp : NN_Unary<"bit_not", NN_IntTensor>;
def NN_ExpOp : NN_Unary<"exp">;
def NN_LogOp : NN_Unary<"log">;
def NN_SqrtOp : NN_Unary<"sqrt">;
def NN_ReciprocalOp : NN_Unary<"reciprocal">;
def NN_SinOp : NN_Unary<"sin">;
def NN_CosOp : NN_Unary<"cos">;
def NN_TanOp : NN_Unary<"tan">;
def NN_AsinOp : NN_Unary<"asin">;
def NN_AcosOp : NN_Unary<"acos">;
def NN_AtanOp : NN_Unary<"atan">;
def NN_SinhOp : NN_Unary<"sinh">;
def NN_CoshOp : NN_Unary<"cosh">;
def NN_TanhOp : NN_Unary<"tanh">;
def NN_AsinhOp : NN_Unary<"asinh">;
def NN_AcoshOp : NN_Unary<"acosh">;
def NN_AtanhOp : NN_Unary<"atanh">;
def NN_ErfOp : NN_Unary<"erf">;
def NN_SigmoidOp : NN_Unary<"sigmoid">;
def NN_SoftplusOp : NN_Unary<"softplus">;
def NN_FloorOp : NN_Unary<"floor">;
def NN_CeilOp : NN_Unary<"ceil">;
def NN_RoundOp : NN_Unary<"round"> { let summary = "to the nearest integer, halves to even"; }
def NN_IsNaNOp : NN_Unary<"is_nan"> { let summary = "true where NaN"; }
def NN_IsInfOp : NN_Op<"is_inf"> {
  let summary = "true where infinite, of the wanted signs";
  let arguments = (ins NN_FloatTensor:$input, BoolAttr:$negative, BoolAttr:$positive);
  let results = (outs NN_Tensor:$result);
}
def NN_LeakyReluOp : NN_UnaryAB<"leaky_relu"> { let summary = "x < 0 ? alpha * x : x; beta unused"; }
def NN_EluOp : NN_UnaryAB<"elu"> { let summary = "x < 0 ? alpha * (exp(x) - 1) : x; beta unused"; }
def NN_HardSigmoidOp : NN_UnaryAB<"hard_sigmoid"> { let summary = "max(0, min(1, alpha * x + beta))"; }

def NN_AddOp : NN_Binary<"add", NN_NumberTensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_SubOp : NN_Binary<"sub", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_MulOp : NN_Binary<"mul", NN_NumberTensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_DivOp : NN_Binary<"div", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "division; integers truncate toward zero";
}
def NN_ModOp : NN_Binary<"mod", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "remainder with the divisor's sign (Python's %)"; }
def NN_FmodOp : NN_Binary<"fmod", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "remainder with the dividend's sign (C's fmod)"; }
def NN_MinOp : NN_Binary<"min", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "the lesser; NaN when one is NaN"; }
def NN_MaxOp : NN_Binary<"max", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "the greater; NaN when one is NaN"; }
def NN_PowOp : NN_Op<"pow", [DeclareOpInterfaceMethods<SizeRules>]> {
  let summary = "lhs to the power of rhs, computed and returned in lhs's type";
  let arguments = (ins NN_NumberTensor:$lhs, NN_NumberTensor:$rhs);
  let results = (outs NN_Tensor:$result);
}
def NN_AndOp : NN_Binary<"and", NN_BoolTensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_OrOp : NN_Binary<"or", NN_BoolTensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_XorOp : NN_Binary<"xor", NN_BoolTensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]>;
def NN_BitAndOp : NN_Binary<"bit_and", NN_IntTensor, [Commutative]>;
def NN_BitOrOp : NN_Binary<"bit_or", NN_IntTensor, [Commutative]>;
def NN_BitXorOp : NN_Binary<"bit_xor", NN_IntTensor, [Commutative]>;
def NN_ShiftLeftOp : NN_Binary<"shift_left", NN_IntTensor>;
def NN_ShiftRightOp : NN_Binary<"shift_right", NN_IntTensor>;
def NN_EqualOp : NN_Binary<"equal", NN_Tensor, [Commutative, DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "true where equal"; }
def NN_LessOp : NN_Binary<"less", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "true where lhs < rhs"; }
def NN_LessEqualOp : NN_Binary<"less_equal", NN_NumberTensor, [DeclareOpInterfaceMethods<ShapeValue>]> { let summary = "true where lhs <= rhs"; }

def NN_SelectOp : NN_Op<"select", [DeclareOpInterfaceMethods<SizeRules>, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "condition ? lhs : rhs";
  let arguments = (ins NN_BoolTensor:$condition, NN_Tensor:$lhs, NN_Tensor:$rhs);
  let results = (outs NN_Tensor:$result);
}
def NN_BitCastOp : NN_Op<"bit_cast"> {
  let summary = "the same bits as elements of another type, of equally many bits";
  let arguments = (ins NN_Tensor:$input, TypeAttr:$to);
  let results = (outs NN_Tensor:$result);
}
def NN_CastOp : NN_Op<"cast", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "converts elements; `saturate` is for 8-bit floats: infinity and what is too large become the greatest";
  let description = [{
    Float to integer truncates toward zero (out of range is undefined by the standard: here the value saturates, NaN
    gives 0); to bool: not equal to zero; between floats: to nearest, ties to even. To integers of less than a byte:
    floats round to nearest, ties to even, and of all numbers the low bits are kept. To f4E2M1FN: always saturates, NaN
    becomes 6. To f8E8M0FNU: `round_mode` is up, down or nearest (ties up); zero and numbers that are too small become
    the least with `saturate`, otherwise, as numbers that are too large, NaN; negative ones become NaN.
  }];
  let arguments = (ins NN_Tensor:$input, TypeAttr:$to, BoolAttr:$saturate,
                       DefaultValuedStrAttr<StrAttr, "up">:$round_mode);
  let results = (outs NN_Tensor:$result);
}
#endif
