// Classifies drawn digits with a model that is loaded from a file. All images make one batch.
#include "dlc/runtime.hpp"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

namespace {

/// Appends the pixels of a plain PGM (P2) as light (1) on dark (0).
void readImage(const std::string &path, int64_t side, std::vector<float> &pixels) {
  std::ifstream file(path);
  std::string magic;
  int64_t width = 0, height = 0;
  float most = 0, value = 0;
  if (!(file >> magic >> width >> height >> most) || magic != "P2" || width != side || height != side || most <= 0) {
    throw std::runtime_error(path + ": expected a plain PGM of " + std::to_string(side) + " pixels squared");
  }
  for (int64_t i = 0; i < side * side && file >> value; ++i) {
    pixels.push_back(value / most);
  }
}

void classify(const std::string &path, const std::vector<std::string> &images) {
  dlc::Model model = dlc::Model::load(path);
  int64_t side = model.input(0).dims[2].size, batch = int64_t(images.size());
  std::vector<float> pixels;
  for (const std::string &image : images) {
    readImage(image, side, pixels);
  }
  if (int64_t(pixels.size()) != batch * side * side) {
    throw std::runtime_error("expected images of the same size");
  }
  dlc::Context context(model);
  context.setInput(0, dlc::tensor(pixels.data(), DLC_F32, {batch, 1, side, side}));
  context.run();
  dlc_tensor scores = context.output(0);
  for (int64_t i = 0; i < batch; ++i) {
    const float *row = static_cast<const float *>(scores.data) + i * scores.dims[1];
    const float *best = std::max_element(row, row + scores.dims[1]);
    std::printf("%s: %d (%.1f%%)\n", images[size_t(i)].c_str(), int(best - row), 100.0 * double(*best));
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL.so IMAGE.pgm...\n", argv[0]);
    return 2;
  }
  try {
    classify(argv[1], {argv + 2, argv + argc});
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
