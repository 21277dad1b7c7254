// Calls a host function of the engine in a program of its own.
#pragma once
#include "Builder.h"
#include <gtest/gtest.h>

namespace dlc::test {

/// A value made for a test.
struct Any {
  Any(std::vector<int64_t> dims, std::vector<float> data) : Any(DLC_F32, dims, data) {}
  Any(std::vector<int64_t> dims, std::vector<int64_t> data) : Any(DLC_I64, dims, data) {}
  Any(std::vector<int64_t> dims, std::vector<std::string> texts) {
    std::vector<dlc_string> views;
    for (std::string &t : texts) {
      views.push_back({t.data(), t.size()});
    }
    make(DLC_KIND_STRINGS, DLC_STRING);
    EXPECT_EQ(dlc_value_set_strings(v, uint32_t(dims.size()), dims.data(), views.data()), DLC_OK);
  }
  static Any flags(std::vector<int64_t> dims, std::vector<uint8_t> data) { return Any(DLC_BOOL, dims, data); }
  static Any bytes(uint32_t dtype, std::vector<int64_t> dims, const void *data, size_t size) {
    const char *from = static_cast<const char *>(data);
    return Any(dtype, dims, std::vector<char>(from, from + size));
  }
  static Any sequence(const std::vector<const Any *> &items) {
    Any a;
    a.make(DLC_KIND_SEQUENCE, 0);
    for (const Any *item : items) {
      EXPECT_EQ(dlc_value_insert(a.v, dlc_value_item_count(a.v), item->v), DLC_OK);
    }
    return a;
  }
  Any(Any &&o) : v(o.v) { o.v = nullptr; }
  ~Any() { dlc_value_destroy(v); }
  dlc_value *v = nullptr;

private:
  Any() = default;
  template <typename T> Any(uint32_t dtype, std::vector<int64_t> dims, std::vector<T> data) {
    void *to;
    make(DLC_KIND_TENSOR, dtype);
    EXPECT_EQ(dlc_value_set_tensor(v, dtype, uint32_t(dims.size()), dims.data(), &to), DLC_OK);
    if (!data.empty()) {
      memcpy(to, data.data(), data.size() * sizeof(T));
    }
  }
  void make(uint32_t kind, uint32_t dtype) { dlc_value_create(kind, dtype, &v); }
};

/// The ranks that the outputs of a call are planned with; one may stand for all.
struct Ranks {
  Ranks(uint32_t all) : ranks{all} {}
  Ranks(std::initializer_list<uint32_t> each) : ranks(each) {}
  uint32_t operator[](size_t i) const { return ranks.size() == 1 ? ranks[0] : ranks[i]; }
  std::vector<uint32_t> ranks;
};

/// One call of a host function in a program of its own.
class Call {
public:
  Call(const char *name, const std::vector<const Any *> &in, const std::vector<int64_t> &attributes,
       const std::vector<uint32_t> &outKinds, const std::vector<uint32_t> &outTypes = {}, const Ranks &outRanks = 1,
       const dlc_model_options *options = nullptr) {
    Builder b;
    uint32_t main = b.block("main"), s = b.stage(main);
    Ids args, dims;
    b.constant(s, 0);
    for (const Any *a : in) {
      if (!a) {
        args.push_back(b.value("", DLC_KIND_TENSOR, DLC_F32, {}, DLC_STORAGE_NONE, 0));
        continue;
      }
      uint32_t rank = dlc_value_kind(a->v) < 2 ? dlc_value_rank(a->v) : 0;
      args.push_back(
          b.input("x", uint8_t(dlc_value_dtype(a->v)), std::vector<int64_t>(rank, -1), uint8_t(dlc_value_kind(a->v))));
    }
    for (int64_t x : attributes) {
      dims.push_back(b.constant(s, x));
    }
    for (size_t i = 0; i < outKinds.size(); ++i) {
      uint32_t type = i < outTypes.size() ? outTypes[i] : uint32_t(DLC_F32);
      Ids shape(outKinds[i] < 2 ? outRanks[i] : 0, 0);
      args.push_back(b.output("y", uint8_t(type), shape, none, uint8_t(outKinds[i])));
      b.values.back().shape = none; // only the call knows its sizes
      for (uint32_t d = 0; d < shape.size(); ++d) {
        b.portDims[b.portDims.size() - 1 - d].slot = none;
      }
    }
    b.step(s, DLC_STEP_HOST_CALL, b.host(name), args, dims, uint32_t(outKinds.size()));
    b.entry("main", main);
    blob = b.finish();
    model = load(blob, options);
    EXPECT_TRUE(model) << dlc_last_error();
    c = model ? context(model, 1) : nullptr;
    size_t index = 0;
    for (const Any *a : in) {
      if (a) {
        EXPECT_EQ(dlc_context_set_input_value(c, 0, index++, a->v), DLC_OK) << dlc_last_error();
      }
    }
    for (int run = 0; run < 2; ++run) {
      status = dlc_context_run(c, 0);
    }
    message = dlc_last_error();
  }
  ~Call() {
    dlc_context_destroy(c);
    dlc_model_release(model);
  }
  const dlc_value *value(size_t i = 0) const {
    const dlc_value *v = nullptr;
    EXPECT_EQ(dlc_context_get_output_value(c, 0, i, &v), DLC_OK) << message;
    return v;
  }
  Blob blob;
  dlc_model *model;
  dlc_context *c;
  dlc_status status;
  std::string message;
};

template <typename T> std::vector<T> data(const dlc_value *v) {
  auto *p = static_cast<const T *>(dlc_value_data(v));
  return v ? std::vector<T>(p, p + dlc_value_element_count(v)) : std::vector<T>{};
}
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;
inline Texts texts(const dlc_value *v) {
  Texts out;
  for (const dlc_string &s : data<dlc_string>(v)) {
    out.emplace_back(s.data, s.size);
  }
  return out;
}
inline Ints dims(const dlc_value *v) { return {dlc_value_dims(v), dlc_value_dims(v) + dlc_value_rank(v)}; }

constexpr uint32_t T = DLC_KIND_TENSOR, S = DLC_KIND_STRINGS, Q = DLC_KIND_SEQUENCE, O = DLC_KIND_OPTIONAL;

} // namespace dlc::test
