// How many threads a process may use.
#include "cpu/Cpu.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>

namespace {

/// A directory that stands for "/".
class FakeRoot {
public:
  FakeRoot() {
    char name[] = "/tmp/dlc-root-XXXXXX";
    path = mkdtemp(name);
  }
  ~FakeRoot() { (void)!system(("rm -rf " + path).c_str()); }
  void file(const std::string &name, const std::string &text) {
    std::string full = path + name;
    (void)!system(("mkdir -p " + full.substr(0, full.rfind('/'))).c_str());
    std::ofstream(full) << text;
  }
  uint32_t threads() const { return dlc::rt::cgroupThreads(path.c_str()); }
  std::string path;
};

TEST(Cgroup, NoneMeansNoLimit) { EXPECT_EQ(FakeRoot().threads(), 0u); }

TEST(Cgroup, VersionTwo) {
  FakeRoot r;
  r.file("/proc/self/cgroup", "0::/a/b\n");
  r.file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(r.threads(), 0u);
  r.file("/sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
  EXPECT_EQ(r.threads(), 3u);
  r.file("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(r.threads(), 2u);
}

TEST(Cgroup, VersionTwoAtTheRootOfANamespace) {
  FakeRoot r;
  r.file("/proc/self/cgroup", "0::/\n");
  r.file("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(r.threads(), 1u);
}

TEST(Cgroup, VersionOne) {
  FakeRoot r;
  r.file("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/id\n");
  r.file("/sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_quota_us", "-1\n");
  r.file("/sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(r.threads(), 0u);
  r.file("/sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_quota_us", "400000\n");
  EXPECT_EQ(r.threads(), 4u);
  r.file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  r.file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(r.threads(), 3u);
}

TEST(Cgroup, NonsenseIsNoLimit) {
  FakeRoot r;
  r.file("/proc/self/cgroup", ":::::\n\n0::\n0\nx:cpu\n");
  r.file("/sys/fs/cgroup/cpu.max", "-7 0\n");
  EXPECT_EQ(r.threads(), 0u);
}

TEST(Affinity, BoundsTheThreads) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  uint32_t all = dlc::rt::availableThreads("");
  EXPECT_GE(all, 1u);
  EXPECT_LE(all, uint32_t(CPU_COUNT(&before)));
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(dlc::rt::availableThreads(""), 1u);
  sched_setaffinity(0, sizeof before, &before);
  FakeRoot r;
  r.file("/proc/self/cgroup", "0::/\n");
  r.file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(dlc::rt::availableThreads(r.path.c_str()), 1u);
}

} // namespace
