// Ops of users' libraries as host functions.
#pragma once
#include "dlc/custom_op.h"
#include "host/HostCall.h"

namespace dlc::rt {

/// Whether a library is complete and of this engine's version; `path` names it in errors.
dlc_status checkOpLibrary(const dlc_op_library *library, const char *path, Error &error);

/// Finds the op of a host function called "domain:op"; null when no library has it.
const dlc_custom_op *findCustomOp(Span<const dlc_op_library *const> libraries, const char *function, uint32_t version);

/// Reads the encoded attributes of a node (docs/abi.md). False when they are damaged, or are more than `out` has room
/// for.
bool readOpAttributes(const void *data, size_t size, Span<dlc_op_attribute> out, size_t &count);

/// The host function of an op. Operands: the node's attributes (u8), then the node's operands. Integers: per output its
/// type, rank, and sizes (-1: any).
dlc_status runCustomOp(dlc_host_call *call, void *op);

/// Whether the function is an op that keeps something for each step (`dlc_op_call::state`), and how that is freed.
bool keepsState(const dlc_host_function &function);
void releaseOpState(const dlc_host_function &function, void *state);

} // namespace dlc::rt
