// libFuzzer on everything in tools/common that reads a file.
#include "tools/common/Image.h"
#include "tools/common/Npy.h"
#include "tools/common/NpyHeader.h"
#include "tools/common/Proto.h"

using namespace dlc;

namespace {

template <typename T> void drop(llvm::Expected<T> result) {
  if (!result) {
    llvm::consumeError(result.takeError());
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) {
    return 0;
  }
  // The first byte chooses the reader, so that one corpus serves all.
  llvm::StringRef bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  switch (data[0] % 8) {
  case 0:
    drop(readNpy(bytes));
    break;
  case 1:
    drop(readNpz(bytes));
    break;
  case 2:
    drop(decodePng(bytes));
    break;
  case 3:
    drop(decodeJpeg(bytes));
    break;
  case 4:
    drop(readProto(bytes, DLC_KIND_TENSOR));
    break;
  case 5:
    drop(readProto(bytes, DLC_KIND_SEQUENCE));
    break;
  case 6:
    drop(readProto(bytes, DLC_KIND_OPTIONAL));
    break;
  default:
    drop(parseNpyHeader(bytes));
  }
  return 0;
}
