//===- WeightsObject.cpp - weights as an ELF object, without passing through LLVM IR ----------------===//
#include "compiler/emit/Files.h"
#include "compiler/emit/Objects.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

namespace dlc::emit {
namespace {
namespace ELF = llvm::ELF;
constexpr uint64_t kPage = 4096;

ELF::Elf64_Ehdr fileHeader(uint64_t sections, unsigned count, unsigned names) {
  ELF::Elf64_Ehdr h{};
  const unsigned char ident[] = {0x7f, 'E', 'L', 'F', ELF::ELFCLASS64, ELF::ELFDATA2LSB, ELF::EV_CURRENT};
  std::memcpy(h.e_ident, ident, sizeof(ident));
  h.e_type = ELF::ET_REL;
  h.e_machine = ELF::EM_X86_64;
  h.e_version = ELF::EV_CURRENT;
  h.e_shoff = sections;
  h.e_ehsize = sizeof(h);
  h.e_shentsize = sizeof(ELF::Elf64_Shdr);
  h.e_shnum = count;
  h.e_shstrndx = names;
  return h;
}

template <class T> void put(llvm::raw_ostream &os, const T &value) {
  os.write(reinterpret_cast<const char *>(&value), sizeof(T));
}
} // namespace

llvm::Error writeWeightsObject(const Program &program, llvm::StringRef symbol, llvm::StringRef path) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error) {
    return fileError(error, "could not write " + path);
  }
  std::string names("\0.dlc.weights\0.symtab\0.strtab\0", 30);
  std::string strings = std::string(1, '\0') + symbol.str() + std::string(1, '\0');
  uint64_t symbolsAt = (kPage + program.weightsSize + 7) / 8 * 8, symbolsSize = 2 * sizeof(ELF::Elf64_Sym);
  uint64_t stringsAt = symbolsAt + symbolsSize, namesAt = stringsAt + strings.size();
  uint64_t sectionsAt = (namesAt + names.size() + 7) / 8 * 8;
  put(os, fileHeader(sectionsAt, 5, 4));
  os.write_zeros(kPage - sizeof(ELF::Elf64_Ehdr));
  uint64_t at = 0;
  for (const WeightRun &run : program.weights) {
    os.write_zeros(run.offset - at);
    os.write(run.bytes.data(), run.bytes.size());
    at = run.offset + run.bytes.size();
  }
  os.write_zeros(symbolsAt - kPage - at);
  put(os, ELF::Elf64_Sym{});
  ELF::Elf64_Sym s{};
  s.st_name = 1;
  s.setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  s.st_other = ELF::STV_HIDDEN;
  s.st_shndx = 1;
  s.st_size = program.weightsSize;
  put(os, s);
  os << strings << names;
  os.write_zeros(sectionsAt - namesAt - names.size());
  auto section = [&](uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size, uint32_t link,
                     uint32_t info, uint64_t align, uint64_t entry) {
    put(os, ELF::Elf64_Shdr{name, type, flags, 0, offset, size, link, info, align, entry});
  };
  section(0, ELF::SHT_NULL, 0, 0, 0, 0, 0, 0, 0);
  section(1, ELF::SHT_PROGBITS, ELF::SHF_ALLOC, kPage, program.weightsSize, 0, 0, kPage, 0);
  section(14, ELF::SHT_SYMTAB, 0, symbolsAt, symbolsSize, 3, 1, 8, sizeof(ELF::Elf64_Sym));
  section(22, ELF::SHT_STRTAB, 0, stringsAt, strings.size(), 0, 0, 1, 0);
  section(22, ELF::SHT_STRTAB, 0, namesAt, names.size(), 0, 0, 1, 0);
  os.close();
  if (os.has_error()) {
    std::error_code code = os.error();
    os.clear_error();
    return fileError(code, "could not write " + path);
  }
  return llvm::Error::success();
}
} // namespace dlc::emit
