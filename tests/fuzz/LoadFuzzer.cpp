// libFuzzer on whole artifacts: loads and runs whatever loads. Kernels of a mutated file may be any code, so programs
// with kernels are only loaded.
#include "dlc/inspect.h"
#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc_model_options options = DLC_MODEL_OPTIONS_INIT;
  options.skip_checksum = 1;
  dlc_model *model = nullptr;
  if (dlc_model_load_memory(data, size, &options, &model) != DLC_OK) {
    return 0;
  }
  char text[256];
  for (size_t e = 0; e < dlc_model_entry_count(model); ++e) {
    dlc_inspect_peak_text(model, uint32_t(e), text, sizeof text);
  }
  dlc_inspect_counts counts;
  dlc_inspect_get_counts(model, &counts);
  if (dlc_model_features(model) & DLC_FEATURE_PREPARED) {
    dlc_model_release(model); // its contexts would run kernels
    return 0;
  }
  dlc_context_options contextOptions = DLC_CONTEXT_OPTIONS_INIT;
  contextOptions.threads = 1;
  dlc_context *context = nullptr;
  dlc_context_create(model, &contextOptions, &context);
  dlc_context_destroy(context);
  dlc_model_release(model);
  return 0;
}
