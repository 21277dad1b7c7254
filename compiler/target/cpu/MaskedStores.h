#ifndef DLC_COMPILER_TARGET_CPU_MASKEDSTORES_H
#define DLC_COMPILER_TARGET_CPU_MASKEDSTORES_H

namespace llvm {
class Module;
}

namespace dlc::cpu {

/// Stores under a constant mask of one lane become stores of that element. LLVM 22's code for x86 writes an element of
/// the wider type when such a store truncates its vector, and so beyond its end (llvm-project issue 179489).
void storeSingleLanesAsScalars(llvm::Module &module);

} // namespace dlc::cpu

#endif
