/// \file oneDNN for --tune: calls of runtime/onednn as kernels to be measured.
#ifndef DLC_TOOLS_DLC_ONEDNNKERNELS_H
#define DLC_TOOLS_DLC_ONEDNNKERNELS_H

#include "compiler/tune/Tuning.h"

namespace dlc {

/// Opens the library where the engine finds it; an error that says where it was looked for.
llvm::Expected<std::shared_ptr<const tune::LibraryKernels>> openOneDnn();

} // namespace dlc

#endif // DLC_TOOLS_DLC_ONEDNNKERNELS_H
