#include "value/Value.h"
#include "support/Dtype.h"

using namespace dlc::rt;

namespace {
dlc_status noMemory(Error &error, int64_t bytes) {
  return fail(error, DLC_OUT_OF_MEMORY, "no memory for a value of %lld bytes", (long long)bytes);
}

/// Checks a shape; 0 elements are allowed.
dlc_status measure(uint32_t rank, const int64_t *dims, int64_t elementBits, int64_t &count, int64_t &bytes,
                   Error &error) {
  if (rank > DLC_MAX_RANK || (rank && !dims)) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected a rank of at most %d, got %u", DLC_MAX_RANK, rank);
  }
  int64_t bits;
  if (!elementCount(dims, rank, count) || !mul(count, elementBits, bits) || !add(bits, int64_t(7), bits)) {
    return fail(error, DLC_SHAPE_MISMATCH, "a tensor's size is negative or too large");
  }
  bytes = bits / 8;
  return DLC_OK;
}
} // namespace

const char *dlc::rt::kindText(uint32_t kind) {
  static constexpr const char *names[] = {"tensor", "string tensor", "sequence", "optional", "map"};
  return kind < 5 ? names[kind] : "unknown kind";
}

dlc_status dlc_value::setTensor(uint32_t type, uint32_t newRank, const int64_t *newDims, Error &error) {
  if (dtypeBits(type) == 0) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected a type of fixed-width elements, got %s", dtypeText(type));
  }
  int64_t newCount, newBytes;
  if (dlc_status s = measure(newRank, newDims, dtypeBits(type), newCount, newBytes, error)) {
    return s;
  }
  if (planned) {
    if (type != dtype || newCount != count || newBytes > bytes) {
      return fail(error, DLC_SHAPE_MISMATCH, "expected a %s tensor of %lld elements as planned, got %s of %lld",
                  dtypeText(dtype), (long long)count, dtypeText(type), (long long)newCount);
    }
    return DLC_OK;
  }
  if (!buffer.ensure(*allocator, size_t(newBytes))) {
    return noMemory(error, newBytes);
  }
  clearItems();
  view(type, newRank, newDims, buffer.data(), newCount, newBytes);
  return DLC_OK;
}

void dlc_value::view(uint32_t type, uint32_t newRank, const int64_t *newDims, void *newData, int64_t newCount,
                     int64_t newBytes) {
  kind = type == DLC_STRING ? DLC_KIND_STRINGS : DLC_KIND_TENSOR;
  dtype = type, rank = newRank, data = newData, count = newCount, bytes = newBytes, defined = true;
  if (newRank && newDims != dims) {
    memmove(dims, newDims, newRank * sizeof *dims);
  }
}

dlc_status dlc_value::setStrings(uint32_t newRank, const int64_t *newDims, const dlc_string *from, Error &error) {
  int64_t newCount, newBytes;
  if (dlc_status s = measure(newRank, newDims, sizeof(dlc_string) * 8, newCount, newBytes, error)) {
    return s;
  }
  size_t total = 0;
  for (int64_t i = 0; i < newCount; ++i) {
    if (!add(total, from[i].size, total) || (from[i].size && !from[i].data)) {
      return fail(error, DLC_INVALID_ARGUMENT, "string %lld has no bytes", (long long)i);
    }
  }
  // `from` may point into this value: build beside it.
  Buffer freshItems, freshText;
  if (!freshItems.ensure(*allocator, size_t(newBytes)) || !freshText.ensure(*allocator, total)) {
    return noMemory(error, newBytes);
  }
  dlc_string *to = reinterpret_cast<dlc_string *>(freshItems.data());
  char *at = freshText.data();
  for (int64_t i = 0; i < newCount; ++i) {
    if (from[i].size) {
      memcpy(at, from[i].data, from[i].size);
    }
    to[i] = {at, from[i].size};
    at += from[i].size;
  }
  clearItems();
  view(DLC_STRING, newRank, newDims, to, newCount, newBytes);
  buffer.swap(freshItems);
  text.swap(freshText);
  return DLC_OK;
}

void dlc_value::clearItems() {
  for (dlc_value *item : items) {
    destroy(item);
  }
  items.clear();
}

void dlc_value::clear(uint32_t newKind, uint32_t newDtype) {
  clearItems();
  kind = newKind, dtype = newDtype, rank = 0, data = nullptr, count = 0, bytes = 0;
  defined = newKind != DLC_KIND_TENSOR && newKind != DLC_KIND_STRINGS;
}

dlc_status dlc_value::samePlan(const dlc_value &from, Error &error) const {
  if (from.rank != rank) {
    return fail(error, DLC_SHAPE_MISMATCH, "expected a tensor of rank %u as planned, got rank %u", rank, from.rank);
  }
  for (uint32_t i = 0; i < rank; ++i) {
    if (from.dims[i] != dims[i]) {
      return fail(error, DLC_SHAPE_MISMATCH, "expected size %lld of dimension %u as planned, got %lld",
                  (long long)dims[i], i, (long long)from.dims[i]);
    }
  }
  return DLC_OK;
}

