//===- WinogradStrategy.cpp - 3x3 convolutions with fewer multiplications -----------------------------------===//
#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"
#include "llvm/Support/Format.h"

namespace dlc::cpu {
namespace {
/// What Winograd's algorithm may be wrong by, as a fraction of the outputs' peak.
constexpr double kMostError = 3e-5;

/// What is in the way of a 3x3 convolution.
std::string whyNoWinograd(const ConvProblem &p, const TargetInfo &target) {
  int64_t lanes = target.vectorBits / (isByteWinograd(p) ? 16 : 32);
  if (p.axes[1].stride != 1 || p.axes[2].stride != 1) {
    return "stride " + std::to_string(std::max(p.axes[1].stride, p.axes[2].stride));
  }
  if (p.axes[1].dilation != 1 || p.axes[2].dilation != 1) {
    return "dilation " + std::to_string(std::max(p.axes[1].dilation, p.axes[2].dilation));
  }
  if (p.groups != 1) {
    return std::to_string(p.groups) + " groups";
  }
  bool isF32 = p.types.a.isF32() && p.types.b.isF32();
  if (!isF32 && !(isByteWinograd(p) && p.types.bSigned)) {
    return isByteWinograd(p) ? "weights without a sign" : "neither f32 nor bytes";
  }
  if (p.channels % lanes != 0 || p.outputChannels % lanes != 0) {
    return std::to_string(p.channels) + " to " + std::to_string(p.outputChannels) + " channels, not multiples of " +
           std::to_string(lanes);
  }
  if (isF32 && !target.fma) {
    return "the target has no fused multiply-add";
  }
  if (!(isF32 ? fitsWinograd(p, target) : fitsByteWinograd(p, target))) {
    return "not a plane without gaps that is padded with zeros";
  }
  return target.winograd ? "no gain expected with " + std::to_string(p.channels) + " to " +
                               std::to_string(p.outputChannels) + " channels"
                         : "turned off";
}

/// The plan for floats or for bytes.
std::optional<WinogradPlan> choosePlan(const ConvProblem &p, const TargetInfo &target, const Choice &chosen = {}) {
  return isByteWinograd(p) ? chooseByteWinograd(p, target, chosen) : chooseWinograd(p, target, chosen);
}

/// Whether sums of bytes stay in the range in which they are exact.
bool areSumsExact(const ConvProblem &p, const nn::Tensor &weights) {
  return isByteWinogradExact(p.types.aSigned, p.channels, p.outputChannels, reinterpret_cast<const int8_t *>(weights.raw()));
}
} // namespace

bool matchesWinograd(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  auto op = llvm::dyn_cast<nn::ConvOp>(root);
  Reason conv; // which says it
  if (!op || !fitsEmitter(op, conv)) {
    return false;
  }
  ConvProblem p = problemOf(op, sizeForChoice);
  std::optional<WinogradPlan> plan = choosePlan(p, target);
  if (!plan) {
    bool is3x3 = p.axes[0].kernel == 1 && p.axes[1].kernel == 3 && p.axes[2].kernel == 3;
    return is3x3 && reason.no(whyNoWinograd(p, target)); // nobody expects it elsewhere
  }
  mlir::FailureOr<nn::Tensor> weights = nn::tensorFromAttr(op.getWeight().getDefiningOp<nn::ConstantOp>().getValue());
  if (mlir::failed(weights)) {
    return reason.no("the weights can't be read");
  }
  if (isByteWinograd(p)) {
    return areSumsExact(p, *weights) ? reason.yes("3x3, 4x4 outputs at once, exact in integers")
                                     : reason.no("sums could reach 2^25");
  }
  double error = winogradError(plan->m, p.channels, p.outputChannels, weights->values<float>().data());
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("error %.1e of the peak", error);
  return error < kMostError
             ? reason.yes("3x3, " + llvm::Twine(plan->m) + "x" + llvm::Twine(plan->m) + " outputs at once, " + text)
             : reason.no(text);
}

std::vector<Choice> winogradKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  ConvProblem p = problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice);
  if (isByteWinograd(p)) {
    return byteWinogradTiles(p, target);
  }
  std::vector<Choice> choices = winogradTiles(p, target);
  std::optional<WinogradPlan> plan = chooseWinograd(p, target);
  llvm::stable_sort(choices, [&](const Choice &a, const Choice &b) {
    return plan && a.m == plan->m && b.m != plan->m; // the cost model's own comes first
  });
  return choices;
}
std::vector<Choice> winogradKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  ConvProblem p = problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice);
  return isByteWinograd(p) ? byteWinogradVariations(p, target, base) : winogradVariations(p, target, base);
}
bool isWinogradExact(int m, nn::ConvOp op, const nn::Tensor &weights) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType()).getShape();
  if (ConvProblem p = problemOf(op, sizeForChoice); isByteWinograd(p)) {
    return areSumsExact(p, weights);
  }
  return winogradError(m, shape[1], shape[0], weights.values<float>().data()) < kMostError;
}

