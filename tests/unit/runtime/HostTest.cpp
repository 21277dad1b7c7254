// The engine's host functions, called as a program calls them: with the examples of the ONNX specification.
#include "HostCall.h"
#include <cmath>

using namespace dlc::test;

namespace {

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
  Call rows("unique", {&x}, {1, 1, 0}, kinds, types, {2, 1, 1, 1});
  EXPECT_EQ(data<float>(rows.value(0)), (Floats{1, 0, 0, 2, 3, 4}));
  EXPECT_EQ(data<int64_t>(rows.value(1)), (Ints{0, 2}));
  EXPECT_EQ(data<int64_t>(rows.value(2)), (Ints{0, 0, 1}));
  EXPECT_EQ(data<int64_t>(rows.value(3)), (Ints{2, 1}));
  Any y({2, 4, 2}, Floats{1, 1, 0, 1, 2, 1, 0, 1, 1, 1, 0, 1, 2, 1, 0, 1});
  Call middle("unique", {&y}, {1, 1, 1}, kinds, types, {3, 1, 1, 1});
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

// Callers put into a sequence what they like; code behind the call relies on what was planned.
TEST(Host, ElementsOfSequencesMustBeAsPlanned) {
  Any a({2}, Floats{1, 2}), at({}, Ints{0}), text({1}, Texts{"a"}), seq = Any::sequence({&a}),
                                                                    texts = Any::sequence({&text});
  Call type("sequence_at", {&seq, &at}, {}, {T}, {DLC_I8});
  EXPECT_EQ(type.status, DLC_SHAPE_MISMATCH);
  EXPECT_NE(type.message.find("expected i8 of rank 1 in output 0, got f32 of rank 1"), std::string::npos)
      << type.message;
  Call rank("sequence_at", {&seq, &at}, {}, {T}, {DLC_F32}, 2);
  EXPECT_NE(rank.message.find("expected f32 of rank 2 in output 0, got f32 of rank 1"), std::string::npos)
      << rank.message;
  Call strings("sequence_at", {&texts, &at}, {}, {S}, {DLC_STRING}, 3);
  EXPECT_NE(strings.message.find("of rank 3 in output 0, got string of rank 1"), std::string::npos) << strings.message;
  Call kind("sequence_at", {&texts, &at}, {}, {T});
  EXPECT_NE(kind.message.find("expected a tensor in output 0"), std::string::npos) << kind.message;
  Call all("concat_from_sequence", {&seq}, {0, 0}, {T}, {DLC_I8});
  EXPECT_NE(all.message.find("expected i8 of rank 1 in output 0"), std::string::npos) << all.message;
}

TEST(Host, ElementsOfSequencesMustHaveTheKnownSizes) {
  for (bool planned : {false, true}) {
    Any a({3, 2}, Floats(6, 1)), at({}, Ints{0}), seq = Any::sequence({&a});
    Builder b;
    uint32_t main = b.block("main"), s = b.stage(main), two = b.constant(s, 2), three = b.constant(s, 3);
    uint32_t x = b.input("x", DLC_UNDEFINED, {}, DLC_KIND_SEQUENCE), i = b.input("i", DLC_I64, {});
    uint32_t y = b.output("y", DLC_F32, {two, three}, planned ? b.constant(s, 24) : none);
    b.step(s, DLC_STEP_HOST_CALL, b.host("sequence_at"), {x, i, y});
    b.entry("main", main);
    Blob blob = b.finish();
    dlc_model *model = load(blob);
    ASSERT_TRUE(model) << dlc_last_error();
    dlc_context *c = context(model, 1);
    EXPECT_EQ(dlc_context_set_input_value(c, 0, 0, seq.v), DLC_OK) << dlc_last_error();
    EXPECT_EQ(dlc_context_set_input_value(c, 0, 1, at.v), DLC_OK) << dlc_last_error();
    EXPECT_EQ(dlc_context_run(c, 0), DLC_SHAPE_MISMATCH);
    std::string message = dlc_last_error();
    EXPECT_NE(message.find(planned ? "expected size 2 of dimension 0 as planned, got 3"
                                   : "expected size 2 of dimension 0 in output 0, got 3"),
              std::string::npos)
        << message;
    dlc_context_destroy(c);
    dlc_model_release(model);
  }
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
    Call call("concat_from_sequence", {&seq}, {axis, fresh}, {T}, {}, uint32_t(2 + fresh));
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
  Call split("string_split", {&words, nullptr}, {-1}, {S, T}, {DLC_STRING, DLC_I64}, {2, 1});
  EXPECT_EQ(texts(split.value()), (Texts{"hello", "world", "again", "a,b", "", ""}));
  EXPECT_EQ(data<int64_t>(split.value(1)), (Ints{3, 1}));
  Call once("string_split", {&words, nullptr}, {1}, {S, T}, {DLC_STRING, DLC_I64}, {2, 1});
  EXPECT_EQ(texts(once.value()), (Texts{"hello", "world again", "a,b", ""}));
  Call byComma("string_split", {&words, &comma}, {-1}, {S, T}, {DLC_STRING, DLC_I64}, {2, 1});
  EXPECT_EQ(texts(byComma.value()), (Texts{" hello  world again ", "", "a", "b"}));
  Any days({4}, Texts{"monday", "tuesday", "Wednesday", "thursday"}), stop({1}, Texts{"MONDAY"}), none({1}, Texts{"x"});
  auto normalize = [&](const Any *s, int64_t action, int64_t sensitive) {
    return texts(Call("string_normalizer", {&days, s}, {action, sensitive}, {S}, {DLC_STRING}).value());
  };
  EXPECT_EQ(normalize(&stop, 2, 0), (Texts{"TUESDAY", "WEDNESDAY", "THURSDAY"}));
  EXPECT_EQ(normalize(&stop, 1, 1), (Texts{"monday", "tuesday", "wednesday", "thursday"}));
  Any accent({2}, Texts{"ok", "caf\u00e9"}), caseless({1}, Texts{"\u65e5\u672c 10\u20ac ok"});
  Call unknown("string_normalizer", {&accent, nullptr}, {2, 1}, {S}, {DLC_STRING});
  EXPECT_NE(unknown.message.find("expected letters of ASCII where their case matters, got U+00E9 in string 1"),
            std::string::npos)
      << unknown.message;
  EXPECT_NE(Call("string_normalizer", {&accent, &stop}, {0, 0}, {S}, {DLC_STRING}).status, DLC_OK);
  EXPECT_EQ(texts(Call("string_normalizer", {&accent, &stop}, {0, 1}, {S}, {DLC_STRING}).value()),
            (Texts{"ok", "caf\u00e9"}));
  EXPECT_EQ(texts(Call("string_normalizer", {&caseless, nullptr}, {2, 1}, {S}, {DLC_STRING}).value()),
            (Texts{"\u65e5\u672c 10\u20ac OK"}));
  EXPECT_EQ(texts(Call("string_normalizer", {&none, &none}, {0, 1}, {S}, {DLC_STRING}).value()), (Texts{""}));
}

TEST(Host, StringsByTheirPlaces) {
  Any a({2}, Texts{"a", "b"}), b({1}, Texts{"c"}), at({2, 2}, Ints{2, 0, 1, 2}), beyond({1}, Ints{3});
  EXPECT_EQ(texts(Call("string_pick", {&at, &a, &b}, {}, {S}, {DLC_STRING}, 2).value()), (Texts{"c", "a", "b", "c"}));
  EXPECT_NE(Call("string_pick", {&beyond, &a, &b}, {}, {S}, {DLC_STRING}).status, DLC_OK);
  const char bytes[] = "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0xy"; // two lengths, then the texts
  Any encoded = Any::bytes(DLC_U8, {18}, bytes, 18), cut = Any::bytes(DLC_U8, {17}, bytes, 17);
  EXPECT_EQ(texts(Call("string_constant", {&encoded}, {2}, {S}, {DLC_STRING}).value()), (Texts{"xy", ""}));
  EXPECT_NE(Call("string_constant", {&cut}, {2}, {S}, {DLC_STRING}).status, DLC_OK);
  EXPECT_NE(Call("string_constant", {&encoded}, {3}, {S}, {DLC_STRING}).status, DLC_OK);
}

TEST(Host, Numerals) {
  Any x({7}, Floats{0.1f, -1, 0, 1e16f, 123456.789f, 1e-5f, INFINITY});
  EXPECT_EQ(texts(Call("numbers_to_strings", {&x}, {}, {S}, {DLC_STRING}).value()),
            (Texts{"0.1", "-1.0", "0.0", "1e+16", "123456.79", "1e-05", "INF"}));
  Any i({3}, Ints{-9223372036854775807 - 1, 0, 42});
  EXPECT_EQ(texts(Call("numbers_to_strings", {&i}, {}, {S}, {DLC_STRING}).value()),
            (Texts{"-9223372036854775808", "0", "42"}));
  Any s({5}, Texts{" 1.5 ", "-inf", "1e3", "+7", "9007199254740993"}), bad({1}, Texts{"1,5"}), hex({1}, Texts{"0x10"});
  EXPECT_EQ(data<float>(Call("strings_to_numbers", {&s}, {DLC_F32}, {T}, {DLC_F32}).value()),
            (Floats{1.5f, -INFINITY, 1000, 7, 9007199254740992.0f}));
  EXPECT_EQ(data<int64_t>(Call("strings_to_numbers", {&s}, {DLC_I64}, {T}, {DLC_I64}).value()),
            (Ints{1, -9223372036854775807 - 1, 1000, 7, 9007199254740993}));
  EXPECT_NE(Call("strings_to_numbers", {&bad}, {DLC_F32}, {T}, {DLC_F32}).status, DLC_OK);
  EXPECT_NE(Call("strings_to_numbers", {&hex}, {DLC_F32}, {T}, {DLC_F32}).status, DLC_OK);
}

TEST(Host, RegexMatch) {
  // (a|b)+c
  std::vector<int64_t> program = {1, 1, 3, 2, 'a', 'a', 1, 4, 4, 2, 'b', 'b', 1, 0, 5, 2, 'c', 'c', 0, 0, 0};
  Any x({5}, Texts{"abac", "c", "abca", "", "bc"});
  EXPECT_EQ(data<uint8_t>(Call("regex_match", {&x}, program, {T}, {DLC_BOOL}).value()),
            (std::vector<uint8_t>{1, 0, 0, 0, 1}));
  // One character that is not of ASCII; damaged UTF-8 is U+FFFD, byte by byte.
  Any y({4}, Texts{"\u00e4", "x", "\xff", "\xe4\xb8"});
  EXPECT_EQ(data<uint8_t>(Call("regex_match", {&y}, {2, 0x80, 0x10ffff, 0, 0, 0}, {T}, {DLC_BOOL}).value()),
            (std::vector<uint8_t>{1, 0, 1, 0}));
  // \bx$
  Any z({2}, Texts{"x", "xx"});
  EXPECT_EQ(data<uint8_t>(Call("regex_match", {&z}, {3, 4, 0, 2, 'x', 'x', 3, 1, 0, 0, 0, 0}, {T}, {DLC_BOOL}).value()),
            (std::vector<uint8_t>{1, 0}));
}

TEST(Host, ElementsOfLessThanAByte) {
  const uint8_t packed[] = {0x8f, 0x07};
  Any signedOnes = Any::bytes(DLC_I4, {3}, packed, 2), plain = Any::bytes(DLC_U2, {5}, packed, 2);
  EXPECT_EQ(data<int8_t>(Call("unpack_bits", {&signedOnes}, {}, {T}, {DLC_I8}).value()),
            (std::vector<int8_t>{-1, -8, 7}));
  EXPECT_EQ(data<uint8_t>(Call("unpack_bits", {&plain}, {}, {T}, {DLC_U8}).value()),
            (std::vector<uint8_t>{3, 3, 0, 2, 3}));
  const int8_t values[] = {-1, -8, 7};
  Any bytes = Any::bytes(DLC_I8, {3}, values, 3);
  Call pack("pack_bits", {&bytes}, {DLC_I4}, {T}, {DLC_I4});
  EXPECT_EQ(memcmp(dlc_value_data(pack.value()), packed, sizeof packed), 0);
  EXPECT_NE(Call("unpack_bits", {&bytes}, {}, {T}, {DLC_I8}).status, DLC_OK);
  EXPECT_NE(Call("pack_bits", {&bytes}, {DLC_F32}, {T}, {DLC_F32}).status, DLC_OK);
}

TEST(Host, WrongOperandsFailInOrder) {
  Any x({2}, Floats{1, 2}), s({2}, Texts{"a", "b"});
  for (const char *name : {"nonzero",
                           "unique",
                           "compress",
                           "non_max_suppression",
                           "sequence_construct",
                           "sequence_insert",
                           "sequence_erase",
                           "sequence_at",
                           "sequence_length",
                           "split_to_sequence",
                           "concat_from_sequence",
                           "optional_get",
                           "string_equal",
                           "string_concat",
                           "string_split",
                           "string_normalizer",
                           "string_copy",
                           "string_gather",
                           "string_pick",
                           "string_constant",
                           "regex_match",
                           "unpack_bits",
                           "pack_bits",
                           "numbers_to_strings",
                           "strings_to_numbers",
                           "value_copy"}) {
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
