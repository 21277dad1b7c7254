// RUN: dlc-opt %s --dlc-verify-level=level=linalg --split-input-file --verify-diagnostics

// Kernels of a strategy hold ops of the graph until the next level.
module {
  module @kernels {
    func.func @conv(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "conv"} {
      %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @loops(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{internal error: at level linalg, expected no 'nn.relu' in a kernel}}
      %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @loops(%x: memref<4xf32>, %i: index) -> f32 attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{internal error: at level linalg, expected no 'memref.load' in a kernel}}
      %0 = memref.load %x[%i] : memref<4xf32>
      return %0 : f32
    }
  }
}