/// Weights are stored as they are, and transformed when the engine prepares constants.
static Preparation preparationOf(const ConvProblem &p, const WinogradPlan &plan, const PackedWeights &packed, bool bytes) {
  PackedWeights stored = bytes ? storedByteWinogradWeights(p) : storedWinogradWeights(p);
  Preparation preparation;
  preparation.store = [stored](const nn::Tensor &source) {
    nn::Tensor result = bytesLike(source, stored.bytes());
    packWeights(stored, WeightStrides::outputMajor(stored), source.raw(), result.rawMutable());
    return result;
  };
  std::string form = bytes ? "bytes" : std::to_string(plan.m);
  preparation.kernel = "winograd_weights_" + form + "_" + std::to_string(plan.panel());
  preparation.dims = {p.channels, plan.chunk / plan.panel()};
  preparation.bytes = packed.bytes();
  preparation.tiles = p.outputChannels / plan.panel();
  preparation.emit = [bytes, m = plan.m, panel = plan.panel()](KernelBuilder &kb, mlir::Value from, mlir::Value to,
                                                               mlir::ValueRange dims, Idx begin, Idx end) {
    bytes ? emitByteWinogradWeights(kb, panel, from, to, dims[0], dims[1], begin, end)
          : emitWinogradWeights(kb, m, panel, from, to, dims[0], dims[1], begin, end);
  };
  return preparation;
}

/// The constant of a plan's transformed weights.
static PackedArgument transformedWeights(unsigned argument, const ConvProblem &p, const WinogradPlan &plan) {
  bool bytes = isByteWinograd(p);
  PackedWeights w = bytes ? packedByteWinogradWeights(p, plan) : packedWinogradWeights(p, plan);
  // Sizes known while compiling, not values that end with the kernel's function.
  ConvProblem sizes;
  sizes.channels = p.channels;
  sizes.outputChannels = p.outputChannels;
  PackedArgument packed;
  packed.argument = argument;
  packed.key = keyOf(bytes ? "byte winograd" : "winograd", {plan.m, p.outputChannels, w.columns, w.k, w.panel});
  packed.pack = [w, sizes, plan, bytes](const nn::Tensor &source) {
    nn::Tensor result = bytesLike(source, w.bytes());
    if (bytes) {
      packByteWinogradWeights(sizes, plan, reinterpret_cast<const int8_t *>(source.raw()),
                              reinterpret_cast<int16_t *>(result.rawMutable()));
    } else {
      packWinogradWeights(sizes, plan, source.values<float>().data(), result.values<float>().data());
    }
    return result;
  };
  packed.preparation = preparationOf(sizes, plan, w, bytes);
  return packed;
}

llvm::LogicalResult emitWinogradKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::ConvOp>(f.root());
  // The plan is the one that matched: it depends on static sizes only.
  std::optional<WinogradPlan> plan = choosePlan(problemOf(op, sizeForChoice), target, f.choice());
  assert(plan && "the op matched");
  ConvProblem p = problemOf(op, [&](dim::Expr e) { return f.size(e); });
  packed.push_back(transformedWeights(f.argumentOf(op.getWeight()), p, *plan));
  emitWinograd(f.builder(), p, *plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(op.getBias()), f.begin(),
               f.end(), f.scratch());
  dim::Shape spatial = spatialOf(op.getResult());
  dim::Expr count = dim::mul(ceilDiv(f, spatial[0], plan->m), ceilDiv(f, spatial[1], plan->m));
  count = dim::mul(nn::shapeOf(op.getInput())[0], count);
  dim::Expr tiles = dim::mul(ceilDiv(f, count, plan->tiles), f.constant(p.outputChannels / plan->columns));
  int64_t scratch = isByteWinograd(p) ? byteWinogradScratch(p, *plan) : winogradScratch(p, *plan);
  f.finish(tiles, f.constant(scratch), convFlops(f, op.getResult(), op.getWeight(), 1, false));
  return mlir::success();
}
} // namespace dlc::cpu
