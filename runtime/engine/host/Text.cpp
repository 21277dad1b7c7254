// string_split and string_normalizer.
#include "host/Builtins.h"
#include "host/Characters.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool startsWith(const char *at, const char *end, const dlc_string &what) {
  return size_t(end - at) >= what.size && memcmp(at, what.data, what.size) == 0;
}

/// Appends the parts of one string, as Python's str.split does; false without memory.
bool splitOne(const dlc_string &s, const dlc_string &delimiter, int64_t most, Vector<dlc_string> &out) {
  const char *at = s.data, *end = s.data + s.size;
  int64_t splits = 0;
  if (delimiter.size == 0) {
    for (;;) {
      for (; at < end && isSpace(*at); ++at) {
      }
      if (at == end) {
        return true;
      }
      const char *stop = at;
      if (most >= 0 && splits == most) { // the rest, without the white space at its end
        for (stop = end; stop > at && isSpace(stop[-1]); --stop) {
        }
        return out.push({at, size_t(stop - at)});
      }
      for (; stop < end && !isSpace(*stop); ++stop) {
      }
      if (!out.push({at, size_t(stop - at)})) {
        return false;
      }
      ++splits;
      at = stop;
    }
  }
  const char *start = at;
  while (at < end && (most < 0 || splits < most)) {
    if (!startsWith(at, end, delimiter)) {
      ++at;
      continue;
    }
    if (!out.push({start, size_t(at - start)})) {
      return false;
    }
    at += delimiter.size;
    start = at;
    ++splits;
  }
  return out.push({start, size_t(end - start)});
}

/// Upper or lower case of ASCII letters; other bytes of UTF-8 stay as they are.
char changeCase(char c, int64_t action) {
  if (action == 1 && c >= 'A' && c <= 'Z') {
    return char(c + 32);
  }
  return action == 2 && c >= 'a' && c <= 'z' ? char(c - 32) : c;
}

/// The first letter beyond ASCII that may have another case, which only tables of Unicode would tell; 0: there is none.
uint32_t unknownCase(const dlc_string &s) {
  for (const char *at = s.data, *end = s.data + s.size; at < end;) {
    uint32_t c = nextCharacter(at, end);
    if (c >= 0x80 && mayHaveCase(c)) {
      return c;
    }
  }
  return 0;
}

bool same(const dlc_string &a, const dlc_string &b, bool sensitive) {
  if (a.size != b.size) {
    return false;
  }
  for (size_t i = 0; i < a.size; ++i) {
    if (sensitive ? a.data[i] != b.data[i] : changeCase(a.data[i], 1) != changeCase(b.data[i], 1)) {
      return false;
    }
  }
  return true;
}
} // namespace

// https://onnx.ai/onnx/operators/onnx__StringSplit.html
dlc_status hostStringSplit(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_STRINGS)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), *given = call->input(1);
  dlc_string delimiter = given && given->kind == DLC_KIND_STRINGS && given->count ? given->strings()[0] : dlc_string{};
  Vector<dlc_string> parts, padded;
  Vector<int64_t> starts;
  int64_t most = 0, limit = call->attribute(0, -1);
  bool ok = starts.resize(size_t(x.count) + 1);
  for (int64_t i = 0; ok && i < x.count; ++i) {
    starts[size_t(i)] = int64_t(parts.size());
    ok = splitOne(x.strings()[i], delimiter, limit, parts);
    int64_t found = int64_t(parts.size()) - starts[size_t(i)];
    most = found > most ? found : most;
  }
  if (!ok || x.rank + 1 > DLC_MAX_RANK || !padded.resize(size_t(x.count * most))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for the parts of %lld strings", (long long)x.count);
  }
  starts[size_t(x.count)] = int64_t(parts.size());
  for (int64_t i = 0; i < x.count; ++i) {
    for (int64_t k = starts[size_t(i)]; k < starts[size_t(i) + 1]; ++k) {
      padded[size_t(i * most + k - starts[size_t(i)])] = parts[size_t(k)];
    }
  }
  int64_t dims[DLC_MAX_RANK];
  memcpy(dims, x.dims, sizeof dims);
  dims[x.rank] = most;
  dlc_value *y = call->output(0), *counts = call->output(1);
  if ((y && y->setStrings(x.rank + 1, dims, padded.data(), *call->error)) ||
      (counts && counts->setTensor(DLC_I64, x.rank, x.dims, *call->error))) {
    return call->error->status;
  }
  for (int64_t i = 0; counts && i < x.count; ++i) {
    static_cast<int64_t *>(counts->data)[i] = starts[size_t(i) + 1] - starts[size_t(i)];
  }
  return DLC_OK;
}

// https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
dlc_status hostStringNormalizer(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_STRINGS)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), *stop = call->input(1);
  if ((x.rank != 1 && !(x.rank == 2 && x.dims[0] == 1)) || (stop && stop->kind != DLC_KIND_STRINGS)) {
    return fail(*call->error, DLC_RUN_FAILED, "expected strings of shape [c] or [1, c]");
  }
  int64_t action = call->attribute(0);
  bool sensitive = call->attribute(1) != 0;
  Vector<dlc_string> kept;
  bool caseMatters = action != 0 || (!sensitive && stop && stop->count);
  size_t total = 0;
  for (int64_t i = 0; i < x.count; ++i) {
    if (uint32_t c = caseMatters ? unknownCase(x.strings()[i]) : 0) {
      return fail(*call->error, DLC_RUN_FAILED,
                  "expected letters of ASCII where their case matters, got U+%04X in string %lld", c, (long long)i);
    }
    bool drop = false;
    for (int64_t k = 0; stop && k < stop->count && !drop; ++k) {
      drop = same(x.strings()[i], stop->strings()[k], sensitive);
    }
    if (!drop && !kept.push(x.strings()[i])) {
      return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %lld strings", (long long)x.count);
    }
    total += drop ? 0 : x.strings()[i].size;
  }
  if (kept.empty() && !kept.push({"", 0})) { // nothing left: one empty string
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for a string");
  }
  Vector<char> text;
  if (!text.resize(total)) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %zu bytes of text", total);
  }
  char *at = text.data();
  for (dlc_string &s : kept) {
    for (size_t i = 0; i < s.size; ++i) {
      at[i] = changeCase(s.data[i], action);
    }
    s.data = at;
    at += s.size;
  }
  int64_t dims[2] = {x.rank == 2 ? 1 : int64_t(kept.size()), int64_t(kept.size())};
  dlc_value *y = call->output(0);
  return y ? y->setStrings(x.rank, dims, kept.data(), *call->error) : DLC_OK;
}

} // namespace dlc::rt
