//===- TextTest.cpp - strings ---------------------------------------------------------------===//
#include "NNTest.h"
#include "dialects/nn/ops/text/Regex.h"

namespace dlc::nn {
namespace {
class TextTest : public NNTest {
protected:
  using Texts = std::vector<std::string>;
  Tensor texts(llvm::ArrayRef<int64_t> shape, Texts values) { return tensor<std::string>(shape, std::move(values)); }
};

TEST_F(TextTest, ConcatBroadcasts) {
  expectEqual<std::string>(
      eval("string_concat %0, %1", {texts({2, 1}, {"a", "b"}), texts({2}, {"x", ""})}, "tensor<2x2x!nn.string>"), 0,
      texts({2, 2}, {"ax", "a", "bx", "b"}));
}

// Examples of ONNX StringSplit.
TEST_F(TextTest, Split) {
  Tensor x = texts({2}, {"hello world", " def  x "}), comma = texts({}, {","});
  std::vector<Datum> spaces = eval("string_split %0 {}", {x}, "tensor<2x?x!nn.string>, tensor<2xi64>");
  expectEqual<std::string>(spaces, 0, texts({2, 2}, {"hello", "world", "def", "x"}));
  expectEqual<int64_t>(spaces, 1, longs({2}, {2, 2}));
  std::vector<Datum> once = eval("string_split %0, %1 {max_splits = 1}", {texts({2}, {"a,b,c", ""}), comma},
                                 "tensor<2x?x!nn.string>, tensor<2xi64>");
  expectEqual<std::string>(once, 0, texts({2, 2}, {"a", "b,c", "", ""}));
  expectEqual<int64_t>(once, 1, longs({2}, {2, 1}));
}

TEST_F(TextTest, Normalize) {
  Tensor x = texts({1, 3}, {"Monday", "tuesday", "monday"}), stop = texts({1}, {"MONDAY"});
  expectEqual<std::string>(
      eval("string_normalize %0, %1 {change = 2 : i32, case_sensitive = false}", {x, stop}, "tensor<1x?x!nn.string>"),
      0, texts({1, 1}, {"TUESDAY"}));
  expectEqual<std::string>(
      eval("string_normalize %0, %1 {change = 1 : i32, case_sensitive = true}", {x, stop}, "tensor<1x?x!nn.string>"), 0,
      texts({1, 3}, {"monday", "tuesday", "monday"}));
  expectEqual<std::string>(
      eval("string_normalize %0, %1 {case_sensitive = true}", {texts({1}, {"MONDAY"}), stop}, "tensor<?x!nn.string>"),
      0, texts({1}, {""}));
  EXPECT_TRUE(eval("string_normalize %0 {case_sensitive = true}", {texts({}, {"x"})}, "tensor<!nn.string>").empty());
  EXPECT_NE(errors.find("expected strings of shape [C] or [1, C], got"), std::string::npos) << errors;
}

TEST_F(TextTest, NormalizeRefusesLettersOfUnknownCase) {
  Tensor cafe = texts({1}, {"café"}), other = texts({1}, {"日本 10€ ok"}), stop = texts({1}, {"x"});
  std::string change = "string_normalize %0 {change = 2 : i32, case_sensitive = true}";
  EXPECT_TRUE(eval(change, {cafe}, "tensor<?x!nn.string>").empty());
  EXPECT_NE(errors.find("expected letters of ASCII where their case matters, got 'café'"), std::string::npos) << errors;
  EXPECT_TRUE(eval("string_normalize %0, %1 {case_sensitive = false}", {cafe, stop}, "tensor<?x!nn.string>").empty());
  expectEqual<std::string>(eval(change, {other}, "tensor<?x!nn.string>"), 0, texts({1}, {"日本 10€ OK"}));
  expectEqual<std::string>(
      eval("string_normalize %0, %1 {case_sensitive = true}", {cafe, stop}, "tensor<?x!nn.string>"), 0,
      texts({1}, {"café"}));
}

TEST_F(TextTest, Pick) {
  Tensor a = texts({2}, {"a", "b"}), b = texts({1}, {"c"});
  expectEqual<std::string>(
      eval("string_pick %0, %1, %2", {longs({2, 2}, {2, 0, 1, 2}), a, b}, "tensor<2x2x!nn.string>"), 0,
      texts({2, 2}, {"c", "a", "b", "c"}));
  EXPECT_TRUE(eval("string_pick %0, %1", {longs({1}, {2}), a}, "tensor<1x!nn.string>").empty());
  EXPECT_NE(errors.find("expected a place below 2, got 2"), std::string::npos) << errors;
}

TEST_F(TextTest, RegexMatchesAllOfAString) {
  struct Case {
    const char *pattern;
    Texts yes, no;
  } cases[] = {
      {R"(\\d+)", {"1", "42"}, {"", "4a", "a4"}},
      {R"([a-c]*[^x])", {"abcd", "y"}, {"x", "", "abx1"}},
      {R"((?:ab|c){2})", {"abc", "cc", "abab"}, {"ab", "cabc"}},
      {R"(a{2,3}b?)", {"aa", "aaab"}, {"a", "aaaa"}},
      {R"((?i)Straße)", {"STRAßE", "straße"}, {"STRASSE"}},
      {R"(.)", {"ä", "x"}, {"\\n", "xy", ""}},
      {R"((?s).*)", {"a\\nb", ""}, {}},
      {R"((a*)*)", {"", "aaa"}, {"b"}},
      {R"(^\\bfoo\\b.*$)", {"foo", "foo bar"}, {"foobar"}},
      {R"([[:alpha:]_]\\w*)", {"_x1", "Abc"}, {"1x"}},
      {R"(\\Qa.b\\E+)", {"a.bb"}, {"axb"}},
      {R"(\\Q+*\\E)", {"+*"}, {"+"}},
      {R"(\\Qa*b\\E)", {"a*b"}, {"aab", "b"}},
      {R"(\\Qab\\E*)", {"a", "abb"}, {"abab"}},
      {R"(a{1,-5})", {"a{1,-5}"}, {"a", "aaa"}}, // RE2 takes what is no repetition as text
      {R"(a{01})", {"a{01}"}, {"a"}},
      {R"(a{1,02}|a{,3}|a{ 1})", {"a{1,02}", "a{,3}", "a{ 1}"}, {"a"}},
      {R"(a{99999999999999999999})", {"a{99999999999999999999}"}, {"a"}},
      {R"((a{500}){2}|((x{0,10}){10}){10})", {"xx"}, {"a"}},
      // Unicode's CaseFolding.txt: U+212A and U+017F stand for k and s, U+1E9E for U+00DF, U+03C2 for U+03C3.
      {R"((?i)k)", {"k", "K", "\u212a"}, {"s"}},
      {R"((?i)[r-s]+)", {"Rs\u017f"}, {"\u212a"}},
      {R"((?i)[^k])", {"s"}, {"k", "K", "\u212a"}},
      {R"((?i)\\W|[[:^alpha:]1])", {"1", "-"}, {"k", "\u212a", "\u017f"}},
      {R"((?i)\\w)", {"\u212a"}, {"-"}},
      {R"((?i)é[α-σ]ß)", {"éςß", "ÉΣ\u1e9e"}, {"eσß"}},
      {R"((?i).)", {"é", "\u212a"}, {"\\n"}},
      {R"(\\x41\\x{263a})", {"A☺"}, {"A"}},
      {R"((?P<user>[\\w.]+)@(?P<host>\\w+\\.(?:com|org)))", {"a.b@x.com", "q@y.org"}, {"a@b.net", "@x.com"}},
  };
  for (const Case &c : cases) {
    std::string pattern = std::string("regex_match %0 {pattern = \"") + c.pattern + "\"}";
    Texts all = c.yes;
    all.insert(all.end(), c.no.begin(), c.no.end());
    for (std::string &s : all) {
      size_t at = s.find("\\n");
      s = at == std::string::npos ? s : s.replace(at, 2, "\n");
    }
    std::string type = "tensor<" + std::to_string(all.size()) + "xi1>";
    std::vector<Datum> got = eval(pattern, {texts({int64_t(all.size())}, all)}, type);
    ASSERT_EQ(got.size(), 1u) << c.pattern << errors;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(got[0].tensor().values<bool>()[i], i < c.yes.size()) << c.pattern << " of " << all[i];
    }
  }
}

TEST(Regex, WhatIsNotUnderstoodIsNamed) {
  const std::pair<const char *, const char *> cases[] = {
      {"a)", "a ) without its ( at character 1"},
      {"(a", "expected a ) at character 2"},
      {"(?x)a", "expected the flags i, m, s or U, got 'x' at character 2"},
      {"(?i", "expected a group at character 3"},
      {"(?P<a-b>c)", "expected the name of a group at character 4"},
      {"*a", "a repetition of nothing at character 0"},
      {"a\\", "a \\ at the end at character 2"},
      {"\\xg1", "expected the number of a character at character 2"},
      {"\\x{41", "expected a } at character 5"},
      {"(a)\\1", "a reference to a group, which RE2 does not have, at character 4"},
      {"\\pL", "expected a known escape, got \\p, at character 1"},
      {"[a", "expected a ] at character 2"},
      {"[[:foo:]]", "expected the name of a class at character 1"},
      {"[z-a]", "expected a range of characters at character 4"},
      {"{2}", "a repetition of nothing at character 3"},
      {"(((){1000}){1000}){1000}", "repetitions of repetitions, more than 1000 times in all, at character 17"},
      {"(a{500}){3}", "repetitions of repetitions, more than 1000 times in all, at character 11"},
      {"(x|(?:a{2,}|b{10}){11}){10}", "repetitions of repetitions, more than 1000 times in all, at character 27"},
      {"a**", "a repetition of a repetition at character 2"},
      {"a{2,1}", "expected numbers of repetitions up to 1000, the lower one first, at character 1"},
      {"\xff", "expected a character of UTF-8 at character 0"},
  };
  for (const auto &[pattern, message] : cases) {
    std::string error;
    EXPECT_FALSE(parseRegex(pattern, error)) << pattern;
    EXPECT_EQ(error, message) << pattern;
  }
  std::string error, deep(2000, '(');
  EXPECT_FALSE(parseRegex(deep, error));
  EXPECT_EQ(error, "groups that are nested too deeply at character 501");
  std::optional<Regex> large = parseRegex("(" + std::string(100, 'a') + "){1000}", error);
  ASSERT_TRUE(large) << error;
  EXPECT_FALSE(compileRegex(*large, error));
  EXPECT_EQ(error, "expected repetitions that make at most 65536 steps");
}
} // namespace
} // namespace dlc::nn
