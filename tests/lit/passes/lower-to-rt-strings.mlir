// RUN: dlc-opt %s --from=nn --to=rt | FileCheck %s
// Strings are compared by the engine.

// CHECK-LABEL: rt.block @words
// CHECK:         rt.host_call "string_equal"
func.func @words(%a: tensor<?x!nn.string, #dim.shape<[n]>>, %b: tensor<?x!nn.string, #dim.shape<[n]>>) -> tensor<?xi1, #dim.shape<[n]>> {
  %0 = nn.equal %a, %b : (tensor<?x!nn.string, #dim.shape<[n]>>, tensor<?x!nn.string, #dim.shape<[n]>>) -> tensor<?xi1, #dim.shape<[n]>>
  return %0 : tensor<?xi1, #dim.shape<[n]>>
}
