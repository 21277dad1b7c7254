/// \file The exit codes of every command.
#ifndef DLC_TOOLS_COMMON_EXITCODE_H
#define DLC_TOOLS_COMMON_EXITCODE_H

namespace dlc {

/// What a command's exit code says about whose turn it is.
enum ExitCode {
  exitDone = 0,  ///< everything asked for was done
  exitInput = 1, ///< a file, a model or the environment is at fault
  exitUsage = 2, ///< the command line is at fault
  exitBug = 3,   ///< dlc is at fault: please report it
};

} // namespace dlc

#endif // DLC_TOOLS_COMMON_EXITCODE_H
