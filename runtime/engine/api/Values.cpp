// dlc_value and dlc_host_call.
#include "api/Guard.h"
#include "host/HostCall.h"

using namespace dlc::rt;

extern "C" {

dlc_status dlc_value_create(uint32_t kind, uint32_t dtype, dlc_value **out) {
  if (!out) {
    return nullArgument("out");
  }
  if (kind > DLC_KIND_MAP) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected a kind below %d, got %u", DLC_KIND_MAP + 1, kind);
  }
  dlc_value *value = create<dlc_value>();
  if (!value) {
    return fail(freshError(), DLC_OUT_OF_MEMORY, "no memory for a value");
  }
  value->clear(kind, dtype);
  *out = value;
  return DLC_OK;
}
void dlc_value_destroy(dlc_value *value) { destroy(value); }
dlc_status dlc_value_copy(dlc_value *to, const dlc_value *from) {
  return to && from ? to->copy(*from, freshError()) : nullArgument(to ? "from" : "to");
}
uint32_t dlc_value_kind(const dlc_value *value) { return value ? value->kind : DLC_KIND_TENSOR; }
uint32_t dlc_value_dtype(const dlc_value *value) { return value ? value->dtype : DLC_UNDEFINED; }
uint32_t dlc_value_rank(const dlc_value *value) { return value ? value->rank : 0; }
const int64_t *dlc_value_dims(const dlc_value *value) { return value ? value->dims : nullptr; }
int64_t dlc_value_element_count(const dlc_value *value) { return value ? value->count : 0; }
size_t dlc_value_byte_size(const dlc_value *value) { return value ? size_t(value->bytes) : 0; }
const void *dlc_value_data(const dlc_value *value) { return value ? value->data : nullptr; }

dlc_status dlc_value_set_tensor(dlc_value *value, uint32_t dtype, uint32_t rank, const int64_t *dims, void **data) {
  if (!value) {
    return nullArgument("value");
  }
  dlc_status status = value->setTensor(dtype, rank, dims, freshError());
  if (data) {
    *data = status == DLC_OK ? value->data : nullptr;
  }
  return status;
}
dlc_status dlc_value_set_strings(dlc_value *value, uint32_t rank, const int64_t *dims, const dlc_string *strings) {
  if (!value || value->planned) {
    return value ? fail(freshError(), DLC_INVALID_ARGUMENT, "expected a value that can hold strings")
                 : nullArgument("value");
  }
  int64_t count = 1;
  for (uint32_t i = 0; i < rank && dims; ++i) {
    count = dims[i] == 0 ? 0 : count;
  }
  return strings || !count ? value->setStrings(rank, dims, strings, freshError()) : nullArgument("strings");
}

size_t dlc_value_item_count(const dlc_value *value) { return value ? value->items.size() : 0; }
const dlc_value *dlc_value_item(const dlc_value *value, size_t index) {
  return value && index < value->items.size() ? value->items[index] : nullptr;
}
static dlc_status expectContainer(const dlc_value *value) {
  if (!value) {
    return nullArgument("value");
  }
  bool holds = value->kind != DLC_KIND_TENSOR && value->kind != DLC_KIND_STRINGS && !value->planned;
  return holds ? DLC_OK
               : fail(freshError(), DLC_INVALID_ARGUMENT, "expected a sequence, optional or map, got a %s",
                      kindText(value->kind));
}
dlc_status dlc_value_insert(dlc_value *value, size_t index, const dlc_value *item) {
  if (dlc_status s = expectContainer(value)) {
    return s;
  }
  return item ? value->insert(index, *item, freshError()) : nullArgument("item");
}
dlc_status dlc_value_erase(dlc_value *value, size_t index) {
  if (dlc_status s = expectContainer(value)) {
    return s;
  }
  if (index >= value->items.size()) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected an item below %zu, got %zu", value->items.size(), index);
  }
  value->erase(index);
  return DLC_OK;
}
dlc_status dlc_value_clear(dlc_value *value, uint32_t kind, uint32_t dtype) {
  if (!value || value->planned) {
    return value ? fail(freshError(), DLC_INVALID_ARGUMENT, "expected a value whose kind can change")
                 : nullArgument("value");
  }
  if (kind > DLC_KIND_MAP) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected a kind below %d, got %u", DLC_KIND_MAP + 1, kind);
  }
  value->clear(kind, dtype);
  return DLC_OK;
}

size_t dlc_host_call_input_count(const dlc_host_call *call) { return call->inputs.size; }
size_t dlc_host_call_output_count(const dlc_host_call *call) { return call->outputs.size; }
size_t dlc_host_call_attribute_count(const dlc_host_call *call) { return call->attributes.size; }
const dlc_value *dlc_host_call_input(const dlc_host_call *call, size_t index) { return call->input(index); }
int64_t dlc_host_call_attribute(const dlc_host_call *call, size_t index) { return call->attribute(index); }
dlc_value *dlc_host_call_output(dlc_host_call *call, size_t index) { return call->output(index); }
dlc_status dlc_host_call_set_output(dlc_host_call *call, size_t index, uint32_t dtype, uint32_t rank,
                                    const int64_t *dims, void **data) {
  dlc_value *value = call->output(index);
  if (data) {
    *data = nullptr;
  }
  if (!value) {
    return DLC_OK;
  }
  dlc_status status = value->setTensor(dtype, rank, dims, *call->error);
  if (data && status == DLC_OK) {
    *data = value->data;
  }
  return status;
}
dlc_status dlc_host_call_fail(dlc_host_call *call, const char *message) {
  return fail(*call->error, DLC_RUN_FAILED, "%s", message ? message : "no reason given");
}

} // extern "C"
