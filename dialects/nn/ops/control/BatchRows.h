//===- BatchRows.h - first dims that are a number of rows per image ---------------------------------===//
#ifndef DLC_DIALECTS_NN_OPS_CONTROL_BATCHROWS_H
#define DLC_DIALECTS_NN_OPS_CONTROL_BATCHROWS_H
#include "dialects/dim/Factor.h"
#include "dialects/nn/NN.h"

namespace dlc::nn {
/// The number k for which `rows` is k * `images`; nullopt where there is none for certain.
std::optional<int64_t> rowsPerImage(dim::Expr rows, dim::Expr images);
/// `type`, whose first dim is a multiple of `from`, with `to` in its place; null where it is no multiple.
mlir::RankedTensorType withImages(mlir::RankedTensorType type, dim::Expr from, dim::Expr to);
} // namespace dlc::nn
#endif
