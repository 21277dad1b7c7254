//===- TuneCache.h - what measurements said, kept in a file ------------------------------------------------===//
#ifndef DLC_COMPILER_TUNE_TUNECACHE_H
#define DLC_COMPILER_TUNE_TUNECACHE_H
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>
#include <vector>

namespace dlc::tune {
/// What was found out about a kernel.
struct TuneEntry {
  /// A hash of all that the answer depends on: the kernel, the target and its CPU, the cost model's choice, and dlc's
  /// version. An entry whose key no kernel has is not used.
  std::string key;
  /// For people: what the kernel computes, and for which target it was measured.
  std::string kernel, target;
  /// KernelChoice::text() of the cost model's choice and of the fastest; equal when nothing was faster.
  std::string model, choice;
  /// Microseconds of both, measured in turns.
  double modelMicros = 0, choiceMicros = 0;
  /// How much more the model's choice takes, such as 0.07.
  double gain() const { return choiceMicros > 0 ? modelMicros / choiceMicros - 1 : 0; }
};

/// A file of JSON objects, one per line and kernel, sorted by their keys so that versions compare well. Lines are kept
/// as they were read; unknown fields are ignored. A line that is no entry is left out, with a warning that names it.
class TuneCache {
public:
  /// Reads `path`. A file that is not there is an empty cache if `isWritable`, else an error. A writable one is written
  /// at once, so that what could not be kept is not measured.
  llvm::Error open(llvm::StringRef path, bool isWritable);
  const TuneEntry *find(llvm::StringRef key) const;
  /// Adds an entry, and writes the file: readers see the old one or the whole new one. What another process has added
  /// in the meantime is kept. `find` gives the entry as the file has it, with rounded times.
  llvm::Error record(const TuneEntry &entry);
  llvm::ArrayRef<std::string> warnings() const { return problems; }
  llvm::StringRef path() const { return file; }

private:
  struct Line {
    TuneEntry entry;
    std::string text;
  };
  llvm::Error read(bool mustExist, bool warns);
  llvm::Error write() const;

  std::string file;
  std::map<std::string, Line> lines;
  std::vector<std::string> problems;
};
} // namespace dlc::tune
#endif
