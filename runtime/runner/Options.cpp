#include "Options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace dlc::runner {
namespace {

bool parseNumber(const char *name, const char *text, unsigned most, uint32_t &number) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno == 0 && *text >= '0' && *text <= '9' && *end == 0 && value >= 1 && value <= most) {
    number = uint32_t(value);
    return true;
  }
  char expected[64];
  snprintf(expected, sizeof expected, "%s: expected a number from 1 to %u, got", name, most);
  complain(exitUsage, expected, text);
  return false;
}

bool setValue(Options &o, const char *name, const char *value) {
  if (strcmp(name, "--input") == 0) {
    if (o.inputCount == maxPorts) {
      return complain(exitUsage, "--input: expected fewer of them, got another", value) == exitDone;
    }
    o.inputs[o.inputCount++] = value;
  } else if (strcmp(name, "--output-dir") == 0) {
    o.outputDir = value;
  } else if (strcmp(name, "--entry") == 0) {
    o.entry = value;
  } else if (strcmp(name, "--threads") == 0) {
    return parseNumber(name, value, 4096, o.threads);
  } else {
    return parseNumber(name, value, 1000000, o.runs);
  }
  return true;
}

} // namespace

int complain(ExitCode code, const char *what, const char *why) {
  fprintf(stderr, "error: %s%s%s\n%s", what, *what && *why ? ": " : "", why, code == exitUsage ? "see --help\n" : "");
  return code;
}

bool parse(int argc, char **argv, Options &o) {
  constexpr const char *names[] = {"--input", "--output-dir", "--runs", "--entry", "--threads"};
  for (int i = 1; i < argc; ++i) {
    const char *arg = argv[i], *known = nullptr;
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
      o.help = true;
      continue;
    }
    if (strcmp(arg, "--inputs") == 0) {
      o.list = true;
      continue;
    }
    size_t length = strcspn(arg, "=");
    for (const char *name : names) {
      known = strlen(name) == length && strncmp(arg, name, length) == 0 ? name : known;
    }
    if (!known) {
      return complain(exitUsage, "the following argument was not expected", arg) == exitDone;
    }
    const char *value = arg[length] ? arg + length + 1 : i + 1 < argc ? argv[++i] : "";
    if (!*value) {
      return complain(exitUsage, known, "expected a value, got none") == exitDone;
    }
    if (!setValue(o, known, value)) {
      return false;
    }
  }
  return true;
}

const char *optionsText() {
  return "Options:\n"
         "  -h,--help               Print this help and exit\n"
         "  --inputs                List inputs and outputs and exit\n"
         "  --input [NAME=]FILE     An input: NAME=FILE.npy, or FILE.npy alone when there is\n"
         "                          only one. May be given several times\n"
         "  --output-dir DIR        Write output_0.npy, output_1.npy, ... in graph order\n"
         "                          into this folder; texts are output_N.txt\n"
         "  --runs N                Runs one after the other on the same inputs; state goes\n"
         "                          on from run to run. Outputs are the last run's;\n"
         "                          default: 1\n"
         "  --entry NAME            The entry point; default: the first\n"
         "  --threads N             Threads; default: all that the process may use\n\n"
         "Exit codes: 0 done; 1 something is wrong with a file, or the run failed; 2 wrong\n"
         "usage.\n";
}

} // namespace dlc::runner
