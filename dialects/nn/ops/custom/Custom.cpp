//===- Custom.cpp - ops of users' libraries ----------------------------------------------------------===//
#include "dialects/nn/NN.h"

namespace dlc::nn {
llvm::LogicalResult CustomOp::verify() {
  int64_t next = 0;
  for (int64_t place : getPlaces()) {
    if (place != -1 && place != next++) {
      return emitOpError() << "expected places to number the inputs in order, got " << place;
    }
  }
  if (next != int64_t(getInputs().size())) {
    return emitOpError() << "expected a place for each of " << getInputs().size() << " inputs, got " << next;
  }
  return mlir::success();
}
} // namespace dlc::nn
