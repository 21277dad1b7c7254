// Symbolic sizes: integer formulas over named dims, and the tensor encoding made of them.
#ifndef DLC_DIM
#define DLC_DIM
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/TensorEncoding.td"

def Dim_Dialect : Dialect {
  let name = "dim";
  let cppNamespace = "::dlc::dim";
  let summary = "symbolic sizes of tensors";
  let useDefaultAttributePrinterParser = 1;
}

def Dim_ExprAttr : AttrDef<Dim_Dialect, "Expr"> {
  let mnemonic = "expr";
  let summary = "an integer formula over named dims, in normal form";
  let description = [{
    `#dim.expr<batch * 2 + floordiv(seq + 1, 2)>`. Symbols stand for sizes, so they are at least 0,
    unless their name ends in `$`: those are read from data and may be negative. Values are built
    only by the functions of Dim.h, which keep the normal form: a sum of products of atoms (symbols, floordiv, mod,
    min, max), so that equal polynomials are the same attribute. `?` is a size that nothing is known of: it equals
    nothing, not even itself.
  }];
  let parameters = (ins "::dlc::dim::ExprKind":$kind, "int64_t":$value, "::llvm::StringRef":$symbol,
                        ArrayRefParameter<"::mlir::Attribute">:$operands);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 0;
  let genStorageClass = 0;
  let storageClass = "ExprStorage";
  let storageNamespace = "detail";
}

def Dim_ShapeAttr : AttrDef<Dim_Dialect, "Shape", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "shape";
  let summary = "the sizes of a tensor with symbolic dims: `#dim.shape<[batch, 64]>`";
  let parameters = (ins ArrayRefParameter<"::dlc::dim::ExprAttr">:$dims);
  let hasCustomAssemblyFormat = 1;
}
#endif
