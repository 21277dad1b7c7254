#ifndef DLC_TESTS_UNIT_MATH_DOCUMENTED_H
#define DLC_TESTS_UNIT_MATH_DOCUMENTED_H

#include "gtest/gtest.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace dlc {

/// Columns of the table of docs/math.md that have errors.
enum class Column { F32 = 2, F64 = 5 };

/// What docs/math.md says of a function, in ulps. No such number is a failure of the test.
inline double documentedUlps(const std::string &function, Column column) {
  std::ifstream file(DLC_SOURCE_DIR "/docs/math.md");
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) {
      cells.push_back(cell);
    }
    double ulps = 0;
    if (cells.size() > size_t(column) && cells[1] == " `" + function + "` " &&
        std::istringstream(cells[size_t(column)]) >> ulps) {
      return ulps + 0.001; // the program prints thousandths
    }
  }
  ADD_FAILURE() << "docs/math.md has no error of " << function << "; run tools/math-accuracy PROGRAM " << function;
  return 0;
}

} // namespace dlc

#endif
