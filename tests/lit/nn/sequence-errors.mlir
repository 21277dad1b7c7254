// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What lists and optionals refuse.

func.func @case() {
  // expected-error @+1 {{expected at least one element, got none}}
  %out = "nn.sequence_construct"() : () -> !nn.sequence<tensor<2xf32>>
  return
}

// -----

func.func @case(%x: tensor<2xf32>, %y: tensor<2xi64>) {
  // expected-error @+1 {{expected elements of one kind, got 'tensor<2xf32>' and 'tensor<2xi64>'}}
  %out = nn.sequence_construct %x, %y : (tensor<2xf32>, tensor<2xi64>) -> !nn.sequence<tensor<2xf32>>
  return
}

// -----

func.func @case(%s: !nn.sequence<tensor<2xf32>>, %x: tensor<2xi64>) {
  // expected-error @+1 {{expected elements of one kind, got 'tensor<2xf32>' and 'tensor<2xi64>'}}
  %out = nn.sequence_insert %s, %x : (!nn.sequence<tensor<2xf32>>, tensor<2xi64>) -> !nn.sequence<tensor<2xf32>>
  return
}

// -----

func.func @case(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected an axis below 1, got 1}}
  %out = nn.split_to_sequence %x {axis = 1 : i64} : (tensor<2xf32>) -> !nn.sequence<tensor<2xf32>>
  return
}

// -----

func.func @case(%s: !nn.sequence<!nn.sequence<tensor<2xf32>>>) {
  // expected-error @+1 {{expected a sequence of tensors}}
  %out = nn.concat_from_sequence %s {axis = 0 : i64} : (!nn.sequence<!nn.sequence<tensor<2xf32>>>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected a value of type 'tensor<2xi64>', got 'tensor<2xf32>'}}
  %out = nn.optional_make %x {element = tensor<2xi64>} : (tensor<2xf32>) -> !nn.optional<tensor<2xi64>>
  return
}
