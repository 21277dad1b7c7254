/// \file What happens when dlc itself fails.
#ifndef DLC_TOOLS_DLC_CRASH_H
#define DLC_TOOLS_DLC_CRASH_H

namespace dlc {

/// From here on, a crash prints a stack trace, asks for a report, removes half-written files and ends with exitBug.
void reportCrashes();

} // namespace dlc

#endif // DLC_TOOLS_DLC_CRASH_H
