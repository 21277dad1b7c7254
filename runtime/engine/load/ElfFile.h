// What the mapper needs from an ELF file, read and checked before anything is mapped.
#pragma once
#include "load/Image.h"
#include <elf.h>

namespace dlc::rt {

struct ElfFile {
  Vector<Elf64_Phdr> loads; ///< in order of address, disjoint
  dlc_abi_note note = {};
  uint64_t noteOffset = 0;    ///< of the note's description in the file
  uint64_t low = 0, high = 0; ///< page-rounded range of addresses
  uint64_t alignment = 0;     ///< the largest of the segments
};

constexpr uint64_t pageSize = 4096;
inline uint64_t pageDown(uint64_t x) { return x & ~(pageSize - 1); }
inline uint64_t pageUp(uint64_t x) { return (x + pageSize - 1) & ~(pageSize - 1); }

bool readElf(const Source &source, ElfFile &out, Error &error);
/// The checksum that the note should hold.
bool elfChecksum(const Source &source, const ElfFile &file, uint64_t &hash);

} // namespace dlc::rt
