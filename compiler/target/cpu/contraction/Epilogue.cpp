#include "compiler/target/cpu/contraction/Epilogue.h"

using namespace mlir;

namespace dlc::cpu {

Value loadColumns(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.load(buffer, coord.column, coord.lanes);
}

Value loadRow(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.broadcastLoad(buffer, coord.row, coord.lanes.width);
}

Value loadLikeOutput(KernelBuilder &kb, Value buffer, const EpilogueCoord &coord) {
  return kb.load(buffer, coord.offset, coord.lanes);
}

Value loadSplat(KernelBuilder &kb, Value buffer, Idx offset, const EpilogueCoord &coord) {
  return kb.broadcastLoad(buffer, offset, coord.lanes.width);
}

void storeResult(KernelBuilder &kb, Value accumulators, Value output, const EpilogueCoord &coord,
                 const Epilogue &epilogue) {
  Value result = epilogue ? epilogue(kb, accumulators, coord) : accumulators;
  kb.store(kb.convert(result, kb.elementType(output)), output, coord.offset, coord.lanes);
}

} // namespace dlc::cpu
