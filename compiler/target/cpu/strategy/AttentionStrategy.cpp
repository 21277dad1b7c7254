//===- AttentionStrategy.cpp - attention without its scores in memory --------------------------------===//
#include "compiler/target/cpu/contraction/Attention.h"
#include "compiler/target/cpu/strategy/AttentionPattern.h"
#include "compiler/target/cpu/strategy/KernelFrame.h"
#include "dialects/nn/Precision.h"

namespace dlc::cpu {
namespace {
using mlir::Value;
using Strides = llvm::SmallVector<Idx>;

/// Element strides of a dense tensor's dims.
Strides denseStrides(KernelFrame &f, Value v) {
  llvm::SmallVector<Idx> sizes = f.sizes(v);
  Strides strides(sizes.size(), Idx(1));
  for (size_t i = sizes.size(); i-- > 1;) {
    strides[i - 1] = f.builder().mul(strides[i], sizes[i]);
  }
  return strides;
}

/// A value as it lies in an argument of the kernel: a buffer, and the strides of the value's dims.
struct View {
  Value buffer;
  Strides strides;
};

/// `v`, or what `transposition` (null: nothing) makes it from.
View viewOf(KernelFrame &f, Value v, nn::TransposeOp transposition) {
  if (!transposition) {
    return {f.buffer(v), denseStrides(f, v)};
  }
  Strides source = denseStrides(f, transposition.getInput()), strides;
  for (int64_t from : transposition.getPermutation()) {
    strides.push_back(source[from]);
  }
  return {f.buffer(transposition.getInput()), strides};
}

/// The result, whose dims `transposition` (null: nothing) puts elsewhere.
View outputOf(KernelFrame &f, const AttentionPattern &a) {
  Strides strides = denseStrides(f, a.result());
  nn::TransposeOp output = a.output;
  if (!output) {
    return {f.resultBuffer(), strides};
  }
  Strides own(strides.size(), Idx(1));
  for (auto [to, from] : llvm::enumerate(output.getPermutation())) {
    own[from] = strides[to];
  }
  return {f.resultBuffer(), own};
}

/// The stride of a batch dim: 0 where the operand repeats itself.
Idx batchStride(Value v, const View &view, size_t dim) {
  return dim::isConstant(nn::shapeOf(v)[dim], 1) ? Idx(0) : view.strides[dim];
}

struct AttentionKernel {
  KernelFrame &f;
  AttentionPattern a;
  View query, key, value, output;
  AttentionProblem problem;

  AttentionKernel(KernelFrame &f, const AttentionPattern &pattern)
      : f(f), a(pattern), query(viewOf(f, a.scores.getLhs(), a.query)), key(viewOf(f, a.scores.getRhs(), a.key)),
        value(viewOf(f, a.values.getRhs(), a.value)), output(outputOf(f, a)) {
    dim::Shape scores = nn::shapeOf(a.scores.getResult());
    size_t rows = scores.size() - 2, columns = scores.size() - 1;
    for (size_t i = 0; i < rows; ++i) {
      problem.batch.push_back({f.size(scores[i]), batchStride(a.scores.getLhs(), query, i),
                               batchStride(a.scores.getRhs(), key, i), batchStride(a.values.getRhs(), value, i),
                               output.strides[i]});
    }
    problem.element = nn::elementOf(a.values.getRhs());
    problem.flags = nn::functionFlags(a.softmax);
    problem.queries = f.size(scores[rows]);
    problem.keys = f.size(scores[columns]);
    problem.size = *dim::getConstant(sizeOf());
    problem.valueSize = *dim::getConstant(nn::shapeOf(a.values.getResult()).back());
    bool queryTransposed = a.scores.getTransposeLhs(), keyTransposed = a.scores.getTransposeRhs(),
         valueTransposed = a.values.getTransposeRhs();
    problem.qRow = query.strides[queryTransposed ? columns : rows];
    problem.qColumn = query.strides[queryTransposed ? rows : columns];
    // A product's right operand has a key per column.
    problem.kRow = key.strides[keyTransposed ? rows : columns];
    problem.kColumn = key.strides[keyTransposed ? columns : rows];
    problem.vRow = value.strides[valueTransposed ? columns : rows];
    problem.vColumn = value.strides[valueTransposed ? rows : columns];
    problem.outRow = output.strides[rows];
  }

  dim::Expr sizeOf() {
    dim::Shape query = nn::shapeOf(a.scores.getLhs());
    return query[query.size() - (a.scores.getTransposeLhs() ? 2 : 1)];
  }

