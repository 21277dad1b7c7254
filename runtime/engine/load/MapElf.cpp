#include "load/ElfFile.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dlc::rt {

Image::~Image() {
  if (reserved) {
    munmap(reserved, reservedSize);
  }
}

bool Image::contains(const void *address, uint64_t size, bool executable) const {
  if (isStatic) {
    return true;
  }
  uint64_t at = uint64_t(address) - uint64_t(bias);
  for (const Segment &s : segments) {
    if (at >= s.address && within(at - s.address, size, s.size)) {
      return !executable || s.executable;
    }
  }
  return false;
}

bool Source::read(uint64_t at, void *to, uint64_t count) const {
  if (!within(at, count, size)) {
    return false;
  }
  if (memory) {
    memcpy(to, memory + at, count);
    return true;
  }
  char *out = static_cast<char *>(to);
  while (count) {
    ssize_t got = pread(fd, out, count, off_t(offset + at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    out += got, at += uint64_t(got), count -= uint64_t(got);
  }
  return true;
}

namespace {

bool failedToMap(Error &error) {
  fail(error, errno == ENOMEM ? DLC_OUT_OF_MEMORY : DLC_IO_ERROR, "cannot map the artifact: %s", strerror(errno));
  return false;
}

bool reserve(const ElfFile &file, Image &image, Error &error) {
  uint64_t align = file.alignment > pageSize ? file.alignment : pageSize;
  uint64_t span = file.high - file.low + align;
  void *p = mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    return failedToMap(error);
  }
  image.reserved = p;
  image.reservedSize = span;
  // The bias is a multiple of the largest alignment, so that every address keeps its own.
  uint64_t bias = (uint64_t(p) - file.low + align - 1) & ~(align - 1);
  image.bias = reinterpret_cast<char *>(bias);
  return true;
}

int protection(const Elf64_Phdr &ph) {
  return (ph.p_flags & PF_R ? PROT_READ : 0) | (ph.p_flags & PF_W ? PROT_WRITE : 0) |
         (ph.p_flags & PF_X ? PROT_EXEC : 0);
}

/// A segment of a file: its pages come from the page cache; what memsz has beyond filesz is zero.
bool mapFromFile(const Source &source, const Elf64_Phdr &ph, Image &image, Error &error) {
  char *start = image.bias + pageDown(ph.p_vaddr);
  uint64_t lead = ph.p_vaddr % pageSize;
  uint64_t fromFile = ph.p_filesz ? pageUp(lead + ph.p_filesz) : 0, total = pageUp(lead + ph.p_memsz);
  bool zeroFill = ph.p_memsz > ph.p_filesz && (lead + ph.p_filesz) % pageSize != 0;
  int prot = protection(ph);
  if (fromFile && mmap(start, fromFile, zeroFill ? prot | PROT_WRITE : prot, MAP_PRIVATE | MAP_FIXED, source.fd,
                       off_t(source.offset + ph.p_offset - lead)) == MAP_FAILED) {
    return failedToMap(error);
  }
  if (zeroFill) {
    memset(start + lead + ph.p_filesz, 0, fromFile - lead - ph.p_filesz);
    if (mprotect(start, fromFile, prot)) {
      return failedToMap(error);
    }
  }
  if (total > fromFile &&
      mmap(start + fromFile, total - fromFile, prot, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
    return failedToMap(error);
  }
  return true;
}

bool mapFromMemory(const Source &source, const Elf64_Phdr &ph, Image &image, Error &error) {
  char *start = image.bias + pageDown(ph.p_vaddr);
  uint64_t lead = ph.p_vaddr % pageSize, total = pageUp(lead + ph.p_memsz);
  if (mmap(start, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
    return failedToMap(error);
  }
  memcpy(start + lead, source.memory + ph.p_offset, ph.p_filesz);
  return mprotect(start, total, protection(ph)) == 0 || failedToMap(error);
}

bool locateProgram(const ElfFile &file, Image &image, Error &error) {
  uint64_t address = file.note.model_address;
  for (const Elf64_Phdr &ph : file.loads) {
    if ((ph.p_flags & PF_R) && address >= ph.p_vaddr && address - ph.p_vaddr < ph.p_memsz && address % 8 == 0) {
      image.program = reinterpret_cast<const dlc_abi_model *>(image.bias + address);
      image.available = ph.p_memsz - (address - ph.p_vaddr);
      return true;
    }
  }
  fail(error, DLC_INVALID_MODEL, "not a valid artifact: its program lies in no segment");
  return false;
}
} // namespace

bool mapElf(const Source &source, bool skipChecksum, Image &out, Error &error) {
  ElfFile file;
  if (!readElf(source, file, error)) {
    return false;
  }
  uint64_t hash;
  if (!skipChecksum) {
    if (!elfChecksum(source, file, hash)) {
      fail(error, DLC_IO_ERROR, "cannot read the artifact: %s", strerror(errno));
      return false;
    }
    if (hash != file.note.checksum) {
      fail(error, DLC_INVALID_MODEL, "the artifact's checksum is %016llx, expected %016llx: the file is damaged",
           (unsigned long long)hash, (unsigned long long)file.note.checksum);
      return false;
    }
  }
  if (!reserve(file, out, error)) {
    return false;
  }
  for (const Elf64_Phdr &ph : file.loads) {
    if (!(source.memory ? mapFromMemory(source, ph, out, error) : mapFromFile(source, ph, out, error))) {
      return false;
    }
    // Only what can be read counts as a segment that links may point into.
    if ((ph.p_flags & PF_R) && !out.segments.push({ph.p_vaddr, ph.p_memsz, (ph.p_flags & PF_X) != 0})) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for segments");
      return false;
    }
  }
  return locateProgram(file, out, error);
}

} // namespace dlc::rt
