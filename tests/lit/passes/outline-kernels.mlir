// RUN: dlc-opt %s --dlc-outline-kernels | FileCheck %s
// Groups become functions of the module `kernels`; equal ones exist once.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %[[A:.*]] = nn.dispatch @[[RELU:relu_.*]](%arg0)
// CHECK-NEXT:    %[[B:.*]] = nn.dispatch @[[RELU]](%[[A]])
// CHECK-NEXT:    nn.dispatch @[[EXP:exp_.*]](%[[B]])
// CHECK:       module @kernels
// CHECK:         func.func @[[RELU]](%{{.*}}: tensor<4xf32>) -> tensor<4xf32>
// CHECK-SAME:      nn.strategy = "loops"
// CHECK-NEXT:      nn.relu
// CHECK:         func.func @[[EXP]]
// CHECK-NOT:     func.func
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = nn.group "loops"(%x) {
  ^bb0(%a: tensor<4xf32>):
    %r = nn.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %r : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.group "loops"(%0) {
  ^bb0(%b: tensor<4xf32>):
    %r = nn.relu %b : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %r : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.group "loops"(%1) {
  ^bb0(%c: tensor<4xf32>):
    %r = nn.exp %c : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %r : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
