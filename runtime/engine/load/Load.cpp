#include "load/Load.h"
#include "load/ElfFile.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::rt {
namespace {

/// Maps what `source` names into a new model.
dlc_status loadFrom(const Source &source, const dlc_model_options &options, dlc_model *&out, Error &error) {
  dlc_model *model = create<dlc_model>();
  if (!model) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for a model");
  }
  if (!mapElf(source, options.skip_checksum, model->image, error) || !finishModel(*model, options, error)) {
    model->release();
    return error.status;
  }
  out = model;
  return DLC_OK;
}

bool openSource(const char *path, uint64_t offset, uint64_t size, Source &source, Error &error) {
  source.fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (source.fd < 0 || fstat(source.fd, &info)) {
    fail(error, errno == ENOENT ? DLC_NOT_FOUND : DLC_IO_ERROR, "cannot open: %s", strerror(errno));
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    fail(error, DLC_IO_ERROR, "expected a regular file");
    return false;
  }
  uint64_t total = uint64_t(info.st_size);
  if (offset % pageSize) {
    fail(error, DLC_INVALID_ARGUMENT, "expected an offset that is a multiple of %llu, got %llu",
         (unsigned long long)pageSize, (unsigned long long)offset);
    return false;
  }
  if (offset > total || size > total - offset) {
    fail(error, DLC_INVALID_MODEL, "expected %llu bytes at offset %llu, the file has %llu", (unsigned long long)size,
         (unsigned long long)offset, (unsigned long long)total);
    return false;
  }
  source.offset = offset;
  source.size = size ? size : total - offset;
  return true;
}
} // namespace

dlc_status loadFile(const char *path, uint64_t offset, uint64_t size, const dlc_model_options &options, dlc_model *&out,
                    Error &error) {
  Source source;
  dlc_status status =
      openSource(path, offset, size, source, error) ? loadFrom(source, options, out, error) : error.status;
  if (source.fd >= 0) {
    close(source.fd);
  }
  if (status != DLC_OK) {
    prefix(error, "'%s'", path);
  }
  return status;
}

dlc_status loadMemory(const void *data, size_t size, const dlc_model_options &options, dlc_model *&out, Error &error) {
  Source source;
  source.memory = static_cast<const char *>(data);
  source.size = size;
  return loadFrom(source, options, out, error);
}

dlc_status loadStatic(const dlc_abi_model *program, const dlc_model_options &options, dlc_model *&out, Error &error) {
  dlc_model *model = create<dlc_model>();
  if (!model) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for a model");
  }
  model->image.program = program;
  model->image.available = uint64_t(1) << 40; // the linker has seen to it that the program is whole
  model->image.isStatic = true;
  if (!finishModel(*model, options, error)) {
    model->release();
    return error.status;
  }
  out = model;
  return DLC_OK;
}

} // namespace dlc::rt
