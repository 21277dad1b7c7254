// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What interpolations refuse.

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 sizes and scales, got 2 and 1}}
  %out = nn.resize %x {operandSegmentSizes = array<i32: 1, 0, 0>, mode = 1 : i32, coordinates = 0 : i32, scales = array<f64: 0.0>, sizes = #dim.shape<[4, 6]>} : (tensor<2x3xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a roi for tf_crop_and_resize, got none}}
  %out = nn.resize %x {operandSegmentSizes = array<i32: 1, 0, 0>, mode = 1 : i32, coordinates = 5 : i32, scales = array<f64: 0.0, 0.0>, sizes = #dim.shape<[4, 6]>} : (tensor<2x3xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %r: tensor<3xf32>) {
  // expected-error @+1 {{expected a roi of 4 elements, got 'tensor<3xf32>'}}
  %out = nn.resize %x, %r {operandSegmentSizes = array<i32: 1, 1, 0>, mode = 1 : i32, coordinates = 5 : i32, scales = array<f64: 0.0, 0.0>, sizes = #dim.shape<[4, 6]>} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @case(%x: tensor<1x1x4x4xf32>, %g: tensor<1x2x2x3xf32>) {
  // expected-error @+1 {{expected an input [N, C, spatial...] and a grid [N, out..., spatial rank]}}
  %out = nn.grid_sample %x, %g {mode = 1 : i32, outside = 0 : i32, align_corners = false} : (tensor<1x1x4x4xf32>, tensor<1x2x2x3xf32>) -> tensor<1x1x2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<1x1x4x4xf32>, %r: tensor<2x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expected a height and width of at least 1 and a sampling ratio of at least 0, got 2, 2 and -1}}
  %out = nn.roi_align %x, %r, %i {height = 2 : i64, width = 2 : i64, sampling_ratio = -1 : i64, spatial_scale = 1.0, half_pixel = true} : (tensor<1x1x4x4xf32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x1x2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<1x2x4x4xf32>, %grid: tensor<1x5x5x3xf32>) {
  // expected-error @+1 {{expected an input [N, C, spatial...] and a grid [N, out..., spatial rank], got 'tensor<1x2x4x4xf32>' and 'tensor<1x5x5x3xf32>'}}
  %out = nn.grid_sample %x, %grid {mode = 1 : i32, outside = 0 : i32, align_corners = false} : (tensor<1x2x4x4xf32>, tensor<1x5x5x3xf32>) -> tensor<1x2x5x5xf32>
  return
}

// -----

func.func @case(%x: tensor<1x2x4x4xf32>, %rois: tensor<3x5xf32>, %batch: tensor<3xi64>) {
  // expected-error @+1 {{expected an input of rank 4 and rois [R, 4], got 'tensor<1x2x4x4xf32>' and 'tensor<3x5xf32>'}}
  %out = nn.roi_align %x, %rois, %batch {height = 2 : i64, width = 2 : i64, sampling_ratio = 0 : i64, spatial_scale = 1.0, half_pixel = false} : (tensor<1x2x4x4xf32>, tensor<3x5xf32>, tensor<3xi64>) -> tensor<3x2x2x2xf32>
  return
}
