// RUN: dlc-opt %s --dlc-call-libraries --verify-diagnostics
// What oneDNN does not add to a contraction can't be part of a call.

module {
  func.func @main(%x: tensor<3x5xf32>, %w: tensor<5x7xf32>) -> tensor<3x7xf32> {
    %0 = nn.dispatch @k(%x, %w) : (tensor<3x5xf32>, tensor<5x7xf32>) -> tensor<3x7xf32>
    return %0 : tensor<3x7xf32>
  }
  module @kernels {
    // expected-error @+1 {{expected a convolution or product with what oneDNN adds to it}}
    func.func @k(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>) -> tensor<3x7xf32> attributes {nn.strategy = "onednn"} {
      %0 = nn.matmul %a, %b : (tensor<3x5xf32>, tensor<5x7xf32>) -> tensor<3x7xf32>
      %1 = nn.exp %0 : (tensor<3x7xf32>) -> tensor<3x7xf32>
      return %1 : tensor<3x7xf32>
    }
  }
}
