#include "cpu/Cpu.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace dlc::rt {
namespace {

/// Reads a small file below `root`; false when there is none.
bool readFile(const char *root, const char *path, char *to, size_t size) {
  char full[1024];
  if (snprintf(full, sizeof full, "%s%s", root, path) >= int(sizeof full)) {
    return false;
  }
  int fd = open(full, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  size_t used = 0;
  for (ssize_t got; used + 1 < size && (got = read(fd, to + used, size - 1 - used)) > 0;) {
    used += size_t(got);
  }
  to[used] = 0;
  close(fd);
  return used > 0;
}

/// Processors that a quota of `quota` per `period` stands for, rounded up; 0: no limit.
uint32_t processors(long long quota, long long period) {
  if (quota <= 0 || period <= 0) {
    return 0;
  }
  long long count = (quota - 1) / period + 1;
  return count > 65536 ? 65536 : uint32_t(count);
}

void tighten(uint32_t &limit, uint32_t found) {
  if (found && (!limit || found < limit)) {
    limit = found;
  }
}

uint32_t quotaV2(const char *root, const char *directory) {
  char path[900], text[128];
  long long quota, period;
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", directory);
  if (!readFile(root, path, text, sizeof text) || sscanf(text, "%lld %lld", &quota, &period) != 2) {
    return 0; // "max 100000" has no limit
  }
  return processors(quota, period);
}

uint32_t quotaV1(const char *root, const char *mount, const char *directory) {
  char path[900], quota[64], period[64];
  snprintf(path, sizeof path, "%s%s/cpu.cfs_quota_us", mount, directory);
  if (!readFile(root, path, quota, sizeof quota)) {
    return 0;
  }
  snprintf(path, sizeof path, "%s%s/cpu.cfs_period_us", mount, directory);
  return readFile(root, path, period, sizeof period) ? processors(atoll(quota), atoll(period)) : 0;
}

/// The tightest limit of `directory` and all above it.
template <typename Quota> uint32_t walkUp(char *directory, Quota quota) {
  uint32_t limit = 0;
  if (strcmp(directory, "/") == 0) {
    directory[0] = 0;
  }
  for (;;) {
    tighten(limit, quota(directory));
    char *slash = strrchr(directory, '/');
    if (!slash) {
      return limit;
    }
    *slash = 0;
  }
}

/// Whether a v1 line's list of controllers ("cpu,cpuacct") has "cpu".
bool hasCpu(const char *list, const char *end) {
  while (list < end) {
    const char *comma = static_cast<const char *>(memchr(list, ',', size_t(end - list)));
    const char *stop = comma ? comma : end;
    if (stop - list == 3 && memcmp(list, "cpu", 3) == 0) {
      return true;
    }
    list = stop + 1;
  }
  return false;
}

uint32_t lineQuota(const char *root, char *line) {
  char *controllers = strchr(line, ':');
  char *directory = controllers ? strchr(controllers + 1, ':') : nullptr;
  if (!directory || strlen(directory + 1) > 700) {
    return 0;
  }
  ++controllers;
  if (controllers == directory) {
    return walkUp(directory + 1, [&](const char *d) { return quotaV2(root, d); });
  }
  if (!hasCpu(controllers, directory)) {
    return 0;
  }
  return walkUp(directory + 1, [&](const char *d) {
    uint32_t limit = quotaV1(root, "/sys/fs/cgroup/cpu", d);
    tighten(limit, quotaV1(root, "/sys/fs/cgroup/cpu,cpuacct", d));
    return limit;
  });
}
} // namespace

uint32_t cgroupThreads(const char *root) {
  char text[8192];
  if (!readFile(root, "/proc/self/cgroup", text, sizeof text)) {
    return 0;
  }
  uint32_t limit = 0;
  for (char *line = text; line && *line;) {
    char *end = strchr(line, '\n');
    if (end) {
      *end = 0;
    }
    tighten(limit, lineQuota(root, line));
    line = end ? end + 1 : nullptr;
  }
  return limit;
}

uint32_t availableThreads(const char *root) {
  uint32_t count = 0;
  for (size_t size = 1024; size <= (1u << 20) && !count; size *= 4) {
    cpu_set_t *set = CPU_ALLOC(size);
    if (!set) {
      break;
    }
    if (sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0) {
      count = uint32_t(CPU_COUNT_S(CPU_ALLOC_SIZE(size), set));
    }
    CPU_FREE(set);
  }
  if (!count) {
    count = 1;
  }
  uint32_t quota = cgroupThreads(root);
  return quota && quota < count ? quota : count;
}

} // namespace dlc::rt
