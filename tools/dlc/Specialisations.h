/// \file `--dim NAME=SIZES`: the combinations of sizes that a model is compiled for; and `--state OUTPUT:INPUT`.
#ifndef DLC_TOOLS_DLC_SPECIALISATIONS_H
#define DLC_TOOLS_DLC_SPECIALISATIONS_H

#include "compiler/Entries.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// One of them: dims that have a size (a number or formula), and ranges of others.
struct Specialisation {
  std::vector<std::pair<std::string, std::string>> sizes;
  std::vector<SizeBounds> bounds;
};

/// The cross product of the alternatives in texts such as "seq=1|128|1..512", the first text's changing slowest; one
/// empty combination when there are no texts.
llvm::Expected<std::vector<Specialisation>> parseSpecialisations(const std::vector<std::string> &texts);

/// Pairs from texts such as "h_out:h_in".
llvm::Expected<std::vector<StatePair>> parseStates(const std::vector<std::string> &texts);

} // namespace dlc

#endif // DLC_TOOLS_DLC_SPECIALISATIONS_H
