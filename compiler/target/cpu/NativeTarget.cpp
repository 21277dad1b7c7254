//===- NativeTarget.cpp - the CPU that we run on -----------------------------------------------===//
#include "compiler/target/cpu/TargetInfo.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace dlc::cpu {
namespace {
TargetInfo bestOfHost() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names, [&](const char *name) { return features.lookup(name); });
  };
  if (has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})) {
    return TargetInfo::avx512(has({"avx512vnni"}), has({"avx512bf16"}));
  }
  if (has({"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"})) {
    return TargetInfo::avx2(has({"avxvnni"}));
  }
  return TargetInfo::baseline();
}
} // namespace

TargetInfo TargetInfo::native() {
  TargetInfo target = bestOfHost();
  target.processor = llvm::sys::getHostCPUName().str();
  return target;
}

std::optional<TargetInfo> TargetInfo::named(llvm::StringRef name) {
  if (name == "native") {
    return native();
  }
  llvm::SmallVector<llvm::StringRef> extras;
  name.split(extras, '+');
  llvm::StringRef level = extras.front();
  extras.erase(extras.begin());
  auto allows = [&](std::initializer_list<llvm::StringRef> features) {
    return llvm::all_of(extras, [&](llvm::StringRef extra) { return llvm::is_contained(features, extra); });
  };
  if (level == "x86-64-v4" && allows({"vnni", "bf16"})) {
    return avx512(llvm::is_contained(extras, "vnni"), llvm::is_contained(extras, "bf16"));
  }
  if (level == "x86-64-v3" && allows({"avxvnni"})) {
    return avx2(!extras.empty());
  }
  return level == "x86-64" && extras.empty() ? std::optional<TargetInfo>(baseline()) : std::nullopt;
}

} // namespace dlc::cpu
