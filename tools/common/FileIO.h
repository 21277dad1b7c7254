/// \file Reading whole files, and writing files that are never seen half-written.
#ifndef DLC_TOOLS_COMMON_FILEIO_H
#define DLC_TOOLS_COMMON_FILEIO_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace dlc {

/// The bytes of a file ("-": standard input), read into memory. The buffer's identifier is the path.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(llvm::StringRef path);

/// Writes the chunks, one after another, to a temporary file beside `path` and renames it: readers see the old file or
/// the whole new one, also after Ctrl-C or on a full disk. "-" is standard output; devices and pipes are written
/// directly.
llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> chunks);

/// Makes a folder and its parents.
llvm::Error makeFolder(llvm::StringRef path);

/// Prefixes the error's text with "<path>: ".
llvm::Error inFile(llvm::StringRef path, llvm::Error error);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_FILEIO_H
