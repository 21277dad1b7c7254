#include "compiler/target/cpu/contraction/Epilogue.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <algorithm>

using namespace mlir;

namespace dlc::cpu {

Value loadColumns(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.load(buffer, coord.column, coord.lanes);
}

Value loadRow(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.broadcastLoad(buffer, coord.row, coord.lanes.width);
}

Value loadLikeOutput(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.load(buffer, coord.offset, coord.lanes);
}

Value loadSplat(KernelBuilder &kb, Value buffer, Idx offset, const EpilogueCoord &coord) {
  return kb.broadcastLoad(buffer, offset, coord.lanes.width);
}

namespace {

/// Lanes of the instructions that round to bf16.
constexpr int brainLanes = 16;

Value callBrain(KernelBuilder &kb, StringRef name, ValueRange operands, int width) {
  OpBuilder &b = kb.builder();
  Type type = kb.vectorType(b.getBF16Type(), width);
  return LLVM::CallIntrinsicOp::create(b, kb.location(), type, b.getStringAttr(name), operands).getResult(0);
}

} // namespace

Value roundToBF16(KernelBuilder &kb, Value v) {
  bool instruction = kb.targetInfo().bf16 && cast<VectorType>(v.getType()).getNumElements() == brainLanes;
  return instruction ? callBrain(kb, "llvm.x86.avx512bf16.cvtneps2bf16.512", {v}, brainLanes)
                     : kb.convert(v, kb.builder().getBF16Type());
}

namespace {

/// Stores vectors of f32 as bytes, four vectors at a time: these fill a register.
class ByteStore {
public:
  ByteStore(KernelBuilder &kb, Value output, const ByteRounding &rounding, int lanes)
      : kb(kb), output(output), rounding(rounding), lanes(lanes) {}

  void store(ArrayRef<Finished> places, ArrayRef<Value> values) {
    SmallVector<Value> four(values);
    four.resize(4, values.back());
    Value bytes = inOrder(pack(four));
    for (size_t first = 0; first < places.size();) {
      size_t last = first + 1;
      while (last < places.size() && places[last].follows) {
        ++last;
      }
      storeRun(bytes, first, last - first, places[first].coord);
      first = last;
    }
  }

private:
  bool is512() const { return lanes == 16; }
  bool is256() const { return lanes == 8; }

  Value call(StringRef name, Type type, ValueRange operands) {
    OpBuilder &b = kb.builder();
    return LLVM::CallIntrinsicOp::create(b, kb.location(), type, b.getStringAttr(name), operands).getResult(0);
  }

  /// The nearest integers, halves to even.
  Value toIntegers(Value v) {
    OpBuilder &b = kb.builder();
    Type type = kb.vectorType(b.getI32Type(), lanes);
    if (is512()) {
      Value all = kb.constant(b.getIntegerType(16), -1), current = kb.constant(b.getI32Type(), 4);
      return call("llvm.x86.avx512.mask.cvtps2dq.512", type, {v, kb.zero(type), all, current});
    }
    return call(is256() ? "llvm.x86.avx.cvt.ps2dq.256" : "llvm.x86.sse2.cvtps2dq", type, {v});
  }

  /// Both narrowed to half their width with saturation, in turns by 128 bits.
  Value narrow(StringRef name, Type element, int width, Value x, Value y) {
    std::string full = is512() ? "llvm.x86.avx512." : is256() ? "llvm.x86.avx2." : "llvm.x86.sse2.";
    full += name;
    full += is512() ? ".512" : is256() ? "" : ".128";
    return call(full, kb.vectorType(element, width), {x, y});
  }

  Value pack(ArrayRef<Value> four) {
    OpBuilder &b = kb.builder();
    SmallVector<Value> halves;
    for (int i = 0; i < 4; i += 2) {
      Value half = narrow("packssdw", b.getI16Type(), lanes * 2, toIntegers(four[i]), toIntegers(four[i + 1]));
      if (rounding.zero != 0) {
        half = LLVM::SAddSat::create(b, kb.location(), half, kb.constant(half.getType(), rounding.zero));
      }
      halves.push_back(half);
    }
    return narrow(rounding.isSigned ? "packsswb" : "packuswb", b.getI8Type(), lanes * 4, halves[0], halves[1]);
  }

  /// Every 128 bits have four bytes of each vector.
  Value inOrder(Value bytes) {
    int blocks = lanes / 4;
    if (blocks == 1) {
      return bytes;
    }
    SmallVector<int64_t> order;
    for (int vector = 0; vector < 4; ++vector) {
      for (int block = 0; block < blocks; ++block) {
        order.push_back(block * 4 + vector);
      }
    }
    Value words = kb.bitcast(bytes, kb.vectorType(kb.builder().getI32Type(), lanes));
    return kb.bitcast(kb.shuffle(words, words, order), bytes.getType());
  }

