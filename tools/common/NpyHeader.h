/// \file The header of a .npy file: a Python dictionary literal with the keys descr, fortran_order and shape.
#ifndef DLC_TOOLS_COMMON_NPYHEADER_H
#define DLC_TOOLS_COMMON_NPYHEADER_H

#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringRef.h"

namespace dlc {

struct NpyHeader {
  std::string descr; ///< such as "<f4": byte order, kind, bytes per element (characters for kind U)
  bool isFortranOrder = false;
  std::vector<int64_t> dims;
};

/// Parses the text between the header's length and the data.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef text);

/// The header's text, without padding.
std::string formatNpyHeader(const NpyHeader &header);

/// What a descr says about each element.
struct NpyElement {
  dlc_dtype dtype = DLC_UNDEFINED;
  uint64_t bytes = 0;     ///< of one element in the file
  unsigned swapBytes = 0; ///< the unit whose byte order has to be reversed; 0: none
  bool isUnicode = false; ///< strings of UTF-32
};

llvm::Expected<NpyElement> parseNpyDescr(llvm::StringRef descr);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_NPYHEADER_H
