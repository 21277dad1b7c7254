// unpack_bits and pack_bits: elements of which a byte holds several, low bits first.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {

dlc_status hostUnpackBits(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (expectInput(*call, 0, DLC_KIND_TENSOR) || !y) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  unsigned bits = dtypeBits(x.dtype), mask = (1u << bits) - 1;
  bool isSigned = x.dtype == DLC_I4 || x.dtype == DLC_I2;
  if (bits == 0 || bits >= 8) {
    return fail(*call->error, DLC_RUN_FAILED, "expected elements of 2 or 4 bits, got %s", dtypeText(x.dtype));
  }
  if (y->setTensor(isSigned ? DLC_I8 : DLC_U8, x.rank, x.dims, *call->error)) {
    return call->error->status;
  }
  auto *from = static_cast<const uint8_t *>(x.data);
  auto *to = static_cast<uint8_t *>(y->data);
  for (int64_t i = 0; i < x.count; ++i) {
    uint64_t bit = uint64_t(i) * bits;
    unsigned value = (from[bit / 8] >> (bit % 8)) & mask;
    to[i] = uint8_t(isSigned && value >> (bits - 1) ? value | ~mask : value);
  }
  return DLC_OK;
}

dlc_status hostPackBits(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (expectInput(*call, 0, DLC_KIND_TENSOR) || !y) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  auto type = uint32_t(call->attribute(0));
  unsigned bits = dtypeBits(type), mask = (1u << bits) - 1;
  if (bits == 0 || bits >= 8 || dtypeBits(x.dtype) != 8) {
    return fail(*call->error, DLC_RUN_FAILED, "expected to pack bytes as elements of 2 or 4 bits, got %s as %s",
                dtypeText(x.dtype), dtypeText(type));
  }
  if (y->setTensor(type, x.rank, x.dims, *call->error)) {
    return call->error->status;
  }
  auto *from = static_cast<const uint8_t *>(x.data);
  auto *to = static_cast<uint8_t *>(y->data);
  for (int64_t i = 0, perByte = 8 / int64_t(bits); i < x.count; i += perByte) {
    unsigned byte = 0;
    for (int64_t k = 0; k < perByte && i + k < x.count; ++k) {
      byte |= (from[i + k] & mask) << (uint64_t(k) * bits);
    }
    to[i / perByte] = uint8_t(byte);
  }
  return DLC_OK;
}

} // namespace dlc::rt
