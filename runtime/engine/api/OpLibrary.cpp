// Opening libraries of ops. In a file of its own: programs that do not call this need no dynamic loader.
#include "api/Guard.h"
#include "host/CustomOp.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

using namespace dlc::rt;

namespace {

/// The file that this code is in, as the kernel knows it; its length, or 0.
size_t mappedFile(char *path, size_t size) {
  FILE *maps = fopen("/proc/self/maps", "re");
  auto self = reinterpret_cast<uint64_t>(&mappedFile);
  size_t length = 0;
  for (char line[4352]; maps && !length && fgets(line, sizeof line, maps);) {
    unsigned long long begin, end;
    int at = 0;
    bool isOurs = sscanf(line, "%llx-%llx %*s %*s %*s %*s %n", &begin, &end, &at) == 2 && begin <= self && self < end;
    size_t count = isOurs && line[at] == '/' ? strcspn(line + at, "\n") : 0;
    if (count && count < size) {
      memcpy(path, line + at, count);
      length = count;
    }
  }
  if (maps) {
    fclose(maps);
  }
  return length;
}

/// The folder of the file that this code is in, with its '/'; false when that is not known.
bool ownFolder(char *path, size_t size) {
  Dl_info info;
  link_map *map = nullptr;
  if (!dladdr1(reinterpret_cast<void *>(&ownFolder), &info, reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP)) {
    return false;
  }
  // The program's own map has no name, and how it was called says nothing about where it is.
  bool isProgram = !map || !map->l_name || !*map->l_name;
  // A relative name counts from a folder that may no longer be the current one.
  bool isAbsolute = !isProgram && *map->l_name == '/';
  ssize_t length = isProgram    ? readlink("/proc/self/exe", path, size - 1)
                   : isAbsolute ? ssize_t(strlen(map->l_name))
                                : ssize_t(mappedFile(path, size));
  if (length <= 0 || size_t(length) >= size) {
    return false;
  }
  if (isAbsolute) {
    memcpy(path, map->l_name, size_t(length));
  }
  path[length] = 0;
  char *slash = strrchr(path, '/');
  if (slash) {
    slash[1] = 0;
  }
  return slash != nullptr;
}

} // namespace

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

dlc_status dlc_op_library_find(const char *domain, const dlc_op_library **out) {
  if (!domain || !out) {
    return nullArgument(domain ? "out" : "domain");
  }
  *out = nullptr;
  const char *name = strncmp(domain, "dlc.", 4) == 0 ? domain + 4 : "";
  if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name)) {
    return fail(freshError(), DLC_NOT_FOUND, "no library for ops of domain '%s' comes with dlc", domain);
  }
  char folder[3072], path[4096];
  if (!ownFolder(folder, sizeof folder)) {
    return fail(freshError(), DLC_NOT_FOUND, "libdlc_%s.so: the engine's own folder is not known", name);
  }
  const char *places[] = {"", "dlc/", "../" DLC_LIBRARY_FOLDER "/dlc/"};
  for (const char *place : places) {
    int length = snprintf(path, sizeof path, "%s%slibdlc_%s.so", folder, place, name);
    if (length > 0 && size_t(length) < sizeof path && access(path, F_OK) == 0) {
      return dlc_op_library_open(path, out);
    }
  }
  return fail(freshError(), DLC_NOT_FOUND, "there is no libdlc_%s.so in %s, nor in %s or %s there", name, folder,
              places[1], places[2]);
}

} // extern "C"
