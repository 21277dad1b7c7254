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
