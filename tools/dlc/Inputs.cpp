#include "tools/common/RandomTensor.h"
#include "tools/dlc/Options.h"
#include "llvm/Support/FileSystem.h"

namespace dlc {
namespace {

std::string listPortNames(const std::vector<Port> &ports) {
  std::string text;
  for (const Port &port : ports) {
    text += (text.empty() ? "" : ", ") + ("'" + port.type.name + "' " + port.type.toString());
  }
  return text.empty() ? "none" : text;
}

/// Gathers problems, so that all of them can be reported at once.
class Problems {
public:
  void add(llvm::Error error) {
    if (error) {
      text += (text.empty() ? "" : "\n  ") + llvm::toString(std::move(error));
    }
  }
  bool any() const { return !text.empty(); }
  llvm::Error take() { return makeError("{0}", text); }

private:
  std::string text;
};

/// Which file each port reads; "" for none.
std::vector<std::string> assignFiles(const std::vector<Port> &ports, const InputOptions &options, Problems &problems) {
  std::vector<std::string> files(ports.size());
  for (size_t i = 0; !options.folder.empty() && i < ports.size(); ++i) {
    for (const char *extension : {".npy", ".pb"}) {
      std::string file = options.folder + "/input_" + std::to_string(i) + extension;
      if (llvm::sys::fs::exists(file)) {
        files[i] = file;
      }
    }
  }
  std::vector<bool> isGiven(ports.size());
  for (const std::string &text : options.inputs) {
    InputSpec spec = parseInputSpec(text);
    auto isNamed = [&](const Port &port) { return port.type.name == spec.name; };
    auto port = std::find_if(ports.begin(), ports.end(), isNamed);
    if (spec.name.empty() && ports.size() == 1) {
      port = ports.begin();
    }
    if (port == ports.end()) {
      problems.add(
          makeError("--input: expected NAME=FILE with one of the inputs {0}, got '{1}'", listPortNames(ports), text));
      continue;
    }
    size_t index = port - ports.begin();
    if (isGiven[index]) {
      problems.add(
          makeError("--input: expected one file for input '{0}', got another: '{1}'", port->type.name, spec.file));
    }
    isGiven[index] = true;
    files[index] = spec.file;
  }
  return files;
}

/// A random value of the port's type, symbolic sizes taken from `sizes`.
llvm::Expected<HostValue> randomValue(const Port &port, const llvm::StringMap<int64_t> &sizes, uint64_t seed) {
  if (port.type.kind == DLC_KIND_OPTIONAL) {
    HostValue absent;
    absent.kind = DLC_KIND_OPTIONAL;
    return absent;
  }
  if (port.type.kind != DLC_KIND_TENSOR && port.type.kind != DLC_KIND_STRINGS) {
    return makeError("input '{0}': expected a file for {1}; give it by --input", port.type.name, port.type.toString());
  }
  std::vector<int64_t> dims = port.type.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    auto size = sizes.find(port.type.symbols[i]);
    if (dims[i] < 0) {
      dims[i] = size != sizes.end() ? size->second : std::max<int64_t>(port.minimum[i], 1);
    }
  }
  auto tensor = randomTensor(port.type.dtype, dims, seed);
  if (!tensor) {
    return makeError("input '{0}': {1}", port.type.name, llvm::toString(tensor.takeError()));
  }
  tensor->name = port.type.name;
  return HostValue(std::move(*tensor));
}

/// A size for a symbol that no input has is a mistake.
llvm::Error checkSymbols(const std::vector<Port> &ports, const llvm::StringMap<int64_t> &sizes) {
  llvm::StringMap<bool> known;
  std::string names;
  for (const Port &port : ports) {
    for (const std::string &symbol : port.type.symbols) {
      if (!symbol.empty() && known.try_emplace(symbol, true).second) {
        names += (names.empty() ? "" : ", ") + symbol;
      }
    }
  }
  for (const auto &size : sizes) {
    if (!known.contains(size.getKey())) {
      return makeError("--dim: expected one of the symbolic dimensions {0}, got '{1}'",
                       names.empty() ? "(none)" : names, size.getKey());
    }
  }
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<std::optional<HostValue>>> gatherInputs(const std::vector<Port> &ports,
                                                                   const InputOptions &options, bool isRandom) {
  auto image = parseImageOptions(options);
  if (!image) {
    return image.takeError();
  }
  auto sizes = parseDims(options.dims);
  if (!sizes) {
    return sizes.takeError();
  }
  Problems problems;
  problems.add(checkSymbols(ports, *sizes));
  if (!options.folder.empty() && !llvm::sys::fs::is_directory(options.folder)) {
    problems.add(makeError("--input-dir: expected a folder, got '{0}'", options.folder));
  }
  std::vector<std::string> files = assignFiles(ports, options, problems);
  std::vector<std::optional<HostValue>> values(ports.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    if (files[i].empty() && (!isRandom || ports[i].isState)) {
      if (!ports[i].isOptional && !ports[i].isState) {
        problems.add(makeError("input '{0}': expected a file for {1}; give it by --input {0}=FILE", ports[i].type.name,
                               ports[i].type.toString()));
      }
      continue;
    }
    auto value =
        files[i].empty() ? randomValue(ports[i], *sizes, options.seed + i) : readValue(files[i], ports[i].type, *image);
    if (value) {
      values[i] = std::move(*value);
    } else {
      problems.add(value.takeError());
    }
  }
  if (problems.any()) {
    return problems.take();
  }
  return values;
}

} // namespace dlc
