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
  void add(llvm::StringRef formula, double times = 1);

  /// The sum when it is a plain number.
  std::optional<double> number() const;
  /// Whether all its terms are added, none subtracted.
  bool isSumOfPositives() const;
  /// The sum with floordiv(-x, n) written as -ceildiv(x, n).
  std::string text() const;

private:
  void addTerm(llvm::StringRef term, double coefficient);

  std::map<std::string, double> terms; ///< coefficients by the product of the other factors; "" for plain numbers
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_FORMULA_H
