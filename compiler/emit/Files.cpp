//===- Files.cpp - files on the way to an artifact ----------------------------------------------===//
#include "compiler/emit/Files.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::emit {
llvm::Error fileError(std::error_code code, const llvm::Twine &what) {
  return llvm::createStringError(code, what + ": " + code.message());
}

bool isSpecial(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  return !llvm::sys::fs::status(path, status) && llvm::sys::fs::is_other(status);
}

llvm::Error WorkFiles::create(llvm::StringRef output) {
  llvm::SmallString<128> model(llvm::sys::path::parent_path(output));
  if (isSpecial(output)) {
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, model);
  } else if (model.empty()) {
    model = ".";
  }
  llvm::sys::path::append(model, ".dlc-%%%%%%%%%%%%");
  llvm::sys::fs::createUniquePath(model, prefix, /*MakeAbsolute=*/false);
  add(prefix); // first: a signal may come as soon as there is a file
  int fd = -1;
  if (std::error_code error = llvm::sys::fs::openFileForWrite(prefix, fd, llvm::sys::fs::CD_CreateNew)) {
    return fileError(error, "could not write a file beside " + output);
  }
  llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  return llvm::Error::success();
}

WorkFiles::~WorkFiles() {
  for (const std::string &path : paths) {
    llvm::sys::fs::remove(path);
    llvm::sys::DontRemoveFileOnSignal(path);
  }
}

void WorkFiles::add(llvm::StringRef path) {
  llvm::sys::RemoveFileOnSignal(path);
  paths.push_back(path.str());
}

std::string WorkFiles::file(const llvm::Twine &name) {
  add((prefix + "-" + name).str());
  return paths.back();
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
  return error ? fileError(error, "could not write " + path) : llvm::Error::success();
}

llvm::Error writeDump(llvm::StringRef folder, const llvm::Twine &name, llvm::StringRef text) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
    return fileError(error, "could not make the folder " + folder);
  }
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  return writeFile(path, text);
}

llvm::Error moveInto(llvm::StringRef from, llvm::StringRef to) {
  if (isSpecial(to)) {
    auto bytes = llvm::MemoryBuffer::getFile(from, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    return bytes ? writeFile(to, (*bytes)->getBuffer()) : fileError(bytes.getError(), "could not read " + from);
  }
  std::error_code error = llvm::sys::fs::rename(from, to);
  return error ? fileError(error, "could not write " + to) : llvm::Error::success();
}
} // namespace dlc::emit
