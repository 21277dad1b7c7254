// RUN: dlc-opt %s --allow-unregistered-dialect | FileCheck %s
// RUN: dlc-opt %s --allow-unregistered-dialect | dlc-opt --allow-unregistered-dialect | FileCheck %s
// Formulas are printed in normal form, which reads back as itself.

// CHECK: #dim.expr<2 * n + 6>
"t.sum"() {e = #dim.expr<2 * (n + 3)>} : () -> ()
// CHECK: #dim.expr<n + floordiv(m, 4)>
"t.div"() {e = #dim.expr<floordiv(4 * n + m, 4)>} : () -> ()
// CHECK: #dim.expr<-1 * floordiv(-1 * n, 2)>
"t.ceil"() {e = #dim.expr<ceildiv(n, 2)>} : () -> ()
// CHECK: #dim.expr<3>
"t.mod"() {e = #dim.expr<mod(4 * n + 3, 4)>} : () -> ()
// CHECK: #dim.expr<max(0, x$)>
"t.max"() {e = #dim.expr<max(x$, 0)>} : () -> ()
// CHECK: #dim.expr<min(m, n)>
"t.min"() {e = #dim.expr<min(n, m)>} : () -> ()
// CHECK: #dim.expr<n>
"t.decided"() {e = #dim.expr<min(n, n + m)>} : () -> ()
// CHECK: #dim.expr<?>
"t.unknown"() {e = #dim.expr<? + 1>} : () -> ()
// CHECK: #dim.shape<[batch, 64]>
"t.shape"() {e = tensor<?x64xf32, #dim.shape<[batch, 64]>>} : () -> ()
