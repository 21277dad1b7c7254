// Which specialisation runs: the first that accepts the sizes of all inputs.
#include "exec/Context.h"
#include <stdarg.h>
#include <stdio.h>

namespace dlc::rt {
namespace {

bool acceptsDim(const dlc_abi_port_dim &want, int64_t size) {
  return want.size >= 0 ? size == want.size : size >= 0 && size >= want.min && (want.max < 0 || size <= want.max);
}

const dlc_abi_port &inputOf(const Program &p, uint32_t entry, uint32_t index) {
  return p.ports[p.entries[entry].first_input + index];
}

bool acceptsShape(const Program &p, uint32_t entry, uint32_t index, uint32_t rank, const int64_t *dims) {
  const dlc_abi_port &port = inputOf(p, entry, index);
  bool fits = rank == port.rank;
  for (uint32_t d = 0; fits && d < rank; ++d) {
    fits = acceptsDim(p.portDims[port.dims + d], dims[d]);
  }
  return fits;
}

/// A line of an error message, cut off where it gets long.
struct Line {
  char text[384] = {};
  size_t length = 0;
  void add(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    va_list args;
    va_start(args, format);
    size_t room = sizeof text - length;
    int n = room > 4 ? vsnprintf(text + length, room - 3, format, args) : 0;
    va_end(args);
    if (n > 0 && size_t(n) >= room - 3) {
      strcpy(text + sizeof text - 4, "...");
      n = int(sizeof text);
    }
    length = length + size_t(n) < sizeof text ? length + size_t(n) : sizeof text - 1;
  }
  void addAccepted(const Program &p, const dlc_abi_port &port) {
    add("[");
    for (uint32_t d = 0; d < port.rank; ++d) {
      const dlc_abi_port_dim &dim = p.portDims[port.dims + d];
      add("%s", d ? ", " : "");
      if (dim.size >= 0) {
        add("%lld", (long long)dim.size);
      } else if (dim.max >= 0) {
        add("%s %lld..%lld", p.string(dim.symbol), (long long)dim.min, (long long)dim.max);
      } else if (dim.min > 0) {
        add("%s %lld..", p.string(dim.symbol), (long long)dim.min);
      } else {
        add("%s", p.string(dim.symbol));
      }
    }
    add("]");
  }
  void addShape(uint32_t rank, const int64_t *dims) {
    add("[");
    for (uint32_t d = 0; d < rank; ++d) {
      add("%s%lld", d ? ", " : "", (long long)dims[d]);
    }
    add("]");
  }
};

dlc_status wrongDim(const Program &p, const dlc_abi_port &port, uint32_t d, int64_t got, Error &error) {
  const dlc_abi_port_dim &want = p.portDims[port.dims + d];
  const char *name = p.string(port.name);
  if (want.size >= 0) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected dimension %u to be %lld, got %lld", name, d,
                (long long)want.size, (long long)got);
  }
  if (want.max < 0) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected dimension %u (%s) to be at least %lld, got %lld", name,
                d, p.string(want.symbol), (long long)want.min, (long long)got);
  }
  return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected dimension %u (%s) to be from %lld to %lld, got %lld",
              name, d, p.string(want.symbol), (long long)want.min, (long long)want.max, (long long)got);
}

/// The shape that the binding of an input has; false when its sizes are nothing to choose by.
bool boundShape(const InputBinding &b, uint32_t &rank, const int64_t *&dims) {
  bool strings = b.given && b.value && b.value->kind == DLC_KIND_STRINGS;
  if (!b.given || (b.value && !strings)) {
    return false;
  }
  rank = strings ? b.value->rank : b.tensor.rank;
  dims = strings ? b.value->dims : b.tensor.dims;
  return true;
}

/// Whether the specialisations of a group want different sizes of an input.
bool differs(const Program &p, const EntryGroup &group, uint32_t index) {
  for (uint32_t e = group.first + 1; e < group.first + group.count; ++e) {
    const dlc_abi_port &a = inputOf(p, group.first, index), &b = inputOf(p, e, index);
    for (uint32_t d = 0; d < a.rank; ++d) {
      const dlc_abi_port_dim &x = p.portDims[a.dims + d], &y = p.portDims[b.dims + d];
      if (x.size != y.size || x.min != y.min || x.max != y.max) {
        return true;
      }
    }
  }
  return false;
}
} // namespace

