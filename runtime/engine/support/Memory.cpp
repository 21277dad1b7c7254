#include "support/Memory.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <utility>

namespace dlc::rt {

static constexpr size_t hugePage = size_t(2) << 20;
/// No machine has more; keeps sizes far from overflow.
static constexpr size_t largestBlock = size_t(1) << 46;

void *Allocator::allocate(size_t size) const {
  if (size == 0) {
    size = 1;
  }
  if (size > largestBlock) {
    return nullptr;
  }
  if (fns.allocate) {
    return fns.allocate(fns.user, size, DLC_ABI_ALIGNMENT);
  }
  void *p = nullptr;
  bool large = size >= 2 * hugePage;
  if (posix_memalign(&p, large ? hugePage : DLC_ABI_ALIGNMENT, size)) {
    return nullptr;
  }
  if (large) {
    madvise(p, size, MADV_HUGEPAGE);
  }
  return p;
}

void Allocator::release(void *pointer, size_t size) const {
  if (!pointer) {
    return;
  }
  if (fns.allocate) {
    if (fns.release) {
      fns.release(fns.user, pointer, size ? size : 1);
    }
    return;
  }
  free(pointer);
}

const Allocator &defaultAllocator() {
  static constexpr Allocator allocator;
  return allocator;
}

bool Buffer::ensure(const Allocator &allocator, size_t wanted, size_t keep) {
  if (block && wanted <= room) {
    return true;
  }
  // A size that grows from run to run (a sequence being decoded) must not allocate every time.
  size_t next = room && wanted < room + room / 4 ? room + room / 4 : wanted;
  char *fresh = static_cast<char *>(allocator.allocate(next));
  if (!fresh) {
    return false;
  }
  if (keep) {
    memcpy(fresh, block, keep < room ? keep : room);
  }
  reset();
  from = &allocator;
  block = fresh;
  room = next;
  return true;
}

void Buffer::reset() {
  if (block) {
    from->release(block, room);
  }
  block = nullptr;
  room = 0;
}

void Buffer::swap(Buffer &other) {
  std::swap(from, other.from);
  std::swap(block, other.block);
  std::swap(room, other.room);
}

} // namespace dlc::rt
