// RUN: dlc-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a number, a name, or '?'}}
"t.t"() {e = #dim.expr<*>} : () -> ()

// -----

// expected-error @+1 {{expected ')' after two operands}}
"t.t"() {e = #dim.expr<min(n, 1, 2)>} : () -> ()

// -----

// expected-error @+1 {{expected ')'}}
"t.t"() {e = #dim.expr<(n, 1)>} : () -> ()

// -----

// expected-error @+1 {{expected a formula nested at most 64 deep}}
"t.t"() {e = #dim.expr<((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((n))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))>} : () -> ()

// -----

// expected-error @+1 {{expected 2 dims in the shape, got 1}}
"t.t"() {e = tensor<?x4xf32, #dim.shape<[n]>>} : () -> ()

// -----

// expected-error @+1 {{expected the formula of a static dim to be 4, got n}}
"t.t"() {e = tensor<?x4xf32, #dim.shape<[n, n]>>} : () -> ()

// -----

// expected-error @+1 {{expected a dim of size 3 to be static}}
"t.t"() {e = tensor<?x4xf32, #dim.shape<[3, 4]>>} : () -> ()
