// The engine's functions that order elements, or put them where data says, and the check of such data.
#include "HostCall.h"
#include <algorithm>
#include <cmath>

using namespace dlc::test;

namespace {

Any small(uint32_t dtype, std::vector<int64_t> dims, const std::vector<uint16_t> &data) {
  return Any::bytes(dtype, dims, data.data(), data.size() * sizeof(uint16_t));
}
Any narrow(std::vector<int64_t> dims, const std::vector<int32_t> &data) {
  return Any::bytes(DLC_I32, dims, data.data(), data.size() * sizeof(int32_t));
}
/// The message of a call that must fail; empty when it does not.
std::string failure(const Call &call) { return call.status == DLC_RUN_FAILED ? call.message : ""; }

TEST(Host, IndicesAreChecked) {
  Any good({4}, Ints{-3, 2, 0, -1}), above({2, 2}, Ints{0, 3, 7, -9}), below = narrow({3}, {1, -4, 5});
  EXPECT_EQ(Call("check_indices", {&good}, {-3, 3}, {}).status, DLC_OK);
  std::string text = failure(Call("check_indices", {&above}, {-3, 3}, {}));
  EXPECT_NE(text.find("expected an index from -3 to 2, got 3 at element 1 of the indices"), std::string::npos) << text;
  text = failure(Call("check_indices", {&below}, {-3, 3}, {}));
  EXPECT_NE(text.find("got -4 at element 1 of"), std::string::npos) << text;
  Any far({1}, Ints{INT64_MIN});
  EXPECT_NE(failure(Call("check_indices", {&far}, {-3, 3}, {})), "");
}

TEST(Host, IndexVectorsAreChecked) {
  Any at({2, 2}, Ints{1, 4, 0, -5});
  EXPECT_EQ(Call("check_indices", {&at}, {-2, 2, -5, 5}, {}).status, DLC_OK);
  std::string text = failure(Call("check_indices", {&at}, {-2, 2, -4, 4}, {}));
  EXPECT_NE(text.find("from -4 to 3, got 4 at element 1 of"), std::string::npos) << text;
}

TEST(Host, IndicesOfNothing) {
  Any none({0}, Ints{}), one({1}, Ints{0});
  EXPECT_EQ(Call("check_indices", {&none}, {0, 0}, {}).status, DLC_OK);
  std::string text = failure(Call("check_indices", {&one}, {0, 0}, {}));
  EXPECT_NE(text.find("expected no index, for there is nothing to choose from, got 0"), std::string::npos) << text;
}

// Examples of ONNX ScatterElements.
TEST(Host, ScatterElements) {
  Any zeros({3, 3}, Floats(9)), at({2, 3}, Ints{1, 0, 2, 0, 2, 1}), u({2, 3}, Floats{1, 1.1f, 1.2f, 2, 2.1f, 2.2f});
  EXPECT_EQ(data<float>(Call("scatter_elements", {&zeros, &at, &u}, {0, 0}, {T}, {}, 2).value()),
            (Floats{2, 1.1f, 0, 1, 0, 2.2f, 0, 2.1f, 1.2f}));
  Any x({1, 5}, Floats{1, 2, 3, 4, 5}), places({1, 2}, Ints{1, -2}), v({1, 2}, Floats{1.1f, 2.1f});
  EXPECT_EQ(data<float>(Call("scatter_elements", {&x, &places, &v}, {1, 0}, {T}, {}, 2).value()),
            (Floats{1, 1.1f, 3, 2.1f, 5}));
}

TEST(Host, ScatterOfSeveralUpdatesOnOneElement) {
  Any x({1, 3}, Floats{1, 2, 3}), at({1, 2}, Ints{1, 1}), u({1, 2}, Floats{4, 1.5f});
  auto run = [&](int64_t reduction) {
    return data<float>(Call("scatter_elements", {&x, &at, &u}, {1, reduction}, {T}, {}, 2).value());
  };
  EXPECT_EQ(run(0), (Floats{1, 1.5f, 3}));
  EXPECT_EQ(run(1), (Floats{1, 7.5f, 3}));
  EXPECT_EQ(run(2), (Floats{1, 12, 3}));
  EXPECT_EQ(run(3), (Floats{1, 4, 3}));
  EXPECT_EQ(run(4), (Floats{1, 1.5f, 3}));
  Any nan({1, 2}, Floats{NAN, 1});
  for (int64_t reduction : {3, 4}) {
    Call call("scatter_elements", {&x, &at, &nan}, {1, reduction}, {T}, {}, 2);
    EXPECT_TRUE(std::isnan(data<float>(call.value())[1])) << reduction;
  }
}

TEST(Host, ScatterND) {
  Any x({4, 2}, Floats{1, 2, 3, 4, 5, 6, 7, 8}), rows({2, 1}, Ints{-1, 0}), u({2, 2}, Floats{9, 10, 11, 12});
  EXPECT_EQ(data<float>(Call("scatter_nd", {&x, &rows, &u}, {0}, {T}, {}, 2).value()),
            (Floats{11, 12, 3, 4, 5, 6, 9, 10}));
  Any elements({2, 2}, Ints{1, 1, 1, 1}), v({2}, Floats{10, 20});
  EXPECT_EQ(data<float>(Call("scatter_nd", {&x, &elements, &v}, {1}, {T}, {}, 2).value()),
            (Floats{1, 2, 3, 34, 5, 6, 7, 8}));
  Any far({1, 1}, Ints{4}), w({1, 2}, Floats{0, 0});
  std::string text = failure(Call("scatter_nd", {&x, &far, &w}, {0}, {T}, {}, 2));
  EXPECT_NE(text.find("expected an index from -4 to 3, got 4 at element 0"), std::string::npos) << text;
}

// Sums are rounded after each update: 2048 + 1 is 2048 in f16, whose steps are 2 there.
TEST(Host, ScatterOfHalfPrecision) {
  Any x = small(DLC_F16, {3}, {0x6800, 0x3c00, 0x0001}), at({4}, Ints{0, 0, 1, 2});
  Any u = small(DLC_F16, {4}, {0x3c00, 0x3c00, 0x3c00, 0x0002});
  EXPECT_EQ(data<uint16_t>(Call("scatter_elements", {&x, &at, &u}, {0, 1}, {T}, {DLC_F16}, 1).value()),
            (std::vector<uint16_t>{0x6800, 0x4000, 0x0003}));
  Any b = small(DLC_BF16, {1}, {0x3f80}), first({1}, Ints{0}), c = small(DLC_BF16, {1}, {0x3f80});
  EXPECT_EQ(data<uint16_t>(Call("scatter_elements", {&b, &first, &c}, {0, 1}, {T}, {DLC_BF16}, 1).value()),
            (std::vector<uint16_t>{0x4000}));
}

// Integers wrap around.
TEST(Host, ScatterOfIntegers) {
  Any x({2}, Ints{INT64_MAX, 3}), at({2}, Ints{0, 1}), u({2}, Ints{1, -5});
  EXPECT_EQ(data<int64_t>(Call("scatter_elements", {&x, &at, &u}, {0, 1}, {T}, {DLC_I64}, 1).value()),
            (Ints{INT64_MIN, -2}));
  EXPECT_EQ(data<int64_t>(Call("scatter_elements", {&x, &at, &u}, {0, 3}, {T}, {DLC_I64}, 1).value()),
            (Ints{INT64_MAX, 3}));
}

TEST(Host, TopK) {
  Any x({3, 4}, Floats{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}); // ONNX's example
  Call greatest("top_k", {&x}, {1, 1, 3}, {T, T}, {DLC_F32, DLC_I64}, 2);
  EXPECT_EQ(data<float>(greatest.value(0)), (Floats{3, 2, 1, 7, 6, 5, 11, 10, 9}));
  EXPECT_EQ(data<int64_t>(greatest.value(1)), (Ints{3, 2, 1, 3, 2, 1, 3, 2, 1}));
  Call least("top_k", {&x}, {0, 0, 2}, {T, T}, {DLC_F32, DLC_I64}, 2);
  EXPECT_EQ(data<float>(least.value(0)), (Floats{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(data<int64_t>(least.value(1)), (Ints{0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST(Host, TopKOfEqualElements) {
  Any x({7}, Floats{0.0f, 5, -0.0f, 5, NAN, -1, 5});
  Call greatest("top_k", {&x}, {0, 1, 7}, {T, T}, {DLC_F32, DLC_I64}, 1);
  EXPECT_EQ(data<int64_t>(greatest.value(1)), (Ints{4, 1, 3, 6, 0, 2, 5}));
  Call least("top_k", {&x}, {0, 0, 7}, {T, T}, {DLC_F32, DLC_I64}, 1);
  EXPECT_EQ(data<int64_t>(least.value(1)), (Ints{5, 0, 2, 1, 3, 6, 4}));
  Call some("top_k", {&x}, {0, 1, 3}, {T, T}, {DLC_F32, DLC_I64}, 1);
  EXPECT_EQ(data<int64_t>(some.value(1)), (Ints{4, 1, 3}));
}

TEST(Host, TopKOfOtherTypes) {
  Any longs({4}, Ints{INT64_MIN, 7, INT64_MAX, -1}), halves = small(DLC_F16, {4}, {0x8001, 0x3c00, 0xbc00, 0x7c01});
  EXPECT_EQ(data<int64_t>(Call("top_k", {&longs}, {0, 1, 4}, {T, T}, {DLC_I64, DLC_I64}, 1).value(1)),
            (Ints{2, 1, 3, 0}));
  EXPECT_EQ(data<int64_t>(Call("top_k", {&halves}, {0, 1, 4}, {T, T}, {DLC_F16, DLC_I64}, 1).value(1)),
            (Ints{3, 1, 0, 2}));
  Any none({2, 0}, Floats{});
  EXPECT_EQ(Call("top_k", {&none}, {1, 1, 0}, {T, T}, {DLC_F32, DLC_I64}, 2).status, DLC_OK);
  std::string text = failure(Call("top_k", {&longs}, {0, 1, 5}, {T, T}, {DLC_I64, DLC_I64}, 1));
  EXPECT_NE(text.find("expected k from 0 to 4, got 5"), std::string::npos) << text;
}

// Against a sort, with many equal elements.
TEST(Host, TopKOfManyElements) {
  Floats values;
  for (uint32_t i = 0, state = 1; i < 5000; ++i) {
    state = state * 1103515245 + 12345;
    values.push_back(float(state >> 20 & 1023));
  }
  Ints order(values.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = int64_t(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return values[size_t(a)] > values[size_t(b)]; });
  Any x({5000}, values);
  for (int64_t k : {1, 100, 4999, 5000}) {
    Call call("top_k", {&x}, {0, 1, k}, {T, T}, {DLC_F32, DLC_I64}, 1);
    EXPECT_EQ(data<int64_t>(call.value(1)), Ints(order.begin(), order.begin() + k)) << k;
  }
}

} // namespace
