// RUN: dlc-opt %s --dlc-verify-level=level=llvm --verify-diagnostics

// expected-error @+1 {{expected nn, graph, linalg or rt as the level, got llvm}}
module {
}
