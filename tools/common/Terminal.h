/// \file Texts that fit the terminal that they are printed on.
#ifndef DLC_TOOLS_COMMON_TERMINAL_H
#define DLC_TOOLS_COMMON_TERMINAL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace dlc {

/// Stands for a width without end.
constexpr size_t unlimitedWidth = SIZE_MAX;

/// The columns of the terminal behind llvm::outs() or llvm::errs(): what COLUMNS says, or else the terminal; 80 when
/// neither does. A file or a pipe has no width (unlimitedWidth): programs read it, and get everything.
size_t terminalWidth(const llvm::raw_ostream &stream);

/// Columns that a text takes on a terminal.
size_t displayWidth(llvm::StringRef text);

/// The text in at most `width` columns, with an ellipsis for its middle where it is longer.
std::string shortenMiddle(llvm::StringRef text, size_t width);

/// Breaks a text at spaces so that no line exceeds `width`; lines after the first start with `indent` spaces. Line
/// breaks of the text stay.
std::string wrapText(llvm::StringRef text, size_t width, size_t indent, size_t firstColumn = 0);

/// Prints a line "name    text", the text from column `column` on and wrapped there. What is longer than a line and has
/// no spaces is not cut.
void printField(llvm::raw_ostream &stream, llvm::StringRef name, llvm::StringRef text, size_t column);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_TERMINAL_H
