// Sizes evaluated for one set of input shapes, and a bounded cache of them.
#pragma once
#include "support/Error.h"
#include "support/Vector.h"

struct dlc_context;

namespace dlc::rt {

struct Plan {
  uint32_t entry = DLC_NONE;
  Vector<int64_t> key; ///< which inputs were given, and their shapes
  Vector<int64_t> slots;
  Vector<uint8_t> evaluated; ///< per stage: its slots hold for every run with this key
  uint64_t serial = 0;       ///< never used twice
  uint64_t lastUse = 0;
};

/// Keeps the plans used last. Dropped plans' memory is used again.
class PlanCache {
public:
  Plan base; ///< what depends on nothing

  /// `limit` plans at most.
  bool create(size_t slots, size_t stages, size_t limit);
  /// The plan for the inputs that are bound now; `fresh` tells that it was not in the cache.
  dlc_status select(dlc_context &context, uint32_t entry, Plan *&out, bool &fresh, Error &error);
  void clear();

private:
  bool makeKey(const dlc_context &context, uint32_t entry);
  bool matches(const Plan &plan, uint32_t entry) const;
  Plan *claim();

  Vector<int64_t> key;
  Vector<Plan *> plans;
  Plan *current = nullptr;
  size_t limit = 0;
  uint64_t serials = 0, uses = 0;

public:
  ~PlanCache() { clear(); }
};

} // namespace dlc::rt
