#include "tools/common/Npy.h"
#include "tools/common/Zip.h"

namespace dlc {

llvm::Expected<std::vector<HostTensor>> readNpz(llvm::StringRef bytes) {
  auto members = readZipDirectory(bytes);
  if (!members) {
    return members.takeError();
  }
  std::vector<HostTensor> tensors;
  for (const ZipMember &member : *members) {
    llvm::StringRef name = member.name;
    if (!name.consume_back(".npy")) {
      continue;
    }
    auto data = readZipMember(bytes, member);
    if (!data) {
      return data.takeError();
    }
    auto tensor = readNpy(*data);
    if (!tensor) {
      return makeError("member '{0}': {1}", member.name, llvm::toString(tensor.takeError()));
    }
    tensor->name = name.str();
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

} // namespace dlc
