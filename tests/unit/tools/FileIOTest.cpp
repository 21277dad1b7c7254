#include "tools/common/FileIO.h"
#include "TestSupport.h"
#include <csignal>
#include <sys/resource.h>

using namespace dlc;
using namespace dlc::test;

TEST(FileIO, WritesAndReplaces) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeFile(folder.file("x"), {"old"})), "");
  EXPECT_EQ(errorOf(writeFile(folder.file("x"), {"new", " ", "text"})), "");
  EXPECT_EQ(contentOf(folder.file("x")), "new text");
}

TEST(FileIO, FailuresLeaveNothingBehind) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(makeFolder(folder.file("a/b"))), "");
  EXPECT_NE(errorOf(writeFile(folder.file("a"), {"x"})), "");
  EXPECT_NE(errorOf(writeFile(folder.file("missing/x"), {"x"})), "");
  std::error_code code;
  size_t entries = 0;
  for (llvm::sys::fs::directory_iterator it(folder.file(""), code), end; it != end && !code; it.increment(code)) {
    ++entries;
  }
  EXPECT_EQ(entries, 1u);
}

TEST(FileIO, AFullDeviceIsAnError) {
  if (!llvm::sys::fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full";
  }
  EXPECT_EQ(errorOf(writeFile("/dev/full", {"x"})), "/dev/full: can't write: No space left on device");
}

TEST(FileIO, AFullDiskLeavesTheOldFile) {
  TemporaryFolder folder;
  std::string file = folder.file("x");
  EXPECT_EQ(errorOf(writeFile(file, {"old"})), "");
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small{4096, old.rlim_max};
  auto *handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string error = errorOf(writeFile(file, {std::string(10000, 'x')}));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error, file + ": can't write: File too large");
  EXPECT_EQ(contentOf(file), "old");
  std::error_code code;
  llvm::sys::fs::directory_iterator entry(folder.file(""), code);
  EXPECT_TRUE(entry.increment(code) == llvm::sys::fs::directory_iterator());
}

TEST(FileIO, UnreadableFiles) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(readFile(folder.file(""))), folder.file("") + ": expected a file, got a folder");
  EXPECT_EQ(errorOf(readFile(folder.file("x"))), folder.file("x") + ": can't read: No such file or directory");
}
