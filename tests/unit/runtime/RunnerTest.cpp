// A model as a program: the runner with an artifact appended.
#include "Builder.h"
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlc::test;

#ifdef DLC_RUNNER
namespace {

std::string readAll(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string output(const std::string &command) {
  std::string text;
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; (c = fgetc(pipe)) != EOF;) {
    text += char(c);
  }
  pclose(pipe);
  return text;
}

TEST(Runner, RunsTheArtifactAtItsEnd) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  uint32_t x = b.input("x", DLC_F32, {1, 1});
  uint32_t one = b.constant(s, 1), y = b.output("y:0", DLC_F32, {one}, b.constant(s, 4));
  b.step(s, DLC_STEP_DISPATCH, b.kernel("copy", nullptr), {x, y}, {}, 1, one);
  b.entry("main", main);
  std::string elf = b.elf(std::string("\x48\x8b\x07\x8b\x00\x48\x8b\x4f\x08\x89\x01\x31\xc0\xc3", 14));
  std::string program = readAll(DLC_RUNNER);
  program.resize((program.size() + 4095) & ~size_t(4095));
  uint64_t size = elf.size();
  program += elf + std::string(reinterpret_cast<char *>(&size), 8) + "dlcexe01";

  char name[] = "/tmp/dlc-runner-XXXXXX";
  std::string dir = mkdtemp(name), exe = dir + "/model";
  std::ofstream(exe, std::ios::binary) << program;
  chmod(exe.c_str(), 0755);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }";
  header.resize(117, ' ');
  float value = 2.5f;
  std::ofstream(dir + "/x.npy", std::ios::binary) << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header << '\n'
                                                  << std::string(reinterpret_cast<char *>(&value), 4);

  EXPECT_NE(output(exe + " --inputs").find("input x: f32[1, 1]"), std::string::npos) << output(exe + " --inputs");
  EXPECT_NE(output(exe + " --help").find("usage:"), std::string::npos);
  std::string log = output(exe + " --input x=" + dir + "/x.npy --output-dir " + dir);
  EXPECT_NE(log.find("ran in"), std::string::npos) << log;
  std::string npy = readAll(dir + "/y_0.npy");
  ASSERT_EQ(npy.size(), 128u + 4) << log;
  EXPECT_EQ(npy.substr(0, 6), "\x93NUMPY");
  EXPECT_EQ(memcmp(npy.data() + 128, &value, 4), 0);
  EXPECT_NE(output(exe).find("input 'x' was not given"), std::string::npos);
  EXPECT_NE(output(exe + " --input z=" + dir + "/x.npy").find("has no input 'z'"), std::string::npos);
  EXPECT_NE(output(exe + " --input x=" + exe).find("not a .npy file"), std::string::npos);
  output("rm -r " + dir);
}

} // namespace
#endif
