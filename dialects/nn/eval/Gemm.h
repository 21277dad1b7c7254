//===- Gemm.h - the blocked product under the reference's matmul and conv -----------------===//
#ifndef DLC_DIALECTS_NN_EVAL_GEMM_H
#define DLC_DIALECTS_NN_EVAL_GEMM_H
#include "llvm/ADT/STLFunctionalExtras.h"
#include <algorithm>
#include <cstdint>
#include <vector>

namespace dlc::nn {
/// Rows [row, row + rows) and columns [column, column + columns) of a matrix.
struct Block {
  int64_t row, rows, column, columns;
};

/// result[i][j] = sum of lhs[i][k] * rhs[k][j], for an m x n result and a sum over `depth`. `lhs` and `rhs` copy a
/// block into a dense row-major buffer; `store` gets each finished block of the result once.
template <class Acc>
void multiply(int64_t m, int64_t n, int64_t depth, llvm::function_ref<void(Block, Acc *)> lhs,
              llvm::function_ref<void(Block, Acc *)> rhs, llvm::function_ref<void(Block, const Acc *)> store) {
  constexpr int64_t kColumns = 128, kDepth = 256;
  std::vector<Acc> a(m * std::min(depth, kDepth)), b(kDepth * kColumns), c(m * kColumns);
  for (int64_t j = 0; j < n; j += kColumns) {
    int64_t columns = std::min(kColumns, n - j);
    std::fill(c.begin(), c.end(), Acc(0));
    for (int64_t k = 0; k < depth; k += kDepth) {
      int64_t rows = std::min(kDepth, depth - k);
      lhs({0, m, k, rows}, a.data());
      rhs({k, rows, j, columns}, b.data());
      for (int64_t i = 0; i < m; ++i) {
        const Acc *x = a.data() + i * rows;
        Acc *sum = c.data() + i * columns;
        int64_t p = 0;
        for (; p + 4 <= rows; p += 4) {
          const Acc *y = b.data() + p * columns;
          Acc x0 = x[p], x1 = x[p + 1], x2 = x[p + 2], x3 = x[p + 3];
          for (int64_t q = 0; q < columns; ++q) {
            sum[q] += x0 * y[q] + x1 * y[columns + q] + x2 * y[2 * columns + q] + x3 * y[3 * columns + q];
          }
        }
        for (; p < rows; ++p) {
          const Acc *y = b.data() + p * columns;
          Acc x0 = x[p];
          for (int64_t q = 0; q < columns; ++q) {
            sum[q] += x0 * y[q];
          }
        }
      }
    }
    store({0, m, j, columns}, c.data());
  }
}
} // namespace dlc::nn
#endif
