//===- Window.cpp - what convolutions and pools share -------------------------------------------------===//
#include "importers/onnx/rules/Window.h"

namespace dlc::onnx_import {
namespace {
/// Attribute `name` with one number of at least `least` per spatial dim (`count` of them).
Ints readInts(Node &n, llvm::StringRef name, size_t count, int64_t otherwise) {
  Ints values = n.getInts(name, Ints(count, otherwise));
  if (values.empty()) {
    values.assign(count, otherwise);
  }
  if (values.size() != count) {
    (void)n.fail("expected " + llvm::Twine(count) + " " + name + ", got " + llvm::Twine(values.size()));
  }
  return values;
}

constexpr int64_t kLargest = int64_t(1) << 31;
bool inRange(llvm::ArrayRef<int64_t> values, int64_t least) {
  return llvm::all_of(values, [&](int64_t v) { return v >= least && v < kLargest; });
}

/// Elements to add so that one window starts at every stride-th element. Null: not the same number for every size.
Expr samePadding(Node &n, Expr size, int64_t reach, int64_t stride) {
  Expr rest = dim::mod(size, n.number(stride));
  if (std::optional<int64_t> r = dim::getConstant(rest)) {
    // The last window starts r elements (or a whole stride) before the end.
    return n.number(std::max<int64_t>(reach - (*r ? *r : stride), 0));
  }
  Expr last = dim::mul(dim::add(dim::ceilDiv(size, n.number(stride)), n.number(-1)), n.number(stride));
  return dim::max(dim::sub(dim::add(last, n.number(reach)), size), n.number(0));
}

/// Pads the spatial dims with formulas or negative numbers.
Value padInput(Node &n, Value input, llvm::ArrayRef<Expr> pads, Value padding) {
  if (!padding) {
    (void)n.fail("expected padding that is at least 0 and known at compile time");
    return {};
  }
  size_t spatial = pads.size() / 2;
  Shape begins(2, n.number(0)), ends(2, n.number(0));
  llvm::append_range(begins, pads.take_front(spatial));
  llvm::append_range(ends, pads.drop_front(spatial));
  return n.make<nn::PadOp>(input, padding, nn::PadMode::Constant, n.shapeAttr(begins), n.shapeAttr(ends));
}

/// SAME_UPPER and SAME_LOWER.
void padSame(Node &n, Window &w, Value &input, bool upper, Value padding) {
  Shape sizes = nn::shapeOf(input), output(sizes.begin(), sizes.begin() + 2), pads(2 * w.kernel.size());
  bool constant = true;
  for (size_t i = 0; i < w.kernel.size(); ++i) {
    Expr total = samePadding(n, sizes[2 + i], (w.kernel[i] - 1) * w.dilations[i] + 1, w.strides[i]);
    Expr half = dim::floorDiv(total, n.number(2)), other = dim::sub(total, half);
    pads[i] = upper ? half : other;
    pads[w.kernel.size() + i] = upper ? other : half;
    output.push_back(dim::ceilDiv(sizes[2 + i], n.number(w.strides[i])));
    constant &= dim::getConstant(total).has_value();
  }
  if (constant) {
    w.pads = llvm::map_to_vector<6>(pads, [](Expr e) { return *dim::getConstant(e); });
    return;
  }
  input = padInput(n, input, pads, padding);
  w.outputSizes = Shape(llvm::ArrayRef(output).drop_front(2));
}

/// Negative pads cut the input.
void cutNegative(Node &n, Window &w, Value &input, Value padding) {
  if (llvm::all_of(w.pads, [](int64_t p) { return p >= 0; })) {
    return;
  }
  Shape cuts;
  for (int64_t &p : w.pads) {
    cuts.push_back(n.number(std::min<int64_t>(p, 0)));
    p = std::max<int64_t>(p, 0);
  }
  input = padInput(n, input, cuts, padding);
}
} // namespace

std::optional<Window> readWindow(Node &n, Value &input, Ints kernel, Value padding) {
  Window w;
  int64_t spatial = nn::rankOf(input) - 2;
  if (spatial < 1) {
    (void)n.fail("expected an input of rank 3 or more, got rank " + llvm::Twine(nn::rankOf(input)));
    return std::nullopt;
  }
  size_t count = spatial;
  w.kernel = kernel.empty() ? n.getInts("kernel_shape") : kernel;
  w.strides = readInts(n, "strides", count, 1);
  w.dilations = readInts(n, "dilations", count, 1);
  w.pads = readInts(n, "pads", 2 * count, 0);
  w.ceilMode = n.getBool("ceil_mode", false);
  std::string mode = n.getString("auto_pad", "NOTSET");
  if (n.failed()) {
    return std::nullopt;
  }
  if (w.kernel.size() != count || !inRange(w.kernel, 1) || !inRange(w.strides, 1) || !inRange(w.dilations, 1) ||
      !inRange(w.pads, -kLargest)) {
    (void)n.fail("expected a kernel, strides and dilations of " + llvm::Twine(count) + " numbers of at least 1");
    return std::nullopt;
  }
  if (mode == "VALID") {
    w.pads.assign(2 * count, 0);
  } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    padSame(n, w, input, mode == "SAME_UPPER", padding);
  } else if (mode != "NOTSET" && !mode.empty()) {
    (void)n.fail("expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '" + mode + "'");
  }
  if (!n.failed()) {
    cutNegative(n, w, input, padding);
  }
  return n.failed() ? std::nullopt : std::optional<Window>(w);
}

Value withOutputSizes(Node &n, const Window &window, Value v) {
  if (!v || !window.outputSizes) {
    return v;
  }
  Shape shape = nn::shapeOf(v);
  llvm::copy(*window.outputSizes, shape.begin() + 2);
  return n.reshape(v, shape);
}
} // namespace dlc::onnx_import
