// The executable dialect: what the engine will do, step by step, with planned memory.
#ifndef DLC_RT
#define DLC_RT
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "dialects/dim/Dim.td"

def RT_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::dlc::rt";
  let summary = "executables: blocks of steps over planned buffers";
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::dlc::dim::DimDialect"];
}

def RT_RefType : TypeDef<RT_Dialect, "Ref"> {
  let mnemonic = "ref";
  let summary = "a place that holds a value of a graph type at run time";
  let parameters = (ins "::mlir::Type":$value);
  let assemblyFormat = "`<` $value `>`";
}

class RT_Op<string mnemonic, list<Trait> traits = []> : Op<RT_Dialect, mnemonic, traits>;

def RT_BlockOp : RT_Op<"block", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "an entry point: its arguments are the inputs, rt.yield names the outputs";
  let description = [{
    `inputs` and `outputs` are the ports' names. Steps are listed in one valid order; each lists the earlier steps of
    its stage that it depends on. rt.stage begins a new stage.

    Blocks of the same `entry` are specialisations: alternatives for other sizes. `bounds` are those of symbols (name ->
    [least, most]; most -1: unbounded), `dim_names` what the source calls the dims of each input ("" for others).
    `state` tells for each input which output becomes its value for the next run, -1 for none: such an input is memory
    that lives as long as the context.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$inputs, ArrayAttr:$outputs, OptionalAttr<StrAttr>:$entry,
                       OptionalAttr<DictionaryAttr>:$bounds, OptionalAttr<ArrayAttr>:$dim_names,
                       OptionalAttr<DenseI64ArrayAttr>:$state);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def RT_StageOp : RT_Op<"stage"> {
  let summary = "begins a stage: sizes read from data above are known below";
  let arguments = (ins Dim_ExprAttr:$frame_size);
  let assemblyFormat = "`frame` $frame_size attr-dict";
}

def RT_SymbolOp : RT_Op<"symbol"> {
  let summary = "defines a named size: dim `index` of a value or, with `read`, its element `index`";
  let arguments = (ins RT_RefType:$value, StrAttr:$name, I64Attr:$index, UnitAttr:$read);
  let assemblyFormat = "$name `=` (`read` $read^)? $value `[` $index `]` attr-dict `:` type($value)";
}

def RT_SizeOp : RT_Op<"size"> {
  let summary = "defines a named size: the value of a formula";
  let arguments = (ins StrAttr:$name, Dim_ExprAttr:$value);
  let assemblyFormat = "$name `=` $value attr-dict";
}

def RT_CheckOp : RT_Op<"check"> {
  let summary = "fails the run unless two sizes are equal";
  let arguments = (ins Dim_ExprAttr:$lhs, Dim_ExprAttr:$rhs, StrAttr:$message);
  let assemblyFormat = "$lhs `equals` $rhs $message attr-dict";
}

def RT_ConstantOp : RT_Op<"constant"> {
  let summary = "bytes of the weights section";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs RT_RefType:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
}

def RT_PrepareOp : RT_Op<"prepare"> {
  let summary = "bytes that a kernel makes of a constant once, before the first run";
  let description = [{
    The kernel has `source` and the result as buffers. It never runs again: the source's memory may be given back.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, RT_RefType:$source, DenseI64ArrayAttr:$dims, I64Attr:$tiles);
  let results = (outs RT_RefType:$result);
  let assemblyFormat = [{$kernel `(` $source `)` `dims` $dims `tiles` $tiles attr-dict `:` type($source) `to`
                         type($result)}];
}

def RT_BufferOp : RT_Op<"buffer"> {
  let summary = "bytes [offset, offset + size) of the stage's frame";
  let arguments = (ins Dim_ExprAttr:$offset, Dim_ExprAttr:$size, StrAttr:$name);
  let results = (outs RT_RefType:$result);
  let assemblyFormat = "$name `at` $offset `size` $size attr-dict `:` type($result)";
}

def RT_OutputOp : RT_Op<"output"> {
  let summary = "the caller's buffer for output `index`";
  let arguments = (ins I64Attr:$index);
  let results = (outs RT_RefType:$result);
  let assemblyFormat = "$index attr-dict `:` type($result)";
}

def RT_AliasOp : RT_Op<"alias"> {
  let summary = "the same bytes with another type, from `offset` on";
  let arguments = (ins RT_RefType:$base, Dim_ExprAttr:$offset);
  let results = (outs RT_RefType:$result);
  let assemblyFormat = "$base `at` $offset attr-dict `:` type($base) `to` type($result)";
}

def RT_DispatchOp : RT_Op<"dispatch"> {
  let summary = "runs a kernel's tiles; the last `outputs` operands are written";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<RT_RefType>:$operands_, I64Attr:$outputs, Dim_ShapeAttr:$dims,
                       Dim_ExprAttr:$tiles, Dim_ExprAttr:$scratch, StrAttr:$strategy, Dim_ExprAttr:$flops,
                       DenseI64ArrayAttr:$after);
  let assemblyFormat = [{$kernel `(` $operands_ `)` `writes` $outputs `dims` $dims `tiles` $tiles `scratch` $scratch
                         `flops` $flops `after` $after $strategy attr-dict `:` type($operands_)}];
}

def RT_DynamicOp : RT_Op<"dynamic"> {
  let summary = "a value that the engine allocates when a step produces it: its size is not known before, or it is no tensor";
  let results = (outs RT_RefType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def RT_HostCallOp : RT_Op<"host_call"> {
  let summary = "calls a function of the engine or of the user; the last `outputs` operands are written";
  let description = [{ `dims` are its integer attributes. An absent optional operand is -1 in `places`; others count the operands. }];
  let arguments = (ins StrAttr:$function, I64Attr:$version, Variadic<RT_RefType>:$operands_, DenseI64ArrayAttr:$places, I64Attr:$outputs,
                       Dim_ShapeAttr:$dims, DenseI64ArrayAttr:$after);
  let assemblyFormat = [{$function `version` $version `(` $operands_ `)` `places` $places `writes` $outputs `dims` $dims `after` $after attr-dict
                         `:` type($operands_)}];
}

def RT_IfOp : RT_Op<"if"> {
  let summary = "runs one of two blocks, each ending in rt.yield, and keeps its results in `results_`";
  let arguments = (ins RT_RefType:$condition, Variadic<RT_RefType>:$results_, DenseI64ArrayAttr:$after);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = [{$condition `:` type($condition) `writes` `(` $results_ `)` `:` `(` type($results_) `)` `after` $after
                         attr-dict-with-keyword $then_body `else` $else_body}];
}

def RT_LoopOp : RT_Op<"loop", [AttrSizedOperandSegments]> {
  let summary = "runs a block again and again";
  let description = [{
    The block yields the next condition, the carried values, then one row of each scanned value. Before an iteration
    `iteration`, `going` and `parameters` hold its number, its condition and the carried values. `count` is the number
    of iterations where sizes tell it: then there are no `trips`.
  }];
  let arguments = (ins Optional<RT_RefType>:$trips, Optional<RT_RefType>:$condition, RT_RefType:$iteration, RT_RefType:$going,
                       Variadic<RT_RefType>:$initial, Variadic<RT_RefType>:$parameters, Variadic<RT_RefType>:$finals,
                       Variadic<RT_RefType>:$scanned, OptionalAttr<Dim_ExprAttr>:$count, DenseI64ArrayAttr:$after);
  let regions = (region SizedRegion<1>:$body);
}

def RT_CopyOp : RT_Op<"copy"> {
  let summary = "copies the bytes of one value to another";
  let arguments = (ins RT_RefType:$from, RT_RefType:$to, DenseI64ArrayAttr:$after);
  let assemblyFormat = "$from `to` $to `after` $after attr-dict `:` type($from) `,` type($to)";
}

def RT_YieldOp : RT_Op<"yield", [Terminator]> {
  let summary = "the results of a block";
  let arguments = (ins Variadic<RT_RefType>:$results_);
  let assemblyFormat = "($results_^ `:` type($results_))? attr-dict";
}
#endif
