// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @no_part(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected a part of at least one image, got 0}}
  %0 = nn.split_batch <8> by 0(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<4x6xf32>):
    nn.yield %p : tensor<4x6xf32>
  }
  return %0 : tensor<8x6xf32>
}

// -----

func.func @unnamed_remainder(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected a name for parts that are not all equal: 3 does not divide 8}}
  %0 = nn.split_batch <8> by 3(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<3x6xf32>):
    nn.yield %p : tensor<3x6xf32>
  }
  return %0 : tensor<8x6xf32>
}

// -----

func.func @wrong_argument(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected an argument that is a part of 'tensor<8x6xf32>', got 'tensor<2x6xf32>'}}
  %0 = nn.split_batch <8> by 4(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<2x6xf32>):
    nn.yield %p : tensor<2x6xf32>
  }
  return %0 : tensor<8x6xf32>
}

// -----

func.func @arguments(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected a region with 1 arguments, got 2}}
  %0 = nn.split_batch <8> by 4(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<4x6xf32>, %q: tensor<4x6xf32>):
    nn.yield %p : tensor<4x6xf32>
  }
  return %0 : tensor<8x6xf32>
}

// -----

func.func @rows(%x: tensor<8x6xf32>, %y: tensor<6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected rows of 4 images, got 'tensor<6xf32>'}}
  %0 = nn.split_batch <8> by 4(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<4x6xf32>):
    nn.yield %y : tensor<6xf32>
  }
  return %0 : tensor<8x6xf32>
}

// -----

func.func @no_yield(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  // expected-error @+1 {{expected a region that ends in nn.yield}}
  %0 = nn.split_batch <8> by 4(%x) : (tensor<8x6xf32>) -> tensor<8x6xf32> {
  ^bb0(%p: tensor<4x6xf32>):
    %1 = nn.exp %p : (tensor<4x6xf32>) -> tensor<4x6xf32>
  }
  return %0 : tensor<8x6xf32>
}
