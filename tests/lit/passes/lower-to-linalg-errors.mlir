// RUN: dlc-opt %s --dlc-lower-to-linalg --split-input-file --verify-diagnostics

module {
  module @kernels {
    func.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{has no lowering}}
      %0 = nn.dispatch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @avg_pool(%x: tensor<1x1x4xi32>) -> tensor<1x1x3xi32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected floating-point numbers, got 'i32'}}
      %0 = nn.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, ceil_mode = false, count_include_pad = false} : (tensor<1x1x4xi32>) -> tensor<1x1x3xi32>
      return %0 : tensor<1x1x3xi32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @lp_pool(%x: tensor<1x1x4xi32>) -> tensor<1x1x3xi32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected floating-point numbers, got 'i32'}}
      %0 = nn.lp_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, ceil_mode = false, p = 2 : i64} : (tensor<1x1x4xi32>) -> tensor<1x1x3xi32>
      return %0 : tensor<1x1x3xi32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @max_unpool(%x: tensor<2x2xf32>, %at: tensor<2x2xi64>) -> tensor<2x4xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected a tensor of rank 3 or more, got 'tensor<2x2xf32>'}}
      %0 = nn.max_unpool %x, %at {indexed = #dim.shape<[2, 4]>, shape = #dim.shape<[2, 4]>} : (tensor<2x2xf32>, tensor<2x2xi64>) -> tensor<2x4xf32>
      return %0 : tensor<2x4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @log_sum_exp(%x: tensor<4xi32>) -> tensor<1xi32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected floating-point numbers for log_sum_exp, got 'i32'}}
      %0 = nn.reduce %x {kind = 8 : i32, axes = array<i64: 0>, keep_dims = true} : (tensor<4xi32>) -> tensor<1xi32>
      return %0 : tensor<1xi32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @booleans(%x: tensor<4xi1>) -> tensor<1xi1> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected numbers, got booleans}}
      %0 = nn.reduce %x {kind = 0 : i32, axes = array<i64: 0>, keep_dims = true} : (tensor<4xi1>) -> tensor<1xi1>
      return %0 : tensor<1xi1>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @det(%x: tensor<65x65xf32>) -> tensor<f32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected square matrices of a known size of at most 64, got 'tensor<65x65xf32>'}}
      %0 = nn.det %x : (tensor<65x65xf32>) -> tensor<f32>
      return %0 : tensor<f32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @dequantize(%x: tensor<4xi4>, %s: tensor<f32>) -> tensor<4xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected elements of 8 bits or more, got 'i4'}}
      %0 = nn.dequantize_linear %x, %s {to = f32} : (tensor<4xi4>, tensor<f32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// -----

module {
  module @kernels {
    func.func @constant() -> tensor<2xf32> attributes {nn.strategy = "loops"} {
      // expected-error @+1 {{expected a splat inside a kernel}}
      %0 = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
  }
}
