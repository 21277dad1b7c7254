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
  }
}
