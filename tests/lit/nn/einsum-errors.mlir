// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What equations and determinants refuse.

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected letters and '...' in the equation, got '1j'}}
  %out = nn.einsum %x {equation = "1j->j"} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected at most one '...' in a term}}
  %out = nn.einsum %x {equation = "...i..."} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected one term per operand, got 2}}
  %out = nn.einsum %x {equation = "ij,jk->ik"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a term for rank 2, got 'ijk'}}
  %out = nn.einsum %x {equation = "ijk->ik"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected each letter of the result once and in an operand, got 'k'}}
  %out = nn.einsum %x {equation = "ij->ik"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected each letter of the result once and in an operand, got 'i'}}
  %out = nn.einsum %x {equation = "ij->ii"} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<4x2x3xf32>) {
  // expected-error @+1 {{expected square matrices, got 'tensor<4x2x3xf32>'}}
  %out = nn.det %x : (tensor<4x2x3xf32>) -> tensor<4xf32>
  return
}
