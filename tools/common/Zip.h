/// \file Reading ZIP archives from memory (PKWARE APPNOTE 6.3), with zlib.
#ifndef DLC_TOOLS_COMMON_ZIP_H
#define DLC_TOOLS_COMMON_ZIP_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// One member of an archive. Sizes come from the archive's directory and are checked by readZipMember.
struct ZipMember {
  std::string name;
  unsigned method = 0; ///< 0: stored, 8: deflated
  uint32_t crc = 0;
  uint64_t compressedSize = 0, size = 0;
  uint64_t headerOffset = 0;
};

/// The directory of an archive, ZIP64 included.
llvm::Expected<std::vector<ZipMember>> readZipDirectory(llvm::StringRef archive);

/// The uncompressed bytes of a member; checks its size and CRC.
llvm::Expected<std::string> readZipMember(llvm::StringRef archive, const ZipMember &member);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_ZIP_H
