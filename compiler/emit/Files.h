//===- Files.h - files on the way to an artifact ------------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_FILES_H
#define DLC_COMPILER_EMIT_FILES_H
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dlc::emit {
/// Devices and pipes: they are written, never replaced.
bool isSpecial(llvm::StringRef path);

/// Files in a folder of their own beside the output (or, for devices and pipes, where temporary files are), removed at
/// the end.
class WorkFolder {
public:
  WorkFolder() = default;
  WorkFolder(const WorkFolder &) = delete;
  ~WorkFolder();
  llvm::Error create(llvm::StringRef output);
  std::string file(const llvm::Twine &name) const;

private:
  llvm::SmallString<128> path;
};

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes);
/// Writes into a folder, which is made when there is none.
llvm::Error writeDump(llvm::StringRef folder, const llvm::Twine &name, llvm::StringRef text);
/// Renames a finished file over `to`, whose readers see the old file or the whole new one. Devices and pipes are written.
llvm::Error moveInto(llvm::StringRef from, llvm::StringRef to);
} // namespace dlc::emit
#endif
