// Constants, sizes as values, and the regions that become kernels.
#ifndef DLC_NN_STRUCTURE
#define DLC_NN_STRUCTURE
include "dialects/nn/NNBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

def NN_ConstantOp : NN_Op<"constant", [ConstantLike, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "a tensor known at compile time; large ones refer to mapped files";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    static ConstantOp of(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::ElementsAttr value) {
      return create(b, loc, value.getType(), value);
    }
  }];
}

def NN_ShapeOp : NN_Op<"shape", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "the sizes of dims [start, end) as a 1-D tensor of i64";
  let arguments = (ins NN_Any:$input, I64Attr:$start, I64Attr:$end);
  let results = (outs NN_Tensor:$result);
}

def NN_ReadDimsOp : Op<NN_Dialect, "read_dims", [DeclareOpInterfaceMethods<InferTypes>, DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "names the elements of a small integer tensor, so that sizes can depend on data";
  let description = [{
    From here on, element i of the tensor is the symbol `symbols[i]`. Sizes that use it are known only when the tensor
    has been computed: a new stage starts.
  }];
  let arguments = (ins NN_IntTensor:$input, Dim_ShapeAttr:$symbols);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def NN_AssumeOp : Op<NN_Dialect, "assume"> {
  let summary = "the run fails, saying `message`, unless two sizes are equal";
  let description = [{
    What the ops around it take for granted: sizes that must be equal but are different formulas, or a condition that
    must hold for the rest of the graph to mean anything.
  }];
  let arguments = (ins Dim_ExprAttr:$lhs, Dim_ExprAttr:$rhs, StrAttr:$message);
  let assemblyFormat = "$lhs `equals` $rhs $message attr-dict";
}

def NN_SizesOp : NN_Op<"sizes", [DeclareOpInterfaceMethods<ShapeValue>]> {
  let summary = "a small integer tensor whose elements are formulas over dims";
  let arguments = (ins Dim_ShapeAttr:$values, TypeAttr:$to);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$values attr-dict `:` type($result)";
}

def NN_GroupOp : Op<NN_Dialect, "group", [IsolatedFromAbove, SingleBlock]> {
  let summary = "ops that become one kernel";
  let description = [{
    The region's arguments are the operands; it ends in nn.yield. `strategy` says how code is generated for it.
  }];
  let arguments = (ins Variadic<NN_Any>:$operands_, StrAttr:$strategy);
  let results = (outs Variadic<NN_Any>:$results_);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$strategy `(` $operands_ `)` attr-dict-with-keyword $body `:` functional-type($operands_, $results_)";
}

def NN_YieldOp : Op<NN_Dialect, "yield", [Pure, Terminator]> {
  let summary = "ends a region of nn ops";
  let arguments = (ins Variadic<NN_Any>:$operands_);
  let assemblyFormat = "($operands_^ `:` type($operands_))? attr-dict";
}

def NN_DispatchOp : Op<NN_Dialect, "dispatch", []> {
  let summary = "a kernel applied to tensors";
  let description = [{
    `kernel` is a func.func in the module's `kernels`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<NN_Any>:$operands_);
  let results = (outs Variadic<NN_Any>:$results_);
  let assemblyFormat = "$kernel `(` $operands_ `)` attr-dict `:` functional-type($operands_, $results_)";
}
#endif
