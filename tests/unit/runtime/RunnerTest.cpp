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

struct Outcome {
  int code;
  std::string text;
};

Outcome start(const std::string &command) {
  Outcome outcome;
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; (c = fgetc(pipe)) != EOF;) {
    outcome.text += char(c);
  }
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}
std::string output(const std::string &command) { return start(command).text; }

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
  EXPECT_NE(output(exe + " --help").find("Usage:"), std::string::npos);
  EXPECT_EQ(start(exe + " --help").code, 0);
  std::string log = output(exe + " --input x=" + dir + "/x.npy --output-dir " + dir + "/new/out");
  EXPECT_NE(log.find("ran in"), std::string::npos) << log;
  std::string npy = readAll(dir + "/new/out/output_0.npy");
  ASSERT_EQ(npy.size(), 128u + 4) << log;
  EXPECT_EQ(npy.substr(0, 6), "\x93NUMPY");
  EXPECT_EQ(memcmp(npy.data() + 128, &value, 4), 0);
  // Wrong usage is 2, a bad file 1.
  std::string good = " --input x=" + dir + "/x.npy";
  std::ofstream(dir + "/bad.npy") << "no numbers";
  struct {
    std::string arguments;
    int code;
    const char *text;
  } cases[] = {{" --input " + dir + "/x.npy --runs=3 --threads 2", 0, "ran in"},
               {"", 2, "none for: x\nsee --help\n"},
               {" --nonsense", 2, "was not expected: --nonsense"},
               {" file.npy", 2, "was not expected: file.npy"},
               {good + " --threads 0", 2, "--threads: expected a number from 1 to 4096, got: 0"},
               {good + " --threads abc", 2, "got: abc"},
               {good + " --runs=-1", 2, "--runs: expected a number from 1 to 1000000, got: -1"},
               {good + " --output-dir", 2, "--output-dir: expected a value, got none"},
               {good + " --entry other", 2, "--entry: this model has no entry: other"},
               {good + good, 2, "expected one file for each input, got another: x="},
               {" --input z=" + dir + "/x.npy", 2, "got: z="},
               {" --input x=" + dir + "/nowhere.npy", 1, "it cannot be opened"},
               {" --input x=" + dir + "/bad.npy", 1, "it is not a .npy file"},
               {good + " --output-dir " + dir + "/x.npy", 1, "output_0.npy: it cannot be created"}};
  for (const auto &each : cases) {
    Outcome outcome = start(exe + each.arguments);
    EXPECT_EQ(outcome.code, each.code) << each.arguments << '\n' << outcome.text;
    EXPECT_NE(outcome.text.find(each.text), std::string::npos) << each.arguments << '\n' << outcome.text;
  }
  output("rm -r " + dir);
}

} // namespace
#endif
