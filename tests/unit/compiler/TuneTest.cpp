// What can be chosen about contractions, and the file that keeps what was chosen.
#include "compiler/Pipeline.h"
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/strategy/Alternatives.h"
#include "compiler/tune/Race.h"
#include "compiler/tune/TuneCache.h"
#include "compiler/tune/TunedKernel.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc;

namespace {
TEST(Choice, IsReadAsItIsWritten) {
  cpu::KernelChoice choice{"winograd", {}};
  EXPECT_EQ(choice.text(), "winograd");
  choice.choice.m = 4;
  choice.choice.rows = 5;
  choice.choice.weightsStay = 0;
  EXPECT_EQ(choice.text(), "winograd m=4 rows=5 stay=0");
  EXPECT_EQ(cpu::KernelChoice::parse(choice.text()), choice);
}

TEST(Choice, IsNothingElse) {
  for (const char *text :
       {"", "fast", "conv rows", "conv rows=", "conv rows=x", "conv rows=-1", "conv rows=1 rows=1", "conv depth=1"}) {
    EXPECT_FALSE(cpu::KernelChoice::parse(text)) << text;
  }
}

constexpr const char *kKernels = R"(
  func.func @point(%x: tensor<1x14x14x64xf32>, %w: tensor<96x64x1x1xf32>) -> tensor<1x14x14x96xf32> attributes {nn.strategy = "conv"} {
    %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<1x14x14x64xf32>, tensor<96x64x1x1xf32>) -> tensor<1x14x14x96xf32>
    return %0 : tensor<1x14x14x96xf32>
  }
  func.func @taps(%x: tensor<1x14x14x64xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<1x14x14x64xf32> attributes {nn.strategy = "conv"} {
    %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64, channel_last = true} : (tensor<1x14x14x64xf32>, tensor<64x64x3x3xf32>) -> tensor<1x14x14x64xf32>
    return %0 : tensor<1x14x14x64xf32>
  }
  func.func @each(%x: tensor<1x14x14x64xf32>, %w: tensor<64x1x3x3xf32>) -> tensor<1x14x14x64xf32> attributes {nn.strategy = "depthwise"} {
    %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 64 : i64, channel_last = true} : (tensor<1x14x14x64xf32>, tensor<64x1x3x3xf32>) -> tensor<1x14x14x64xf32>
    return %0 : tensor<1x14x14x64xf32>
  }
  func.func @product(%x: tensor<40x64xf32>, %w: tensor<64x96xf32>) -> tensor<40x96xf32> attributes {nn.strategy = "gemm"} {
    %0 = nn.matmul %x, %w : (tensor<40x64xf32>, tensor<64x96xf32>) -> tensor<40x96xf32>
    return %0 : tensor<40x96xf32>
  }
  func.func @constant(%x: tensor<40x64xf32>, %w: tensor<64x96xf32>) -> tensor<40x96xf32> attributes {nn.strategy = "gemm_packed"} {
    %0 = nn.matmul %x, %w : (tensor<40x64xf32>, tensor<64x96xf32>) -> tensor<40x96xf32>
    return %0 : tensor<40x96xf32>
  }
)";

