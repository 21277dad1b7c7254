// Every pass, with what it does to a small example. The pipeline is compiler/Pipeline.cpp.
include "mlir/Pass/PassBase.td"

def FormGroups : Pass<"dlc-form-groups", "::mlir::func::FuncOp"> {
  let summary = "puts ops that become one kernel into nn.group";
  let description = [{
    A contraction takes the elementwise ops that follow it, as its epilogue; other ops take the elementwise ops that
    feed them. Reshapes and constants stay outside: they need no kernel.

    ```
    %0 = nn.conv %x, %w ...        %1 = nn.group "loops" (%x, %w) {
    %1 = nn.relu %0          ->      nn.conv; nn.relu; nn.yield }
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def OutlineKernels : Pass<"dlc-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "moves each nn.group into a function of the module `kernels`; equal ones exist once";
  let dependentDialects = ["::dlc::nn::NNDialect", "::mlir::func::FuncDialect"];
}

def LowerToLinalg : Pass<"dlc-lower-to-linalg", "::mlir::ModuleOp"> {
  let summary = "lowers the nn ops of kernels to linalg on plain tensors, through each op's `lower`";
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def CallLibraries : Pass<"dlc-call-libraries", "::mlir::ModuleOp"> {
  let summary = "replaces dispatches of kernels whose strategy is `onednn` by ops of the library runtime/onednn";
  let description = [{
    ```
    nn.dispatch @k(%x, %w, %b)                      nn.custom "dlc.onednn" "conv" version 1 (%x, %w, %b)
    func.func @k { nn.conv; nn.relu }        ->       places [0, 1, 2, -1] parameters {low = 0.0 : f32, ...}
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def LowerToRT : Pass<"dlc-lower-to-rt", "::mlir::ModuleOp"> {
  let summary = "turns the graph into blocks of steps over buffers";
  let dependentDialects = ["::dlc::rt::RTDialect"];
}

def PlanMemory : Pass<"dlc-plan-memory", "::mlir::ModuleOp"> {
  let summary = "gives every buffer its offset in the frame";
  let description = [{
    Buffers whose lifetimes (in the listed order of steps) do not overlap may share bytes. Static sizes are placed
    largest first at the lowest offset that fits; with symbolic sizes, offsets are formulas.
  }];
}

def OrderSteps : Pass<"dlc-order-steps", "::mlir::ModuleOp"> {
  let summary = "lists for each step the earlier steps that must finish first";
  let description = [{ Because of data, or because their buffers share bytes. Implied dependencies are left out. }];
}

def LowerToLoops : Pass<"dlc-lower-to-loops", "::mlir::ModuleOp"> {
  let summary = "turns kernels over linalg into loops over linear buffers, and decides their tiles";
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ExpandMath : Pass<"dlc-expand-math", "::mlir::ModuleOp"> {
  let summary = "replaces mathematical functions in kernels by arithmetic, so that no library is needed";
  let options = [Option<"fma", "fma", "bool", "true", "the target has fused multiply-add">,
                 Option<"rounding", "rounding", "bool", "true", "the target has rounding instructions">,
                 Option<"f16c", "f16c", "bool", "true", "the target converts half precision">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def FoldConstants : Pass<"dlc-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "evaluates ops of constants, and turns known sizes into constants or nn.sizes";
  let description = [{
    Results may hold `budget` bytes more than their operands, in all. Ops are evaluated by the reference evaluator.
  }];
  let options = [Option<"budget", "budget", "uint64_t", "536870912", "bytes that folding may add">,
                 Option<"keepQuantized", "keep-quantized", "bool", "false", "leave nn.dequantize_linear as it is">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def WidenElements : Pass<"dlc-widen-elements", "::mlir::func::FuncOp"> {
  let summary = "keeps elements of less than a byte, and floats that no kernel computes with, in bytes";
  let description = [{
    Integers of 2 and 4 bits become those of 8; f4E2M1FN and f8E8M0FNU become their bits in a ui8, from which a table
    tells the number. What makes such elements says how it rounds and saturates. Only inputs and outputs stay as they
    are: nn.unpack_bits and nn.pack_bits stand between.

    ```
    %1 = nn.cast %0 {to = i4}  : tensor<8xi8>  ->  the low bits of %0, with their sign
    %2 = nn.reshape %1         : tensor<2x4xi4> -> %2 = nn.reshape %1 : tensor<2x4xi8>
    return %2                                  ->  %3 = nn.pack_bits %2 {to = i4}; return %3
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def MoveStrings : Pass<"dlc-move-strings", "::mlir::func::FuncOp"> {
  let summary = "moves the places of strings instead of strings, so that kernels that move numbers serve for both";
  let description = [{
    ```
    %1 = nn.transpose %0 : tensor<2x3x!nn.string>  ->  %i = iota, reshaped to 2x3; %j = nn.transpose %i
                                                       %1 = nn.string_pick %j, %0
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def WidenFloats : Pass<"dlc-widen-floats", "::mlir::func::FuncOp"> {
  let summary = "computes in f32 what has elements of half precision";
  let description = [{
    CPUs convert f16 faster than they compute with it, and once is enough: values between ops are f32, inputs, outputs
    and the model's own casts are as they were. Results are rounded less often than the model says. Without `bf16`,
    contractions of bf16 and what only moves their elements stay: only what is computed between is in f32.
  }];
  let options = [Option<"bf16", "bf16", "bool", "true", "all of bf16 too: the target has no products of bf16 pairs">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def SinkDequantize : Pass<"dlc-sink-dequantize", "::mlir::func::FuncOp"> {
  let summary = "moves dequantisation below ops that only move elements, and cancels it against quantisation";
  let description = [{
    Elements are moved while they are small; a max_pool picks the same ones. quantize(dequantize(x)) with equal scales
    is x, and a relu before a quantisation that saturates at 0 is nothing.

    ```
    %1 = nn.dequantize_linear %0           %1 = nn.transpose %0
    %2 = nn.transpose %1             ->    %2 = nn.dequantize_linear %1
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def UnsignedActivations : Pass<"dlc-unsigned-activations", "::mlir::func::FuncOp"> {
  let summary = "quantises to ui8 instead of i8, with zero points 128 greater";
  let description = [{
    The CPUs' products of bytes take an unsigned and a signed one; weights are the signed ones. Only values that
    dequantisations and integer contractions alone use.
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def IntegerContractions : Pass<"dlc-integer-contractions", "::mlir::func::FuncOp"> {
  let summary = "computes convolutions and products of dequantised bytes in integers";
  let description = [{
    conv(dequantize(x), dequantize(w), b) = cast(conv_integer(x, w)) * (scale of x * scale of w) + b, where w is constant,
    with one scale or one per output channel, and sums fit i32; a matmul likewise. The sums are exact, so the result is
    at least as close to the formula as that of float arithmetic. A quantisation that follows multiplies by its inverse
    scale.
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def FoldZeroPoints : Pass<"dlc-fold-zero-points", "::mlir::func::FuncOp"> {
  let summary = "turns conv_integer and matmul_integer of constant weights into conv and matmul";
  let description = [{
    The weights' zero points are subtracted now where bytes hold the differences; the input's times the sum of the
    weights becomes a bias, and the value of padding. What does not fit stays.
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def FoldScales : Pass<"dlc-fold-scales", "::mlir::func::FuncOp"> {
  let summary = "folds batch normalisation, and multiplications and additions per channel, into convolutions";
  let description = [{
    conv(x, w, b) * s + t = conv(x, w * s, b * s + t), for constants with one element per output channel; a transposed
    convolution likewise. Batch normalisation elsewhere becomes a multiplication and an addition.
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def PruneChannels : Pass<"dlc-prune-channels", "::mlir::func::FuncOp"> {
  let summary = "removes channels that contribute nothing, and, where asked to, those that contribute least";
  let description = [{
    A filter that is zero makes its channel a constant, and weights that are zero make what feeds them useless. Such
    channels go, with everything that depends on them, where the results stay what they were (for finite values); what a
    constant channel adds goes into a bias. With a `fraction`, so many of each layer's channels go, those with the smallest
    filters first.

    ```
    %0 = nn.conv %x, %w : -> tensor<1x16x8x8xf32>        %0 = nn.conv %x, %w1 : -> tensor<1x12x8x8xf32>
    %1 = nn.relu %0                                ->    %1 = nn.relu %0
    %2 = nn.conv %1, %v : ... tensor<4x16x1x1xf32>       %2 = nn.conv %1, %v1 : ... tensor<4x12x1x1xf32>
    ```
  }];
  let options = [Option<"fraction", "fraction", "double", "0", "how many of the channels go beyond those of zeros: 0 to 1">,
                 Option<"global", "global", "bool", "false", "the fraction is that of the whole graph, not of each layer">,
                 Option<"fold", "fold", "bool", "true", "put what constant channels add into biases; or else they stay">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def DecomposeRnn : Pass<"dlc-decompose-rnn", "::mlir::func::FuncOp"> {
  let summary = "turns recurrent networks into matrix products and elementwise ops";
  let description = [{
    All inputs times the weights are one product; each step of time multiplies the state and applies the gates. Up to
    `unroll` steps stand one after the other, longer (or unknown) sequences become an nn.loop.

    ```
    %y, %h = nn.rnn %x, %w, %r ...  ->  %p = nn.matmul %x, %w
                                        nn.slice %p; nn.matmul %h0, %r; nn.add; nn.tanh; ...
    ```
  }];
  let options = [Option<"unroll", "unroll", "int64_t", "64", "how many steps stand one after the other">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def AssignLayout : Pass<"dlc-assign-layout", "::mlir::func::FuncOp"> {
  let summary = "makes convolutions and what lies between them channel-last";
  let description = [{
    Ops that accept any layout follow their operands, so that transpositions stand only at the borders.
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def CheckIndices : Pass<"dlc-check-indices", "::mlir::func::FuncOp"> {
  let summary = "lets the run check indices that are not known, or proven, to be legal";
  let description = [{
    What the op before computes, or where a value comes from (positions of the greatest, constants, remainders, an
    iteration), may prove that indices are within a dim; then there is nothing to check.

    ```
    %1 = nn.gather %x, %i   ->   nn.check_indices %i from <[-8]> below <[8]>
                                 %1 = nn.gather %x, %i
    ```
  }];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def SplitBatch : Pass<"dlc-split-batch", "::mlir::func::FuncOp"> {
  let summary = "runs large batches through the network in parts that caches hold";
  let description = [{
    The ops from the inputs on that treat each image by itself move into nn.split_batch, up to where that no longer saves
    bytes: between layers, what a part computes stays in the cache; but constants are read anew for each part.

    ```
    %1 = nn.conv %x, %w : 32x...          %2 = nn.split_batch 32 by 4(%x) {
    %2 = nn.relu %1                  ->   ^bb0(%p: 4x...):  nn.conv %p, %w; nn.relu; nn.yield }
    ```
  }];
  let options = [Option<"part", "part", "int64_t", "-1", "images of a part; 0: none; -1: what saves the most bytes">,
                 Option<"cache", "cache", "int64_t", "-1", "bytes of the shared cache; -1: the target's">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}

def PrepareKernels : Pass<"dlc-prepare-kernels", "::mlir::ModuleOp"> {
  let summary = "notes what each kernel takes, and lets float arithmetic contract";
  let description = [{
    For a module of kernels alone, before its functions become LLVM's: `dlc-kernel-entries` wants to know by then how many
    buffers and sizes a kernel has, and types no longer tell.

    ```
    func.func @k(%b: memref<8xf32>, %n: index, %begin: index, %end: index, %scratch: memref<1xi8>) -> i32
    ->  func.func private @k(...) -> i32 attributes {dlc.kernel = array<i64: 1, 1>}
    ```
  }];
}

def KernelEntries : Pass<"dlc-kernel-entries", "::mlir::ModuleOp"> {
  let summary = "gives kernels the signature of dlc_kernel_fn";
  let description = [{
    The public symbol becomes a function that loads the pointers and sizes and calls the kernel, which is inlined.

    ```
    llvm.func @k(%b: !llvm.ptr, %n: i64, %begin: i64, %end: i64, %scratch: !llvm.ptr) -> i32 {dlc.kernel = [1, 1]}
    ->  llvm.func @k(%buffers: !llvm.ptr, %dims: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) -> i32
        llvm.func internal @k.body(...)
    ```

    Masked accesses of 16-bit floats become accesses of integers.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def VerifyLevel : Pass<"dlc-verify-level", "::mlir::ModuleOp"> {
  let summary = "checks that IR keeps what its level promises";
  let description = [{
    After the last pass of each level: only ops that may be there, every size of the model a formula, no tensor in kernels
    that are loops. What it finds is a fault of the passes before it.

    ```
    error: internal error: at level rt, expected no 'nn.relu' in the model
    ```
  }];
  let options = [Option<"level", "level", "std::string", "", "nn, graph, linalg or rt">];
  let dependentDialects = ["::dlc::nn::NNDialect"];
}
