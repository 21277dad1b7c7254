#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "llvm/Support/FileSystem.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace dlc {
namespace {

llvm::Error systemError(llvm::StringRef path, llvm::StringRef what, int number) {
  return makeError("{0}: {1}: {2}", path, what, std::error_code(number, std::generic_category()).message());
}

llvm::Error writeChunks(int descriptor, llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> chunks) {
  for (llvm::StringRef rest : chunks) {
    while (!rest.empty()) {
      ssize_t written = ::write(descriptor, rest.data(), std::min<size_t>(rest.size(), 1u << 30));
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written < 0) {
        return systemError(path, "can't write", errno);
      }
      rest = rest.drop_front(written);
    }
  }
  return llvm::Error::success();
}

/// True for what a rename must not replace: devices, pipes, sockets.
bool isSpecialFile(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  return !llvm::sys::fs::status(path, status) && llvm::sys::fs::exists(status) &&
         !llvm::sys::fs::is_regular_file(status) && !llvm::sys::fs::is_directory(status);
}

llvm::Error writeInPlace(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> chunks) {
  int descriptor = ::open(path.str().c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return systemError(path, "can't write", errno);
  }
  llvm::Error error = writeChunks(descriptor, path, chunks);
  if (::close(descriptor) != 0 && !error) {
    return systemError(path, "can't write", errno);
  }
  return error;
}

} // namespace

llvm::Error inFile(llvm::StringRef path, llvm::Error error) {
  return error ? makeError("{0}: {1}", path, llvm::toString(std::move(error))) : llvm::Error::success();
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(llvm::StringRef path) {
  if (path != "-" && llvm::sys::fs::is_directory(path)) {
    return makeError("{0}: expected a file, got a folder", path);
  }
  // Volatile: a file that is mapped and cut short meanwhile would end the process.
  auto buffer = path == "-" ? llvm::MemoryBuffer::getSTDIN()
                            : llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false,
                                                          /*IsVolatile=*/true);
  if (!buffer) {
    return makeError("{0}: can't read: {1}", path, buffer.getError().message());
  }
  return std::move(*buffer);
}

llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> chunks) {
  if (path == "-") {
    return writeChunks(STDOUT_FILENO, "standard output", chunks);
  }
  if (llvm::sys::fs::is_directory(path)) {
    return makeError("{0}: expected the name of a file to write, got a folder", path);
  }
  if (isSpecialFile(path)) {
    return writeInPlace(path, chunks);
  }
  auto temporary = llvm::sys::fs::TempFile::create(path + ".%%%%%%%%.tmp", 0666);
  if (!temporary) {
    return makeError("{0}: can't write: {1}", path, llvm::toString(temporary.takeError()));
  }
  if (llvm::Error error = writeChunks(temporary->FD, path, chunks)) {
    llvm::consumeError(temporary->discard());
    return error;
  }
  if (llvm::Error error = temporary->keep(path)) {
    llvm::consumeError(temporary->discard());
    return makeError("{0}: can't write: {1}", path, llvm::toString(std::move(error)));
  }
  return llvm::Error::success();
}

llvm::Error makeFolder(llvm::StringRef path) {
  if (std::error_code code = llvm::sys::fs::create_directories(path, /*IgnoreExisting=*/true, llvm::sys::fs::all_all)) {
    return makeError("{0}: can't make the folder: {1}", path, code.message());
  }
  return llvm::Error::success();
}

} // namespace dlc
