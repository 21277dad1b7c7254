// RUN: dlc-opt %s --dlc-lower-to-linalg --verify-diagnostics

module {
  module @kernels {
    func.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{has no lowering}}
      %0 = nn.dispatch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}
