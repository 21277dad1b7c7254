// RUN: dlc-opt %s --dlc-expand-math | FileCheck %s
// Functions of the math dialect in kernels become arithmetic; what the machine has an instruction for stays.

module {
  module @kernels {
    // CHECK-LABEL: func.func @k
    // CHECK-NOT:     math.{{exp|tanh|erf}}
    // CHECK:         math.sqrt
    func.func @k(%x: f32) -> f32 {
      %0 = math.exp %x : f32
      %1 = math.tanh %0 : f32
      %2 = math.erf %1 : f32
      %3 = math.sqrt %2 : f32
      return %3 : f32
    }
    // 1 / (1 + e^-x) and 1 + erf(x sqrt(1/2)): one quotient each, the sums being part of the functions.
    // CHECK-LABEL: func.func @sums
    // CHECK-NOT:     math.{{exp|tanh|erf}}
    // CHECK-COUNT-2: arith.divf
    // CHECK-NOT:     arith.divf
    func.func @sums(%x: f32) -> (f32, f32) {
      %one = arith.constant 1.0 : f32
      %scale = arith.constant 0.70710677 : f32
      %0 = arith.negf %x : f32
      %1 = math.exp %0 : f32
      %2 = arith.addf %one, %1 : f32
      %3 = arith.divf %one, %2 : f32
      %4 = arith.mulf %x, %scale : f32
      %5 = math.erf %4 : f32
      %6 = arith.addf %5, %one : f32
      return %3, %6 : f32, f32
    }
  }
}
