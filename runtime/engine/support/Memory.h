// The buffers of a context: aligned, from the caller's allocator or malloc, grown and never shrunk.
#pragma once
#include "dlc/runtime.h"

namespace dlc::rt {

/// Allocates through the caller's functions, or with malloc when `fns.allocate` is null.
struct Allocator {
  dlc_allocator fns = {};

  /// DLC_ABI_ALIGNMENT-aligned; null when there is no memory. Large blocks ask for huge pages.
  void *allocate(size_t size) const;
  void release(void *pointer, size_t size) const;
};

/// The default allocator (malloc).
const Allocator &defaultAllocator();

/// One grow-only block. The contents are lost when it grows, unless `keep` says how many bytes to keep.
class Buffer {
public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { reset(); }

  /// Makes room for `wanted` bytes; false when there is no memory (the old block stays then).
  bool ensure(const Allocator &allocator, size_t wanted, size_t keep = 0);
  void reset();
  void swap(Buffer &other);
  char *data() const { return block; }
  size_t capacity() const { return room; }

private:
  const Allocator *from = nullptr;
  char *block = nullptr;
  size_t room = 0;
};

} // namespace dlc::rt
