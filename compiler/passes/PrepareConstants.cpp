//===- PrepareConstants.cpp - constants that the engine makes of smaller ones --------------------===//
#include "compiler/passes/PrepareConstants.h"
#include "compiler/target/cpu/KernelFunction.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc {
namespace {
/// A kernel takes code, and a constant its row in the tables: less than this is not worth it.
constexpr int64_t kLeastSaved = 4096;
/// Elements that one tile widens.
constexpr int64_t kWidenedAtOnce = 16384;

/// A 32-bit float, in bits.
struct Parts {
  uint32_t sign, exponent, mantissa;
  explicit Parts(uint32_t bits) : sign(bits >> 31), exponent(bits >> 23 & 0xff), mantissa(bits & 0x7fffff) {}
};

/// The f16 of the same value; none where it would be rounded, and for NaN. Exponents of f16 are biased by 15, of f32 by
/// 127; below -14 the leading one moves into the mantissa.
std::optional<uint16_t> exactF16(uint32_t bits) {
  Parts x(bits);
  uint16_t sign = x.sign << 15;
  int exponent = int(x.exponent) - 127;
  if ((bits & 0x7fffffff) == 0) {
    return sign;
  }
  if (exponent == 128) {
    return x.mantissa ? std::nullopt : std::optional<uint16_t>(sign | 0x7c00);
  }
  if (exponent > 15 || exponent < -24) {
    return std::nullopt;
  }
  int dropped = exponent < -14 ? 13 + (-14 - exponent) : 13;
  uint32_t whole = exponent < -14 ? x.mantissa | 0x800000 : x.mantissa;
  if (whole & ((1u << dropped) - 1)) {
    return std::nullopt;
  }
  uint16_t biased = exponent < -14 ? 0 : uint16_t((exponent + 15) << 10);
  return sign | biased | uint16_t(whole >> dropped);
}

std::optional<uint16_t> exactBF16(uint32_t bits) {
  Parts x(bits);
  bool isNaN = x.exponent == 0xff && x.mantissa;
  return isNaN || (bits & 0xffff) ? std::nullopt : std::optional<uint16_t>(bits >> 16);
}

/// All elements in the 16 bits of `type`; null where one would be rounded.
mlir::ElementsAttr narrowTo(mlir::Type type, const nn::Tensor &wide, std::optional<uint16_t> (*convert)(uint32_t)) {
  llvm::ArrayRef<uint32_t> from = wide.values<uint32_t>();
  if (!llvm::all_of(from, [&](uint32_t bits) { return convert(bits).has_value(); })) {
    return nullptr;
  }
  nn::Tensor narrow = nn::Tensor::zeros(type, wide.shape());
  llvm::transform(from, narrow.values<uint16_t>().begin(), [&](uint32_t bits) { return *convert(bits); });
  return nn::attrFromTensor(narrow);
}

/// `count` floats from a narrower type to f32.
cpu::Preparation widening(int64_t count) {
  cpu::Preparation how;
  how.kernel = "widen";
  how.dims = {count};
  how.tiles = llvm::divideCeil(count, kWidenedAtOnce);
  how.emit = [](cpu::KernelBuilder &kb, mlir::Value from, mlir::Value to, mlir::ValueRange dims, cpu::Idx begin,
                cpu::Idx end) {
    mlir::Type f32 = kb.elementType(to);
    int width = 4 * kb.lanes(f32);
    cpu::Idx count = dims[0], first = kb.mul(begin, kWidenedAtOnce), last = kb.min(kb.mul(end, kWidenedAtOnce), count);
    kb.loop(first, last, width, [&](cpu::Idx at) {
      cpu::Lanes lanes = kb.firstLanes(width, kb.sub(last, at));
      kb.store(kb.convert(kb.load(from, at, lanes), f32), to, at, lanes);
    });
  };
  return how;
}

/// Whether an op is one of those whose operands may be prepared: a kernel that runs in steps.
bool takesPrepared(mlir::Operation *op) {
  auto dispatch = llvm::dyn_cast<nn::DispatchOp>(op);
  return dispatch && !dispatch->hasAttr(kPreparedAttr);
}
} // namespace

