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
