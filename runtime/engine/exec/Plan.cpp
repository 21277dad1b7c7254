#include "exec/Context.h"

namespace dlc::rt {

bool PlanCache::create(size_t slots, size_t stages, size_t bound) {
  limit = bound;
  base.serial = ++serials;
  return base.slots.resize(slots) && base.evaluated.resize(stages) && plans.reserve(limit);
}

void PlanCache::clear() {
  for (Plan *plan : plans) {
    destroy(plan);
  }
  plans.clear();
  current = nullptr;
}

bool PlanCache::makeKey(const dlc_context &c, uint32_t entry) {
  const dlc_abi_entry &e = c.program().entries[entry];
  key.clear();
  for (uint32_t i = 0; i < e.input_count; ++i) {
    const InputBinding &b = c.inputs[c.program().inputPort(entry, i)];
    bool isTensor = b.given && !b.value;
    bool isStrings = b.given && b.value && b.value->kind == DLC_KIND_STRINGS;
    uint32_t rank = isTensor ? b.tensor.rank : isStrings ? b.value->rank : 0;
    const int64_t *dims = isTensor ? b.tensor.dims : isStrings ? b.value->dims : nullptr;
    bool ok = key.push(b.given) && key.push(rank);
    for (uint32_t d = 0; d < rank; ++d) {
      ok = ok && key.push(dims[d]);
    }
    if (!ok) {
      return false;
    }
  }
  return true;
}

bool PlanCache::matches(const Plan &plan, uint32_t entry) const {
  return plan.entry == entry && plan.key.size() == key.size() &&
         (key.empty() || memcmp(plan.key.data(), key.data(), key.size() * sizeof(int64_t)) == 0);
}

Plan *PlanCache::claim() {
  if (plans.size() < limit) {
    Plan *fresh = rt::create<Plan>();
    if (fresh) {
      plans.push(fresh);
      return fresh;
    }
  }
  Plan *oldest = nullptr;
  for (Plan *plan : plans) {
    oldest = !oldest || plan->lastUse < oldest->lastUse ? plan : oldest;
  }
  return oldest;
}

dlc_status PlanCache::select(dlc_context &context, uint32_t entry, Plan *&out, bool &fresh, Error &error) {
  fresh = false;
  if (!makeKey(context, entry)) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for the inputs' shapes");
  }
  if (!current || !matches(*current, entry)) {
    current = nullptr;
    for (Plan *plan : plans) {
      current = matches(*plan, entry) ? plan : current;
    }
  }
  if (!current) {
    Plan *plan = claim();
    if (!plan || !plan->key.resize(key.size()) || !plan->slots.resize(base.slots.size()) ||
        !plan->evaluated.resize(base.evaluated.size())) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for the sizes of %zu slots", base.slots.size());
    }
    plan->key.copyFrom(key);
    plan->slots.copyFrom(base.slots);
    plan->evaluated.copyFrom(base.evaluated);
    plan->entry = entry;
    plan->serial = ++serials;
    current = plan;
    fresh = true;
  }
  current->lastUse = ++uses;
  out = current;
  return DLC_OK;
}

} // namespace dlc::rt
