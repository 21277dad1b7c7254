#include "model/Prepared.h"
#include "exec/Async.h"
#include "load/ElfFile.h"
#include "model/Model.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

namespace dlc::rt {
namespace {

constexpr uint64_t hugePage = uint64_t(2) << 20;
/// Bytes that are worth a thread.
constexpr uint64_t bytesPerThread = uint64_t(2) << 20;
constexpr uint32_t mostThreads = 16;
constexpr uint32_t mostDims = DLC_MAX_RANK;

/// Whether a part of the program that a model is linked into comes from a file, unchanged: what is given back of it is
/// there again when somebody reads it.
bool isFromFile(uint64_t from, uint64_t to) {
  FILE *maps = fopen("/proc/self/maps", "re");
  bool found = false;
  for (char line[1024]; maps && fgets(line, sizeof line, maps) && !found;) {
    unsigned long long begin, end, file;
    char rights[8];
    found = sscanf(line, "%llx-%llx %7s %*x %*s %llu", &begin, &end, rights, &file) == 4 && begin <= from &&
            to <= end && file != 0 && rights[1] != 'w';
  }
  if (maps) {
    fclose(maps);
  }
  return found;
}

/// A part of the weights that is read by some preparations and by no others: their sources overlap.
struct Source {
  uint64_t begin = 0, end = 0;
  std::atomic<uint64_t> left{0}; ///< pieces of these preparations
};

/// All preparations, cut into pieces that threads take.
struct Work {
  const dlc_model &model;
  char *block;
  bool givesBack = true;
  uint32_t pieces = 1; ///< of each preparation
  std::atomic<uint64_t> next{0};
  Vector<Source> sources;
  Vector<uint32_t> sourceOf; ///< of each visible preparation
  std::atomic<bool> failed{false};
  std::atomic<uint32_t> badIndex{none};
  std::atomic<int32_t> badStatus{0};

  Work(const dlc_model &model, char *block) : model(model), block(block) {
    uint64_t end = uint64_t(model.weights) + model.program.header.weights_size;
    givesBack = !model.image.isStatic || isFromFile(uint64_t(model.weights) + model.program.header.sources, end);
  }

  /// Finds out which preparations read the same bytes; false: no memory.
  bool findSources() {
    const Program &p = model.program;
    Vector<const dlc_abi_preparation *> order;
    if (!sources.create(p.preparations.size()) || !sourceOf.assign(p.preparations.size(), none) ||
        !order.reserve(p.preparations.size())) {
      return false;
    }
    for (const dlc_abi_preparation &x : p.preparations) {
      if (p.isVisible(x)) {
        order.push(&x);
      }
    }
    qsort(order.data(), order.size(), sizeof order[0], bySource);
    uint32_t last = none;
    for (const dlc_abi_preparation *x : order) {
      if (last == none || x->source >= sources[last].end) {
        sources[++last].begin = x->source;
      }
      Source &s = sources[last];
      uint64_t end = x->source + x->source_size;
      s.end = end > s.end ? end : s.end;
      s.left += pieces;
      sourceOf[size_t(x - p.preparations.data())] = last;
    }
    return true;
  }

  /// Gives back the memory of whole pages in a part of the weights.
  void giveBack(uint64_t offset, uint64_t size) {
    uint64_t from = pageUp(uint64_t(model.weights) + offset), to = pageDown(uint64_t(model.weights) + offset + size);
    if (givesBack && from < to) {
      madvise(reinterpret_cast<void *>(from), to - from, MADV_DONTNEED);
    }
  }

