// Values that the engine holds: tensors of any size, strings, sequences, optionals and maps.
#pragma once
#include "support/Error.h"
#include "support/Memory.h"
#include "support/Vector.h"

/// One value. Its buffers only grow, so that runs with the same sizes allocate nothing.
struct dlc_value {
  explicit dlc_value(const dlc::rt::Allocator &a = dlc::rt::defaultAllocator()) : allocator(&a) {}
  ~dlc_value() { clearItems(); }

  uint32_t kind = DLC_KIND_TENSOR, dtype = DLC_UNDEFINED, rank = 0;
  int64_t dims[DLC_MAX_RANK] = {};
  void *data = nullptr; ///< elements; dlc_string for strings
  int64_t count = 0;    ///< elements
  int64_t bytes = 0;    ///< of the elements
  const dlc::rt::Allocator *allocator;
  dlc::rt::Buffer buffer; ///< of the elements, unless `planned` or a view
  dlc::rt::Buffer text;   ///< of strings' bytes
  dlc::rt::Vector<dlc_value *> items;
  bool planned = false; ///< `data` is memory of the plan: its type and shape are fixed
  bool defined = false; ///< whether anything was stored

  /// Turns this into a tensor; elements are left as they are in memory.
  dlc_status setTensor(uint32_t type, uint32_t rank, const int64_t *dims, dlc::rt::Error &error);
  dlc_status setStrings(uint32_t rank, const int64_t *dims, const dlc_string *from, dlc::rt::Error &error);
  /// Turns this into an empty sequence, optional or map.
  void clear(uint32_t kind, uint32_t dtype);
  dlc_status copy(const dlc_value &from, dlc::rt::Error &error);
  dlc_status insert(size_t index, const dlc_value &item, dlc::rt::Error &error);
  void erase(size_t index);
  void clearItems();
  /// Exchanges contents; neither may be planned.
  void swap(dlc_value &other);
  /// Appends `row` as one more row in front of the other dims; `rows` is how many there are already.
  dlc_status appendRow(int64_t rows, const dlc_value &row, dlc::rt::Error &error);
  /// Describes planned or foreign memory without owning it.
  void view(uint32_t type, uint32_t rank, const int64_t *dims, void *data, int64_t count, int64_t bytes);

  /// Fails unless `from` has the shape of this planned tensor.
  dlc_status samePlan(const dlc_value &from, dlc::rt::Error &error) const;

  const dlc_string *strings() const { return static_cast<const dlc_string *>(data); }
};

namespace dlc::rt {
const char *kindText(uint32_t kind);
} // namespace dlc::rt
