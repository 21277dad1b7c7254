//===- PartSize.cpp - how many images of a batch run together -------------------------------------------===//
#include "compiler/passes/batch/PartSize.h"
#include "compiler/target/cpu/TargetInfo.h"
#include "dialects/nn/ops/control/BatchRows.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace dlc::batch {
namespace {
using mlir::Value;

/// A batch whose size only the run knows is taken to be this large: the cost of one image is what it is all about.
constexpr int64_t kLikelyImages = 32;
/// Parts of more images gain nothing: kernels are as good on these.
constexpr int64_t kMostImages = 16;
/// Bytes written and read later cross the memory bus three times: the cache line is fetched before it is written.
constexpr double kCrossings = 3;
/// How much of the shared cache is for values between layers: constants pass through it, and other cores use it.
constexpr double kShare = 0.75;
/// What is this many times as large as the shared cache surely leaves it: the target has at least so much, others more.
constexpr double kExcess = 1.25;
/// A constant of no more bytes stays in a cache, or is in a kernel: it costs nothing.
constexpr double kSmallConstant = 4096;
/// What must be saved of all bytes that move without parts.
constexpr double kLeastGain = 0.2;

/// What an op moves, in bytes.
struct Traffic {
  double constants = 0; ///< of its operands that are the same for all images
  double results = 0;   ///< per image
  double live = 0;      ///< per image: everything that will still be read, while the op runs
  double crossing = 0;  ///< per image: what it and ops behind it read of those before it
};

/// Bytes of a tensor of static sizes, or of `images` images; nullopt where sizes are not known.
std::optional<double> bytesOf(Value v, const Batch &batch, int64_t images) {
  double bytes = nn::getElementBits(nn::elementOf(v)) / 8.0;
  for (dim::Expr e : nn::shapeOf(v)) {
    std::optional<int64_t> size = dim::evaluate(e, [&](llvm::StringRef name) -> std::optional<int64_t> {
      bool isImages = batch.images.getKind() == dim::ExprKind::Symbol && name == batch.images.getSymbol();
      return isImages ? std::optional(images) : std::nullopt;
    });
    if (!size) {
      return std::nullopt;
    }
    bytes *= double(*size);
  }
  return bytes;
}

/// Whether a value is never in memory: it is one under another name, or its only reader computes it.
bool isFused(Value v, mlir::Operation *reader) {
  bool isView = llvm::isa_and_nonnull<nn::ReshapeOp>(v.getDefiningOp());
  return isView || (v.hasOneUse() && nn::isElementwise(reader));
}

class Model {
public:
  Model(llvm::ArrayRef<mlir::Operation *> ops, const Batch &batch, const cpu::TargetInfo &target)
      : ops(ops), batch(batch), target(target), all(dim::getConstant(batch.images).value_or(kLikelyImages)) {}

  /// False where sizes are not known.
  bool measure() {
    traffic.resize(ops.size());
    for (auto [i, op] : llvm::enumerate(ops)) {
      for (Value v : op->getOperands()) {
        std::optional<double> bytes = bytesOf(v, batch, all);
        if (!bytes) {
          return false;
        }
        if (batch.contains(v)) {
          noteUse(v, i, *bytes / double(all));
        } else if (*bytes > kSmallConstant) {
          traffic[i].constants += *bytes;
        }
      }
      for (Value v : op->getResults()) {
        if (std::optional<double> bytes = bytesOf(v, batch, all)) {
          noteResult(v, i, *bytes / double(all));
        } else {
          return false;
        }
      }
    }
    addLives();
    return true;
  }

  int64_t images() const { return all; }
  /// Bytes that move when the first `count` ops run on parts of `part` images, and the others on the whole batch.
  double bytes(size_t count, int64_t part) const {
    double total = 0;
    for (auto [i, t] : llvm::enumerate(traffic)) {
      int64_t together = i < count ? part : all;
      int64_t parts = i < count ? llvm::divideCeil(all, part) : 1;
      total += t.constants * double(parts);
      bool fits = t.live * double(together) <= (i < count ? kShare : kExcess) * double(target.l3);
      total += fits ? 0 : kCrossings * t.results * double(all);
    }
    // What lies between the parts and the rest is there for all images.
    bool cuts = count > 0 && count < traffic.size();
    return total + (cuts ? kCrossings * traffic[count].crossing * double(all) : 0);
  }
  double peak() const {
    double most = 0;
    for (const Traffic &t : traffic) {
      most = std::max(most, t.live);
    }
    return most;
  }

private:
  struct Life {
    size_t first, last;
    double stored, bytes; ///< bytes: were it in memory
  };
  void noteUse(Value v, size_t op, double bytes) {
    auto it = lives.try_emplace(v, Life{0, op, bytes, bytes}).first; // an input lives from the start
    it->second.last = op;
  }
  void noteResult(Value v, size_t op, double bytes) {
    bool fused = llvm::all_of(v.getUsers(), [&](mlir::Operation *user) { return isFused(v, user); });
    double stored = fused && !v.use_empty() ? 0 : bytes;
    traffic[op].results += stored;
    lives.insert({v, Life{op, op, stored, bytes}});
  }
  void addLives() {
    for (auto &[value, life] : lives) {
      bool escapes =
          llvm::any_of(value.getUsers(), [&](mlir::Operation *user) { return !llvm::is_contained(ops, user); });
      for (size_t i = life.first; i <= (escapes ? ops.size() - 1 : life.last); ++i) {
        traffic[i].live += life.stored;
      }
      for (size_t i = life.first + 1; value.getDefiningOp() && i <= life.last; ++i) {
        traffic[i].crossing += life.bytes;
      }
    }
  }

  llvm::ArrayRef<mlir::Operation *> ops;
  const Batch &batch;
  const cpu::TargetInfo &target;
  int64_t all;
  std::vector<Traffic> traffic;
  llvm::MapVector<Value, Life> lives;
};
} // namespace

/// Parts that are worth a try: at least two are in the batch.
static llvm::SmallVector<int64_t> sizesBelow(int64_t images) {
  llvm::SmallVector<int64_t> sizes;
  for (int64_t size = kMostImages; size >= 1; size /= 2) {
    if (2 * size <= images) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

Split chooseSplit(llvm::ArrayRef<mlir::Operation *> ops, const Batch &batch, const cpu::TargetInfo &target) {
  Model model(ops, batch, target);
  bool isTold = target.batchPart.has_value();
  int64_t told = target.batchPart.value_or(0), most = dim::getConstant(batch.images).value_or(INT64_MAX);
  if (ops.empty() || (isTold && (told < 1 || told >= most))) {
    return {};
  }
  Split best;
  if (model.measure()) {
    double least = (isTold ? 1 : 1 - kLeastGain) * model.bytes(0, 1);
    for (int64_t part : isTold ? llvm::SmallVector<int64_t>{told} : sizesBelow(model.images())) {
      for (size_t count = ops.size(); count >= 1; --count) {
        if (double bytes = model.bytes(count, part); bytes < least) {
          least = bytes;
          best = {count, part, ""};
        }
      }
    }
  }
  if (isTold) {
    return {best.ops ? best.ops : ops.size(), told, llvm::formatv("parts of {0} images, as told", told)};
  }
  if (best.ops) {
    best.why = llvm::formatv("parts of {0} images: {1:f1} MB lie between layers, of an image {2:f1} MB", best.images,
                             double(best.images) * model.peak() / 1e6, model.peak() / 1e6);
  }
  return best;
}
} // namespace dlc::batch
