#include "tools/dlc/LibraryCall.h"
#include "compiler/passes/OpAttributes.h"
#include "dlc/inspect.h"
#include <cstring>

namespace dlc {
namespace {

int recordFailure(dlc_op_call *call, const char *message) {
  *static_cast<std::string *>(call->engine) = message ? message : "";
  return 1;
}

} // namespace

LibraryCall::LibraryCall(const dlc_custom_op &op, mlir::DictionaryAttr dictionary) : op(op) {
  std::vector<char> encoded = encodeOpAttributes(dictionary);
  bytes.resize(encoded.size() / 8);
  std::memcpy(bytes.data(), encoded.data(), encoded.size());
  int64_t read = dlc_inspect_op_attributes(bytes.data(), bytes.size() * 8, attributes, DLC_OP_MAX_ATTRIBUTES);
  attributesRead = read >= 0;
  attributeCount = attributesRead ? static_cast<size_t>(read) : 0;
}

static bool hasState(const dlc_custom_op &op) { return op.struct_size >= sizeof(op) && op.release; }

LibraryCall::~LibraryCall() {
  if (state) {
    op.release(state);
  }
}

std::string LibraryCall::apply(dlc_op_fn function, const char *what) {
  std::string reason;
  dlc_op_call call{};
  call.struct_size = sizeof(call);
  call.attributes = attributes;
  call.attribute_count = attributeCount;
  call.inputs = inputs.data();
  call.input_count = inputs.size();
  call.outputs = outputs.data();
  call.output_count = outputs.size();
  call.user = op.user;
  call.fail = recordFailure;
  call.engine = &reason;
  if (function == op.compute && hasState(op)) {
    call.constant_inputs = constantInputs;
    call.state = &state;
  }
  int status = function(&call);
  return status != 0 && reason.empty() ? std::string("the library's function '") + what + "' failed without a reason"
                                       : reason;
}

} // namespace dlc
