// RUN: dlc-opt %s --dlc-lower-to-loops --verify-diagnostics

module {
  module @kernels {
    // expected-error @+1 {{expected a kernel with a known strategy}}
    func.func @k() attributes {nn.strategy = "nonsense"} {
      return
    }
  }
}
