//===- Eval.h - values, and the reference evaluator -------------------------------===//
#ifndef DLC_DIALECTS_NN_EVAL_EVAL_H
#define DLC_DIALECTS_NN_EVAL_EVAL_H
#include "dialects/nn/NN.h"
#include "dialects/nn/eval/Numbers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include <functional>
#include <memory>
#include <vector>

namespace dlc::nn {
/// A tensor with its elements: row-major, bool and what is smaller than a byte as one, strings as std::string. Copies
/// share the elements.
class Tensor {
public:
  Tensor() = default;
  /// A tensor of zeros (empty strings).
  static Tensor zeros(mlir::Type element, llvm::ArrayRef<int64_t> shape);
  /// Refers to `data`, which must outlive the tensor and hold the elements in their memory layout.
  static Tensor view(mlir::Type element, llvm::ArrayRef<int64_t> shape, const void *data);
  static Tensor scalar(mlir::Type element, double value);

  mlir::Type element() const { return elementType; }
  llvm::ArrayRef<int64_t> shape() const { return sizes; }
  int64_t rank() const { return sizes.size(); }
  int64_t count() const { return elements; }
  /// Bytes of the elements in memory (not for strings).
  size_t bytes() const { return size_t(elements) * ((getElementBits(elementType) + 7) / 8); }
  const char *raw() const { return data; }
  char *rawMutable() { return data; }
  template <class T> llvm::ArrayRef<T> values() const {
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(data), size_t(elements));
  }
  template <class T> llvm::MutableArrayRef<T> values() {
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(data), size_t(elements));
  }
  /// The same elements with other sizes (of the same count).
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// Element i as int64, for integer and bool tensors.
  int64_t integer(int64_t i) const;
  mlir::RankedTensorType type() const { return mlir::RankedTensorType::get(sizes, elementType); }

private:
  mlir::Type elementType;
  llvm::SmallVector<int64_t, 6> sizes;
  int64_t elements = 0;
  std::shared_ptr<void> owner;
  char *data = nullptr;
};

/// What a graph value can be at run time.
class Datum {
public:
  enum class Kind { None, Tensor, Sequence, Optional };
  Datum() = default;
  Datum(Tensor t) : kind(Kind::Tensor), tensorValue(std::move(t)) {}
  static Datum sequence(std::vector<Datum> items);
  static Datum optional(std::vector<Datum> itemOrNothing);
  Kind getKind() const { return kind; }
  explicit operator bool() const { return kind != Kind::None; }
  const Tensor &tensor() const { return tensorValue; }
  const std::vector<Datum> &items() const { return *list; }

private:
  Kind kind = Kind::None;
  Tensor tensorValue;
  std::shared_ptr<std::vector<Datum>> list;
};

/// What `evaluate` may ask for: sizes, and the place of errors.
class EvalContext {
public:
  explicit EvalContext(std::function<std::optional<int64_t>(llvm::StringRef)> symbols) : symbols(std::move(symbols)) {}
  /// The value of a formula; fails when a symbol is not known.
  mlir::FailureOr<int64_t> size(dim::Expr e);
  mlir::FailureOr<llvm::SmallVector<int64_t>> sizes(llvm::ArrayRef<dim::Expr> shape);
  /// A tensor of zeros of the value's type.
  mlir::FailureOr<Tensor> result(mlir::Value v);
  llvm::LogicalResult fail(const llvm::Twine &message);
  std::string error;
  /// Names symbols whose sizes an op has found out (read_dims).
  std::function<void(llvm::StringRef, int64_t)> bind;
  /// Runs a region of the op, whose block has one argument per input. Errors have been emitted when it fails.
  std::function<mlir::FailureOr<std::vector<Datum>>(mlir::Region &, llvm::ArrayRef<Datum>)> runRegion;

private:
  std::function<std::optional<int64_t>(llvm::StringRef)> symbols;
};

/// The byte that holds an element of less than a byte: its low bits, with the sign of integers that have one.
inline char extendBits(char byte, mlir::Type element) {
  unsigned unused = 8 - getElementBits(element);
  bool isSigned = element.isSignlessInteger();
  return isSigned ? char(int8_t(uint8_t(byte) << unused) >> unused) : char(uint8_t(uint8_t(byte) << unused) >> unused);
}

/// A constant's elements; large ones are viewed in place. Fails for types that have no native form.
mlir::FailureOr<Tensor> tensorFromAttr(mlir::ElementsAttr attr);
/// A constant attribute that owns or shares the tensor's elements.
mlir::ElementsAttr attrFromTensor(const Tensor &tensor);

/// Runs `func`'s body op by op. `visit` (may be null) sees every result, in order. Errors are emitted on the op.
class Evaluator {
public:
  using Visit = std::function<void(mlir::Operation *, unsigned result, const Datum &)>;
  /// Computes an op whose definition is not among the dialect's (nn.custom).
  using Custom = std::function<llvm::LogicalResult(mlir::Operation *, EvalContext &, llvm::ArrayRef<Datum> operands,
                                                   llvm::SmallVectorImpl<Datum> &results)>;
  explicit Evaluator(Visit visit = nullptr, Custom custom = nullptr)
      : visit(std::move(visit)), custom(std::move(custom)) {}
  mlir::FailureOr<std::vector<Datum>> run(mlir::Block &block, llvm::ArrayRef<Datum> inputs);
  /// Evaluates one op on given operands.
  mlir::FailureOr<llvm::SmallVector<Datum>> runOp(mlir::Operation *op, llvm::ArrayRef<Datum> operands);
  void bindSymbol(llvm::StringRef name, int64_t value) { symbols[name] = value; }

private:
  llvm::LogicalResult bindTypes(mlir::Block &block, llvm::ArrayRef<Datum> inputs);
  /// Checks a result against its type; symbols that are the size of a dim take their value from it.
  llvm::LogicalResult bindShape(mlir::Value value, const Datum &datum, EvalContext &context);
  Visit visit;
  Custom custom;
  llvm::StringMap<int64_t> symbols;
  llvm::DenseMap<mlir::Value, Datum> values;
};

/// Attaches `evaluate` to every op that has it.
void registerEvaluate(mlir::DialectRegistry &registry);

/// Walks the index space of `shape` in row-major order.
class IndexSpace {
public:
  explicit IndexSpace(llvm::ArrayRef<int64_t> shape) : shape(shape), index(shape.size(), 0) {}
  llvm::ArrayRef<int64_t> operator*() const { return index; }
  void next() {
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) {
        return;
      }
      index[d] = 0;
    }
  }

private:
  llvm::SmallVector<int64_t, 6> shape, index;
};
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);
} // namespace dlc::nn
#endif
