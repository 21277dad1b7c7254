// RUN: dlc-opt %s --dlc-prepare-kernels --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a kernel (buffers, dims, begin, end, scratch) -> i32, got '(memref<8xf32>, index, index) -> i32'}}
func.func @no_scratch(%a: memref<8xf32>, %begin: index, %end: index) -> i32 {
  %status = arith.constant 0 : i32
  return %status : i32
}

// -----

// expected-error @+1 {{expected a kernel (buffers, dims, begin, end, scratch) -> i32, got '(index, index, memref<1xi8>) -> ()'}}
func.func @no_status(%begin: index, %end: index, %scratch: memref<1xi8>) {
  return
}
