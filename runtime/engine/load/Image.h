// An artifact's bytes in memory: mapped from a file by our own ELF mapper, copied, or linked into the program.
#pragma once
#include "support/Error.h"
#include "support/Vector.h"

namespace dlc::rt {

/// A mapped segment, by virtual address of the file.
struct Segment {
  uint64_t address = 0, size = 0;
  bool executable = false;
};

/// Owns the mapping.
struct Image {
  void *reserved = nullptr; ///< what to unmap
  size_t reservedSize = 0;
  char *bias = nullptr; ///< where virtual address 0 would be
  Vector<Segment> segments;
  const dlc_abi_model *program = nullptr;
  uint64_t available = 0; ///< readable bytes from `program` on
  bool isStatic = false;  ///< linked in: there is nothing to check addresses against

  Image() = default;
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;
  ~Image();
  /// Whether `size` bytes at this address lie in one segment, an executable one if asked.
  bool contains(const void *address, uint64_t size, bool executable) const;
};

/// Where an ELF file's bytes come from: a file descriptor, or memory.
struct Source {
  int fd = -1;
  uint64_t offset = 0; ///< of the artifact in the file
  const char *memory = nullptr;
  uint64_t size = 0;

  /// Copies bytes of the artifact; false when they lie outside of it or cannot be read.
  bool read(uint64_t at, void *to, uint64_t count) const;
};

/// Checks the ELF file, its note and (unless told to skip it) its checksum, and maps its segments. Nothing that a
/// dynamic linker would do is needed or done: files that want relocations, libraries, constructors or TLS are refused.
bool mapElf(const Source &source, bool skipChecksum, Image &out, Error &error);

} // namespace dlc::rt
