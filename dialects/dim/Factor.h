//===- Factor.h - numbers that divide formulas ------------------------------------------------===//
#ifndef DLC_DIALECTS_DIM_FACTOR_H
#define DLC_DIALECTS_DIM_FACTOR_H
#include "dialects/dim/Dim.h"

namespace dlc::dim {
/// The greatest number that divides every term, and what is left: {4, n + 2} for 4 * n + 8; {1, e} where there is none.
std::pair<int64_t, Expr> takeFactor(Expr e);
} // namespace dlc::dim
#endif
