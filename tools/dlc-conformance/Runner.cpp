#include "tools/dlc-conformance/Runner.h"
#include "tools/common/FileIO.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <thread>

namespace dlc::conformance {
namespace {

using Clock = std::chrono::steady_clock;

// The lines that a child prints for its parent.
constexpr llvm::StringLiteral stagePrefix = "dlc-conformance-stage ", verdictPrefix = "dlc-conformance-verdict ";
constexpr const char *resultNames[] = {"passed", "failed", "skipped"};

/// A child process and the file that takes its output.
struct Child {
  size_t index = 0;
  llvm::sys::ProcessInfo process;
  llvm::SmallString<128> log;
  Clock::time_point start;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
};

std::string selfPath() { return llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&selfPath)); }

/// The folder for temporary files of this process and its children, which leave some behind when they are killed.
class TemporaryFolder {
public:
  TemporaryFolder() {
    if (!llvm::sys::fs::createUniqueDirectory("dlc-conformance", path)) {
      setenv("TMPDIR", path.c_str(), 1);
    }
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

private:
  llvm::SmallString<128> path;
};

/// Starts a child; a process id of 0 says that it could not be started.
Child startChild(size_t index, const CaseOptions &options, const Limits &limits) {
  Child child;
  child.index = index;
  child.start = Clock::now();
  if (llvm::sys::fs::createTemporaryFile("dlc-conformance", "log", child.log)) {
    return child;
  }
  std::string self = selfPath(), level = std::to_string(options.optLevel), memory = std::to_string(limits.mebibytes);
  llvm::StringRef arguments[] = {self,  "--child",     options.folder, "--variant", variantName(options.variant),
                                 "--opt-level", level, "--memory",     memory};
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(), child.log.str(), child.log.str()};
  child.process = llvm::sys::ExecuteNoWait(self, arguments, std::nullopt, redirects);
  return child;
}

/// What the child printed, as a verdict. `ending` says how it ended when it did not say so itself.
Verdict readVerdict(const Child &child, llvm::StringRef ending) {
  Verdict verdict{Result::Failed, "start", ""};
  std::string firstLine;
  auto file = readFile(child.log);
  if (!file) {
    return {Result::Failed, "start", llvm::toString(file.takeError())};
  }
  for (llvm::StringRef line : llvm::split((*file)->getBuffer(), '\n')) {
    if (line.consume_front(stagePrefix)) {
      verdict.stage = line.str();
    } else if (line.consume_front(verdictPrefix)) {
      auto [result, rest] = line.split(' ');
      auto [stage, reason] = rest.split(' ');
      verdict.result = result == resultNames[0] ? Result::Passed : result == resultNames[2] ? Result::Skipped : Result::Failed;
      verdict.stage = stage.str();
      verdict.reason = reason.str();
      return verdict;
    } else if (firstLine.empty() && !line.trim().empty()) {
      firstLine = line.trim().str();
    }
  }
  verdict.reason = (ending + (firstLine.empty() ? "" : ": ") + firstLine).str();
  return verdict;
}

/// True when the child has ended (or was ended because its time is up), with what came of it.
bool poll(Child &child, const Limits &limits, Outcome &outcome) {
  std::string error = "crashed";
  bool isLate = child.seconds() > limits.seconds;
  if (child.process.Pid != llvm::sys::ProcessInfo::InvalidPid) {
    if (isLate) {
      kill(child.process.Pid, SIGKILL);
    }
    llvm::sys::ProcessInfo ended =
        llvm::sys::Wait(child.process, isLate ? std::nullopt : std::optional<unsigned>(0), &error, nullptr, /*Polling=*/!isLate);
    if (ended.Pid == 0) {
      return false;
    }
    error = ended.ReturnCode > 0 ? "ended with exit code " + std::to_string(ended.ReturnCode) : error;
  }
  outcome.seconds = child.seconds();
  outcome.verdict = readVerdict(child, isLate ? "out of time" : error);
  llvm::sys::fs::remove(child.log);
  return true;
}

} // namespace

void runCases(const std::vector<CaseOptions> &cases, const Limits &limits,
              const std::function<void(size_t index, const Outcome &outcome)> &done) {
  TemporaryFolder folder;
  std::vector<Child> running;
  for (size_t next = 0; next < cases.size() || !running.empty();) {
    while (next < cases.size() && running.size() < limits.jobs) {
      running.push_back(startChild(next, cases[next], limits));
      ++next;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    for (size_t i = 0; i < running.size();) {
      Outcome outcome;
      if (!poll(running[i], limits, outcome)) {
        ++i;
        continue;
      }
      size_t index = running[i].index;
      running.erase(running.begin() + static_cast<ptrdiff_t>(i));
      done(index, outcome);
    }
  }
}

int runChild(const CaseOptions &options, const Limits &limits) {
  if (limits.mebibytes > 0) {
    rlim_t bytes = static_cast<rlim_t>(limits.mebibytes) << 20;
    rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_AS, &limit);
  }
  auto enter = [](const char *stage) {
    llvm::outs() << stagePrefix << stage << '\n';
    llvm::outs().flush();
  };
  Verdict verdict = runCase(options, enter);
  llvm::outs() << verdictPrefix << resultNames[static_cast<int>(verdict.result)] << ' ' << verdict.stage << ' '
               << verdict.reason << '\n';
  llvm::outs().flush();
  return 0;
}

const char *variantName(Variant variant) {
  return variant == Variant::Static ? "static" : variant == Variant::Dynamic ? "dynamic" : "constant";
}

} // namespace dlc::conformance
