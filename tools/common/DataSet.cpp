#include "tools/common/DataSet.h"
#include "tools/common/ElementType.h"
#include "tools/common/FileIO.h"
#include "tools/common/Proto.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace dlc {
namespace {

/// The port with this name, or -1.
ptrdiff_t findPort(const std::vector<Port> &ports, llvm::StringRef name) {
  for (size_t i = 0; i < ports.size(); ++i) {
    if (!name.empty() && ports[i].type.name == name) {
      return static_cast<ptrdiff_t>(i);
    }
  }
  return -1;
}

/// Gives a tensor of integers the port's type when that is a float of as many bits.
void restoreFloats(HostValue &value, const Port &port) {
  dlc_dtype wanted = port.type.dtype, stored = value.tensor.dtype;
  if (value.kind == DLC_KIND_TENSOR && isFloatElement(wanted) && isIntegerElement(stored) &&
      elementBits(wanted) == elementBits(stored)) {
    value.tensor.dtype = wanted;
  }
}

} // namespace

llvm::Expected<std::vector<std::optional<HostValue>>> readDataSet(llvm::StringRef folder, llvm::StringRef stem,
                                                                  const std::vector<Port> &ports,
                                                                  const std::vector<std::string> &names) {
  std::vector<std::optional<HostValue>> values(ports.size());
  for (size_t i = 0;; ++i) {
    std::string path = (folder + "/" + stem + "_" + std::to_string(i) + ".pb").str();
    if (!llvm::sys::fs::exists(path)) {
      return values;
    }
    auto bytes = readFile(path);
    if (!bytes) {
      return bytes.takeError();
    }
    ptrdiff_t at = !names.empty() ? (i < names.size() ? findPort(ports, names[i]) : -1)
                                  : (i < ports.size() ? static_cast<ptrdiff_t>(i) : -1);
    auto value = readProto((*bytes)->getBuffer(), at < 0 ? DLC_KIND_TENSOR : ports[at].type.kind);
    if (value && findPort(ports, value->name) >= 0 && findPort(ports, value->name) != at) {
      at = findPort(ports, value->name);
      value = readProto((*bytes)->getBuffer(), ports[at].type.kind);
    }
    if (!value && at >= 0) {
      return inFile(path, value.takeError());
    }
    llvm::consumeError(value.takeError());
    if (at >= 0) {
      restoreFloats(*value, ports[at]);
      values[at] = std::move(*value);
    }
  }
}

std::vector<std::string> findDataSets(llvm::StringRef modelPath) {
  std::vector<std::string> folders;
  llvm::StringRef parent = llvm::sys::path::parent_path(modelPath);
  std::string own = (parent + (parent.empty() ? "" : "/") + llvm::sys::path::stem(modelPath)).str() + ".test_data_set_";
  std::string shared = (parent + (parent.empty() ? "" : "/") + "test_data_set_").str();
  for (const std::string &start : {own, shared}) {
    for (size_t i = 0; llvm::sys::fs::is_directory(start + std::to_string(i)); ++i) {
      folders.push_back(start + std::to_string(i));
    }
    if (!folders.empty()) {
      break;
    }
  }
  return folders;
}

llvm::Expected<std::vector<HostValue>> runOnce(const dlc_model *model,
                                               const std::vector<std::optional<HostValue>> &inputs,
                                               const dlc_context_options &options) {
  auto session = Session::create(model, 0, options);
  if (!session) {
    return session.takeError();
  }
  if (llvm::Error error = session->bind(inputPorts(model, 0), inputs)) {
    return error;
  }
  if (llvm::Error error = session->run()) {
    return error;
  }
  std::vector<HostValue> outputs;
  for (const Port &port : outputPorts(model, 0)) {
    auto output = session->output(port);
    if (!output) {
      return output.takeError();
    }
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

} // namespace dlc
