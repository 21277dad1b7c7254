#include "compiler/target/cpu/contraction/Winograd.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace dlc::cpu {
namespace {

using Square = std::array<std::array<float, 6>, 6>;

struct Doubles {
  double add(double x, double y) { return x + y; }
  double sub(double x, double y) { return x - y; }
  double fma(double a, double x, double y) { return a * x + y; }
};

/// The transformed 3x3 weights of one pair of channels.
Square transformed(int m, const float *w) {
  int n = winogradSide(m);
  Doubles numbers;
  std::array<WinogradRow<double>, 3> rows;
  for (int i = 0; i < 3; ++i) {
    rows[i] = winogradWeights<double>(m, w[3 * i], w[3 * i + 1], w[3 * i + 2], numbers);
  }
  Square result;
  for (int j = 0; j < n; ++j) {
    WinogradRow<double> column = winogradWeights<double>(m, rows[0][j], rows[1][j], rows[2][j], numbers);
    for (int i = 0; i < n; ++i) {
      result[i][j] = static_cast<float>(column[i] * (winogradWeightScale(m, i) * winogradWeightScale(m, j)));
    }
  }
  return result;
}

/// The arithmetic that kernels do.
struct Numbers {
  float add(float x, float y) { return x + y; }
  float sub(float x, float y) { return x - y; }
  float fma(double a, float x, float y) { return std::fma(static_cast<float>(a), x, y); }
};

/// Rows, then columns.
template <class Transform> Square both(int rows, int columns, const Square &d, Transform transform) {
  Square half, result;
  for (int i = 0; i < rows; ++i) {
    half[i] = transform(d[i]);
  }
  for (int j = 0; j < columns; ++j) {
    WinogradRow<float> column{};
    for (int i = 0; i < rows; ++i) {
      column[i] = half[i][j];
    }
    column = transform(column);
    for (int i = 0; i < 6; ++i) {
      result[i][j] = column[i];
    }
  }
  return result;
}

} // namespace

void packWinogradWeights(const ConvProblem &p, const WinogradPlan &plan, const float *source, float *destination) {
  int64_t c = p.channels, o = p.outputChannels;
  int n = winogradSide(plan.m);
  std::vector<float> matrices(plan.points() * c * o);
  for (int64_t i = 0; i < o; ++i) {
    for (int64_t j = 0; j < c; ++j) {
      Square t = transformed(plan.m, source + (i * c + j) * 9);
      for (int point = 0; point < plan.points(); ++point) {
        int64_t matrix = i / plan.chunk * plan.points() + point;
        matrices[(matrix * c + j) * plan.chunk + i % plan.chunk] = t[point / n][point % n];
      }
    }
  }
  PackedWeights packed = packedWinogradWeights(p, plan);
  packWeights(packed, WeightStrides::matrix(packed, false), matrices.data(), destination);
}

double winogradError(int m, int64_t channels, int64_t outputChannels, const float *weights) {
  constexpr int samples = 6;
  constexpr int64_t mostOutputs = 24;
  int n = winogradSide(m);
  std::mt19937 random(1);
  auto uniform = [&] { return static_cast<float>(random() / 2147483648.0 - 1); };
  std::vector<Square> inputs(channels), changed(channels);
  Numbers numbers;
  double peak = 0, worst = 0;
  for (int sample = 0; sample < samples; ++sample) {
    for (int64_t c = 0; c < channels; ++c) {
      for (auto &row : inputs[c]) {
        // Half of the samples as after a relu.
        std::generate(row.begin(), row.end(), [&] { return sample % 2 ? uniform() : std::max(0.0f, uniform()); });
      }
      changed[c] = both(n, n, inputs[c], [&](const WinogradRow<float> &d) { return winogradInput(m, d, numbers); });
    }
    int64_t step = std::max<int64_t>(1, outputChannels / mostOutputs);
    for (int64_t o = 0; o < outputChannels; o += step) {
      Square sums{};
      double exact[4][4] = {};
      for (int64_t c = 0; c < channels; ++c) {
        const float *w = weights + (o * channels + c) * 9;
        Square u = transformed(m, w);
        for (int i = 0; i < n; ++i) {
          for (int j = 0; j < n; ++j) {
            sums[i][j] = std::fma(changed[c][i][j], u[i][j], sums[i][j]);
          }
        }
        for (int y = 0; y < m; ++y) {
          for (int x = 0; x < m; ++x) {
            for (int k = 0; k < 9; ++k) {
              exact[y][x] += double(inputs[c][y + k / 3][x + k % 3]) * w[k];
            }
          }
        }
      }
      Square outputs = both(n, m, sums, [&](const WinogradRow<float> &d) { return winogradOutput(m, d, numbers); });
      for (int y = 0; y < m; ++y) {
        for (int x = 0; x < m; ++x) {
          peak = std::max(peak, std::abs(exact[y][x]));
          worst = std::max(worst, std::abs(outputs[y][x] - exact[y][x]));
        }
      }
    }
  }
  return peak > 0 ? worst / peak : 0;
}

} // namespace dlc::cpu
