#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

namespace dlc {
namespace {

constexpr size_t gap = 2;
/// The width from which on a shortened text still tells something: columns are left out before one has to be narrower.
constexpr size_t readableWidth = 16;

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

Table::Table(std::vector<std::string> headers) {
  for (llvm::StringRef header : headers) {
    Column column;
    for (; !header.empty() && llvm::StringRef(">~?").contains(header[0]); header = header.drop_front()) {
      column.isRight |= header[0] == '>';
      column.isShortened |= header[0] == '~';
      column.isOptional |= header[0] == '?';
    }
    column.header = header.str();
    columns.push_back(std::move(column));
  }
}

void Table::addRow(std::vector<std::string> cells) {
  cells.resize(columns.size());
  rows.push_back(std::move(cells));
}

/// The columns' widths in a table of `width` columns of the terminal; 0: left out.
std::vector<size_t> Table::fit(size_t width) const {
  std::vector<size_t> widths;
  for (const auto &[i, column] : llvm::enumerate(columns)) {
    widths.push_back(displayWidth(column.header));
    for (const auto &row : rows) {
      widths[i] = std::max(widths[i], displayWidth(row[i]));
    }
  }
  auto total = [&](size_t mostOfShortened) {
    size_t sum = 0;
    for (const auto &[column, wide] : llvm::zip(columns, widths)) {
      sum += wide ? (column.isShortened ? std::min(wide, mostOfShortened) : wide) + gap : 0;
    }
    return sum - std::min(sum, gap);
  };
  for (size_t i = columns.size(); i-- > 0 && total(readableWidth) > width;) {
    widths[i] = columns[i].isOptional ? 0 : widths[i];
  }
  while (total(unlimitedWidth) > width) {
    size_t *widest = nullptr;
    for (const auto &[i, column] : llvm::enumerate(columns)) {
      bool canShrink = column.isShortened && widths[i] > std::max<size_t>(displayWidth(column.header), 1);
      widest = canShrink && (!widest || widths[i] > *widest) ? &widths[i] : widest;
    }
    if (!widest) {
      break;
    }
    --*widest;
  }
  return widths;
}

void Table::print(llvm::raw_ostream &stream, unsigned indent) const { print(stream, indent, terminalWidth(stream)); }

void Table::print(llvm::raw_ostream &stream, unsigned indent, size_t width) const {
  std::vector<size_t> widths = fit(width == unlimitedWidth ? width : width - std::min<size_t>(width, indent));
  auto printRow = [&](auto cellOf) {
    std::string line(indent, ' ');
    for (const auto &[i, column] : llvm::enumerate(columns)) {
      if (widths[i] == 0) {
        continue;
      }
      std::string cell = shortenMiddle(cellOf(i), widths[i]);
      std::string padding(widths[i] - displayWidth(cell), ' ');
      line += (column.isRight ? padding + cell : cell + padding) + std::string(gap, ' ');
    }
    stream << llvm::StringRef(line).rtrim() << '\n';
  };
  printRow([&](size_t i) { return columns[i].header; });
  for (const auto &row : rows) {
    printRow([&](size_t i) { return row[i]; });
  }
}

std::string bytesString(double bytes) { return scaled(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB"}); }

std::string countString(double count) {
  return llvm::StringRef(scaled(count, 1000, {"", "k", "M", "G", "T"})).trim().str();
}

} // namespace dlc
