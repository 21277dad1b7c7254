// Status codes with a message, passed by reference instead of thrown.
#pragma once
#include "dlc/runtime.h"

namespace dlc::rt {

/// What went wrong, for one call. The first failure wins; later ones do not overwrite it.
struct Error {
  dlc_status status = DLC_OK;
  char text[512] = {};

  explicit operator bool() const { return status != DLC_OK; }
  void clear() {
    status = DLC_OK;
    text[0] = 0;
  }
};

/// Records a failure in `error` (printf style) unless it has one already; returns `status`.
dlc_status fail(Error &error, dlc_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/// Puts "context: " in front of an error's message.
void prefix(Error &error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The calling thread's error, which dlc_last_error() returns.
Error &threadError();

/// Where log lines go.
struct Log {
  dlc_log_fn fn = nullptr;
  void *user = nullptr;
};
void log(const Log &log, dlc_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

} // namespace dlc::rt
