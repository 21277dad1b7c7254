//===- Files.cpp - files on the way to an artifact ----------------------------------------------===//
#include "compiler/emit/Files.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::emit {
bool isSpecial(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  return !llvm::sys::fs::status(path, status) && llvm::sys::fs::is_other(status);
}

llvm::Error WorkFolder::create(llvm::StringRef output) {
  llvm::SmallString<128> prefix(llvm::sys::path::parent_path(output));
  if (isSpecial(output)) {
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, prefix);
  } else if (prefix.empty()) {
    prefix = ".";
  }
  llvm::sys::path::append(prefix, ".dlc-%%%%%%%%");
  if (std::error_code error = llvm::sys::fs::createUniqueFile(prefix, path)) {
    return llvm::createStringError(error, "could not write into the folder of " + output);
  }
  llvm::sys::fs::remove(path);
  if (std::error_code error = llvm::sys::fs::create_directory(path)) {
    return llvm::createStringError(error, "could not make a folder beside " + output);
  }
  return llvm::Error::success();
}

WorkFolder::~WorkFolder() {
  if (!path.empty()) {
    llvm::sys::fs::remove_directories(path);
  }
}

std::string WorkFolder::file(const llvm::Twine &name) const {
  llvm::SmallString<128> p(path);
  llvm::sys::path::append(p, name);
  return p.str().str();
}

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (!error) {
    os << bytes;
    os.close();
    error = os.error();
    os.clear_error();
  }
  return error ? llvm::createStringError(error, "could not write " + path) : llvm::Error::success();
}

llvm::Error writeDump(llvm::StringRef folder, const llvm::Twine &name, llvm::StringRef text) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
    return llvm::createStringError(error, "could not make the folder " + folder);
  }
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  return writeFile(path, text);
}

llvm::Error moveInto(llvm::StringRef from, llvm::StringRef to) {
  if (isSpecial(to)) {
    auto bytes = llvm::MemoryBuffer::getFile(from, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    return bytes ? writeFile(to, (*bytes)->getBuffer()) : llvm::createStringError(bytes.getError(), "could not read " + from);
  }
  std::error_code error = llvm::sys::fs::rename(from, to);
  return error ? llvm::createStringError(error, "could not write " + to) : llvm::Error::success();
}
} // namespace dlc::emit
