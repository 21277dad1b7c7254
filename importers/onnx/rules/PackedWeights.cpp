//===- PackedWeights.cpp - products with weights of a few bits ------------------------------===//
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// Bytes [rows, count] as [rows, count * 8 / bits] of ui8, the low bits of each byte first.
Value unpack(Node &n, Value bytes, int64_t bits) {
  if (bits == 8 || n.failed()) {
    return bytes;
  }
  Shape s = nn::shapeOf(bytes);
  Type u8 = nn::elementOf(bytes);
  int64_t parts = 8 / bits;
  Value shifts = n.mul(n.make<nn::IotaOp>(n.shapeAttr({n.number(parts)}), 0, u8), double(bits));
  Value split = n.make<nn::ShiftRightOp>(n.reshape(bytes, {s[0], s[1], n.number(1)}), shifts);
  Value low = n.make<nn::BitAndOp>(split, n.scalar(u8, double((1 << bits) - 1)));
  return n.reshape(low, {s[0], dim::mul(s[1], n.number(parts))});
}

/// What is taken from the weights, [rows, blocks, 1]: 2^(bits - 1) where nothing is stated.
Value zeroPoints(Node &n, Expr rows, Expr blocks, int64_t bits, Type compute) {
  if (!n.has(3)) {
    return n.scalar(compute, double(1 << (bits - 1)));
  }
  Value zero = n.in(3);
  if (!nn::isFloat(nn::elementOf(zero))) {
    Expr bytes = dim::ceilDiv(dim::mul(blocks, n.number(bits)), n.number(8));
    Value all = unpack(n, n.reshape(zero, {rows, bytes}), bits);
    zero = all ? n.slice(all, 1, n.number(0), blocks) : Value();
  }
  return n.reshape(n.cast(zero, compute), {rows, blocks, n.number(1)});
}

/// A times the transposed weights [N, K]: `bits` per weight, blocks of `block_size` along K with a scale each.
Result matMulNBits(Node &n) {
  int64_t bits = n.getInt("bits", 4), block = n.getInt("block_size", 0), k = n.getInt("K", 0), rows = n.getInt("N", 0);
  n.ignore({"accuracy_level"});
  if ((bits != 2 && bits != 4 && bits != 8) || block < 16 || k < 1 || rows < 1 || n.has(4) ||
      n.getInt("weight_prepacked", 0) != 0 || !nn::elementOf(n.in(1)).isUnsignedInteger(8)) {
    return n.fail("expected bits 2, 4 or 8, a block_size of 16 or more, K, N, weights of uint8 and no g_idx");
  }
  Expr blocks = n.number((k + block - 1) / block), bytes = n.number((k + block - 1) / block * (block * bits / 8));
  Type e = nn::elementOf(n.in(0)), compute = e.isF64() ? e : n.builder.getF32Type();
  Value quantised = unpack(n, n.reshape(n.in(1), {n.number(rows), bytes}), bits);
  Value wide = n.reshape(n.cast(quantised, compute), {n.number(rows), blocks, n.number(block)});
  Value scales = n.reshape(n.cast(n.in(2), compute), {n.number(rows), blocks, n.number(1)});
  Value real = n.mul(n.sub(wide, zeroPoints(n, n.number(rows), blocks, bits, compute)), scales);
  Value weights = n.reshape(real, {n.number(rows), dim::mul(blocks, n.number(block))});
  weights = weights ? n.slice(weights, 1, n.number(0), n.number(k)) : Value();
  Value y = n.make<nn::MatmulOp>(n.in(0), n.cast(weights, e), false, true);
  return n.result(n.has(5) ? n.add(y, n.in(5)) : y);
}
} // namespace

void addPackedWeightRules(RuleTable &table) { table.add({{kMicrosoft, "MatMulNBits", {1}, matMulNBits, {3, 6}}}); }
} // namespace dlc::onnx_import
