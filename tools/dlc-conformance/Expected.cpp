#include "tools/dlc-conformance/Expected.h"
#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::conformance {

llvm::Expected<Failures> readFailures(llvm::StringRef path) {
  auto file = readFile(path);
  if (!file) {
    return file.takeError();
  }
  Failures failures;
  for (llvm::StringRef line : llvm::split((*file)->getBuffer(), '\n')) {
    auto [name, reason] = line.split('#');
    name = name.trim();
    if (name.empty()) {
      continue;
    }
    if (reason.trim().empty()) {
      return makeError("{0}: expected a reason after '#' for '{1}'", path, name);
    }
    if (!failures.emplace(name.str(), reason.trim().str()).second) {
      return makeError("{0}: expected '{1}' once, got it twice", path, name);
    }
  }
  return failures;
}

llvm::Error writeFailures(llvm::StringRef path, const Failures &failures, llvm::StringRef comment) {
  std::string text = ("# " + comment + "\n").str();
  for (const auto &[name, reason] : failures) {
    text += name + "  # " + llvm::StringRef(reason).take_front(160).str() + "\n";
  }
  return writeFile(path, llvm::StringRef(text));
}

} // namespace dlc::conformance
