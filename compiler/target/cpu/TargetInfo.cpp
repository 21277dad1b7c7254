#include "compiler/target/cpu/TargetInfo.h"

namespace dlc::cpu {

TargetInfo TargetInfo::baseline() { return TargetInfo(); }

TargetInfo TargetInfo::avx2(bool vnni) {
  TargetInfo t;
  t.cpu = "x86-64-v3";
  t.features = vnni ? "+avxvnni" : "";
  t.vectorBits = 256;
  t.fma = t.f16c = true;
  t.vnni = vnni;
  return t;
}

TargetInfo TargetInfo::avx512(bool vnni, bool bf16) {
  TargetInfo t;
  t.cpu = "x86-64-v4";
  t.features = vnni ? "+avx512vnni" : "";
  if (bf16) {
    t.features += t.features.empty() ? "+avx512bf16" : ",+avx512bf16";
  }
  t.vectorBits = 512;
  t.registers = 32;
  t.fma = t.f16c = t.cheapMasks = true;
  t.vnni = vnni;
  t.bf16 = bf16;
  t.l2 = 1024 * 1024;
  return t;
}

} // namespace dlc::cpu
