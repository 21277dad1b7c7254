// Prints what a model takes and gives. Its file is known from CMake.
#include "dlc/runtime.hpp"
#include <cstdio>

int main() {
  try {
    dlc::Model model = dlc::Model::load(DLC_MODEL_ONE_DIGIT_FILE);
    std::printf("%s:", model.name().c_str());
    for (const dlc_port &port : {model.input(0), model.output(0)}) {
      std::printf(" %s", port.name);
      for (uint32_t i = 0; i < port.rank; ++i) {
        std::printf("%c%lld", i ? 'x' : ' ', static_cast<long long>(port.dims[i].size));
      }
    }
    std::printf("\n");
  } catch (const dlc::Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
