// RUN: dlc-opt %s --dlc-kernel-entries | FileCheck %s

// CHECK:      llvm.func @k(%[[BUFFERS:.*]]: !llvm.ptr, %[[DIMS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr) -> i32
// CHECK:      %[[A0:.*]] = llvm.getelementptr %[[BUFFERS]][0]
// CHECK:      %[[A:.*]] = llvm.load %[[A0]] : !llvm.ptr -> !llvm.ptr
// CHECK:      %[[N0:.*]] = llvm.getelementptr %[[DIMS]][0]
// CHECK:      %[[N:.*]] = llvm.load %[[N0]] : !llvm.ptr -> i64
// CHECK:      llvm.call @k.body(%[[A]], %[[N]], %[[BEGIN]], %[[END]], %[[SCRATCH]])
// CHECK:      llvm.func internal @k.body
// CHECK-SAME: always_inline
// CHECK-NOT:  dlc.kernel
llvm.func @k(%a: !llvm.ptr, %n: i64, %begin: i64, %end: i64, %scratch: !llvm.ptr) -> i32 attributes {dlc.kernel = array<i64: 1, 1>, sym_visibility = "private"} {
  %status = llvm.mlir.constant(0 : i32) : i32
  llvm.return %status : i32
}

// Masked accesses of 16-bit floats become accesses of integers; functions that are no kernels keep their signature.
// CHECK-LABEL: llvm.func @helper(
// CHECK:       %[[PASS:.*]] = llvm.bitcast %{{.*}} : vector<4xf16> to vector<4xi16>
// CHECK:       %[[LOADED:.*]] = llvm.intr.masked.load %{{.*}}, %{{.*}}, %[[PASS]]
// CHECK-SAME:  vector<4xi16>
// CHECK:       llvm.bitcast %[[LOADED]] : vector<4xi16> to vector<4xf16>
// CHECK:       llvm.intr.masked.store %{{.*}} : vector<4xi16>
llvm.func @helper(%a: !llvm.ptr, %mask: vector<4xi1>, %pass: vector<4xf16>) {
  %0 = llvm.intr.masked.load %a, %mask, %pass {alignment = 2 : i32} : (!llvm.ptr, vector<4xi1>, vector<4xf16>) -> vector<4xf16>
  llvm.intr.masked.store %0, %a, %mask {alignment = 2 : i32} : vector<4xf16>, vector<4xi1> into !llvm.ptr
  llvm.return
}