  /// The operand of an op between scores and softmax.
  Value load(Value v, KernelBuilder &kb, const ScoreCoord &coord, const Strides &strides) {
    if (auto constant = v.getDefiningOp<nn::ConstantOp>()) {
      return f.splat(constant, coord.lanes.width);
    }
    llvm::SmallVector<Idx> at(coord.batch);
    at.push_back(coord.query);
    at.push_back(coord.key);
    dim::Shape own = nn::shapeOf(v);
    Idx offset = 0;
    for (size_t i = 0, first = at.size() - own.size(); i < own.size(); ++i) {
      offset = dim::isConstant(own[i], 1) ? offset : kb.add(offset, kb.mul(at[first + i], strides[i]));
    }
    bool wide = !own.empty() && !dim::isConstant(own.back(), 1);
    return wide ? kb.load(f.buffer(v), offset, coord.lanes) : kb.broadcastLoad(f.buffer(v), offset, coord.lanes.width);
  }

  /// Scores, which the model rounds, in f32: rounded only where it casts them itself.
  static Value castScores(mlir::Operation *cast, KernelBuilder &kb, Value scores) {
    bool asSummed = cast->hasAttr(nn::kHalfPrecisionAttr);
    return asSummed ? scores
                    : kb.convert(kb.convert(scores, nn::elementOf(cast->getOperand(0))), kb.builder().getF32Type());
  }

  ScoreEpilogue epilogue() {
    llvm::DenseMap<Value, Strides> strides;
    for (mlir::Operation *op : a.between) {
      for (Value v : op->getOperands()) {
        if (llvm::isa<mlir::BlockArgument>(v)) {
          strides[v] = denseStrides(f, v);
        }
      }
    }
    return [this, strides](KernelBuilder &kb, Value scores, const ScoreCoord &coord) {
      llvm::DenseMap<Value, Value> values{{a.scores.getResult(), scores}};
      Value last = scores;
      for (mlir::Operation *op : a.between) {
        if (llvm::isa<nn::CastOp>(op) && op->getOperand(0) == a.scores.getResult()) {
          last = values[op->getResult(0)] = castScores(op, kb, scores);
          continue;
        }
        llvm::SmallVector<Value> operands;
        for (Value v : op->getOperands()) {
          auto it = values.find(v);
          operands.push_back(it != values.end() ? it->second : load(v, kb, coord, strides.lookup(v)));
        }
        last = values[op->getResult(0)] =
            llvm::cast<nn::EmitElement>(op).emitElement(kb.builder(), kb.location(), operands);
      }
      return last;
    };
  }
};
} // namespace

bool matchesAttention(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  auto values = llvm::dyn_cast<nn::MatmulOp>(root);
  if (!values || !findAttention(values)) {
    return false;
  }
  if (nn::elementOf(values.getRhs()).isF32()) {
    return reason.yes("a softmax between two products, in f32");
  }
  return target.bf16 ? reason.yes("a softmax between two products of bf16 pairs")
                     : reason.no("the target has no products of bf16 pairs");
}

llvm::SmallVector<mlir::Operation *> attentionMembers(mlir::Operation *root) {
  return findAttention(llvm::cast<nn::MatmulOp>(root))->ops();
}

llvm::LogicalResult emitAttentionKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &) {
  nn::MatmulOp values;
  kernel.walk([&](nn::MatmulOp op) { values = op; });
  KernelFrame f(kernel, target);
  std::optional<AttentionPattern> pattern = values ? findAttention(values) : std::nullopt;
  if (!pattern) {
    return kernel.emitError() << "expected the ops of an attention";
  }
  AttentionKernel attention(f, *pattern);
  const AttentionProblem &p = attention.problem;
  AttentionPlan plan = planAttention(p, target);
  AttentionScratch scratch = attentionScratch(p, plan);
  emitAttention(f.builder(), p, plan, attention.query.buffer, attention.key.buffer, attention.value.buffer,
                attention.output.buffer, attention.epilogue(), f.begin(), f.end(), f.scratch());
  dim::Shape scores = nn::shapeOf(pattern->scores.getResult());
  dim::Expr queries = scores[scores.size() - 2], keys = scores.back();
  dim::Expr batch = dim::product(kernel.getContext(), llvm::ArrayRef(scores).drop_back(2));
  dim::Expr flops = dim::mul(dim::mul(batch, dim::mul(queries, keys)), f.constant(2 * (p.size + p.valueSize)));
  f.finish(dim::mul(batch, dim::ceilDiv(queries, f.constant(plan.rows))),
           dim::add(f.constant(scratch.fixed), dim::mul(keys, f.constant(scratch.perKey))), flops);
  return mlir::success();
}
} // namespace dlc::cpu
