#include "tools/common/Table.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>

namespace dlc {
namespace {

/// Columns that a text takes on a terminal.
size_t displayWidth(llvm::StringRef text) {
  int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width < 0 ? text.size() : static_cast<size_t>(width);
}

std::string scaled(double value, double base, llvm::ArrayRef<llvm::StringRef> units) {
  size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  if (unit == 0) {
    return llvm::formatv("{0:f0} {1}", value, units[0]).str();
  }
  return value < 10    ? llvm::formatv("{0:f2} {1}", value, units[unit]).str()
         : value < 100 ? llvm::formatv("{0:f1} {1}", value, units[unit]).str()
                       : llvm::formatv("{0:f0} {1}", value, units[unit]).str();
}

} // namespace

Table::Table(std::vector<std::string> names) : headers(std::move(names)) {
  for (std::string &header : headers) {
    bool startsRight = llvm::StringRef(header).starts_with(">");
    isRight.push_back(startsRight);
    header.erase(0, startsRight);
  }
}

void Table::addRow(std::vector<std::string> cells) {
  cells.resize(headers.size());
  rows.push_back(std::move(cells));
}

void Table::print(llvm::raw_ostream &stream, unsigned indent) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < headers.size(); ++i) {
    size_t width = displayWidth(headers[i]);
    for (const auto &row : rows) {
      width = std::max(width, displayWidth(row[i]));
    }
    widths.push_back(width);
  }
  auto printRow = [&](const std::vector<std::string> &cells) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < cells.size(); ++i) {
      std::string padding(widths[i] - displayWidth(cells[i]), ' ');
      line += (i ? "  " : "") + (isRight[i] ? padding + cells[i] : cells[i] + padding);
    }
    stream << llvm::StringRef(line).rtrim() << '\n';
  };
  printRow(headers);
  for (const auto &row : rows) {
    printRow(row);
  }
}

std::string bytesString(double bytes) { return scaled(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB"}); }

std::string countString(double count) {
  return llvm::StringRef(scaled(count, 1000, {"", "k", "M", "G", "T"})).trim().str();
}

} // namespace dlc
