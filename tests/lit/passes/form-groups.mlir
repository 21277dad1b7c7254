// RUN: dlc-opt %s --dlc-form-groups | FileCheck %s

// A contraction takes the elementwise ops that alone use its result, whatever else they read.
// CHECK-LABEL: @epilogue
// CHECK:      nn.group "{{.*}}"(%arg0, %arg1, %arg2)
// CHECK:        nn.matmul
// CHECK-NEXT:   nn.add
// CHECK-NEXT:   nn.relu
// CHECK-NEXT:   nn.yield
// CHECK-NOT:  nn.group
func.func @epilogue(%x: tensor<2x4xf32>, %w: tensor<4x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = nn.add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = nn.relu %1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// A result that others use too stays a value: the epilogue ends there.
// CHECK-LABEL: @shared
// CHECK:      %[[P:.*]] = nn.group
// CHECK-NEXT: ^bb0
// CHECK-NEXT:   nn.matmul
// CHECK-NEXT:   nn.yield
// CHECK:      nn.group "{{.*}}"(%[[P]])
func.func @shared(%x: tensor<2x4xf32>, %w: tensor<4x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = nn.relu %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Other ops take what feeds them; reshapes are no kernel, and splats are copied into the group.
// CHECK-LABEL: @producers
// CHECK:      nn.reshape %arg0
// CHECK:      nn.group
// CHECK:        nn.constant
// CHECK:        nn.mul
// CHECK-NEXT:   nn.exp
// CHECK-NEXT:   nn.reduce
// CHECK-NEXT:   nn.yield
func.func @producers(%x: tensor<6xf32>) -> tensor<2xf32> {
  %two = nn.constant dense<2.0> : tensor<f32>
  %0 = nn.reshape %x {shape = #dim.shape<[2, 3]>} : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = nn.mul %0, %two : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %2 = nn.exp %1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = nn.reduce %2 {axes = array<i64: 1>, keep_dims = false, kind = 0 : i32} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %3 : tensor<2xf32>
}

// Numbers of rows are computed in the kernel that uses them: a normalisation is one group.
// CHECK-LABEL: @rows
// CHECK:      nn.group
// CHECK:        nn.reduce
// CHECK:        nn.sub
// CHECK:        nn.reduce
// CHECK:        nn.sqrt
// CHECK:        nn.div
// CHECK:        nn.yield
// CHECK-NOT:  nn.group
func.func @rows(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = nn.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = 1 : i32} : (tensor<8x64xf32>) -> tensor<8x1xf32>
  %1 = nn.sub %x, %0 : (tensor<8x64xf32>, tensor<8x1xf32>) -> tensor<8x64xf32>
  %2 = nn.mul %1, %1 : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<8x64xf32>
  %3 = nn.reduce %2 {axes = array<i64: 1>, keep_dims = true, kind = 1 : i32} : (tensor<8x64xf32>) -> tensor<8x1xf32>
  %4 = nn.sqrt %3 : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %5 = nn.div %1, %4 : (tensor<8x64xf32>, tensor<8x1xf32>) -> tensor<8x64xf32>
  return %5 : tensor<8x64xf32>
}

// Columns are not: each thread would compute all of them.
// CHECK-LABEL: @columns
// CHECK:      nn.group
// CHECK:        nn.reduce
// CHECK-NEXT:   nn.yield
// CHECK:      nn.group
// CHECK-NEXT: ^bb0
// CHECK-NEXT:   nn.sub
func.func @columns(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = nn.reduce %x {axes = array<i64: 0>, keep_dims = true, kind = 1 : i32} : (tensor<8x64xf32>) -> tensor<1x64xf32>
  %1 = nn.sub %x, %0 : (tensor<8x64xf32>, tensor<1x64xf32>) -> tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// A state that later ops read too is a second result of the group; slices are read where they lie.
// CHECK-LABEL: @states
// CHECK:      %[[G:.*]]:2 = nn.group "loops"(%arg0)
// CHECK:        nn.slice
// CHECK:        nn.slice
// CHECK:        nn.mul
// CHECK:        nn.tanh
// CHECK:        nn.yield
// CHECK-NOT:  nn.group
// CHECK:      return %[[G]]#0, %[[G]]#1
func.func @states(%x: tensor<4x6xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %0 = nn.slice %x {starts = #dim.shape<[0, 0]>, sizes = #dim.shape<[4, 3]>, steps = array<i64: 1, 1>} : (tensor<4x6xf32>) -> tensor<4x3xf32>
  %1 = nn.slice %x {starts = #dim.shape<[0, 3]>, sizes = #dim.shape<[4, 3]>, steps = array<i64: 1, 1>} : (tensor<4x6xf32>) -> tensor<4x3xf32>
  %2 = nn.mul %0, %1 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %3 = nn.tanh %2 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %2, %3 : tensor<4x3xf32>, tensor<4x3xf32>
}

// Not when something that the group needs, or that stands before it, reads the result.
// CHECK-LABEL: @ordered
// CHECK:      %[[M:.*]] = nn.group
// CHECK:        nn.mul
// CHECK-NEXT:   nn.yield
// CHECK:      nn.group "loops"(%[[M]])
// CHECK:        nn.softmax
// CHECK:      nn.group
// CHECK:        nn.add
func.func @ordered(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %0 = nn.mul %x, %x : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = nn.softmax %0 {axis = 0 : i64} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = nn.add %0, %1 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}

// x * sigmoid(x): both users of the convolution are part of its epilogue, because one result leaves the group.
// CHECK-LABEL: @silu
// CHECK:         %[[G:.*]] = nn.group "loops"
// CHECK:           nn.conv
// CHECK-NEXT:      nn.sigmoid
// CHECK-NEXT:      nn.mul
// CHECK-NEXT:      nn.yield
// CHECK:         return %[[G]]
func.func @silu(%x: tensor<1x2x4xf32>, %w: tensor<3x2x1xf32>) -> tensor<1x3x4xf32> {
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<3x2x1xf32>) -> tensor<1x3x4xf32>
  %1 = nn.sigmoid %0 : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %2 = nn.mul %0, %1 : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %2 : tensor<1x3x4xf32>
}

// The convolution's own result leaves too: nothing follows it in its group.
// CHECK-LABEL: @two_results
// CHECK:         nn.group "loops"
// CHECK:           nn.conv
// CHECK-NEXT:      nn.yield
func.func @two_results(%x: tensor<1x2x4xf32>, %w: tensor<3x2x1xf32>) -> (tensor<1x3x4xf32>, tensor<1x3x4xf32>) {
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<3x2x1xf32>) -> tensor<1x3x4xf32>
  %1 = nn.sigmoid %0 : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %0, %1 : tensor<1x3x4xf32>, tensor<1x3x4xf32>
}

// Two products with a softmax between them, what is done to the scores, and the transpositions around them: one kernel.
// CHECK-LABEL: @attention
// CHECK:         %[[G:.*]] = nn.group "attention"(%arg0, %arg1, %arg3, %arg2)
// CHECK-NEXT:    bb0
// CHECK:           nn.transpose
// CHECK:           nn.transpose
// CHECK:           nn.matmul
// CHECK:           nn.add
// CHECK:           nn.softmax
// CHECK:           nn.transpose
// CHECK:           nn.matmul
// CHECK:           nn.transpose
// CHECK-NEXT:      nn.yield
// CHECK:         return %[[G]]
func.func @attention(%q: tensor<2x9x3x4xf32>, %k: tensor<2x5x3x4xf32>, %v: tensor<2x5x3x8xf32>, %mask: tensor<2x1x1x5xf32>) -> tensor<2x9x3x8xf32> {
  %0 = nn.transpose %q {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x9x3x4xf32>) -> tensor<2x3x9x4xf32>
  %1 = nn.transpose %k {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x4x5xf32>
  %2 = nn.transpose %v {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x8xf32>) -> tensor<2x3x5x8xf32>
  %3 = nn.matmul %0, %1 : (tensor<2x3x9x4xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x9x5xf32>
  %4 = nn.add %3, %mask : (tensor<2x3x9x5xf32>, tensor<2x1x1x5xf32>) -> tensor<2x3x9x5xf32>
  %5 = nn.softmax %4 {axis = 3 : i64} : (tensor<2x3x9x5xf32>) -> tensor<2x3x9x5xf32>
  %6 = nn.matmul %5, %2 : (tensor<2x3x9x5xf32>, tensor<2x3x5x8xf32>) -> tensor<2x3x9x8xf32>
  %7 = nn.transpose %6 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x3x9x8xf32>) -> tensor<2x9x3x8xf32>
  return %7 : tensor<2x9x3x8xf32>
}

// Products in a row of which the first already belongs to an attention: each is a kernel of its own.
// CHECK-LABEL: @attention_of_attention
// CHECK:         nn.group "attention"
// CHECK:         nn.softmax
// CHECK:         nn.group "gemm
// CHECK-NOT:     "attention"
// CHECK:         return
func.func @attention_of_attention(%q: tensor<9x4xf32>, %k: tensor<4x5xf32>, %v: tensor<5x8xf32>, %w: tensor<8x3xf32>) -> tensor<9x3xf32> {
  %0 = nn.matmul %q, %k : (tensor<9x4xf32>, tensor<4x5xf32>) -> tensor<9x5xf32>
  %1 = nn.softmax %0 {axis = 1 : i64} : (tensor<9x5xf32>) -> tensor<9x5xf32>
  %2 = nn.matmul %1, %v : (tensor<9x5xf32>, tensor<5x8xf32>) -> tensor<9x8xf32>
  %3 = nn.softmax %2 {axis = 1 : i64} : (tensor<9x8xf32>) -> tensor<9x8xf32>
  %4 = nn.matmul %3, %w : (tensor<9x8xf32>, tensor<8x3xf32>) -> tensor<9x3xf32>
  return %4 : tensor<9x3xf32>
}

// A constant that the contraction reads and what follows it too: one argument for both.
// CHECK-LABEL: @constant_twice
// CHECK:         %[[C:.*]] = nn.constant
// CHECK:         nn.group "{{.*}}"(%arg0, %[[C]])
// CHECK-NEXT:    bb0(%[[X:.*]]: tensor<4x4xf32>, %[[W:.*]]: tensor<4x4xf32>)
// CHECK-NEXT:      %[[M:.*]] = nn.matmul %[[X]], %[[W]]
// CHECK-NEXT:      nn.add %[[M]], %[[W]]
func.func @constant_twice(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %c = nn.constant dense<2.0> : tensor<4x4xf32>
  %0 = nn.matmul %x, %c : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = nn.add %0, %c : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// A depthwise convolution, the 1x1 convolution that alone reads its result through activations, and that one's epilogue
// are one kernel: its constants are what columns share.
// CHECK-LABEL: @separable
// CHECK:      nn.group "depthwise_pointwise"({{.*}}) {{.*}}depthwise 3x3 of 16 channels
// CHECK:        nn.conv
// CHECK-NEXT:   nn.relu
// CHECK-NEXT:   nn.conv
// CHECK-NEXT:   nn.add
// CHECK-NEXT:   nn.yield
// CHECK-NOT:  nn.group
func.func @separable(%x: tensor<1x8x8x16xf32>, %skip: tensor<1x8x8x24xf32>) -> tensor<1x8x8x24xf32> {
  %taps = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %w = nn.constant dense<0.5> : tensor<24x16x1x1xf32>
  %0 = nn.conv %x, %taps {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 16 : i64, channel_last = true} : (tensor<1x8x8x16xf32>, tensor<16x1x3x3xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.relu %0 : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  %2 = nn.conv %1, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x8x8x16xf32>, tensor<24x16x1x1xf32>) -> tensor<1x8x8x24xf32>
  %3 = nn.add %2, %skip : (tensor<1x8x8x24xf32>, tensor<1x8x8x24xf32>) -> tensor<1x8x8x24xf32>
  return %3 : tensor<1x8x8x24xf32>
}

// Where the expanded image is large and tiles share few of its rows, the 1x1 convolution before them joins.
// CHECK-LABEL: @inverted_residual
// CHECK:      nn.group "inverted_residual"
// CHECK:        nn.conv
// CHECK-NEXT:   nn.relu
// CHECK-NEXT:   nn.conv
// CHECK-NEXT:   nn.conv
// CHECK-NEXT:   nn.yield
// CHECK-NOT:  nn.group
func.func @inverted_residual(%x: tensor<1x400x16x16xf32>) -> tensor<1x200x8x24xf32> {
  %e = nn.constant dense<0.5> : tensor<96x16x1x1xf32>
  %taps = nn.constant dense<0.5> : tensor<96x1x3x3xf32>
  %w = nn.constant dense<0.5> : tensor<24x96x1x1xf32>
  %0 = nn.conv %x, %e {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x400x16x16xf32>, tensor<96x16x1x1xf32>) -> tensor<1x400x16x96xf32>
  %1 = nn.relu %0 : (tensor<1x400x16x96xf32>) -> tensor<1x400x16x96xf32>
  %2 = nn.conv %1, %taps {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 96 : i64, channel_last = true} : (tensor<1x400x16x96xf32>, tensor<96x1x3x3xf32>) -> tensor<1x200x8x96xf32>
  %3 = nn.conv %2, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x200x8x96xf32>, tensor<24x96x1x1xf32>) -> tensor<1x200x8x24xf32>
  return %3 : tensor<1x200x8x24xf32>
}

// A depthwise result that something else reads too (here the mean that scales it) is a value of its own.
// CHECK-LABEL: @squeezed
// CHECK-NOT:  "depthwise_pointwise"
// CHECK:      return
func.func @squeezed(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x24xf32> {
  %taps = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %w = nn.constant dense<0.5> : tensor<24x16x1x1xf32>
  %0 = nn.conv %x, %taps {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 16 : i64, channel_last = true} : (tensor<1x8x8x16xf32>, tensor<16x1x3x3xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.reduce %0 {axes = array<i64: 1, 2>, keep_dims = true, kind = 1 : i32} : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
  %2 = nn.mul %0, %1 : (tensor<1x8x8x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x8x8x16xf32>
  %3 = nn.conv %2, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x8x8x16xf32>, tensor<24x16x1x1xf32>) -> tensor<1x8x8x24xf32>
  return %3 : tensor<1x8x8x24xf32>
}

// Nothing but what columns share leads to this 1x1 convolution.
// CHECK-LABEL: @one_pixel
// CHECK-NOT:  "depthwise_pointwise"
// CHECK:      return
func.func @one_pixel(%x: tensor<1x1x1x16xf32>, %y: tensor<1x1x1x16xf32>) -> tensor<1x1x1x24xf32> {
  %w = nn.constant dense<0.5> : tensor<24x16x1x1xf32>
  %0 = nn.mul %x, %y : (tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x1x1x16xf32>
  %1 = nn.conv %0, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x1x1x16xf32>, tensor<24x16x1x1xf32>) -> tensor<1x1x1x24xf32>
  return %1 : tensor<1x1x1x24xf32>
}
