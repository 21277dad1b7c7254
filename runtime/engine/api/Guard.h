// What every function of the C interface does with its arguments and errors.
#pragma once
#include "support/Error.h"
#include <string.h>

namespace dlc::rt {

/// Clears the thread's error and returns it.
inline Error &freshError() {
  Error &error = threadError();
  error.clear();
  return error;
}

/// Fails because a pointer is null.
inline dlc_status nullArgument(const char *name) {
  return fail(freshError(), DLC_INVALID_ARGUMENT, "expected '%s' not to be null", name);
}

/// Copies a struct of the caller's size; what it does not have is zero. False when its size is none.
template <typename T> bool readOptions(const T *from, T &to) {
  to = {};
  if (!from) {
    return true;
  }
  if (from->struct_size < sizeof(size_t)) {
    return false;
  }
  memcpy(&to, from, from->struct_size < sizeof to ? from->struct_size : sizeof to);
  return true;
}

/// Copies a result into a struct of the caller's size.
template <typename T> bool writeResult(T *to, T &from) {
  size_t size = to->struct_size;
  if (size < sizeof(size_t)) {
    return false;
  }
  from.struct_size = size;
  memcpy(to, &from, size < sizeof from ? size : sizeof from);
  return true;
}

} // namespace dlc::rt
