/// \file Profiles of runs: per step, and as a trace for Perfetto or chrome://tracing.
#ifndef DLC_TOOLS_DLC_PROFILE_H
#define DLC_TOOLS_DLC_PROFILE_H

#include "tools/common/Session.h"
#include <map>

namespace dlc {

/// What one step cost in all profiled runs together.
struct StepCost {
  std::string name, strategy;
  double busyNs = 0; ///< summed over threads
  double flops = 0, bytes = 0;
  bool hasFlops = true, hasBytes = true;
  int64_t stretches = 0;
};

/// One stretch of work of the last profiled run.
struct ProfileStretch {
  dlc_profile_event event;
};

struct Profile {
  std::map<uint32_t, StepCost> steps; ///< by the step's index
  std::vector<ProfileStretch> lastRun;
  int64_t runs = 0;
  double runNs = 0; ///< of all profiled runs together
  uint64_t dropped = 0;

  /// Arithmetic of one run; steps that don't know theirs count as 0 (then `isComplete` is false).
  double flopsPerRun() const;
  bool isComplete() const;
};

/// Runs `runs` times with profiling on, then turns it off.
llvm::Expected<Profile> collectProfile(Session &session, int64_t runs);

/// Writes the last run as Chrome trace events (JSON).
llvm::Error writeTrace(llvm::StringRef path, const Profile &profile, const dlc_model *model);

/// A table of steps, the dearest first.
void printProfile(const Profile &profile, llvm::raw_ostream &stream);

} // namespace dlc

#endif // DLC_TOOLS_DLC_PROFILE_H
