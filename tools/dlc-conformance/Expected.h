/// \file Lists of tests that are known to fail: one name per line, the reason after '#'.
#ifndef DLC_TOOLS_CONFORMANCE_EXPECTED_H
#define DLC_TOOLS_CONFORMANCE_EXPECTED_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace dlc::conformance {

/// Name -> reason.
using Failures = std::map<std::string, std::string>;

/// Reads a list; an entry without a reason, and one that comes twice, is an error.
llvm::Expected<Failures> readFailures(llvm::StringRef path);

/// Writes a list, below the comment that says what it is.
llvm::Error writeFailures(llvm::StringRef path, const Failures &failures, llvm::StringRef comment);

} // namespace dlc::conformance

#endif // DLC_TOOLS_CONFORMANCE_EXPECTED_H
