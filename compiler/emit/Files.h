//===- Files.h - files on the way to an artifact ------------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_FILES_H
#define DLC_COMPILER_EMIT_FILES_H
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dlc::emit {
/// What could not be done, and the system's reason.
llvm::Error fileError(std::error_code code, const llvm::Twine &what);

/// Devices and pipes: they are written, never replaced.
bool isSpecial(llvm::StringRef path);

/// Files beside the output (or, for devices and pipes, where temporary files are) whose names begin alike. They are
/// removed at the end, and when a signal ends the process.
class WorkFiles {
public:
  WorkFiles() = default;
  WorkFiles(const WorkFiles &) = delete;
  ~WorkFiles();
  llvm::Error create(llvm::StringRef output);
  /// The path of a file, which need not be there yet.
  std::string file(const llvm::Twine &name);

private:
  void add(llvm::StringRef path);
  llvm::SmallString<128> prefix; ///< an empty file of this name sees to it that nobody else takes it
  std::vector<std::string> paths;
};

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes);
/// Writes into a folder, which is made when there is none.
llvm::Error writeDump(llvm::StringRef folder, const llvm::Twine &name, llvm::StringRef text);
/// Renames a finished file over `to`, whose readers see the old file or the whole new one. Devices and pipes are
/// written.
llvm::Error moveInto(llvm::StringRef from, llvm::StringRef to);
} // namespace dlc::emit
#endif