dlc_status checkInputShape(const Program &p, uint32_t group, uint32_t index, uint32_t rank, const int64_t *dims,
                           Error &error) {
  const EntryGroup &g = p.groups[group];
  const dlc_abi_port &port = inputOf(p, g.first, index);
  if (rank != port.rank) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected rank %u, got %u", p.string(port.name), port.rank,
                rank);
  }
  Line accepted, got;
  for (uint32_t e = g.first; e < g.first + g.count; ++e) {
    if (acceptsShape(p, e, index, rank, dims)) {
      return DLC_OK;
    }
    accepted.add("%s", e == g.first ? "" : " or ");
    accepted.addAccepted(p, inputOf(p, e, index));
  }
  for (uint32_t d = 0; g.count == 1 && d < rank; ++d) {
    if (!acceptsDim(p.portDims[port.dims + d], dims[d])) {
      return wrongDim(p, port, d, dims[d], error);
    }
  }
  got.addShape(rank, dims);
  return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected %s, got %s", p.string(port.name), accepted.text,
              got.text);
}

namespace {
/// `shapeOf(index, rank, dims)` tells the shape of an input; false when there is none to choose by.
template <typename ShapeOf>
dlc_status select(const Program &p, uint32_t group, ShapeOf shapeOf, uint32_t &entry, Error &error) {
  const EntryGroup &g = p.groups[group];
  uint32_t inputs = p.entries[g.first].input_count, rank;
  const int64_t *dims;
  for (entry = g.first; entry < g.first + g.count; ++entry) {
    bool fits = true;
    for (uint32_t i = 0; g.count > 1 && fits && i < inputs; ++i) {
      fits = !shapeOf(i, rank, dims) || acceptsShape(p, entry, i, rank, dims);
    }
    if (fits) {
      return DLC_OK;
    }
  }
  entry = g.first;
  Line accepted, got;
  for (uint32_t i = 0; i < inputs; ++i) {
    if (differs(p, g, i) && shapeOf(i, rank, dims)) {
      got.add("%s'%s' ", got.length ? " with " : "", p.string(inputOf(p, g.first, i).name));
      got.addShape(rank, dims);
    }
  }
  for (uint32_t e = g.first; e < g.first + g.count; ++e) {
    accepted.add("%s", e == g.first ? "" : " or ");
    for (uint32_t i = 0, shown = 0; i < inputs; ++i) {
      if (differs(p, g, i)) {
        accepted.add("%s'%s' ", shown++ ? " with " : "", p.string(inputOf(p, e, i).name));
        accepted.addAccepted(p, inputOf(p, e, i));
      }
    }
  }
  return fail(error, DLC_SHAPE_MISMATCH, "no specialisation of '%s' takes the inputs' sizes: got %s; expected %s",
              p.string(p.entries[g.first].name), got.text, accepted.text);
}
} // namespace

dlc_status selectEntry(const dlc_context &c, uint32_t group, uint32_t &entry, Error &error) {
  const Program &p = c.program();
  auto shapeOf = [&](uint32_t i, uint32_t &rank, const int64_t *&dims) {
    return boundShape(c.inputs[p.inputPort(p.groups[group].first, i)], rank, dims);
  };
  return select(p, group, shapeOf, entry, error);
}

dlc_status selectDescribed(const Program &p, uint32_t group, Span<const dlc_tensor> inputs, uint32_t &entry,
                           Error &error) {
  auto shapeOf = [&](uint32_t i, uint32_t &rank, const int64_t *&dims) {
    if (i >= inputs.size || inputs[i].rank > DLC_MAX_RANK) {
      return false;
    }
    rank = inputs[i].rank;
    dims = inputs[i].dims;
    return true;
  };
  return select(p, group, shapeOf, entry, error);
}

} // namespace dlc::rt
