// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What control flow refuse.

func.func @case(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected regions of equally many results, got 1 and 0}}
  %out = nn.if %c : tensor<i1> -> tensor<2xf32> {
    nn.yield %x : tensor<2xf32>
  } else {
    nn.yield
  }
  return
}

// -----

func.func @case(%c: tensor<i1>, %x: tensor<2xf32>, %y: tensor<2xi64>) {
  // expected-error @+1 {{expected regions with results of one kind, got 'tensor<2xf32>' and 'tensor<2xi64>'}}
  %out = nn.if %c : tensor<i1> -> tensor<2xf32> {
    nn.yield %x : tensor<2xf32>
  } else {
    nn.yield %y : tensor<2xi64>
  }
  return
}

// -----

func.func @case(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected a region that ends in nn.yield}}
  %out = nn.if %c : tensor<i1> -> tensor<2xf32> {
    %y = nn.relu %x : (tensor<2xf32>) -> tensor<2xf32>
  } else {
    nn.yield %x : tensor<2xf32>
  }
  return
}

// -----

func.func @case(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected a region with 3 arguments that yields at least 2 values, got 2 and 1}}
  %out = nn.loop (%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    nn.yield %c : tensor<i1>
  }
  return
}

// -----

func.func @case(%x: tensor<2xf32>, %z: tensor<2xi64>) {
  // expected-error @+1 {{expected a carried value of one kind, got 'tensor<2xf32>' and 'tensor<2xi64>'}}
  %out = nn.loop (%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %y: tensor<2xf32>):
    nn.yield %c, %z : tensor<i1>, tensor<2xi64>
  }
  return
}

// -----

func.func @case(%x: tensor<2xf32>, %s: !nn.sequence<tensor<2xf32>>) {
  // expected-error @+1 {{expected scan outputs that are tensors}}
  %out = nn.loop (%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %y: tensor<2xf32>):
    nn.yield %c, %y, %s : tensor<i1>, tensor<2xf32>, !nn.sequence<tensor<2xf32>>
  }
  return
}
