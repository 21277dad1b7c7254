// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What ops whose sizes are found in data refuse.

func.func @case(%boxes: tensor<1x6x3xf32>, %scores: tensor<1x2x6xf32>) {
  // expected-error @+1 {{expected boxes [batch, boxes, 4] and scores [batch, classes, boxes], got 'tensor<1x6x3xf32>' and 'tensor<1x2x6xf32>'}}
  %out = nn.non_max_suppression %boxes, %scores {center_point_box = false, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<1x6x3xf32>, tensor<1x2x6xf32>) -> tensor<?x3xi64>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %c: tensor<2x3xi1>) {
  // expected-error @+1 {{expected a condition of rank 1, got 'tensor<2x3xi1>'}}
  %out = nn.compress %x, %c : (tensor<2x3xf32>, tensor<2x3xi1>) -> tensor<?xf32>
  return
}
