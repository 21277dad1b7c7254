//===- Race.cpp - candidates measured in turns --------------------------------------------------------------===//
#include "compiler/tune/Race.h"
#include "dialects/nn/eval/Numbers.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

namespace dlc::tune {
namespace {
using Clock = std::chrono::steady_clock;

double secondsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Elements of [-1, 1], all bytes, 0 and 1 of bools, and small numbers of wider integers; the same in each run.
void fill(nn::Tensor &tensor) {
  std::minstd_rand random(1);
  nn::visitElement(tensor.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, std::string> || nn::isComplex<T>) {
      return;
    } else {
      for (T &x : tensor.values<T>()) {
        double unit = double(random()) / double(random.max());
        if constexpr (std::is_same_v<T, bool>) {
          x = unit > 0.5;
        } else if constexpr (nn::isFloating<T>) {
          x = T(float(2 * unit - 1));
        } else if constexpr (sizeof(T) == 1) {
          x = T(random() >> 8);
        } else {
          x = T(unit * 100);
        }
      }
    }
  });
}

double median(llvm::ArrayRef<double> numbers) {
  std::vector<double> sorted = numbers;
  llvm::sort(sorted);
  return sorted[sorted.size() / 2];
}

/// Room behind a buffer's end: kernels read whole vectors.
constexpr int64_t kSlack = 4096;

nn::Tensor bytes(mlir::MLIRContext *context, int64_t count) {
  return nn::Tensor::zeros(mlir::IntegerType::get(context, 8), {count + kSlack});
}

/// An aligned place in `owner`, which is large enough.
char *aligned(nn::Tensor &owner) {
  auto address = reinterpret_cast<uintptr_t>(owner.rawMutable());
  return owner.rawMutable() + (64 - address % 64) % 64;
}
} // namespace

Buffers::Buffers(mlir::func::FuncOp kernel, llvm::ArrayRef<mlir::ElementsAttr> constants) {
  for (auto [i, type] : llvm::enumerate(bufferTypes(kernel))) {
    int64_t size = (type.getNumElements() * int64_t(nn::getElementBits(type.getElementType())) + 7) / 8;
    owned.push_back(bytes(type.getContext(), size));
    tensors.push_back(nn::Tensor::view(type.getElementType(), type.getShape(), aligned(owned.back())));
    mlir::FailureOr<nn::Tensor> value = mlir::failure();
    if (i < constants.size() && constants[i]) {
      value = nn::tensorFromAttr(constants[i]);
    }
    if (mlir::succeeded(value)) {
      std::memcpy(tensors.back().rawMutable(), value->raw(), size);
    } else {
      fill(tensors.back());
    }
  }
}

std::vector<void *> Buffers::pointers() const {
  std::vector<void *> all;
  for (const nn::Tensor &tensor : tensors) {
    all.push_back(const_cast<char *>(tensor.raw()));
  }
  return all;
}

Runner::Runner(const Candidate &candidate, const Buffers &buffers, int64_t copies)
    : candidate(&candidate), arguments(copies, buffers.pointers()) {
  for (const cpu::PackedArgument &argument : candidate.packed) {
    nn::Tensor packed = argument.pack(buffers.constant(argument.argument));
    for (std::vector<void *> &pointers : arguments) {
      owned.push_back(bytes(packed.element().getContext(), packed.bytes()));
      pointers[argument.argument] = aligned(owned.back());
      std::memcpy(pointers[argument.argument], packed.raw(), packed.bytes());
    }
  }
  stride = std::max<size_t>(1, copies * 5 / 8);
  while (std::gcd(stride, size_t(copies)) != 1) {
    ++stride;
  }
  mlir::MLIRContext *context = buffers.constant(0).element().getContext();
  scratch = bytes(context, candidate.scratchBytes);
  for (size_t i = 0; candidate.makeCall && i < arguments.size(); ++i) {
    llvm::Expected<LibraryKernels::Call> call = candidate.makeCall();
    if (!call) {
      failure = llvm::toString(call.takeError());
      return;
    }
    calls.push_back(std::move(*call));
    // What is made of the weights is made here.
    if (failure = calls.back()(arguments[i].data()); !failure.empty()) {
      return;
    }
  }
}

void Runner::run() {
  // Not the next in memory: that one may be where this run has prefetched beyond its end.
  next = (next + stride) % arguments.size();
  if (candidate->makeCall) {
    calls[next](arguments[next].data());
    return;
  }
  candidate->function(arguments[next].data(), nullptr, 0, candidate->tiles, aligned(scratch));
}

double Runner::seconds() const { return median(minima); }

void race(llvm::MutableArrayRef<Runner> runners, const RaceLength &length) {
  // Runs that are too short for the clock are measured several at a time.
  constexpr double leastSeconds = 10e-6;
  runners.front().run();
  Clock::time_point start = Clock::now();
  runners.front().run();
  double once = std::max(1e-8, secondsBetween(start, Clock::now()));
  int repeats = std::max(1, int(leastSeconds / once));
  int rounds = std::max(length.leastRounds, int(length.secondsPerBlock / (once * repeats)));
  for (Runner &runner : runners) {
    runner.run();
    runner.minima.assign(length.blocks, INFINITY);
  }
  for (int block = 0; block < length.blocks; ++block) {
    for (int round = 0; round < rounds; ++round) {
      for (Runner &runner : runners) {
        Clock::time_point from = Clock::now();
        for (int i = 0; i < repeats; ++i) {
          runner.run();
        }
        double seconds = secondsBetween(from, Clock::now()) / repeats;
        runner.minima[block] = std::min(runner.minima[block], seconds);
      }
    }
  }
}

bool isFaster(llvm::ArrayRef<double> a, llvm::ArrayRef<double> b) {
  constexpr double leastGain = 0.02;
  size_t won = 0;
  for (auto [mine, other] : llvm::zip_equal(a, b)) {
    won += mine < other;
  }
  return won + 1 >= a.size() && median(b) > median(a) * (1 + leastGain);
}

double difference(const nn::Tensor &expected, const nn::Tensor &actual) {
  double peak = 0, most = 0;
  nn::visitElement(expected.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, std::string> || nn::isComplex<T>) {
      return;
    } else {
      for (auto [x, y] : llvm::zip_equal(expected.values<T>(), actual.values<T>())) {
        double a = double(x), b = double(y);
        if (std::isnan(a) != std::isnan(b)) {
          most = INFINITY;
        } else if (!std::isnan(a) && a != b) {
          most = std::max(most, std::abs(a - b));
        }
        peak = std::isfinite(a) ? std::max(peak, std::abs(a)) : peak;
      }
    }
  });
  return most == 0 ? 0 : most / std::max(peak, 1e-30);
}
} // namespace dlc::tune
