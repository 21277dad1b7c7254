#include "Bench.h"

namespace dlc::bench {

double Problem::operations() const {
  if (kind == Kind::Gemm) {
    return 2.0 * batch * m * n * k;
  }
  double perPixel = 2.0 * kernel * kernel * outputs * (kind == Kind::Depthwise ? 1 : channels);
  return perPixel * output() * output();
}

namespace {

Problem gemm(int64_t m, int64_t n, int64_t k) {
  Problem p;
  p.name = "gemm " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  p.m = m;
  p.n = n;
  p.k = k;
  return p;
}

Problem conv(int64_t size, int64_t channels, int64_t outputs, int64_t kernel, int64_t stride) {
  Problem p;
  p.kind = Kind::Conv;
  p.size = size;
  p.channels = channels;
  p.outputs = outputs;
  p.kernel = kernel;
  p.stride = stride;
  p.pad = kernel / 2;
  p.name = "conv " + std::to_string(kernel) + "x" + std::to_string(kernel) + " s" + std::to_string(stride) + " " +
           std::to_string(size) + "x" + std::to_string(size) + " " + std::to_string(channels) + "->" +
           std::to_string(outputs);
  return p;
}

Problem depthwise(int64_t size, int64_t channels, int64_t kernel, int64_t stride) {
  Problem p = conv(size, channels, channels, kernel, stride);
  p.kind = Kind::Depthwise;
  p.name = "depthwise" + p.name.substr(4);
  return p;
}

Problem with(Problem p, const std::string &suffix, const std::function<void(Problem &)> &change) {
  change(p);
  p.name += " " + suffix;
  return p;
}

} // namespace

std::vector<Problem> problems() {
  auto stem = conv(224, 3, 64, 7, 2);
  auto bytes = [](Problem &p) { p.element = Element::U8S8; };
  auto dynamic = [](Problem &p) { p.dynamic = true; };
  auto rowMajor = [](Problem &p) { p.packed = false; };
  auto signedBytes = [](Problem &p) { p.element = Element::S8S8; };
  auto bf16 = [](Problem &p) { p.element = Element::BF16; };
  auto scores = [](Problem &p) { p.packed = false, p.transposed = p.scores = true, p.batch = 12; };
  auto values = [](Problem &p) { p.packed = false, p.batch = 12; };
  auto transposed = [](Problem &p) { p.packed = false, p.transposed = true; };
  return {
      gemm(512, 512, 512),
      gemm(1024, 1024, 1024),
      with(gemm(512, 512, 512), "B row-major", rowMajor),
      with(gemm(1024, 1024, 1024), "B row-major", rowMajor),
      with(gemm(512, 512, 512), "B transposed", transposed),
      with(gemm(512, 512, 512), "dynamic m", dynamic),
      gemm(1, 384, 384),
      gemm(1, 1536, 384),
      gemm(16, 384, 384),
      gemm(16, 1536, 384),
      gemm(128, 384, 384),
      gemm(128, 1536, 384),
      gemm(197, 768, 768),
      conv(14, 256, 1024, 1, 1),
      conv(14, 1024, 256, 1, 1),
      conv(7, 512, 2048, 1, 1),
      conv(56, 64, 256, 1, 1),
      conv(56, 24, 144, 1, 1),
      conv(56, 144, 24, 1, 1),
      conv(28, 192, 32, 1, 1),
      conv(56, 256, 512, 1, 2),
      conv(56, 64, 64, 3, 1),
      conv(28, 128, 128, 3, 1),
      conv(14, 256, 256, 3, 1),
      conv(7, 512, 512, 3, 1),
      conv(56, 128, 128, 3, 2),
      with(conv(28, 128, 128, 3, 1), "dynamic", dynamic),
      conv(112, 24, 24, 3, 1),
      conv(80, 48, 96, 3, 2),
      stem,
      with(stem, "nchw", [](Problem &p) { p.channelsFirst = true; }),
      conv(224, 3, 32, 3, 2),
      depthwise(112, 96, 3, 1),
      depthwise(56, 144, 3, 2),
      depthwise(56, 144, 3, 1),
      depthwise(28, 192, 3, 1),
      depthwise(14, 576, 3, 1),
      depthwise(56, 24, 3, 1),
      depthwise(14, 480, 5, 1),
      with(gemm(512, 512, 512), "u8s8", bytes),
      with(gemm(512, 512, 512), "s8s8", signedBytes),
      with(gemm(512, 512, 512), "bf16", bf16),
      with(gemm(128, 128, 32), "QK^T x12", scores),
      with(gemm(128, 32, 128), "PV x12", values),
      with(conv(14, 256, 1024, 1, 1), "u8s8", bytes),
      with(conv(28, 128, 128, 3, 1), "u8s8", bytes),
  };
}

} // namespace dlc::bench
