/// \file The command line of `dlc`.
#include "dlc/runtime.h"
#include "tools/common/ExitCode.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Crash.h"
#include "tools/dlc/Help.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace {

using namespace dlc;

std::string versionText() {
  return std::string("dlc ") + dlc_runtime_version_text() + " (artifact ABI " + std::to_string(DLC_ABI_VERSION) +
         ", LLVM " + LLVM_VERSION_STRING + ")";
}

/// Usage errors name the command whose help is worth reading.
std::string usageError(const CLI::App *app, const CLI::Error &error) {
  std::string command = "dlc";
  for (const CLI::App *inner : app->get_subcommands()) {
    command += " " + inner->get_name();
  }
  return std::string("dlc: error: ") + error.what() + "\nsee '" + command + " --help'\n";
}

/// Flushes standard output. A reader that went away is no error; a full disk is.
int finishOutput(int exitCode) {
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  llvm::outs().clear_error();
  if (!code || code == std::errc::broken_pipe) {
    return exitCode;
  }
  llvm::errs() << "dlc: error: can't write to standard output: " << code.message() << '\n';
  return exitCode == exitDone ? exitInput : exitCode;
}

/// A descriptor of the standard streams that is closed would become that of the next file: what is printed would end up
/// in it. They are opened such that writing fails.
void reserveStandardStreams() {
  int descriptor = ::open("/dev/null", O_RDONLY);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) {
    descriptor = ::open("/dev/null", O_RDONLY);
  }
  ::close(descriptor);
}

int runCommandLine(int argc, char **argv) {
  CLI::App app{"Compiles trained networks ahead of time, and runs them.", "dlc"};
  int exitCode = exitDone;
  app.formatter(std::make_shared<HelpFormatter>());
  app.failure_message(usageError);
  app.set_version_flag("--version", versionText(), "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);
  addCompileCommand(app, exitCode);
  addCheckCommand(app, exitCode);
  addRunCommand(app, exitCode);
  addBenchCommand(app, exitCode);
  addInspectCommand(app, exitCode);
  addVerifyCommand(app, exitCode);
  addPruneCommand(app, exitCode);
  addOpsCommand(app, exitCode);
  for (CLI::App *command : app.get_subcommands({})) {
    command->group("Commands");
  }
  app.footer("'dlc COMMAND --help' tells a command's options.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    std::ostringstream output, errors;
    int code = app.exit(error, output, errors);
    llvm::outs() << output.str();
    llvm::errs() << errors.str();
    return code == 0 ? exitDone : exitUsage;
  }
  if (app.get_subcommands().empty()) {
    llvm::errs() << "dlc: error: expected a command\nsee 'dlc --help'\n";
    return exitUsage;
  }
  return exitCode;
}

} // namespace

int main(int argc, char **argv) {
  // Whoever started us may ignore it; the default ends `dlc inspect ... | head` without a word.
  std::signal(SIGPIPE, SIG_DFL);
  reserveStandardStreams();
  reportCrashes();
  // A limit on the size of files is an error of writing, not a death.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return finishOutput(runCommandLine(argc, argv));
  } catch (const std::bad_alloc &) {
    llvm::errs() << "dlc: error: out of memory\n";
    return exitInput;
  } catch (const std::exception &error) {
    llvm::errs() << "dlc: internal error: " << error.what() << "; please report it with the command line\n";
    return exitBug;
  }
}
