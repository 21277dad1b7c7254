//===- Link.cpp - lld, and what is checked and written after it --------------------------------------===//
#include "compiler/emit/Link.h"
#include "compiler/emit/Files.h"
#include "compiler/emit/Tables.h"
#include "lld/Common/Driver.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

namespace dlc::emit {
namespace {
/// Read-only data, code, and the weights last, each on its own pages.
constexpr llvm::StringLiteral kScript = R"(SECTIONS {
  . = SIZEOF_HEADERS;
  .note.dlc : { *(.note.dlc) }
  .dynsym : { *(.dynsym) }
  .hash : { *(.hash) }
  .dynstr : { *(.dynstr) }
  .dynamic : { *(.dynamic) }
  .rodata : { *(.rodata.dlc) *(.rodata .rodata.*) }
  . = ALIGN(4096);
  .text : { *(.text .text.*) }
  . = ALIGN(4096);
  .dlc.weights : { *(.dlc.weights) }
  /DISCARD/ : { *(.comment) *(.eh_frame*) *(.note.GNU-stack) }
}
)";

/// lld maps its output: on a full disk the process would die. So the space is asked for, and given back, before.
llvm::Error checkSpace(WorkFiles &work, llvm::ArrayRef<std::string> inputs) {
  uint64_t size = 1 << 16; // headers and tables
  for (const std::string &input : inputs) {
    uint64_t bytes = 0;
    if (std::error_code error = llvm::sys::fs::file_size(input, bytes)) {
      return fileError(error, "could not read " + input);
    }
    size += bytes;
  }
  std::string path = work.file("space");
  int fd = -1;
  if (std::error_code error = llvm::sys::fs::openFileForWrite(path, fd)) {
    return fileError(error, "could not write " + path);
  }
  // File systems that can't tell are believed.
  int failed =
      ::fallocate(fd, 0, 0, static_cast<off_t>(size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS ? errno : 0;
  ::close(fd);
  llvm::sys::fs::remove(path);
  return failed ? fileError(std::error_code(failed, std::generic_category()),
                            "could not write " + llvm::Twine(size) + " bytes beside the output")
                : llvm::Error::success();
}

llvm::Error runLinker(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ld.lld");
  std::vector<const char *> raw;
  for (const std::string &a : arguments) {
    raw.push_back(a.c_str());
  }
  std::string out, err;
  llvm::raw_string_ostream outStream(out), errStream(err);
  lld::Result result = lld::lldMain(raw, outStream, errStream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    return llvm::createStringError("could not link the artifact: " + llvm::StringRef(err).trim());
  }
  return llvm::Error::success();
}

llvm::Expected<std::vector<std::string>> writeInputs(WorkFiles &work, llvm::ArrayRef<Bytes> objects,
                                                     const Program &program, const CompileOptions &options) {
  std::vector<std::string> files;
  for (auto [i, object] : llvm::enumerate(objects)) {
    files.push_back(work.file(std::to_string(i) + ".o"));
    if (llvm::Error error = writeFile(files.back(), llvm::StringRef(object.data(), object.size()))) {
      return error;
    }
  }
  if (program.weightsSize) {
    files.push_back(work.file("weights.o"));
    if (llvm::Error error = writeWeightsObject(program, weightsSymbol(options.name), files.back())) {
      return error;
    }
  }
  return files;
}

using File = llvm::object::ELF64LEFile;

/// The artifact must need nothing from outside.
llvm::Error checkClosed(const File &file, llvm::ArrayRef<File::Elf_Shdr> sections) {
  for (const File::Elf_Shdr &s : sections) {
    if (s.sh_type == llvm::ELF::SHT_RELA || s.sh_type == llvm::ELF::SHT_REL || s.sh_type == llvm::ELF::SHT_RELR) {
      return llvm::createStringError("expected an artifact without dynamic relocations, got %llu bytes of them",
                                     (unsigned long long)s.sh_size);
    }
    if ((s.sh_flags & llvm::ELF::SHF_WRITE) && (s.sh_flags & llvm::ELF::SHF_ALLOC) && s.sh_size > 0) {
      llvm::Expected<llvm::StringRef> name = file.getSectionName(s);
      return llvm::createStringError("expected an artifact without writable data, got section " + (name ? *name : "?"));
    }
  }
  return llvm::Error::success();
}

/// Fills in the note: addresses, sizes, and the checksum last.
llvm::Error completeNote(const std::string &path, const CompileOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFile(path, false, false);
  if (!buffer) {
    return fileError(buffer.getError(), "could not read " + path);
  }
  llvm::Expected<File> file = File::create((*buffer)->getBuffer());
  if (!file) {
    return file.takeError();
  }
  llvm::Expected<llvm::ArrayRef<File::Elf_Shdr>> sections = file->sections();
  if (!sections) {
    return sections.takeError();
  }
  if (llvm::Error error = checkClosed(*file, *sections)) {
    return error;
  }
  dlc_abi_note note{};
  note.struct_size = sizeof(note);
  note.abi_version = DLC_ABI_VERSION;
  note.file_size = (*buffer)->getBufferSize();
  uint64_t noteAt = 0;
  for (const File::Elf_Shdr &s : *sections) {
    llvm::Expected<llvm::StringRef> name = file->getSectionName(s);
    if (!name) {
      return name.takeError();
    }
    if (*name == ".note.dlc") {
      noteAt = s.sh_offset + 16;
    } else if (*name == ".dlc.weights") {
      note.weights_offset = s.sh_offset;
      note.weights_size = s.sh_size;
    } else if (*name == ".rodata") {
      note.model_address = s.sh_addr; // .rodata.dlc comes first
    }
  }
  std::string bytes = (*buffer)->getBuffer().substr(0, note.weights_size ? note.weights_offset : note.file_size).str();
  std::memcpy(bytes.data() + noteAt, &note, sizeof(note));
  uint64_t checksumAt = noteAt + offsetof(dlc_abi_note, checksum);
  llvm::StringRef all(bytes),
      tail = note.weights_size ? (*buffer)->getBuffer().substr(note.weights_offset + note.weights_size) : "";
  auto span = [](llvm::StringRef s) { return llvm::ArrayRef<char>(s.data(), s.size()); };
  note.checksum = fnv1a(span(tail), fnv1a(span(all.substr(checksumAt + 8)), fnv1a(span(all.substr(0, checksumAt)))));
  int fd = -1;
  if (std::error_code error =
          llvm::sys::fs::openFileForReadWrite(path, fd, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::OF_None)) {
    return fileError(error, "could not write " + path);
  }
  llvm::raw_fd_ostream os(fd, true);
  os.pwrite(reinterpret_cast<const char *>(&note), sizeof(note), noteAt);
  os.close();
  std::error_code error = os.error();
  os.clear_error();
  return error ? fileError(error, "could not write " + path) : llvm::Error::success();
}
} // namespace

llvm::Error linkShared(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options,
                       llvm::StringRef path) {
  WorkFiles work;
  if (llvm::Error error = work.create(path)) {
    return error;
  }
  llvm::Expected<std::vector<std::string>> inputs = writeInputs(work, objects, program, options);
  if (!inputs) {
    return inputs.takeError();
  }
  if (llvm::Error error = checkSpace(work, *inputs)) {
    return error;
  }
  std::string script = work.file("script.ld"), output = work.file("out.so");
  if (llvm::Error error = writeFile(script, kScript)) {
    return error;
  }
  std::vector<std::string> arguments = {"-shared",
                                        "-T",
                                        script,
                                        "-o",
                                        output,
                                        "--no-undefined",
                                        "-z",
                                        "rodynamic",
                                        "-z",
                                        "max-page-size=4096",
                                        "--hash-style=sysv",
                                        "--build-id=none",
                                        "-s",
                                        "--gc-sections",
                                        "-z",
                                        "norelro",
                                        "--threads=1"};
  arguments.insert(arguments.end(), inputs->begin(), inputs->end());
  if (llvm::Error error = runLinker(arguments)) {
    return error;
  }
  if (llvm::Error error = completeNote(output, options)) {
    return error;
  }
  return moveInto(output, path);
}

llvm::Error linkObject(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options,
                       llvm::StringRef path) {
  WorkFiles work;
  if (llvm::Error error = work.create(path)) {
    return error;
  }
  llvm::Expected<std::vector<std::string>> inputs = writeInputs(work, objects, program, options);
  if (!inputs) {
    return inputs.takeError();
  }
  if (llvm::Error error = checkSpace(work, *inputs)) {
    return error;
  }
  std::string joined = work.file("joined.o"), output = work.file("out.o");
  std::vector<std::string> arguments = {"-r", "-o", joined, "--threads=1"};
  arguments.insert(arguments.end(), inputs->begin(), inputs->end());
  if (llvm::Error error = runLinker(arguments)) {
    return error;
  }
  auto object = llvm::object::ObjectFile::createObjectFile(joined);
  if (!object) {
    return object.takeError();
  }
  llvm::objcopy::ConfigManager config;
  config.Common.InputFilename = joined;
  config.Common.OutputFilename = output;
  config.ELF.LocalizeHidden = true;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, *object->getBinary(), os)) {
    return error;
  }
  if (llvm::Error error = writeFile(output, llvm::StringRef(bytes.data(), bytes.size()))) {
    return error;
  }
  return moveInto(output, path);
}
} // namespace dlc::emit
