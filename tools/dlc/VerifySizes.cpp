/// \file Which specialisation takes which inputs.
#include "tools/dlc/Verifier.h"

namespace dlc {
namespace {

/// Whether a specialisation takes inputs of the smallest sizes that `sizes` state.
bool accepts(const dlc_model *model, size_t specialisation, const std::vector<Port> &sizes) {
  std::vector<Port> ports = inputPorts(model, 0, specialisation);
  for (auto [port, wanted] : llvm::zip_equal(ports, sizes)) {
    for (size_t i = 0; i < port.type.dims.size(); ++i) {
      int64_t size = wanted.type.dims[i] < 0 ? wanted.minimum[i] : wanted.type.dims[i];
      if (size < port.minimum[i] || (port.maximum[i] >= 0 && size > port.maximum[i])) {
        return false;
      }
    }
  }
  return true;
}

} // namespace

size_t specialisationFor(const dlc_model *model, const std::vector<std::optional<HostValue>> &inputs) {
  std::vector<Port> sizes = inputPorts(model, 0);
  for (auto [port, value] : llvm::zip_equal(sizes, inputs)) {
    if (value && value->tensor.dims.size() == port.type.dims.size()) {
      port.type.dims = value->tensor.dims;
    }
  }
  for (size_t i = 0, count = dlc_model_specialisation_count(model, 0); i < count; ++i) {
    if (accepts(model, i, sizes)) {
      return i;
    }
  }
  return 0;
}

std::vector<Port> inputsOnlyFor(const dlc_model *model, size_t specialisation) {
  constexpr int64_t tries = 256;
  std::vector<Port> ports;
  for (int64_t more = 0; more < tries; ++more) {
    ports = inputPorts(model, 0, specialisation);
    for (Port &port : ports) {
      for (size_t i = 0; i < port.minimum.size(); ++i) {
        int64_t size = std::max<int64_t>(port.minimum[i], 1) + more;
        port.minimum[i] = port.maximum[i] < 0 ? size : std::min(size, port.maximum[i]);
      }
    }
    bool taken = false;
    for (size_t i = 0; i < specialisation; ++i) {
      taken |= accepts(model, i, ports);
    }
    if (!taken) {
      break;
    }
  }
  return ports;
}

} // namespace dlc
