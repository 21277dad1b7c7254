#include "Npy.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace dlc::runner {
namespace {

struct Type {
  uint32_t dtype;
  const char *text;
};
constexpr Type types[] = {{DLC_F32, "<f4"}, {DLC_F64, "<f8"},  {DLC_F16, "<f2"}, {DLC_I8, "|i1"},    {DLC_U8, "|u1"},
                          {DLC_I16, "<i2"}, {DLC_U16, "<u2"},  {DLC_I32, "<i4"}, {DLC_U32, "<u4"},   {DLC_I64, "<i8"},
                          {DLC_U64, "<u8"}, {DLC_BOOL, "|b1"}, {DLC_C64, "<c8"}, {DLC_C128, "<c16"}, {DLC_BF16, "<V2"}};
constexpr uint32_t maxHeader = 1 << 16;

/// The text after `'key':`, or null.
const char *find(const char *header, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "'%s':", key);
  const char *at = strstr(header, quoted);
  if (!at) {
    return nullptr;
  }
  at += strlen(quoted);
  return at + strspn(at, " ");
}

const char *parseHeader(const char *header, dlc_tensor &t) {
  const char *descr = find(header, "descr"), *order = find(header, "fortran_order"), *shape = find(header, "shape");
  if (!descr || !order || !shape || *descr != '\'' || *shape != '(') {
    return "its header is not that of an array";
  }
  if (strncmp(order, "False", 5) != 0) {
    return "expected an array in C order";
  }
  for (const Type &type : types) {
    size_t n = strlen(type.text);
    if (strncmp(descr + 1, type.text, n) == 0 && descr[1 + n] == '\'') {
      t.dtype = type.dtype;
    }
  }
  if (!t.dtype) {
    return "its element type is not one that models take";
  }
  for (++shape; *shape != ')';) {
    char *end;
    long long d = strtoll(shape, &end, 10);
    if (end == shape || d < 0 || t.rank == DLC_MAX_RANK) {
      return "its shape is malformed";
    }
    t.dims[t.rank++] = d;
    shape = end + strspn(end, ", ");
  }
  return nullptr;
}

const char *readBody(FILE *file, dlc_tensor &t) {
  unsigned long long bytes = dlc_dtype_bits(t.dtype) / 8;
  for (uint32_t d = 0; d < t.rank; ++d) {
    if (__builtin_mul_overflow(bytes, (unsigned long long)t.dims[d], &bytes) || bytes > (1ull << 46)) {
      return "its shape is too large";
    }
  }
  t.byte_size = size_t(bytes);
  t.data = malloc(bytes ? bytes : 1);
  if (!t.data) {
    return "there is no memory for it";
  }
  return fread(t.data, 1, t.byte_size, file) == t.byte_size ? nullptr : "it is truncated";
}

const char *read(FILE *file, dlc_tensor &t) {
  unsigned char start[12];
  if (fread(start, 1, 10, file) != 10 || memcmp(start, "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3) {
    return "it is not a .npy file";
  }
  uint32_t length = start[8] | uint32_t(start[9]) << 8;
  if (start[6] > 1) {
    if (fread(start + 10, 1, 2, file) != 2) {
      return "it is truncated";
    }
    length |= uint32_t(start[10]) << 16 | uint32_t(start[11]) << 24;
  }
  if (length > maxHeader) {
    return "its header is too long";
  }
  char *header = static_cast<char *>(malloc(length + 1));
  if (!header) {
    return "there is no memory for it";
  }
  bool whole = fread(header, 1, length, file) == length;
  header[length] = 0;
  const char *problem = whole ? parseHeader(header, t) : "it is truncated";
  free(header);
  return problem ? problem : readBody(file, t);
}
} // namespace

const char *readNpy(const char *path, dlc_tensor &tensor) {
  tensor = DLC_TENSOR_INIT;
  FILE *file = fopen(path, "rb");
  if (!file) {
    return "it cannot be opened";
  }
  const char *problem = read(file, tensor);
  fclose(file);
  return problem;
}

const char *writeNpy(const char *path, const dlc_tensor &t) {
  char shape[DLC_MAX_RANK * 24] = "", header[1024];
  size_t used = 0;
  for (uint32_t d = 0; d < t.rank; ++d) {
    used += size_t(snprintf(shape + used, sizeof shape - used, "%s%lld%s", d ? ", " : "", (long long)t.dims[d],
                            t.rank == 1 ? "," : ""));
  }
  const char *descr = "|V1";
  for (const Type &type : types) {
    descr = type.dtype == t.dtype ? type.text : descr;
  }
  int length =
      snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
  // The data starts at a multiple of 64; the header ends with a newline.
  int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
  memset(header + length, ' ', size_t(padded - length));
  header[padded - 1] = '\n';
  unsigned char start[10] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(padded & 255), (unsigned char)(padded >> 8)};
  FILE *file = fopen(path, "wb");
  if (!file) {
    return "it cannot be created";
  }
  bool ok = fwrite(start, 1, 10, file) == 10 && fwrite(header, 1, size_t(padded), file) == size_t(padded) &&
            fwrite(t.data, 1, t.byte_size, file) == t.byte_size;
  return fclose(file) == 0 && ok ? nullptr : "it cannot be written";
}

} // namespace dlc::runner
