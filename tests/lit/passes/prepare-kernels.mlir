// RUN: dlc-opt %s --dlc-prepare-kernels | FileCheck %s
// Kernels are marked with their numbers of buffers and sizes; functions that are private already are no kernels.

// CHECK:      func.func private @k({{.*}}) -> i32 attributes {dlc.kernel = array<i64: 2, 1>}
// CHECK:      arith.addf {{.*}} fastmath<contract>
// Rounding to fewer bits stays where it is.
// CHECK:      arith.truncf %{{[0-9a-z]+}} : f32 to f16
func.func @k(%a: memref<8xf32>, %b: memref<8xf16>, %n: index, %begin: index, %end: index, %scratch: memref<1xi8>) -> i32 {
  %x = memref.load %a[%begin] : memref<8xf32>
  %y = arith.addf %x, %x : f32
  %z = arith.truncf %y : f32 to f16
  memref.store %z, %b[%begin] : memref<8xf16>
  %status = arith.constant 0 : i32
  return %status : i32
}

// CHECK:      func.func private @helper(%arg0: f32) -> f32 {
func.func private @helper(%x: f32) -> f32 {
  return %x : f32
}
