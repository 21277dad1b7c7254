// RUN: dlc-opt %s --pass-pipeline="builtin.module(func.func(dlc-decompose-rnn{unroll=2}))" --split-input-file | FileCheck %s
// Recurrences become one product of all inputs, and per step the product with the state and the gates.

// CHECK-LABEL: func.func @unrolled
// CHECK-NOT:     nn.rnn
// CHECK:         nn.matmul {{.*}}transpose_rhs = true{{.*}} (tensor<10x3xf32>, tensor<4x3xf32>) -> tensor<10x4xf32>
// CHECK-NOT:     nn.loop
// CHECK-COUNT-2: nn.tanh
// CHECK-NOT:     nn.tanh
func.func @unrolled(%x: tensor<2x5x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) -> tensor<1x5x4xf32> {
  %y:2 = nn.rnn %x, %w, %r {direction = 0 : i32, activations = ["tanh"], alphas = array<f64: 0.0>, betas = array<f64: 0.0>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<2x5x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<2x1x5x4xf32>, tensor<1x5x4xf32>)
  return %y#1 : tensor<1x5x4xf32>
}

// -----

// Longer than `unroll`, or of a length that is not known: a loop over time.
// CHECK-LABEL: func.func @looped
// CHECK-NOT:     nn.lstm
// CHECK:         nn.matmul
// CHECK:         nn.loop
// CHECK-COUNT-3: nn.sigmoid
// CHECK:         nn.yield
func.func @looped(%x: tensor<?x5x3xf32, #dim.shape<[time, 5, 3]>>, %w: tensor<1x16x3xf32>, %r: tensor<1x16x4xf32>) -> tensor<1x5x4xf32> {
  %y:3 = nn.lstm %x, %w, %r {direction = 0 : i32, activations = ["sigmoid", "tanh", "tanh"], alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0>} : (tensor<?x5x3xf32, #dim.shape<[time, 5, 3]>>, tensor<1x16x3xf32>, tensor<1x16x4xf32>) -> (tensor<?x1x5x4xf32, #dim.shape<[time, 1, 5, 4]>>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
  return %y#1 : tensor<1x5x4xf32>
}
