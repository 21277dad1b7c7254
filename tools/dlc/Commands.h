/// \file The commands of `dlc`, one file each. A command adds its options to a CLI11 sub-command and leaves its exit
/// code (tools/common/ExitCode.h) in `exitCode`.
#ifndef DLC_TOOLS_DLC_COMMANDS_H
#define DLC_TOOLS_DLC_COMMANDS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace dlc {

struct SourceOptions;

void addCompileCommand(CLI::App &app, int &exitCode);
void addCheckCommand(CLI::App &app, int &exitCode);
void addRunCommand(CLI::App &app, int &exitCode);
void addBenchCommand(CLI::App &app, int &exitCode);
void addInspectCommand(CLI::App &app, int &exitCode);
void addVerifyCommand(CLI::App &app, int &exitCode);
void addPruneCommand(CLI::App &app, int &exitCode);
void addOpsCommand(CLI::App &app, int &exitCode);

/// True for files that have to be compiled before they run.
bool isSourceModel(llvm::StringRef path);

/// Compiles a source model; returns the bytes of the shared object.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileInMemory(const SourceOptions &source);

/// A fault of dlc, not of what it was given.
class InternalError : public llvm::ErrorInfo<InternalError, llvm::StringError> {
public:
  explicit InternalError(const std::string &message) : ErrorInfo(message, llvm::inconvertibleErrorCode()) {}
  static char ID; // NOLINT: the name that llvm::ErrorInfo wants
};

/// Prints "dlc: error: ..." to standard error and returns exitInput, or exitBug for an InternalError.
int reportError(llvm::Error error);

} // namespace dlc

#endif // DLC_TOOLS_DLC_COMMANDS_H