class Alternatives : public testing::Test {
protected:
  Alternatives() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = mlir::parseSourceString<mlir::ModuleOp>(kKernels, &context);
  }
  /// The loops of the kernel, made as it says, or as `choice` does.
  std::string loops(mlir::func::FuncOp kernel, const cpu::TargetInfo &target,
                    const cpu::KernelChoice *choice = nullptr) {
    mlir::OwningOpRef<mlir::func::FuncOp> copy(kernel.clone());
    if (choice) {
      cpu::choose(*copy, *choice);
    }
    auto name = (*copy)->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
    cpu::PackedArguments packed;
    EXPECT_TRUE(mlir::succeeded(cpu::findStrategy(name.getValue())->emit(*copy, target, packed)));
    EXPECT_TRUE(mlir::succeeded(mlir::verify(*copy)));
    std::string text;
    llvm::raw_string_ostream os(text);
    copy->getBody().front().print(os);
    return text;
  }
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(Alternatives, TheFirstIsTheModels) {
  ASSERT_TRUE(module);
  for (const cpu::TargetInfo &target :
       {cpu::TargetInfo::baseline(), cpu::TargetInfo::avx2(), cpu::TargetInfo::avx512()}) {
    for (auto kernel : module->getOps<mlir::func::FuncOp>()) {
      ASSERT_TRUE(cpu::hasAlternatives(kernel));
      cpu::KernelChoice first = cpu::alternatives(kernel, target).front();
      EXPECT_EQ(loops(kernel, target), loops(kernel, target, &first)) << kernel.getSymName().str();
    }
  }
}

TEST_F(Alternatives, AllCanBeMade) {
  ASSERT_TRUE(module);
  cpu::TargetInfo target = cpu::TargetInfo::avx2();
  for (auto kernel : module->getOps<mlir::func::FuncOp>()) {
    std::vector<cpu::KernelChoice> all = cpu::alternatives(kernel, target);
    llvm::append_range(all, cpu::variations(kernel, target, all.front()));
    EXPECT_GT(all.size(), 5u);
    for (const cpu::KernelChoice &choice : all) {
      EXPECT_TRUE(cpu::isAlternative(kernel, target, choice)) << choice.text();
      EXPECT_EQ(cpu::KernelChoice::parse(choice.text()), choice);
      loops(kernel, target, &choice);
    }
  }
}

TEST_F(Alternatives, OneDnnIsOneWhereItIsAllowed) {
  for (auto kernel : module->getOps<mlir::func::FuncOp>()) {
    cpu::TargetInfo target = cpu::TargetInfo::avx2();
    cpu::KernelChoice call{"onednn", {}};
    EXPECT_FALSE(cpu::isAlternative(kernel, target, call));
    target.oneDnn = cpu::OneDnnUse::Measured;
    EXPECT_TRUE(cpu::isAlternative(kernel, target, call));
    EXPECT_EQ(cpu::alternatives(kernel, target).back(), call);
    EXPECT_FALSE(cpu::isAlternative(kernel, target, *cpu::KernelChoice::parse("onednn rows=2")));
    EXPECT_TRUE(cpu::variations(kernel, target, call).empty());
  }
}

TEST_F(Alternatives, WhatRacedWithoutOneDnnSaysNothingAboutIt) {
  cpu::TargetInfo without = cpu::TargetInfo::avx2(), with = without;
  with.oneDnn = cpu::OneDnnUse::Measured;
  for (auto kernel : module->getOps<mlir::func::FuncOp>()) {
    EXPECT_NE(tune::TunedKernel(kernel, without).key(without), tune::TunedKernel(kernel, with).key(with));
  }
  // No call of it computes this one.
  auto other = mlir::parseSourceString<mlir::ModuleOp>(
      R"(func.func @k(%x: tensor<40x64xf32>, %w: tensor<64x96xf32>) -> tensor<40x96xf32> attributes {nn.strategy = "gemm_packed"} {
    %0 = nn.matmul %x, %w : (tensor<40x64xf32>, tensor<64x96xf32>) -> tensor<40x96xf32>
    %1 = nn.tanh %0 : (tensor<40x96xf32>) -> tensor<40x96xf32>
    return %1 : tensor<40x96xf32>
  })",
      &context);
  ASSERT_TRUE(other);
  mlir::func::FuncOp kernel = *other->getOps<mlir::func::FuncOp>().begin();
  EXPECT_EQ(tune::TunedKernel(kernel, without).key(without), tune::TunedKernel(kernel, with).key(with));
}

