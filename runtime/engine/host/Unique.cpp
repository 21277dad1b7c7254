// https://onnx.ai/onnx/operators/onnx__Unique.html
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

template <typename T> int compareAs(const void *a, const void *b) {
  T x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x < y ? -1 : y < x ? 1 : 0;
}

/// Compares bits of a sign-and-magnitude float as integers; -0 equals 0.
int compareHalf(const void *a, const void *b) {
  auto key = [](const void *p) {
    int16_t bits;
    memcpy(&bits, p, 2);
    return bits < 0 ? -int(bits & 0x7fff) : int(bits);
  };
  return key(a) < key(b) ? -1 : key(b) < key(a) ? 1 : 0;
}

using Compare = int (*)(const void *, const void *);
Compare comparison(uint32_t dtype) {
  switch (dtype) {
  case DLC_BOOL:
  case DLC_U8:
    return compareAs<uint8_t>;
  case DLC_I8:
    return compareAs<int8_t>;
  case DLC_U16:
    return compareAs<uint16_t>;
  case DLC_I16:
    return compareAs<int16_t>;
  case DLC_U32:
    return compareAs<uint32_t>;
  case DLC_I32:
    return compareAs<int32_t>;
  case DLC_U64:
    return compareAs<uint64_t>;
  case DLC_I64:
    return compareAs<int64_t>;
  case DLC_F32:
    return compareAs<float>;
  case DLC_F64:
    return compareAs<double>;
  case DLC_F16:
  case DLC_BF16:
    return compareHalf;
  default:
    return nullptr;
  }
}

int compareStrings(const void *a, const void *b) {
  const dlc_string *x = static_cast<const dlc_string *>(a), *y = static_cast<const dlc_string *>(b);
  size_t common = x->size < y->size ? x->size : y->size;
  int order = common ? memcmp(x->data, y->data, common) : 0;
  return order ? order : x->size < y->size ? -1 : x->size > y->size;
}

/// Slices along an axis (or elements), ordered lexicographically.
struct Slices {
  const dlc_value &x;
  AxisView a;
  size_t width;
  Compare compare;

  int order(int64_t i, int64_t j) const {
    const char *data = static_cast<const char *>(x.data);
    for (int64_t o = 0; o < a.outer; ++o) {
      for (int64_t k = 0; k < a.inner; ++k) {
        int c = compare(data + size_t((o * a.size + i) * a.inner + k) * width,
                        data + size_t((o * a.size + j) * a.inner + k) * width);
        if (c) {
          return c;
        }
      }
    }
    return 0;
  }
};

/// Groups of equal slices: `first` their first slices in the result's order, `group` by slice, `counts` by group.
struct Groups {
  Vector<int64_t> order, scratch, first, group, counts, rank;

  bool build(const Slices &s, bool sorted) {
    int64_t n = s.a.size;
    size_t size = size_t(n);
    if (!order.resize(size) || !scratch.resize(size) || !group.resize(size) || !rank.resize(size)) {
      return false;
    }
    for (int64_t i = 0; i < n; ++i) {
      order[size_t(i)] = i;
    }
    sortIndices(order.data(), scratch.data(), n, [&](int64_t i, int64_t j) { return s.order(i, j) < 0; });
    for (int64_t i = 0; i < n; ++i) {
      size_t at = size_t(i);
      bool fresh = i == 0 || s.order(order[at - 1], order[at]) != 0;
      // The sort is stable, so the first of equal slices comes first.
      if (fresh && !(first.push(order[at]) && counts.push(0))) {
        return false;
      }
      ++counts.back();
      group[size_t(order[at])] = int64_t(first.size()) - 1;
    }
    return sorted || byAppearance();
  }

private:
  /// Renumbers the groups in the order in which they first appear.
  bool byAppearance() {
    Vector<int64_t> place, newFirst, newCounts;
    int64_t groups = int64_t(first.size());
    if (!place.resize(first.size()) || !newFirst.resize(first.size()) || !newCounts.resize(first.size())) {
      return false;
    }
    for (int64_t g = 0; g < groups; ++g) {
      order[size_t(g)] = g;
    }
    sortIndices(order.data(), scratch.data(), groups,
                [&](int64_t i, int64_t j) { return first[size_t(i)] < first[size_t(j)]; });
    for (int64_t g = 0; g < groups; ++g) {
      size_t old = size_t(order[size_t(g)]);
      place[old] = g;
      newFirst[size_t(g)] = first[old];
      newCounts[size_t(g)] = counts[old];
    }
    for (int64_t &g : group) {
      g = place[size_t(g)];
    }
    first.swap(newFirst);
    counts.swap(newCounts);
    return true;
  }
};

