//===- ConvEval.cpp - reference evaluation of convolutions --------------------------------===//
// Both kinds are products of the weights, as a matrix [output channel, (input channel, tap)], with the elements that
// each tap sees, as a matrix [(input channel, tap), output position].
#include "dialects/nn/eval/Gemm.h"
#include "dialects/nn/eval/Image.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Sizes = llvm::SmallVector<int64_t>;

/// All multi-indices of an index space, one after the other.
std::vector<int64_t> allIndices(llvm::ArrayRef<int64_t> shape) {
  std::vector<int64_t> all;
  IndexSpace index(shape);
  for (int64_t i = countOf(shape); i > 0; --i, index.next()) {
    all.insert(all.end(), (*index).begin(), (*index).end());
  }
  return all;
}

/// Where a tap of the kernel reads, for an output position of one spatial dim; negative for nowhere.
using Source = int64_t (*)(int64_t out, int64_t tap, int64_t stride, int64_t dilation, int64_t begin);
int64_t convSource(int64_t out, int64_t tap, int64_t stride, int64_t dilation, int64_t begin) {
  return out * stride + tap * dilation - begin;
}
int64_t transposedSource(int64_t out, int64_t tap, int64_t stride, int64_t dilation, int64_t begin) {
  int64_t scaled = out + begin - tap * dilation;
  return scaled % stride ? -1 : scaled / stride;
}

struct Problem {
  llvm::ArrayRef<int64_t> kernel, strides, dilations, pads;
  int64_t groups;
  Image input, output;
  Source source;
  /// Element [output channel of the group][input channel of the group][tap] of a group's weights.
  int64_t outStep, inStep, groupStep;
  /// What lies outside of the input, zero points subtracted.
  int64_t padValue = 0;
};

/// Copies what rows (channel, tap) of the patch matrix see at a block of output positions.
template <class T, class Acc>
void copyPatches(const Problem &p, const T *input, const std::vector<int64_t> &taps,
                 const std::vector<int64_t> &positions, Block block, Acc zero, Acc *out) {
  size_t rank = p.kernel.size();
  int64_t tapCount = countOf(p.kernel);
  Sizes at(rank);
  for (int64_t row = block.row; row < block.row + block.rows; ++row) {
    const int64_t *tap = taps.data() + (row % tapCount) * rank;
    const T *channel = input + (row / tapCount) * p.input.channelStep;
    for (int64_t column = block.column; column < block.column + block.columns; ++column) {
      const int64_t *position = positions.data() + column * rank;
      for (size_t d = 0; d < rank; ++d) {
        at[d] = p.source(position[d], tap[d], p.strides[d], p.dilations[d], p.pads[d]);
      }
      std::optional<int64_t> offset = p.input.offset(at);
      *out++ = offset ? Acc(Compute<T>(channel[*offset])) - zero : Acc(p.padValue);
    }
  }
}

/// X: the input's type, W: the weight's, T: the result's. Zero points are subtracted first.
template <class X, class W, class T>
void convolve(const Problem &p, const Tensor &input, const Tensor &weight, const Tensor *bias, Sum<T> inputZero,
              llvm::ArrayRef<Sum<T>> weightZeros, Tensor &result) {
  std::vector<int64_t> taps = allIndices(p.kernel), positions = allIndices(p.output.sizes);
  int64_t tapCount = countOf(p.kernel), rank = p.kernel.size();
  int64_t in = p.input.channels / p.groups, out = p.output.channels / p.groups;
  for (int64_t n = 0; n < p.input.batch; ++n) {
    for (int64_t g = 0; g < p.groups; ++g) {
      const X *x = input.values<X>().data() + p.input.at(n, g * in);
      const W *w = weight.values<W>().data() + g * p.groupStep;
      auto weights = [&](Block block, Sum<T> *buffer) {
        for (int64_t i = block.row; i < block.row + block.rows; ++i) {
          Sum<T> zero = weightZeros[weightZeros.size() == 1 ? 0 : g * out + i];
          for (int64_t k = block.column; k < block.column + block.columns; ++k) {
            *buffer++ = Sum<T>(Compute<W>(w[i * p.outStep + k / tapCount * p.inStep + k % tapCount])) - zero;
          }
        }
      };
      auto patches = [&](Block block, Sum<T> *buffer) { copyPatches(p, x, taps, positions, block, inputZero, buffer); };
      auto store = [&](Block block, const Sum<T> *sums) {
        for (int64_t i = 0; i < block.rows; ++i) {
          T *y = result.values<T>().data() + p.output.at(n, g * out + i);
          Sum<T> start = bias ? Sum<T>(Compute<T>(bias->values<T>()[g * out + i])) : Sum<T>(0);
          for (int64_t j = 0; j < block.columns; ++j) {
            llvm::ArrayRef<int64_t> position(positions.data() + (block.column + j) * rank, rank);
            y[dot(position, p.output.steps)] = T(*sums++ + start);
          }
        }
      };
      multiply<Sum<T>>(out, countOf(p.output.sizes), in * tapCount, weights, patches, store);
    }
  }
}

/// 8-bit operands, less their zero points.
template <class X>
void convolveBytes(const Problem &p, const Tensor &input, const Tensor &weight, const Tensor *bias, uint32_t inputZero,
                   llvm::ArrayRef<uint32_t> weightZeros, Tensor &result) {
  if (weight.element().isUnsignedInteger()) {
    convolve<X, uint8_t, int32_t>(p, input, weight, bias, inputZero, weightZeros, result);
  } else {
    convolve<X, int8_t, int32_t>(p, input, weight, bias, inputZero, weightZeros, result);
  }
}

