// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What ops of libraries refuse.

func.func @no_place(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected a place for each of 1 inputs, got 0}}
  %0 = nn.custom "d" "Op" version 1 (%x) places [-1] parameters {} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @out_of_order(%x: tensor<2xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{expected places to number the inputs in order, got 1}}
  %0 = nn.custom "d" "Op" version 1 (%x, %y) places [1, 0] parameters {} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}
