// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What normalisations refuse.

func.func @case(%x: tensor<2x3xf32>, %s: tensor<2xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{expected a vector of 3 elements, got 'tensor<2xf32>'}}
  %out = nn.batch_norm %x, %s, %b, %m, %v {epsilon = 1.0e-5} : (tensor<2x3xf32>, tensor<2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2xf32>, %s: tensor<2xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{expected an axis below 1, got 1}}
  %out = nn.instance_norm %x, %s, %b {epsilon = 1.0e-5} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expected channels that are a multiple of num_groups, got 3 and 2}}
  %out = nn.group_norm %x, %s, %b {epsilon = 1.0e-5, num_groups = 2 : i64} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected scale and bias to broadcast to 'tensor<2x3xf32>', got 'tensor<2xf32>'}}
  %out = nn.layer_norm %x, %s {epsilon = 1.0e-5, axis = 1 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an input of rank 2 or more and a size of at least 1, got 'tensor<2x3xf32>' and -3}}
  %out = nn.lrn %x {size = -3 : i64, alpha = 1.0, beta = 1.0, bias = 1.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected p to be 1 or 2, got 3}}
  %out = nn.lp_normalize %x {axis = 0 : i64, p = 3 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}
