// RUN: dlc-opt %s --dlc-fold-constants --canonicalize | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-fold-constants{budget=0}))' | FileCheck %s --check-prefix=BUDGET

// Ops of constants are evaluated.
// CHECK-LABEL: @arithmetic
// CHECK-NEXT:    %[[C:.*]] = nn.constant dense<[4.000000e+00, 6.000000e+00]>
// CHECK-NEXT:    return %[[C]]
func.func @arithmetic() -> tensor<2xf32> {
  %0 = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = nn.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %2 = nn.add %0, %1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

// Sizes that are known become formulas, whatever arithmetic made them.
// CHECK-LABEL: @sizes
// CHECK-NOT:     nn.shape
// CHECK:         nn.sizes <[n + 1]>
func.func @sizes(%x: tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<1xi64> {
  %0 = nn.shape %x {start = 0 : i64, end = 1 : i64} : (tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<1xi64>
  %1 = nn.constant dense<1> : tensor<1xi64>
  %2 = nn.add %0, %1 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %2 : tensor<1xi64>
}

// What would grow beyond the budget stays an op.
// BUDGET-LABEL: @large
// BUDGET:         nn.tile
func.func @large() -> tensor<4096xf32> {
  %0 = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = nn.tile %0 {repeats = #dim.shape<[2048]>} : (tensor<2xf32>) -> tensor<4096xf32>
  return %1 : tensor<4096xf32>
}
