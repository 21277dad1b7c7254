#include "support/Error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace dlc::rt {

dlc_status fail(Error &error, dlc_status status, const char *format, ...) {
  if (error) {
    return error.status;
  }
  error.status = status;
  va_list args;
  va_start(args, format);
  vsnprintf(error.text, sizeof error.text, format, args);
  va_end(args);
  return status;
}

void prefix(Error &error, const char *format, ...) {
  char text[sizeof error.text];
  va_list args;
  va_start(args, format);
  int used = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (used < 0 || size_t(used) + 3 > sizeof text) {
    return;
  }
  snprintf(text + used, sizeof text - size_t(used), ": %.*s", int(sizeof text) - used - 3, error.text);
  memcpy(error.text, text, sizeof text);
}

Error &threadError() {
  static thread_local Error error;
  return error;
}

void log(const Log &log, dlc_log_level level, const char *format, ...) {
  if (!log.fn) {
    return;
  }
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  log.fn(log.user, level, text);
}

} // namespace dlc::rt
