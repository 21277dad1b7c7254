// Versions, statuses, types, processors.
#include "cpu/Cpu.h"
#include "support/Dtype.h"
#include "support/Error.h"

#define DLC_TEXT_(x) #x
#define DLC_TEXT(x) DLC_TEXT_(x)

using namespace dlc::rt;

extern "C" {

uint32_t dlc_runtime_version(void) {
  return DLC_RUNTIME_VERSION_MAJOR << 16 | DLC_RUNTIME_VERSION_MINOR << 8 | DLC_RUNTIME_VERSION_PATCH;
}
const char *dlc_runtime_version_text(void) {
  return DLC_TEXT(DLC_RUNTIME_VERSION_MAJOR) "." DLC_TEXT(DLC_RUNTIME_VERSION_MINOR) "." DLC_TEXT(
      DLC_RUNTIME_VERSION_PATCH);
}
const char *dlc_status_text(dlc_status status) {
  static const char *const texts[] = {
      "ok",          "invalid argument", "not found",      "i/o error",  "invalid model",
      "unsupported", "out of memory",    "shape mismatch", "run failed", "cancelled",
      "busy"};
  return unsigned(status) < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}
const char *dlc_last_error(void) { return threadError().text; }
uint32_t dlc_dtype_bits(uint32_t dtype) { return dtypeBits(dtype); }
const char *dlc_dtype_text(uint32_t dtype) { return dtypeText(dtype); }
uint64_t dlc_cpu_features(void) { return cpuFeatures(); }
uint32_t dlc_available_threads(void) { return availableThreads(""); }

} // extern "C"
