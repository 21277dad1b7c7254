// Opening libraries of ops. In a file of its own: programs that do not call this need no dynamic loader.
#include "api/Guard.h"
#include "host/CustomOp.h"
#include <dlfcn.h>

using namespace dlc::rt;

extern "C" {

dlc_status dlc_op_library_open(const char *path, const dlc_op_library **out) {
  if (!path || !out) {
    return nullArgument(path ? "out" : "path");
  }
  *out = nullptr;
  // A name without a slash would be looked for in the system's folders.
  char local[4096];
  if (!strchr(path, '/') && strlen(path) + 3 <= sizeof local) {
    local[0] = '.', local[1] = '/';
    strcpy(local + 2, path);
  } else {
    local[0] = 0;
  }
  void *handle = dlopen(local[0] ? local : path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = dlerror();
    return fail(freshError(), DLC_IO_ERROR, "op library '%s': %s", path, why ? why : "it cannot be loaded");
  }
  using Get = const dlc_op_library *(*)();
  Get get = reinterpret_cast<Get>(dlsym(handle, "dlc_op_library_get"));
  if (!get) {
    dlclose(handle);
    return fail(freshError(), DLC_NOT_FOUND,
                "op library '%s': expected a function dlc_op_library_get (see dlc/custom_op.h)", path);
  }
  const dlc_op_library *library = get();
  if (checkOpLibrary(library, path, freshError())) {
    dlclose(handle);
    return threadError().status;
  }
  *out = library;
  return DLC_OK;
}

} // extern "C"
