/// \file Text tables with aligned columns.
#ifndef DLC_TOOLS_COMMON_TABLE_H
#define DLC_TOOLS_COMMON_TABLE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace dlc {

/// Collects rows and prints them with columns two spaces apart.
///
/// Where a terminal is too narrow, columns that may be left out are (the last first) until the others have room, and
/// then texts that may be shortened lose their middle, those of the widest column first.
class Table {
public:
  /// Marks before a header say how its column is: '>' aligned to the right, '~' may be shortened, '?' may be left out.
  explicit Table(std::vector<std::string> headers);
  void addRow(std::vector<std::string> cells);
  /// Prints as wide as the terminal behind `stream` is; everything, when there is none.
  void print(llvm::raw_ostream &stream, unsigned indent = 0) const;
  void print(llvm::raw_ostream &stream, unsigned indent, size_t width) const;
  bool empty() const { return rows.empty(); }

private:
  struct Column {
    std::string header;
    bool isRight = false, isShortened = false, isOptional = false;
  };
  std::vector<size_t> fit(size_t width) const;

  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

/// "1.50 KiB", "97.8 MiB"; plain bytes below 1024.
std::string bytesString(double bytes);
/// "1.23 G", "4.56 M", with the unit's prefix for powers of 1000.
std::string countString(double count);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_TABLE_H
