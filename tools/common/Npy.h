/// \file NumPy's array files: .npy (NEP 1, versions 1 to 3) and .npz (a ZIP archive of .npy).
#ifndef DLC_TOOLS_COMMON_NPY_H
#define DLC_TOOLS_COMMON_NPY_H

#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringRef.h"

namespace dlc {

/// Reads the bytes of a .npy file. Little and big endian, C and Fortran order; bool, integers, floats, complex numbers,
/// and strings (`U` as UTF-8, `S` as they are). Object arrays and records are refused.
llvm::Expected<HostTensor> readNpy(llvm::StringRef bytes);

/// All arrays of a .npz, in the archive's order, named by their members without ".npy". Stored and deflated members.
llvm::Expected<std::vector<HostTensor>> readNpz(llvm::StringRef bytes);

/// The type that `dtype` has in a .npy file: bf16 and the floats of 4 and 8 bits widen to f32, packed integers to i8
/// and u8; all others stay as they are.
dlc_dtype npyElementType(dlc_dtype dtype);

/// Writes a .npy file (version 1, or 2 for long headers), atomically. Strings become UTF-32 (`U`).
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_NPY_H
