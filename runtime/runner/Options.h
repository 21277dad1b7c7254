// The command line of a model as a program: the words of `dlc run`.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace dlc::runner {

constexpr size_t maxPorts = 256;

/// As those of dlc: wrong usage is not the same as something wrong with a file or a run.
enum ExitCode { exitDone = 0, exitInput = 1, exitUsage = 2 };

struct Options {
  const char *outputDir = nullptr;
  const char *entry = nullptr; ///< null: the first
  uint32_t threads = 0, runs = 1;
  bool help = false, list = false;
  const char *inputs[maxPorts] = {}; ///< "name=file.npy", or a file alone
  size_t inputCount = 0;
};

/// Prints "error: what: why", where to find help when it is wrong usage, and returns `code`.
int complain(ExitCode code, const char *what, const char *why);

/// False when the arguments are no options, or their values not what they should be; the reason has been printed.
bool parse(int argc, char **argv, Options &options);

/// What --help tells of the options.
const char *optionsText();

} // namespace dlc::runner
