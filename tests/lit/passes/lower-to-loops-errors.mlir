// RUN: dlc-opt %s --dlc-lower-to-loops --split-input-file --verify-diagnostics

module {
  module @kernels {
    // expected-error @+1 {{expected a kernel with a known strategy}}
    func.func @k() attributes {nn.strategy = "nonsense"} {
      return
    }
  }
}

// -----

module {
  module @kernels {
    func.func @transposed(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) -> tensor<3x2xf32> attributes {nn.strategy = "loops", nn.dims = #dim.shape<[]>} {
      // expected-error @+1 {{expected linalg.generic, linalg.fill, tensor.empty or scalar arithmetic in a kernel}}
      %0 = linalg.transpose ins(%x : tensor<2x3xf32>) outs(%y : tensor<3x2xf32>) permutation = [1, 0]
      return %0 : tensor<3x2xf32>
    }
  }
}

// -----

module {
  module @kernels {
    // expected-error @+1 {{expected a kernel that computes something}}
    func.func @passed_on(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "loops", nn.dims = #dim.shape<[]>} {
      return %x : tensor<4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    // expected-error @+1 {{expected the ops of an attention}}
    func.func @alone(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "attention", nn.dims = #dim.shape<[]>} {
      %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}
