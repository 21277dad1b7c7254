/// \file Sums of size formulas, as texts.
#ifndef DLC_TOOLS_DLC_FORMULA_H
#define DLC_TOOLS_DLC_FORMULA_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace dlc {

/// Adds formulas such as "batch * 64 + 12" and collects equal terms: "batch * 64" + "batch * 2" is "66 * batch".
class FormulaSum {
public:
  void add(int64_t number);
  void add(llvm::StringRef formula);

  /// The sum when it is a plain number.
  std::optional<double> number() const;
  std::string text() const;

private:
  void addTerm(llvm::StringRef term);

  std::map<std::string, double> terms; ///< coefficients by the product of the other factors; "" for plain numbers
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_FORMULA_H