bool ConstantPreparer::pays(int64_t bytes, int64_t stored) { return bytes - stored >= kLeastSaved; }

mlir::ElementsAttr ConstantPreparer::narrowed(mlir::ElementsAttr constant) {
  auto [it, isNew] = narrow.try_emplace(constant);
  mlir::FailureOr<nn::Tensor> wide = nn::tensorFromAttr(constant);
  if (!isNew || mlir::failed(wide) || !wide->element().isF32()) {
    return it->second;
  }
  mlir::Builder b(module.getContext());
  it->second = narrowTo(b.getF16Type(), *wide, exactF16);
  if (!it->second) {
    it->second = narrowTo(b.getBF16Type(), *wide, exactBF16);
  }
  return it->second;
}

mlir::FlatSymbolRefAttr ConstantPreparer::kernel(llvm::StringRef name, mlir::Type from, mlir::Type to,
                                                 const cpu::Preparation &how) {
  mlir::FlatSymbolRefAttr &symbol = kernels[name];
  if (symbol) {
    return symbol;
  }
  mlir::OpBuilder b(module.getContext());
  mlir::Location loc = b.getUnknownLoc();
  auto func = mlir::func::FuncOp::create(loc, name, b.getFunctionType({}, {}));
  mlir::Block *old = func.addEntryBlock(), *entry = new mlir::Block();
  func.getBody().push_front(entry);
  mlir::Value stored = entry->addArgument(cpu::kernelBufferType(from, -1), loc);
  mlir::Value prepared = entry->addArgument(cpu::kernelBufferType(to, -1), loc);
  llvm::SmallVector<mlir::Value> dims;
  for (size_t i = 0; i < how.dims.size(); ++i) {
    dims.push_back(entry->addArgument(b.getIndexType(), loc));
  }
  cpu::KernelTail tail = cpu::addKernelTail(*entry, loc);
  b.setInsertionPointToStart(entry);
  cpu::KernelBuilder kb(b, loc, target);
  how.emit(kb, stored, prepared, dims, tail.begin, tail.end);
  cpu::finishKernel(func, b, old);
  func->setAttr(kStrategyAttr, b.getStringAttr(kPrepareStrategy));
  getKernelModule(module).push_back(func);
  symbol = mlir::FlatSymbolRefAttr::get(b.getContext(), name);
  return symbol;
}

mlir::Value ConstantPreparer::prepare(mlir::OpBuilder &b, mlir::Location loc, mlir::ElementsAttr stored,
                                      mlir::Type type, const cpu::Preparation &how) {
  if (mlir::ElementsAttr smaller = narrowed(stored)) {
    stored = smaller;
  }
  mlir::Type from = nn::getStorageType(stored.getElementType());
  mlir::Type to = nn::getStorageType(llvm::cast<mlir::RankedTensorType>(type).getElementType());
  std::string name = how.kernel;
  llvm::raw_string_ostream(name) << '_' << from << "_to_" << to;
  mlir::Value constant = nn::ConstantOp::of(b, loc, stored).getResult();
  auto dispatch = nn::DispatchOp::create(b, loc, type, kernel(name, from, to, how), constant);
  llvm::SmallVector<int64_t> numbers{how.tiles};
  numbers.append(how.dims);
  dispatch->setAttr(kPreparedAttr, b.getDenseI64ArrayAttr(numbers));
  return dispatch.getResult(0);
}

void ConstantPreparer::widenNarrowConstants() {
  llvm::SmallVector<nn::ConstantOp> constants;
  module.walk([&](nn::ConstantOp op) { constants.push_back(op); });
  for (nn::ConstantOp op : constants) {
    mlir::Value result = op.getResult();
    auto type = llvm::cast<mlir::RankedTensorType>(result.getType());
    bool large = type.getElementType().isF32() && pays(type.getNumElements() * 4, type.getNumElements() * 2);
    if (!large || !llvm::all_of(result.getUsers(), takesPrepared) || !narrowed(op.getValue())) {
      continue;
    }
    mlir::OpBuilder b(op);
    mlir::Value wide = prepare(b, op.getLoc(), op.getValue(), type, widening(type.getNumElements()));
    result.replaceAllUsesWith(wide);
    op.erase();
  }
}
} // namespace dlc