  void storeRun(Value bytes, int first, int count, const EpilogueCoord &coord) {
    SmallVector<int64_t> taken;
    for (int i = 0; i < count * lanes; ++i) {
      taken.push_back(first * lanes + i);
    }
    Value run = count == 4 ? bytes : kb.shuffle(bytes, bytes, taken);
    count == 1 ? kb.store(run, output, coord.offset, coord.lanes) : kb.store(run, output, coord.offset);
  }

  KernelBuilder &kb;
  Value output;
  ByteRounding rounding;
  int lanes;
};

/// For vectors that ByteStore does not have: bytes one by one, in the same way.
Value toBytes(KernelBuilder &kb, Value v, const ByteRounding &rounding) {
  OpBuilder &b = kb.builder();
  double low = (rounding.isSigned ? -128 : 0) - rounding.zero;
  auto limit = [&](arith::CmpFPredicate predicate, double bound) {
    Value edge = kb.constant(v.getType(), bound);
    v = kb.selectValues(arith::CmpFOp::create(b, kb.location(), predicate, v, edge), edge, v);
  };
  limit(arith::CmpFPredicate::OLT, low);
  limit(arith::CmpFPredicate::OGT, low + 255);
  // Numbers of this size have no fraction: adding it rounds.
  Value large = kb.constant(v.getType(), 3 << 22);
  v = kb.addValues(kb.subValues(kb.addValues(v, large), large), kb.constant(v.getType(), rounding.zero));
  return kb.convert(kb.convert(v, b.getI32Type()), b.getI8Type());
}

/// Stores vectors of f32 as bf16, two at a time where they are neighbours.
void storeBrain(KernelBuilder &kb, ArrayRef<Finished> finished, Value output, const Epilogue &epilogue) {
  auto take = [&] {
    const Finished &f = finished.front();
    finished = finished.drop_front();
    return epilogue ? epilogue(kb, f.accumulators, f.coord) : f.accumulators;
  };
  while (!finished.empty()) {
    EpilogueCoord coord = finished.front().coord;
    Value low = take();
    if (!finished.empty() && finished.front().follows) {
      Value high = take();
      Value both = callBrain(kb, "llvm.x86.avx512bf16.cvtne2ps2bf16.512", {high, low}, 2 * brainLanes);
      kb.store(both, output, coord.offset);
    } else {
      kb.store(roundToBF16(kb, low), output, coord.offset, coord.lanes);
    }
  }
}

/// Whether storeBrain can store them all.
bool isBrain(KernelBuilder &kb, ArrayRef<Finished> finished, Value output, const Epilogue &epilogue) {
  return epilogue.roundsPairs && kb.targetInfo().bf16 && kb.elementType(output).isBF16() &&
         llvm::all_of(finished, [](const Finished &f) { return f.coord.lanes.width == brainLanes; });
}

bool isPacked(const Finished &f) {
  int lanes = f.coord.lanes.width;
  return lanes == 4 || lanes == 8 || lanes == 16;
}

} // namespace

void storeResults(KernelBuilder &kb, ArrayRef<Finished> finished, Value output, const Epilogue &epilogue) {
  if (epilogue.rounding && llvm::all_of(finished, isPacked)) {
    constexpr size_t together = 4;
    for (; !finished.empty(); finished = finished.drop_front(std::min(together, finished.size()))) {
      ArrayRef<Finished> places = finished.take_front(together);
      SmallVector<Value> values;
      for (const Finished &f : places) {
        values.push_back(epilogue(kb, f.accumulators, f.coord));
      }
      ByteStore(kb, output, *epilogue.rounding, places.front().coord.lanes.width).store(places, values);
    }
    return;
  }
  if (isBrain(kb, finished, output, epilogue)) {
    return storeBrain(kb, finished, output, epilogue);
  }
  for (const Finished &f : finished) {
    Value result = epilogue ? epilogue(kb, f.accumulators, f.coord) : f.accumulators;
    result = epilogue.rounding ? toBytes(kb, result, *epilogue.rounding) : result;
    kb.store(kb.convert(result, kb.elementType(output)), output, f.coord.offset, f.coord.lanes);
  }
}

void storeResult(KernelBuilder &kb, Value accumulators, Value output, const EpilogueCoord &coord,
                 const Epilogue &epilogue) {
  storeResults(kb, Finished{accumulators, coord}, output, epilogue);
}

} // namespace dlc::cpu
