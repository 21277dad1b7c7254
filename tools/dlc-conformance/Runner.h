/// \file Tests in processes of their own, several at a time, under limits of time and memory.
#ifndef DLC_TOOLS_CONFORMANCE_RUNNER_H
#define DLC_TOOLS_CONFORMANCE_RUNNER_H

#include "tools/dlc-conformance/Case.h"
#include <functional>
#include <vector>

namespace dlc::conformance {

struct Limits {
  double seconds = 60;
  unsigned mebibytes = 4096; ///< of address space; 0: none
  unsigned jobs = 2;
};

struct Outcome {
  Verdict verdict;
  double seconds = 0;
};

/// Runs all cases; `done` is called with each outcome as it comes, in any order.
void runCases(const std::vector<CaseOptions> &cases, const Limits &limits,
              const std::function<void(size_t index, const Outcome &outcome)> &done);

/// What a child process does: runs the case and prints stages and the verdict for the parent. Returns the exit code.
int runChild(const CaseOptions &options, const Limits &limits);

/// "static", "dynamic" or "constant".
const char *variantName(Variant variant);

} // namespace dlc::conformance

#endif // DLC_TOOLS_CONFORMANCE_RUNNER_H
