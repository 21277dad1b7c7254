#ifndef DLC_COMPILER_TARGET_CPU_TARGETINFO_H
#define DLC_COMPILER_TARGET_CPU_TARGETINFO_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace dlc::cpu {

/// Whether contractions may become calls of oneDNN (runtime/onednn): where a measurement says that it is faster, or all
/// that can.
enum class OneDnnUse { Never, Measured, Always };

/// What kernel emitters and the code generator know of a CPU variant. Plain data: no variant is special-cased by name.
struct TargetInfo {
  /// LLVM's names, such as "x86-64-v4" and "+avx512vnni,+avx512bf16".
  std::string cpu = "x86-64";
  std::string features;
  /// The processor's own name, where the target is the one that dlc runs on: measurements on others say little about
  /// it.
  std::string processor;
  /// Width of a vector register in bits, and how many there are.
  int vectorBits = 128;
  int registers = 16;
  bool fma = false;
  /// Half-precision conversions in hardware.
  bool f16c = false;
  /// The u8 x s8 dot product into i32 lanes, at `vectorBits`.
  bool vnni = false;
  /// The bf16 pair dot product into f32 lanes, at `vectorBits`.
  bool bf16 = false;
  /// Masked loads and stores of every element width cost the same as plain ones.
  bool cheapMasks = false;
  /// Whether convolutions may use Winograd's algorithm, whose rounding is coarser than the direct sum's.
  bool winograd = true;
  OneDnnUse oneDnn = OneDnnUse::Never;
  /// Whether matrix products may use Strassen's algorithm, whose rounding is coarser too.
  bool strassen = true;
  /// Cache sizes per core, in bytes.
  int64_t l1 = 32 * 1024;
  int64_t l2 = 512 * 1024;
  /// The cache that cores share, in bytes: what there is at least.
  int64_t l3 = 16 * 1024 * 1024;
  /// Images of a large batch that run through the network together; 0: all of them. Without it, caches decide.
  std::optional<int64_t> batchPart;

  /// x86-64: SSE2.
  static TargetInfo baseline();
  /// x86-64-v3: AVX2, FMA, F16C; optionally with AVX-VNNI.
  static TargetInfo avx2(bool vnni = false);
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL; optionally with VNNI and BF16.
  static TargetInfo avx512(bool vnni = false, bool bf16 = false);
  /// The CPU that this process runs on.
  static TargetInfo native();
  /// `native`, `x86-64`, `x86-64-v3[+avxvnni]` or `x86-64-v4[+vnni][+bf16]`.
  static std::optional<TargetInfo> named(llvm::StringRef name);
};

} // namespace dlc::cpu

#endif
