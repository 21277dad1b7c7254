//===- Header.h - a C header for a model that is linked into a program ----------------------------===//
#ifndef DLC_COMPILER_EMIT_HEADER_H
#define DLC_COMPILER_EMIT_HEADER_H
#include "compiler/emit/Program.h"

namespace dlc::emit {
/// C text that declares the model's symbol, positions, types and sizes of its inputs and outputs, and helpers that load
/// it and describe its tensors. Depends on the program and the model's name alone.
std::string headerText(const Program &program, llvm::StringRef name);
} // namespace dlc::emit
#endif