  void run() {
    const Program &p = model.program;
    // Kernels expect the default environment of floats.
    uint32_t environment = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x1f80);
    for (uint64_t piece; !failed && (piece = next.fetch_add(1)) < uint64_t(pieces) * p.preparations.size();) {
      uint32_t index = uint32_t(piece / pieces);
      const dlc_abi_preparation &x = p.preparations[index];
      if (!p.isVisible(x)) {
        continue;
      }
      runPiece(index, x, piece % pieces);
      if (Source &s = sources[sourceOf[index]]; s.left.fetch_sub(1) == 1) {
        giveBack(s.begin, s.end - s.begin);
      }
    }
    __builtin_ia32_ldmxcsr(environment);
  }

private:
  static int bySource(const void *a, const void *b) {
    uint64_t x = (*static_cast<const dlc_abi_preparation *const *>(a))->source;
    uint64_t y = (*static_cast<const dlc_abi_preparation *const *>(b))->source;
    return (x > y) - (x < y);
  }

  void runPiece(uint32_t index, const dlc_abi_preparation &x, uint64_t piece) {
    int64_t begin = int64_t(x.tiles * piece / pieces), end = int64_t(x.tiles * (piece + 1) / pieces);
    if (begin == end) {
      return;
    }
    int64_t dims[mostDims] = {};
    Span<const uint32_t> halves = model.program.range(x.dims);
    for (uint32_t i = 0; i + 1 < halves.size; i += 2) {
      dims[i / 2] = int64_t(halves[i] | uint64_t(halves[i + 1]) << 32);
    }
    void *buffers[] = {const_cast<char *>(model.weights) + x.source, block + x.offset};
    if (int32_t status = model.kernels[x.kernel](buffers, dims, begin, end, nullptr)) {
      badIndex = index, badStatus = status;
      failed = true;
    }
  }
};

void *workMain(void *work) {
  static_cast<Work *>(work)->run();
  return nullptr;
}

void runOnThreads(Work &work, uint32_t threads) {
  pthread_t helpers[mostThreads];
  uint32_t started = 0;
  while (started + 1 < threads && startThread(helpers[started], workMain, &work)) {
    ++started; // with fewer threads it takes longer
  }
  work.run();
  for (uint32_t i = 0; i < started; ++i) {
    pthread_join(helpers[i], nullptr);
  }
}
} // namespace

Prepared::~Prepared() {
  if (mapping) {
    munmap(mapping, mapped);
  }
}

/// Huge pages where they are full: what is mapped of a page is paid for.
dlc_status Prepared::reserve(uint64_t size, Error &error) {
  mapped = size + hugePage;
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    mapping = nullptr;
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for %llu bytes of prepared constants: %s",
                (unsigned long long)size, strerror(errno));
  }
  uint64_t start = (uint64_t(mapping) + hugePage - 1) & ~(hugePage - 1);
  block = reinterpret_cast<char *>(start);
  if (uint64_t whole = size & ~(hugePage - 1)) {
    madvise(block, whole, MADV_HUGEPAGE);
  }
  return DLC_OK;
}

dlc_status Prepared::prepare(const dlc_model &model, uint32_t threads, Error &error) {
  const Program &p = model.program;
  if (p.preparations.empty()) {
    return DLC_OK;
  }
  pthread_mutex_lock(&lock);
  struct Unlock {
    pthread_mutex_t *lock;
    ~Unlock() { pthread_mutex_unlock(lock); }
  } unlock{&lock};
  if (failure) {
    error = failure;
    return error.status;
  }
  if (ready || (!mapping && reserve(p.header.prepared_size, error))) {
    return error.status;
  }
  Work work(model, block);
  uint64_t wanted = p.preparedWeights() / bytesPerThread + 1, most = threads < mostThreads ? threads : mostThreads;
  work.pieces = uint32_t(wanted < most ? wanted : most);
  if (!work.findSources()) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory to prepare constants");
  }
  runOnThreads(work, work.pieces);
  work.giveBack(p.header.sources, p.header.weights_size - p.header.sources);
  if (work.failed) {
    uint32_t bad = work.badIndex;
    fail(failure, DLC_INVALID_MODEL, "preparation %u: kernel '%s' failed with status %d", bad,
         p.string(p.kernels[p.preparations[bad].kernel].name), int(work.badStatus));
    error = failure;
    return error.status;
  }
  mprotect(mapping, mapped, PROT_READ);
  ready.store(true, std::memory_order_release);
  return DLC_OK;
}

} // namespace dlc::rt
