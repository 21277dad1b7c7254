#include "tools/common/Terminal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace dlc {
namespace {

constexpr size_t usualWidth = 80;
constexpr llvm::StringLiteral ellipsis = "\u2026";

/// The bytes of the character at the start of `text`; 1 where it is not UTF-8.
size_t characterBytes(llvm::StringRef text) {
  auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.data());
  size_t size = llvm::getNumBytesForUTF8(*bytes);
  return size <= text.size() && llvm::isLegalUTF8Sequence(bytes, bytes + size) ? size : 1;
}

/// The bytes of the longest start of `text` that fits `width` columns.
size_t fittingStart(llvm::StringRef text, size_t width) {
  size_t at = 0, column = 0;
  while (at < text.size()) {
    size_t size = characterBytes(text.drop_front(at));
    column += displayWidth(text.substr(at, size));
    if (column > width) {
      break;
    }
    at += size;
  }
  return at;
}

/// Where the longest end of `text` that fits `width` columns starts.
size_t fittingEnd(llvm::StringRef text, size_t width) {
  size_t at = 0, left = displayWidth(text);
  while (left > width && at < text.size()) {
    size_t size = characterBytes(text.drop_front(at));
    left -= std::min(left, displayWidth(text.substr(at, size)));
    at += size;
  }
  return at;
}

} // namespace

size_t terminalWidth(const llvm::raw_ostream &stream) {
  int file = &stream == &llvm::outs() ? STDOUT_FILENO : &stream == &llvm::errs() ? STDERR_FILENO : -1;
  if (::isatty(file) != 1) {
    return unlimitedWidth;
  }
  size_t columns = 0;
  if (const char *text = std::getenv("COLUMNS"); text && !llvm::StringRef(text).getAsInteger(10, columns) && columns) {
    return columns;
  }
  winsize size{};
  return ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usualWidth;
}

size_t displayWidth(llvm::StringRef text) {
  int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width < 0 ? text.size() : static_cast<size_t>(width);
}

std::string shortenMiddle(llvm::StringRef text, size_t width) {
  if (displayWidth(text) <= width) {
    return text.str();
  }
  if (width == 0) {
    return "";
  }
  // The end of a name tells more than its start: it gets the odd column.
  size_t front = (width - 1) / 2, back = width - 1 - front;
  return (text.take_front(fittingStart(text, front)) + ellipsis + text.drop_front(fittingEnd(text, back))).str();
}

std::string wrapText(llvm::StringRef text, size_t width, size_t indent, size_t firstColumn) {
  std::string result;
  size_t column = firstColumn;
  for (bool isFirstLine = true; llvm::StringRef line : llvm::split(text, '\n')) {
    bool isLineStart = true;
    auto breakLine = [&] {
      result += "\n" + std::string(indent, ' ');
      column = indent;
      isLineStart = true;
    };
    if (!std::exchange(isFirstLine, false)) {
      breakLine();
    }
    for (llvm::StringRef word : llvm::split(line, ' ')) {
      if (word.empty()) {
        continue;
      }
      size_t columns = displayWidth(word);
      if (!isLineStart && column + 1 + columns > width) {
        breakLine();
      }
      result += (isLineStart ? "" : " ") + word.str();
      column += columns + !isLineStart;
      isLineStart = false;
    }
  }
  return result;
}

void printField(llvm::raw_ostream &stream, llvm::StringRef name, llvm::StringRef text, size_t column) {
  std::string start = name.str() + std::string(column - std::min(column, displayWidth(name)), ' ');
  stream << start << wrapText(text, terminalWidth(stream), column, std::max(column, displayWidth(name))) << '\n';
}

} // namespace dlc
