//===- NativeTarget.cpp - the CPU that we run on -----------------------------------------------===//
#include "compiler/target/cpu/TargetInfo.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace dlc::cpu {
TargetInfo TargetInfo::native() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names, [&](const char *name) { return features.lookup(name); });
  };
  if (has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})) {
    return avx512(has({"avx512vnni"}), has({"avx512bf16"}));
  }
  if (has({"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"})) {
    return avx2(has({"avxvnni"}));
  }
  return baseline();
}

std::optional<TargetInfo> TargetInfo::named(llvm::StringRef name) {
  auto [level, extra] = name.split('+');
  std::string extras = ("+" + llvm::Twine(extra) + "+").str();
  auto wants = [&](llvm::StringRef feature) {
    return extras.find(("+" + llvm::Twine(feature) + "+").str()) != std::string::npos;
  };
  if (name == "native") {
    return native();
  }
  if (level == "x86-64-v4") {
    return avx512(wants("vnni"), wants("bf16"));
  }
  if (level == "x86-64-v3") {
    return avx2(wants("avxvnni"));
  }
  return name == "x86-64" ? std::optional<TargetInfo>(baseline()) : std::nullopt;
}

} // namespace dlc::cpu