dlc_status writeIndices(dlc_host_call &call, size_t output, const Vector<int64_t> &from) {
  dlc_value *y = call.output(output);
  int64_t size = int64_t(from.size());
  if (!y || y->setTensor(DLC_I64, 1, &size, *call.error)) {
    return call.error->status;
  }
  if (size) {
    memcpy(y->data, from.data(), from.size() * sizeof(int64_t));
  }
  return DLC_OK;
}

dlc_status writeSlices(dlc_host_call &call, const Slices &s, const Groups &g, bool hasAxis, int64_t axis) {
  dlc_value *y = call.output(0);
  if (!y) {
    return DLC_OK;
  }
  int64_t dims[DLC_MAX_RANK], kept = int64_t(g.first.size());
  memcpy(dims, s.x.dims, sizeof dims);
  dims[hasAxis ? axis : 0] = kept;
  uint32_t rank = hasAxis ? s.x.rank : 1;
  size_t row = size_t(s.a.inner) * s.width;
  Vector<char> bytes;
  bool strings = s.x.kind == DLC_KIND_STRINGS;
  if (strings ? !bytes.resize(size_t(s.a.outer * kept) * row)
              : y->setTensor(s.x.dtype, rank, dims, *call.error) != DLC_OK) {
    return fail(*call.error, DLC_OUT_OF_MEMORY, "no memory for the result");
  }
  char *out = strings ? bytes.data() : static_cast<char *>(y->data);
  for (int64_t o = 0; o < s.a.outer && row; ++o) {
    for (int64_t i = 0; i < kept; ++i) {
      memcpy(out, static_cast<const char *>(s.x.data) + size_t(o * s.a.size + g.first[size_t(i)]) * row, row);
      out += row;
    }
  }
  return strings ? y->setStrings(rank, dims, reinterpret_cast<dlc_string *>(bytes.data()), *call.error) : DLC_OK;
}
} // namespace

dlc_status hostUnique(dlc_host_call *call, void *) {
  const dlc_value *x = call->input(0);
  bool strings = x && x->kind == DLC_KIND_STRINGS;
  if (!strings && expectInput(*call, 0, DLC_KIND_TENSOR)) {
    return call->error->status;
  }
  bool sorted = call->attribute(0, 1) != 0, hasAxis = call->attribute(1) != 0;
  int64_t axis = 0;
  if (hasAxis && normalizeAxis(*call, call->attribute(2), x->rank, axis)) {
    return call->error->status;
  }
  Slices slices = {*x, hasAxis ? aroundAxis(*x, axis) : AxisView{1, x->count, 1},
                   strings ? sizeof(dlc_string) : dtypeBits(x->dtype) / 8,
                   strings ? compareStrings : comparison(x->dtype)};
  if (!slices.compare) {
    return fail(*call->error, DLC_RUN_FAILED, "expected elements that have an order, got %s", dtypeText(x->dtype));
  }
  Groups groups;
  if (!groups.build(slices, sorted)) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory to sort %lld slices", (long long)slices.a.size);
  }
  if (writeSlices(*call, slices, groups, hasAxis, axis) || writeIndices(*call, 1, groups.first) ||
      writeIndices(*call, 2, groups.group) || writeIndices(*call, 3, groups.counts)) {
    return call->error->status;
  }
  return DLC_OK;
}

} // namespace dlc::rt
