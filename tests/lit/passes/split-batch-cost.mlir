// RUN: dlc-opt %s --dlc-split-batch=cache=80000 --split-input-file | FileCheck %s
// How large parts are: as many images as three quarters of the cache hold, where that saves bytes.

// An image leaves 16 KB, and the op that makes them into 16 KB more: two of them do not fit.
// CHECK-LABEL: func.func @one_image_at_a_time
// CHECK:         nn.split_batch <16> by 1
func.func @one_image_at_a_time(%x: tensor<16x4096xf32>) -> tensor<16x4096xf32> {
  %0 = nn.softmax %x {axis = 1 : i64} : (tensor<16x4096xf32>) -> tensor<16x4096xf32>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<16x4096xf32>) -> tensor<16x4096xf32>
  %2 = nn.softmax %1 {axis = 1 : i64} : (tensor<16x4096xf32>) -> tensor<16x4096xf32>
  return %2 : tensor<16x4096xf32>
}

// -----

// CHECK-LABEL: func.func @four_images_at_a_time
// CHECK:         nn.split_batch <n> by 4 called "part"
func.func @four_images_at_a_time(%x: tensor<?x1024xf32, #dim.shape<[n, 1024]>>) -> tensor<?x1024xf32, #dim.shape<[n, 1024]>> {
  %0 = nn.softmax %x {axis = 1 : i64} : (tensor<?x1024xf32, #dim.shape<[n, 1024]>>) -> tensor<?x1024xf32, #dim.shape<[n, 1024]>>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<?x1024xf32, #dim.shape<[n, 1024]>>) -> tensor<?x1024xf32, #dim.shape<[n, 1024]>>
  return %1 : tensor<?x1024xf32, #dim.shape<[n, 1024]>>
}

// -----

// All images fit.
// CHECK-LABEL: func.func @small
// CHECK-NOT:     nn.split_batch
func.func @small(%x: tensor<16x256xf32>) -> tensor<16x256xf32> {
  %0 = nn.softmax %x {axis = 1 : i64} : (tensor<16x256xf32>) -> tensor<16x256xf32>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<16x256xf32>) -> tensor<16x256xf32>
  return %1 : tensor<16x256xf32>
}

// -----

// Weights would be read anew for each part: the product with them runs on the whole batch.
// CHECK-LABEL: func.func @large_weights
// CHECK:         nn.split_batch
// CHECK:           nn.softmax
// CHECK:           nn.softmax
// CHECK-NOT:       nn.matmul
// CHECK:           nn.yield
// CHECK:         nn.matmul
func.func @large_weights(%x: tensor<16x4096xf32>, %w: tensor<4096x1000xf32>) -> tensor<16x1000xf32> {
  %0 = nn.softmax %x {axis = 1 : i64} : (tensor<16x4096xf32>) -> tensor<16x4096xf32>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<16x4096xf32>) -> tensor<16x4096xf32>
  %2 = nn.matmul %1, %w : (tensor<16x4096xf32>, tensor<4096x1000xf32>) -> tensor<16x1000xf32>
  return %2 : tensor<16x1000xf32>
}

// -----

// Nobody knows how large an image is.
// CHECK-LABEL: func.func @unknown_images
// CHECK-NOT:     nn.split_batch
func.func @unknown_images(%x: tensor<16x?xf32, #dim.shape<[16, m]>>) -> tensor<16x?xf32, #dim.shape<[16, m]>> {
  %0 = nn.softmax %x {axis = 1 : i64} : (tensor<16x?xf32, #dim.shape<[16, m]>>) -> tensor<16x?xf32, #dim.shape<[16, m]>>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<16x?xf32, #dim.shape<[16, m]>>) -> tensor<16x?xf32, #dim.shape<[16, m]>>
  return %1 : tensor<16x?xf32, #dim.shape<[16, m]>>
}