template <class Op>
llvm::LogicalResult run(Op op, const Problem &p, EvalContext &context, Operands operands, Tensor &result) {
  const Tensor &input = operands[0].tensor(), &weight = operands[1].tensor(), *bias = optionalOperand(op, operands, 2);
  return dispatch<Numbers>(context, input.element(), [&](auto tag) {
    using X = typename decltype(tag)::type;
    Sum<X> zero = 0;
    if constexpr (std::is_integral_v<X> && sizeof(X) == 1) {
      convolveBytes<X>(p, input, weight, bias, zero, zero, result);
    } else {
      convolve<X, X, X>(p, input, weight, bias, zero, zero, result);
    }
  });
}

llvm::LogicalResult run(ConvIntegerOp op, const Problem &p, EvalContext &context, Operands operands, Tensor &result) {
  const Tensor &input = operands[0].tensor(), &weight = operands[1].tensor();
  const Tensor *inputZero = optionalOperand(op, operands, 2), *weightZero = optionalOperand(op, operands, 3);
  std::vector<uint32_t> weightZeros;
  for (int64_t i = 0; weightZero && i < weightZero->count(); ++i) {
    weightZeros.push_back(uint32_t(weightZero->integer(i)));
  }
  if (weightZeros.empty()) {
    weightZeros.push_back(0);
  }
  uint32_t zero = inputZero ? uint32_t(inputZero->integer(0)) : 0;
  if (input.element().isUnsignedInteger()) {
    convolveBytes<uint8_t>(p, input, weight, nullptr, zero, weightZeros, result);
  } else {
    convolveBytes<int8_t>(p, input, weight, nullptr, zero, weightZeros, result);
  }
  return mlir::success();
}

llvm::LogicalResult checkChannels(EvalContext &context, int64_t got, int64_t expected) {
  return got == expected ? mlir::success()
                         : context.fail("expected " + llvm::Twine(expected) + " channels, got " + llvm::Twine(got));
}

/// The output sizes of a convolution.
template <class Op> Sizes convSizes(Op op, llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> kernel) {
  Sizes sizes;
  for (size_t i = 0; i < kernel.size(); ++i) {
    int64_t padded = input[i] + op.getPads()[i] + op.getPads()[kernel.size() + i];
    int64_t span = padded - (kernel[i] - 1) * op.getDilations()[i] - 1;
    sizes.push_back(span < 0 ? 0 : span / op.getStrides()[i] + 1);
  }
  return sizes;
}

template <class Op> llvm::LogicalResult evalConv(Op op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &weight = operands[1].tensor();
  Image input(operands[0].tensor().shape(), op.getChannelLast());
  llvm::ArrayRef<int64_t> kernel = weight.shape().drop_front(2);
  int64_t out = weight.shape()[0], in = weight.shape()[1], groups = op.getGroups(), taps = countOf(kernel);
  if (mlir::failed(checkChannels(context, input.channels, in * groups))) {
    return mlir::failure();
  }
  Sizes shape = Image::shape(input.batch, out, convSizes(op, input.sizes, kernel), op.getChannelLast());
  Tensor result = Tensor::zeros(elementOf(op.getResult()), shape);
  results.push_back(result);
  Problem p{kernel,
            op.getStrides(),
            op.getDilations(),
            op.getPads(),
            groups,
            input,
            Image(shape, op.getChannelLast()),
            convSource,
            in * taps,
            taps,
            out / groups * in * taps};
  if constexpr (std::is_same_v<Op, ConvOp>) {
    p.padValue = op.getPadValue();
  }
  return run(op, p, context, operands, result);
}

llvm::LogicalResult evalConvTranspose(ConvTransposeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &weight = operands[1].tensor();
  Image input(operands[0].tensor().shape(), op.getChannelLast());
  llvm::ArrayRef<int64_t> kernel = weight.shape().drop_front(2);
  int64_t in = weight.shape()[0], out = weight.shape()[1], groups = op.getGroups(), taps = countOf(kernel);
  if (mlir::failed(checkChannels(context, input.channels, in))) {
    return mlir::failure();
  }
  Sizes sizes;
  for (size_t i = 0; i < kernel.size(); ++i) {
    int64_t pads = op.getPads()[i] + op.getPads()[kernel.size() + i];
    int64_t size = op.getStrides()[i] * (input.sizes[i] - 1) + op.getOutputPadding()[i] +
                   (kernel[i] - 1) * op.getDilations()[i] + 1 - pads;
    sizes.push_back(std::max<int64_t>(size, 0));
  }
  Sizes shape = Image::shape(input.batch, out * groups, sizes, op.getChannelLast());
  Tensor result = Tensor::zeros(elementOf(op.getResult()), shape);
  results.push_back(result);
  Problem p{kernel,
            op.getStrides(),
            op.getDilations(),
            op.getPads(),
            groups,
            input,
            Image(shape, op.getChannelLast()),
            transposedSource,
            taps,
            out * taps,
            in / groups * out * taps};
  return run(op, p, context, operands, result);
}
} // namespace

void attachConvEval(mlir::MLIRContext &context) {
  attachEvaluate<ConvOp, evalConv<ConvOp>>(context);
  attachEvaluate<ConvIntegerOp, evalConv<ConvIntegerOp>>(context);
  attachEvaluate<ConvTransposeOp, evalConvTranspose>(context);
}
} // namespace dlc::nn
