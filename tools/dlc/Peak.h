/// \file The arithmetic peak of this machine, measured.
#ifndef DLC_TOOLS_DLC_PEAK_H
#define DLC_TOOLS_DLC_PEAK_H

#include <string>

namespace dlc {

struct PeakResult {
  double gflops = 0;  ///< f32, all threads together
  std::string vector; ///< the instructions used, such as "avx512"
};

/// Runs independent chains of fused multiply-adds in registers on `threads` threads for about 50 ms. Clocks drift:
/// measure beside what is compared with it.
PeakResult measurePeak(unsigned threads);

} // namespace dlc

#endif // DLC_TOOLS_DLC_PEAK_H
