/// \file One backend test: compiled, loaded, run, compared. Runs inside a process of its own.
#ifndef DLC_TOOLS_CONFORMANCE_CASE_H
#define DLC_TOOLS_CONFORMANCE_CASE_H

#include <string>

namespace dlc::conformance {

/// How the model's inputs are presented to the compiler.
enum class Variant {
  Static,   ///< as the model states them
  Dynamic,  ///< all sizes but 0 and 1 are symbols, equal ones the same symbol
  Constant, ///< inputs have the values of the first data set, known at compile time
};

struct CaseOptions {
  std::string folder; ///< with model.onnx and test_data_set_N
  Variant variant = Variant::Static;
  int optLevel = 3;
};

enum class Result { Passed, Failed, Skipped };

struct Verdict {
  Result result = Result::Passed;
  std::string stage;  ///< import, compile, load, run, compare, folded, data, ...
  std::string reason; ///< one line
};

/// Calls `enter` with the name of each stage as it begins, so that who watches knows where a crash happened.
Verdict runCase(const CaseOptions &options, void (*enter)(const char *stage));

} // namespace dlc::conformance

#endif // DLC_TOOLS_CONFORMANCE_CASE_H