dlc_status dlc_value::copy(const dlc_value &from, Error &error) {
  if (&from == this) {
    return DLC_OK;
  }
  if (!from.defined) {
    return fail(error, DLC_RUN_FAILED, "a value is used before anything was stored in it");
  }
  if (from.kind == DLC_KIND_STRINGS) {
    return setStrings(from.rank, from.dims, from.strings(), error);
  }
  if (from.kind == DLC_KIND_TENSOR) {
    if (planned && samePlan(from, error)) {
      return error.status;
    }
    if (dlc_status s = setTensor(from.dtype, from.rank, from.dims, error)) {
      return s;
    }
    if (bytes && data != from.data) {
      memmove(data, from.data, size_t(from.bytes < bytes ? from.bytes : bytes));
    }
    return DLC_OK;
  }
  clear(from.kind, from.dtype);
  for (const dlc_value *item : from.items) {
    if (dlc_status s = insert(items.size(), *item, error)) {
      return s;
    }
  }
  return DLC_OK;
}

dlc_status dlc_value::insert(size_t index, const dlc_value &item, Error &error) {
  if (index > items.size()) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected a position of at most %zu, got %zu", items.size(), index);
  }
  dlc_value *fresh = create<dlc_value>(*allocator);
  if (!fresh || !items.reserve(items.size() + 1)) {
    destroy(fresh);
    return noMemory(error, int64_t(sizeof *fresh));
  }
  if (dlc_status s = fresh->copy(item, error)) {
    destroy(fresh);
    return s;
  }
  items.push(nullptr);
  for (size_t i = items.size() - 1; i > index; --i) {
    items[i] = items[i - 1];
  }
  items[index] = fresh;
  if (dtype == DLC_UNDEFINED) {
    dtype = item.dtype;
  }
  return DLC_OK;
}

void dlc_value::erase(size_t index) {
  destroy(items[index]);
  for (size_t i = index + 1; i < items.size(); ++i) {
    items[i - 1] = items[i];
  }
  items.pop();
}

void dlc_value::swap(dlc_value &o) {
  std::swap(kind, o.kind), std::swap(dtype, o.dtype), std::swap(rank, o.rank), std::swap(data, o.data);
  std::swap(count, o.count), std::swap(bytes, o.bytes), std::swap(defined, o.defined);
  for (uint32_t i = 0; i < DLC_MAX_RANK; ++i) {
    std::swap(dims[i], o.dims[i]);
  }
  buffer.swap(o.buffer), text.swap(o.text), items.swap(o.items);
}

dlc_status dlc_value::appendRow(int64_t rows, const dlc_value &row, Error &error) {
  if (row.kind == DLC_KIND_STRINGS || row.kind == DLC_KIND_TENSOR) {
    bool same = rows == 0 || (dtype == row.dtype && rank == row.rank + 1 &&
                              memcmp(dims + 1, row.dims, row.rank * sizeof *dims) == 0);
    if (!same || row.rank + 1 > DLC_MAX_RANK) {
      return fail(error, DLC_RUN_FAILED, "expected every iteration's result to have the same type and shape");
    }
  } else {
    return fail(error, DLC_RUN_FAILED, "expected a tensor to stack, got a %s", kindText(row.kind));
  }
  int64_t shape[DLC_MAX_RANK] = {rows + 1};
  memcpy(shape + 1, row.dims, row.rank * sizeof *shape);
  if (row.kind == DLC_KIND_STRINGS) {
    Vector<dlc_string> all;
    int64_t before = rows ? count : 0;
    if (!all.resize(size_t(before + row.count))) {
      return noMemory(error, before + row.count);
    }
    for (int64_t i = 0; i < before + row.count; ++i) {
      all[size_t(i)] = i < before ? strings()[i] : row.strings()[i - before];
    }
    return setStrings(row.rank + 1, shape, all.data(), error);
  }
  int64_t newCount, newBytes, used = rows ? bytes : 0;
  if (dlc_status s = measure(row.rank + 1, shape, dtypeBits(row.dtype), newCount, newBytes, error)) {
    return s;
  }
  if (dtypeBits(row.dtype) < 8) {
    return fail(error, DLC_RUN_FAILED, "expected rows of whole bytes to stack, got %s", dtypeText(row.dtype));
  }
  size_t doubled = rows ? buffer.capacity() * 2 : 0;
  bool grow = size_t(newBytes) > buffer.capacity();
  if (!buffer.ensure(*allocator, grow && doubled > size_t(newBytes) ? doubled : size_t(newBytes), size_t(used))) {
    return noMemory(error, newBytes);
  }
  view(row.dtype, row.rank + 1, shape, buffer.data(), newCount, newBytes);
  if (row.bytes) {
    memcpy(buffer.data() + used, row.data, size_t(row.bytes));
  }
  return DLC_OK;
}
