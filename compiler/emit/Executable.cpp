//===- Executable.cpp - an artifact at the end of the runner -------------------------------------===//
// runtime/runner/Main.cpp finds it: the artifact starts on a page, and the file's last 16 bytes are its size (u64) and
// "dlcexe01".
#include "compiler/emit/Files.h"
#include "compiler/emit/Link.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::emit {
namespace {
constexpr uint64_t kPage = 4096;

struct Trailer {
  uint64_t size;
  char magic[8] = {'d', 'l', 'c', 'e', 'x', 'e', '0', '1'};
};

llvm::Error appendArtifact(const std::string &artifact, const std::string &program) {
  // Both are mapped, not read: weights may be larger than memory.
  auto bytes = llvm::MemoryBuffer::getFile(artifact, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes) {
    return fileError(bytes.getError(), "could not read " + artifact);
  }
  uint64_t size = 0;
  std::error_code error = llvm::sys::fs::file_size(program, size);
  if (!error) {
    llvm::raw_fd_ostream os(program, error, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::FA_Write,
                            llvm::sys::fs::OF_Append);
    if (!error) {
      Trailer trailer{(*bytes)->getBufferSize()};
      os.write_zeros(llvm::alignTo(size, kPage) - size);
      os << (*bytes)->getBuffer() << llvm::StringRef(reinterpret_cast<const char *>(&trailer), sizeof(trailer));
      os.close();
      error = os.error();
      os.clear_error();
    }
  }
  return error ? fileError(error, "could not write " + program) : llvm::Error::success();
}
} // namespace

llvm::Error linkExecutable(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options,
                           llvm::StringRef path) {
  WorkFiles work;
  if (llvm::Error error = work.create(path)) {
    return error;
  }
  std::string artifact = work.file("model.so"), output = work.file("program");
  if (llvm::Error error = linkShared(objects, program, options, artifact)) {
    return error;
  }
  if (std::error_code error = llvm::sys::fs::copy_file(options.runner, output)) {
    return fileError(error, "could not copy the runner " + options.runner);
  }
  if (llvm::Error error = appendArtifact(artifact, output)) {
    return error;
  }
  unsigned mode = llvm::sys::fs::all_read | llvm::sys::fs::all_exe | llvm::sys::fs::owner_write;
  if (std::error_code error = llvm::sys::fs::setPermissions(output, static_cast<llvm::sys::fs::perms>(mode))) {
    return fileError(error, "could not make " + path + " executable");
  }
  return moveInto(output, path);
}
} // namespace dlc::emit
