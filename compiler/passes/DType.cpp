//===- DType.cpp - element types in the ABI -------------------------------------------------------===//
#include "compiler/passes/DType.h"
#include "dialects/nn/NN.h"

namespace dlc {
dlc_dtype getDType(mlir::Type e) {
  if (auto i = llvm::dyn_cast<mlir::IntegerType>(e)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1:
      return DLC_BOOL;
    case 2:
      return u ? DLC_U2 : DLC_I2;
    case 4:
      return u ? DLC_U4 : DLC_I4;
    case 8:
      return u ? DLC_U8 : DLC_I8;
    case 16:
      return u ? DLC_U16 : DLC_I16;
    case 32:
      return u ? DLC_U32 : DLC_I32;
    case 64:
      return u ? DLC_U64 : DLC_I64;
    default:
      return DLC_UNDEFINED;
    }
  }
  if (auto c = llvm::dyn_cast<mlir::ComplexType>(e)) {
    return c.getElementType().isF32() ? DLC_C64 : c.getElementType().isF64() ? DLC_C128 : DLC_UNDEFINED;
  }
  if (nn::isString(e)) {
    return DLC_STRING;
  }
  if (llvm::isa<mlir::Float8E4M3FNType>(e)) {
    return DLC_F8E4M3FN;
  }
  if (llvm::isa<mlir::Float8E4M3FNUZType>(e)) {
    return DLC_F8E4M3FNUZ;
  }
  if (llvm::isa<mlir::Float8E5M2Type>(e)) {
    return DLC_F8E5M2;
  }
  if (llvm::isa<mlir::Float8E5M2FNUZType>(e)) {
    return DLC_F8E5M2FNUZ;
  }
  if (llvm::isa<mlir::Float8E8M0FNUType>(e)) {
    return DLC_F8E8M0;
  }
  if (llvm::isa<mlir::Float4E2M1FNType>(e)) {
    return DLC_F4E2M1;
  }
  return e.isF32() ? DLC_F32 : e.isF64() ? DLC_F64 : e.isF16() ? DLC_F16 : e.isBF16() ? DLC_BF16 : DLC_UNDEFINED;
}
} // namespace dlc