TEST_F(Alternatives, NothingElseCan) {
  auto kernel = module->lookupSymbol<mlir::func::FuncOp>("point");
  cpu::TargetInfo target = cpu::TargetInfo::avx512();
  // 1x1 has no Winograd; a register tile that does not fit; a field that convolutions do not have.
  for (const char *text : {"winograd m=4 rows=4 vectors=2", "conv rows=64 vectors=4", "conv rows=0 vectors=1", "conv",
                           "depthwise rows=2", "conv rows=14 vectors=2 chunk=32"}) {
    EXPECT_FALSE(cpu::isAlternative(kernel, target, *cpu::KernelChoice::parse(text))) << text;
  }
}

TEST_F(Alternatives, DynamicSizesHaveNone) {
  auto dynamic = mlir::parseSourceString<mlir::ModuleOp>(
      R"(func.func @k(%x: tensor<?x64xf32, #dim.shape<[n, 64]>>, %w: tensor<64x96xf32>) -> tensor<?x96xf32, #dim.shape<[n, 96]>> attributes {nn.strategy = "gemm_packed"} {
    %0 = nn.matmul %x, %w : (tensor<?x64xf32, #dim.shape<[n, 64]>>, tensor<64x96xf32>) -> tensor<?x96xf32, #dim.shape<[n, 96]>>
    return %0 : tensor<?x96xf32, #dim.shape<[n, 96]>>
  })",
      &context);
  ASSERT_TRUE(dynamic);
  EXPECT_FALSE(cpu::hasAlternatives(*dynamic->getOps<mlir::func::FuncOp>().begin()));
}

TEST(Race, DifferencesAreOfThePeak) {
  mlir::MLIRContext context;
  auto tensor = [&](std::vector<float> &values) {
    return nn::Tensor::view(mlir::Float32Type::get(&context), {int64_t(values.size())}, values.data());
  };
  std::vector<float> a{1, -4, NAN, INFINITY}, b{1, -3, NAN, INFINITY}, c{1, -4, 0, INFINITY};
  EXPECT_EQ(tune::difference(tensor(a), tensor(a)), 0);
  EXPECT_EQ(tune::difference(tensor(a), tensor(b)), 0.25);
  EXPECT_TRUE(std::isinf(tune::difference(tensor(a), tensor(c))));
}

TEST(Race, NoiseIsNotFaster) {
  std::vector<double> one(7, 1.0), bit(7, 0.99), clear(7, 0.95);
  EXPECT_FALSE(tune::isFaster(one, one));
  EXPECT_FALSE(tune::isFaster(bit, one));
  EXPECT_TRUE(tune::isFaster(clear, one));
  EXPECT_FALSE(tune::isFaster(one, clear));
  clear[0] = 1.5;
  EXPECT_TRUE(tune::isFaster(clear, one));
  clear[1] = 1.5;
  EXPECT_FALSE(tune::isFaster(clear, one));
}

TEST(TuneCache, KeepsWhatOthersHaveAdded) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-tune", "jsonl", path));
  tune::TuneCache a, b, both;
  ASSERT_FALSE(bool(a.open(path, true)));
  ASSERT_FALSE(bool(b.open(path, true)));
  tune::TuneEntry one{"1", "conv", "x86-64", "conv rows=1", "conv rows=2", 3.14159, 2}, two = one;
  two.key = "2";
  ASSERT_FALSE(bool(b.record(two)));
  ASSERT_FALSE(bool(a.record(one)));
  ASSERT_FALSE(bool(both.open(path, false)));
  ASSERT_TRUE(both.find("1") && both.find("2"));
  EXPECT_EQ(both.find("1")->choice, "conv rows=2");
  // The process that measured sees what readers see.
  EXPECT_EQ(a.find("1")->modelMicros, 3.14);
  EXPECT_EQ(both.find("1")->gain(), a.find("1")->gain());
  EXPECT_TRUE(both.warnings().empty());
  llvm::sys::fs::remove(path);
}
} // namespace
