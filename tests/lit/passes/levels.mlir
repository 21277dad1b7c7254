// RUN: dlc-opt %s --to=graph | FileCheck %s --check-prefix=GRAPH
// RUN: dlc-opt %s --to=linalg | FileCheck %s --check-prefix=LINALG
// RUN: dlc-opt %s --to=rt -o %t.once
// RUN: dlc-opt %s --to=graph | dlc-opt --from=graph --to=linalg | dlc-opt --from=linalg --to=rt -o %t.thrice
// RUN: FileCheck %s --check-prefix=RT --input-file=%t.once
// RUN: diff %t.once %t.thrice
// Each level can be entered and left; the way does not change what comes out.

// GRAPH:      nn.relu
// GRAPH-NOT:  nn.relu
// LINALG:     nn.dispatch @[[K:.*]](%arg0)
// LINALG:     module @kernels
// LINALG:     func.func @[[K]]
// LINALG:     linalg.generic
// RT:         rt.block @main
// RT:         rt.dispatch @[[K:[^(]*]](%arg0, %{{.*}}) writes 1
// RT:         func.func @[[K]]({{.*}}memref{{.*}}) -> i32
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.add %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
