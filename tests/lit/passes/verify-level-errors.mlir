// RUN: dlc-opt %s --dlc-verify-level=level=graph --split-input-file --verify-diagnostics
// Each level in turn: "graph" here, the others in verify-level-linalg-errors.mlir and verify-level-rt-errors.mlir.

func.func @kept(%x: tensor<?xf32, #dim.shape<[n]>>) -> tensor<?xf32, #dim.shape<[n]>> {
  %0 = nn.relu %x : (tensor<?xf32, #dim.shape<[n]>>) -> tensor<?xf32, #dim.shape<[n]>>
  return %0 : tensor<?xf32, #dim.shape<[n]>>
}

// -----

func.func @arith(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{internal error: at level graph, expected no 'arith.addf' in the model}}
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @rank(%s: !nn.sequence<tensor<*xf32>>, %p: tensor<i64>) {
  // expected-error @+1 {{internal error: at level graph, expected a result of known rank}}
  %0 = nn.sequence_at %s, %p : (!nn.sequence<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return
}

// -----

func.func @formula(%s: !nn.sequence<tensor<?xf32>>, %p: tensor<i64>) {
  // expected-error @+1 {{internal error: at level graph, expected a formula for each size of the result}}
  %0 = nn.sequence_at %s, %p : (!nn.sequence<tensor<?xf32>>, tensor<i64>) -> tensor<?xf32>
  return
}
