/// \file Text tables with aligned columns.
#ifndef DLC_TOOLS_COMMON_TABLE_H
#define DLC_TOOLS_COMMON_TABLE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace dlc {

/// Collects rows and prints them with columns two spaces apart.
class Table {
public:
  /// A header that starts with '>' aligns its column to the right.
  explicit Table(std::vector<std::string> headers);
  void addRow(std::vector<std::string> cells);
  void print(llvm::raw_ostream &stream, unsigned indent = 0) const;
  bool empty() const { return rows.empty(); }

private:
  std::vector<std::string> headers;
  std::vector<bool> isRight;
  std::vector<std::vector<std::string>> rows;
};

/// "1.50 KiB", "97.8 MiB"; plain bytes below 1024.
std::string bytesString(double bytes);
/// "1.23 G", "4.56 M", with the unit's prefix for powers of 1000.
std::string countString(double count);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_TABLE_H
