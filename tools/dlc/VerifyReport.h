/// \file What `dlc verify` says.
#ifndef DLC_TOOLS_DLC_VERIFYREPORT_H
#define DLC_TOOLS_DLC_VERIFYREPORT_H

#include "tools/dlc/Verifier.h"
#include "llvm/Support/JSON.h"

namespace dlc {

/// A row per output of every step, and what is wrong with those that fail.
void printReport(const Report &report, llvm::raw_ostream &stream);

/// The first layer that differs. Only that one matters: what follows has its errors. `layers` of a step's checks are
/// those of layers, in the order of the graph; those of `states` come after them, those of outputs before.
void printFirstLayer(const Report &report, size_t layers, size_t states, llvm::raw_ostream &stream);

llvm::json::Value toJson(const Report &report);

} // namespace dlc

#endif // DLC_TOOLS_DLC_VERIFYREPORT_H
