// RUN: dlc-opt %s --dlc-verify-level=level=rt --split-input-file --verify-diagnostics

// expected-error @+1 {{internal error: at level rt, expected no 'func.func' in the model}}
func.func @main() {
  // expected-error @+1 {{internal error: at level rt, expected no 'func.return' in the model}}
  return
}

// -----

module {
  module @kernels {
    func.func @k(%x: vector<4xf32>) -> vector<4xf32> {
      // expected-error @+1 {{internal error: at level rt, expected no tensor in a kernel}}
      %0 = arith.constant dense<0.0> : tensor<4xf32>
      return %x : vector<4xf32>
    }
  }
}
