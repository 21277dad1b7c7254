// The engine's host functions, called as a program calls them: with the examples of the ONNX specification.
#include "Builder.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;

namespace {

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

/// One call of a host function in a program of its own.
class Call {
public:
  Call(const char *name, const std::vector<const Any *> &in, const std::vector<int64_t> &attributes,
       const std::vector<uint32_t> &outKinds, const std::vector<uint32_t> &outTypes = {}, uint32_t outRank = 1,
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
      Ids shape(outKinds[i] < 2 ? outRank : 0, 0);
      args.push_back(b.output("y", uint8_t(type), shape, none, uint8_t(outKinds[i])));
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
Texts texts(const dlc_value *v) {
  Texts out;
  for (const dlc_string &s : data<dlc_string>(v)) {
    out.emplace_back(s.data, s.size);
  }
  return out;
}
Ints dims(const dlc_value *v) { return {dlc_value_dims(v), dlc_value_dims(v) + dlc_value_rank(v)}; }

constexpr uint32_t T = DLC_KIND_TENSOR, S = DLC_KIND_STRINGS, Q = DLC_KIND_SEQUENCE, O = DLC_KIND_OPTIONAL;

TEST(Host, Nonzero) {
  Any x({2, 2}, Floats{1, 0, -0.0f, 1});
  Call call("nonzero", {&x}, {}, {T}, {DLC_I64}, 2);
  EXPECT_EQ(dims(call.value()), (Ints{2, 2}));
  EXPECT_EQ(data<int64_t>(call.value()), (Ints{0, 1, 0, 1}));
}

TEST(Host, Compress) {
  Any x({3, 2}, Floats{1, 2, 3, 4, 5, 6}), c = Any::flags({3}, {0, 1, 1}), d = Any::flags({5}, {0, 1, 0, 0, 1});
  EXPECT_EQ(data<float>(Call("compress", {&x, &c}, {1, 0}, {T}, {}, 2).value()), (Floats{3, 4, 5, 6}));
  EXPECT_EQ(data<float>(Call("compress", {&x, &c}, {1, -1}, {T}, {}, 2).value()), (Floats{2, 4, 6}));
  EXPECT_EQ(data<float>(Call("compress", {&x, &d}, {0, 0}, {T}).value()), (Floats{2, 5}));
}

TEST(Host, UniqueOfElements) {
  Any x({6}, Floats{2, 1, 1, 3, 4, 3});
  std::vector<uint32_t> kinds = {T, T, T, T}, types = {DLC_F32, DLC_I64, DLC_I64, DLC_I64};
  Call unsorted("unique", {&x}, {0, 0, 0}, kinds, types), sorted("unique", {&x}, {1, 0, 0}, kinds, types);
  EXPECT_EQ(data<float>(unsorted.value(0)), (Floats{2, 1, 3, 4}));
  EXPECT_EQ(data<int64_t>(unsorted.value(1)), (Ints{0, 1, 3, 4}));
  EXPECT_EQ(data<int64_t>(unsorted.value(2)), (Ints{0, 1, 1, 2, 3, 2}));
  EXPECT_EQ(data<int64_t>(unsorted.value(3)), (Ints{1, 2, 2, 1}));
  EXPECT_EQ(data<float>(sorted.value(0)), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(data<int64_t>(sorted.value(1)), (Ints{1, 0, 3, 4}));
  EXPECT_EQ(data<int64_t>(sorted.value(2)), (Ints{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(data<int64_t>(sorted.value(3)), (Ints{2, 1, 2, 1}));
}

TEST(Host, UniqueAlongAxes) {
  Any x({3, 3}, Floats{1, 0, 0, 1, 0, 0, 2, 3, 4});
  std::vector<uint32_t> kinds = {T, T, T, T}, types = {DLC_F32, DLC_I64, DLC_I64, DLC_I64};
  Call rows("unique", {&x}, {1, 1, 0}, kinds, types, 1);
  EXPECT_EQ(data<float>(rows.value(0)), (Floats{1, 0, 0, 2, 3, 4}));
  EXPECT_EQ(data<int64_t>(rows.value(1)), (Ints{0, 2}));
  EXPECT_EQ(data<int64_t>(rows.value(2)), (Ints{0, 0, 1}));
  EXPECT_EQ(data<int64_t>(rows.value(3)), (Ints{2, 1}));
  Any y({2, 4, 2}, Floats{1, 1, 0, 1, 2, 1, 0, 1, 1, 1, 0, 1, 2, 1, 0, 1});
  Call middle("unique", {&y}, {1, 1, 1}, kinds, types, 1);
  EXPECT_EQ(data<float>(middle.value(0)), (Floats{0, 1, 1, 1, 2, 1, 0, 1, 1, 1, 2, 1}));
  EXPECT_EQ(data<int64_t>(middle.value(1)), (Ints{1, 0, 2}));
  EXPECT_EQ(data<int64_t>(middle.value(2)), (Ints{1, 0, 2, 0}));
  EXPECT_EQ(data<int64_t>(middle.value(3)), (Ints{2, 1, 1}));
}

TEST(Host, NonMaxSuppression) {
  Any boxes({1, 6, 4},
            Floats{0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 0, -0.1f, 1, 0.9f, 0, 10, 1, 11, 0, 10.1f, 1, 11.1f, 0, 100, 1, 101});
  Any scores({1, 1, 6}, Floats{0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f}), three({1}, Ints{3}), two({1}, Ints{2});
  Any iou({1}, Floats{0.5f}), low({1}, Floats{0}), high({1}, Floats{0.4f});
  auto run = [&](const Any *b, const Any *most, const Any *least, int64_t center) {
    return data<int64_t>(
        Call("non_max_suppression", {b, &scores, most, &iou, least}, {center}, {T}, {DLC_I64}, 2).value());
  };
  EXPECT_EQ(run(&boxes, &three, &low, 0), (Ints{0, 0, 3, 0, 0, 0, 0, 0, 5}));
  EXPECT_EQ(run(&boxes, &two, &low, 0), (Ints{0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(run(&boxes, &three, &high, 0), (Ints{0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(run(&boxes, nullptr, nullptr, 0), (Ints{}));
  Any flipped({1, 6, 4}, Floats{1, 1,  0, 0,  0, 0.1f,  1, 1.1f,  0, 0.9f, 1, -0.1f,
                                0, 10, 1, 11, 1, 10.1f, 0, 11.1f, 1, 101,  0, 100});
  EXPECT_EQ(run(&flipped, &three, &low, 0), (Ints{0, 0, 3, 0, 0, 0, 0, 0, 5}));
  Any centers({1, 6, 4}, Floats{0.5f, 0.5f,  1, 1, 0.5f, 0.6f,  1, 1, 0.5f, 0.4f,   1, 1,
                                0.5f, 10.5f, 1, 1, 0.5f, 10.6f, 1, 1, 0.5f, 100.5f, 1, 1});
  EXPECT_EQ(run(&centers, &three, &low, 1), (Ints{0, 0, 3, 0, 0, 0, 0, 0, 5}));
}

TEST(Host, Sequences) {
  Any a({2}, Floats{1, 2}), b({1}, Floats{3}), at({}, Ints{-1}), zero({}, Ints{0}), far({}, Ints{3});
  Any seq = Any::sequence({&a, &b});
  Call made("sequence_construct", {&a, &b}, {}, {Q});
  EXPECT_EQ(dlc_value_item_count(made.value()), 2u);
  Call inserted("sequence_insert", {&seq, &b, &zero}, {}, {Q});
  EXPECT_EQ(data<float>(dlc_value_item(inserted.value(), 0)), (Floats{3}));
  Call appended("sequence_insert", {&seq, &b, nullptr}, {}, {Q});
  EXPECT_EQ(data<float>(dlc_value_item(appended.value(), 2)), (Floats{3}));
  EXPECT_EQ(data<float>(Call("sequence_at", {&seq, &at}, {}, {T}).value()), (Floats{3}));
  Call erased("sequence_erase", {&seq, nullptr}, {}, {Q});
  EXPECT_EQ(dlc_value_item_count(erased.value()), 1u);
  EXPECT_EQ(data<int64_t>(Call("sequence_length", {&seq}, {}, {T}, {DLC_I64}, 0).value()), (Ints{2}));
  EXPECT_EQ(dlc_value_item_count(Call("sequence_empty", {}, {DLC_F32}, {Q}).value()), 0u);
  Call bad("sequence_at", {&seq, &far}, {}, {T});
  EXPECT_EQ(bad.status, DLC_RUN_FAILED);
  EXPECT_NE(bad.message.find("a sequence of 2 elements, got 3"), std::string::npos) << bad.message;
}

TEST(Host, SplitAndConcat) {
  Any x({3, 2}, Floats{1, 2, 3, 4, 5, 6}), two({}, Ints{2}), parts({2}, Ints{1, 2});
  auto split = [&](const Any *s, int64_t axis, int64_t keep) {
    return Call("split_to_sequence", {&x, s}, {axis, keep}, {Q});
  };
  EXPECT_EQ(data<float>(dlc_value_item(split(&two, 0, 1).value(), 1)), (Floats{5, 6}));
  EXPECT_EQ(data<float>(dlc_value_item(split(&parts, 0, 1).value(), 1)), (Floats{3, 4, 5, 6}));
  Call rows = split(nullptr, 0, 0), columns = split(nullptr, 1, 1);
  EXPECT_EQ(dims(dlc_value_item(rows.value(), 2)), (Ints{2}));
  EXPECT_EQ(data<float>(dlc_value_item(columns.value(), 1)), (Floats{2, 4, 6}));
  Any a({1, 2}, Floats{1, 2}), b({1, 2}, Floats{3, 4}), seq = Any::sequence({&a, &b});
  auto concat = [&](int64_t axis, int64_t fresh) {
    Call call("concat_from_sequence", {&seq}, {axis, fresh}, {T}, {}, 1);
    return std::pair(dims(call.value()), data<float>(call.value()));
  };
  EXPECT_EQ(concat(0, 0), std::pair(Ints({2, 2}), Floats({1, 2, 3, 4})));
  EXPECT_EQ(concat(-1, 0), std::pair(Ints({1, 4}), Floats({1, 2, 3, 4})));
  EXPECT_EQ(concat(0, 1), std::pair(Ints({2, 1, 2}), Floats({1, 2, 3, 4})));
  EXPECT_EQ(concat(-1, 1), std::pair(Ints({1, 2, 2}), Floats({1, 3, 2, 4})));
}

TEST(Host, Optionals) {
  Any a({2}, Floats{1, 2});
  Call full("optional_make", {&a}, {DLC_F32}, {O}), empty("optional_make", {nullptr}, {DLC_F32}, {O});
  EXPECT_EQ(dlc_value_item_count(full.value()), 1u);
  EXPECT_EQ(dlc_value_item_count(empty.value()), 0u);
  EXPECT_EQ(data<float>(Call("optional_get", {&a}, {}, {T}).value()), (Floats{1, 2}));
  EXPECT_EQ(data<uint8_t>(Call("optional_has", {&a}, {}, {T}, {DLC_BOOL}, 0).value())[0], 1);
  EXPECT_EQ(data<uint8_t>(Call("optional_has", {nullptr}, {}, {T}, {DLC_BOOL}, 0).value())[0], 0);
}

TEST(Host, Strings) {
  Any a({3}, Texts{"abc", "de", ""}), b({1}, Texts{"x"}), c({2, 1}, Texts{"de", "abc"}), i({2}, Ints{-1, 0});
  EXPECT_EQ(texts(Call("string_concat", {&a, &b}, {}, {S}, {DLC_STRING}).value()), (Texts{"abcx", "dex", "x"}));
  EXPECT_EQ(data<uint8_t>(Call("string_equal", {&a, &c}, {}, {T}, {DLC_BOOL}, 2).value()),
            (std::vector<uint8_t>{0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(dims(Call("string_copy", {&a}, {3, 1}, {S}, {DLC_STRING}, 2).value()), (Ints{3, 1}));
  EXPECT_EQ(texts(Call("string_gather", {&a, &i}, {0}, {S}, {DLC_STRING}).value()), (Texts{"", "abc"}));
  Any words({2}, Texts{" hello  world again ", "a,b"}), comma({}, Texts{","});
  Call split("string_split", {&words, nullptr}, {-1}, {S, T}, {DLC_STRING, DLC_I64});
  EXPECT_EQ(texts(split.value()), (Texts{"hello", "world", "again", "a,b", "", ""}));
  EXPECT_EQ(data<int64_t>(split.value(1)), (Ints{3, 1}));
  Call once("string_split", {&words, nullptr}, {1}, {S, T}, {DLC_STRING, DLC_I64});
  EXPECT_EQ(texts(once.value()), (Texts{"hello", "world again", "a,b", ""}));
  Call byComma("string_split", {&words, &comma}, {-1}, {S, T}, {DLC_STRING, DLC_I64});
  EXPECT_EQ(texts(byComma.value()), (Texts{" hello  world again ", "", "a", "b"}));
  Any days({4}, Texts{"monday", "tuesday", "Wednesday", "thursday"}), stop({1}, Texts{"MONDAY"}), none({1}, Texts{"x"});
  auto normalize = [&](const Any *s, int64_t action, int64_t sensitive) {
    return texts(Call("string_normalizer", {&days, s}, {action, sensitive}, {S}, {DLC_STRING}).value());
  };
  EXPECT_EQ(normalize(&stop, 2, 0), (Texts{"TUESDAY", "WEDNESDAY", "THURSDAY"}));
  EXPECT_EQ(normalize(&stop, 1, 1), (Texts{"monday", "tuesday", "wednesday", "thursday"}));
  EXPECT_EQ(texts(Call("string_normalizer", {&none, &none}, {0, 1}, {S}, {DLC_STRING}).value()), (Texts{""}));
}

TEST(Host, WrongOperandsFailInOrder) {
  Any x({2}, Floats{1, 2}), s({2}, Texts{"a", "b"});
  for (const char *name : {"nonzero", "unique", "compress", "non_max_suppression", "sequence_construct",
                           "sequence_insert", "sequence_erase", "sequence_at", "sequence_length", "split_to_sequence",
                           "concat_from_sequence", "optional_get", "string_equal", "string_concat", "string_split",
                           "string_normalizer", "string_copy", "string_gather", "value_copy"}) {
    for (const std::vector<const Any *> &in :
         {std::vector<const Any *>{}, {nullptr, nullptr}, {&x, &s}, {&s, &x}, {&x, &x}, {&s, &s}}) {
      for (int64_t attribute : {0, 1, -9}) {
        for (uint32_t kind : {T, Q}) {
          Call call(name, in, {attribute, attribute, attribute}, {kind}); // ends, one way or the other
        }
      }
    }
  }
}

TEST(Host, CallersOwnFunctions) {
  dlc_host_function own[2] = {DLC_HOST_FUNCTION_INIT, DLC_HOST_FUNCTION_INIT};
  int calls = 0;
  own[0].name = "twice";
  own[0].user = &calls;
  own[0].infer = [](dlc_host_call *call, void *) {
    const dlc_value *x = dlc_host_call_input(call, 0);
    return dlc_host_call_set_output(call, 0, DLC_F32, dlc_value_rank(x), dlc_value_dims(x), nullptr);
  };
  own[0].run = [](dlc_host_call *call, void *user) {
    ++*static_cast<int *>(user);
    const dlc_value *x = dlc_host_call_input(call, 0);
    auto *in = static_cast<const float *>(dlc_value_data(x));
    auto *out = static_cast<float *>(const_cast<void *>(dlc_value_data(dlc_host_call_output(call, 0))));
    for (int64_t i = 0; i < dlc_value_element_count(x); ++i) {
      out[i] = float(dlc_host_call_attribute(call, 0)) * in[i];
    }
    return DLC_OK;
  };
  own[1].name = "refuse";
  own[1].run = [](dlc_host_call *call, void *) { return dlc_host_call_fail(call, "not today"); };
  dlc_model_options o = DLC_MODEL_OPTIONS_INIT;
  o.host_functions = own;
  o.host_function_count = 2;
  Any x({3}, Floats{1, 2, 3});
  Call call("twice", {&x}, {2}, {T}, {}, 1, &o);
  EXPECT_EQ(data<float>(call.value()), (Floats{2, 4, 6}));
  EXPECT_EQ(calls, 2);
  Call refused("refuse", {&x}, {}, {T}, {}, 1, &o);
  EXPECT_EQ(refused.message, "step 'step0.0': not today");
}

} // namespace
