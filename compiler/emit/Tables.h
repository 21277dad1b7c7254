//===- Tables.h - tables under construction -----------------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_TABLES_H
#define DLC_COMPILER_EMIT_TABLES_H
#include "dialects/dim/Dim.h"
#include "dlc/abi.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include <string>
#include <vector>

namespace dlc::emit {
/// Collects entries; `finish` lays them out behind the header.
class Tables {
public:
  std::vector<uint32_t> pool;
  std::vector<dlc_abi_dim_instr> program; ///< of the stage being written
  std::vector<dlc_abi_dim_instr> allInstructions;
  std::vector<dlc_abi_value> values;
  std::vector<dlc_abi_port_dim> portDims;
  std::vector<dlc_abi_port> ports;
  std::vector<dlc_abi_entry> entries;
  std::vector<dlc_abi_block> blocks;
  std::vector<dlc_abi_stage> stages;
  std::vector<dlc_abi_step> steps;
  std::vector<dlc_abi_constant> constants;
  std::vector<dlc_abi_preparation> preparations;
  std::vector<dlc_abi_variable> variables;
  std::vector<dlc_abi_feedback> feedback;
  std::vector<dlc_abi_kernel> kernels;
  std::vector<dlc_abi_variant> variants;
  std::vector<dlc_abi_host_function> hostFunctions;
  std::vector<dlc_abi_space> spaces;
  std::vector<dlc_abi_metadata> metadata;

  uint32_t string(llvm::StringRef text);
  dlc_abi_range range(llvm::ArrayRef<uint32_t> entriesOfPool);
  /// The slot that holds `e`, computed by the current stage's program when it is not there yet.
  uint32_t slot(dim::Expr e);
  uint32_t newSlot() { return slotCount++; }
  void bindSymbol(llvm::StringRef name, uint32_t slot) { symbols[name] = slot; }
  /// Appends an instruction that writes a new slot.
  uint32_t instruction(dlc_dim_op op, uint32_t a, uint32_t b, int64_t imm = 0);
  /// Slots and symbols of a nested block are not those of what follows it.
  struct Scope {
    llvm::DenseMap<mlir::Attribute, uint32_t> slots;
    llvm::StringMap<uint32_t> symbols;
  };
  Scope enterScope() { return {slots, symbols}; }
  void leaveScope(Scope scope) {
    slots = std::move(scope.slots);
    symbols = std::move(scope.symbols);
  }
  uint64_t features = 0; ///< DLC_FEATURE_* that the tables ask of an engine
  /// The finished blob; `header` has the fields that do not follow from the tables.
  std::vector<char> finish(dlc_abi_model header);
  /// Symbols that were used and never bound.
  std::vector<std::string> unbound;

private:
  uint32_t chain(dlc_dim_op op, llvm::ArrayRef<mlir::Attribute> operands, uint32_t first, bool hasFirst);
  std::string strings;
  llvm::StringMap<uint32_t> stringOffsets, symbols;
  llvm::DenseMap<mlir::Attribute, uint32_t> slots;
  uint32_t slotCount = 0;
};
uint64_t fnv1a(llvm::ArrayRef<char> bytes, uint64_t state = 0xcbf29ce484222325ull);
} // namespace dlc::emit
#endif
