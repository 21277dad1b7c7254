// Containers on malloc that report a lack of memory instead of throwing.
#pragma once
#include <new>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <type_traits>
#include <utility>

namespace dlc::rt {

/// A view of consecutive elements.
template <typename T> struct Span {
  T *data = nullptr;
  size_t size = 0;

  T *begin() const { return data; }
  T *end() const { return data + size; }
  T &operator[](size_t i) const { return data[i]; }
  bool empty() const { return size == 0; }
};

/// A growable array. Functions that may need memory return false when there is none.
template <typename T> class Vector {
public:
  Vector() = default;
  Vector(const Vector &) = delete;
  Vector &operator=(const Vector &) = delete;
  ~Vector() { reset(); }

  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  T *data() { return items; }
  const T *data() const { return items; }
  T &operator[](size_t i) { return items[i]; }
  const T &operator[](size_t i) const { return items[i]; }
  T *begin() { return items; }
  T *end() { return items + count; }
  const T *begin() const { return items; }
  const T *end() const { return items + count; }
  T &back() { return items[count - 1]; }

  /// Makes room for `wanted` elements.
  bool reserve(size_t wanted) {
    if (wanted <= capacity) {
      return true;
    }
    size_t grown = capacity + capacity / 2;
    size_t next = wanted > grown ? wanted : grown;
    if (next > SIZE_MAX / sizeof(T)) {
      return false;
    }
    T *moved = static_cast<T *>(aligned(next * sizeof(T)));
    if (!moved) {
      return false;
    }
    if constexpr (std::is_move_constructible_v<T>) { // vectors of others are made by create() and never grow
      for (size_t i = 0; i < count; ++i) {
        new (moved + i) T(std::move(items[i]));
        items[i].~T();
      }
    }
    free(items);
    items = moved;
    capacity = next;
    return true;
  }

  /// Appends value-initialised elements, or drops elements at the end.
  bool resize(size_t wanted) {
    if (wanted > count && !reserve(wanted)) {
      return false;
    }
    for (; count < wanted; ++count) {
      new (items + count) T();
    }
    for (; count > wanted; --count) {
      items[count - 1].~T();
    }
    return true;
  }

  /// The same for elements that cannot be moved (atomics); allowed only while the vector is empty.
  bool create(size_t wanted) {
    if (wanted == 0) {
      return true;
    }
    if (count || wanted > SIZE_MAX / sizeof(T)) {
      return false;
    }
    free(items);
    items = static_cast<T *>(aligned(wanted * sizeof(T)));
    capacity = items ? wanted : 0;
    for (; count < capacity; ++count) {
      new (items + count) T();
    }
    return items != nullptr;
  }

  bool push(T value) {
    if (!reserve(count + 1)) {
      return false;
    }
    new (items + count++) T(std::move(value));
    return true;
  }
  void pop() { items[--count].~T(); }
  void clear() {
    for (; count > 0; --count) {
      items[count - 1].~T();
    }
  }
  void reset() {
    clear();
    free(items);
    items = nullptr;
    capacity = 0;
  }
  /// Sets all elements to `value`, after resizing.
  bool assign(size_t wanted, T value) {
    if (!resize(wanted)) {
      return false;
    }
    for (T &item : *this) {
      item = value;
    }
    return true;
  }
  /// Copies the elements of a vector of the same size.
  void copyFrom(const Vector &other) {
    for (size_t i = 0; i < count; ++i) {
      items[i] = other.items[i];
    }
  }
  void swap(Vector &other) {
    std::swap(items, other.items), std::swap(count, other.count), std::swap(capacity, other.capacity);
  }
  Span<const T> span(size_t first, size_t length) const { return {items + first, length}; }

private:
  static void *aligned(size_t bytes) {
    if constexpr (alignof(T) <= alignof(max_align_t)) {
      return malloc(bytes);
    } else {
      void *p = nullptr;
      return posix_memalign(&p, alignof(T), bytes) ? nullptr : p;
    }
  }
  T *items = nullptr;
  size_t count = 0, capacity = 0;
};

/// Allocates and constructs; null when there is no memory.
template <typename T, typename... Args> T *create(Args &&...args) {
  void *p = nullptr;
  if (posix_memalign(&p, alignof(T) < sizeof(void *) ? sizeof(void *) : alignof(T), sizeof(T))) {
    return nullptr;
  }
  return new (p) T(std::forward<Args>(args)...);
}
template <typename T> void destroy(T *object) {
  if (object) {
    object->~T();
    free(object);
  }
}

/// a * b and a + b; false on overflow.
template <typename T> bool mul(T a, T b, T &out) { return !__builtin_mul_overflow(a, b, &out); }
template <typename T> bool add(T a, T b, T &out) { return !__builtin_add_overflow(a, b, &out); }
/// Whether [offset, offset + size) lies within [0, limit).
inline bool within(uint64_t offset, uint64_t size, uint64_t limit) { return offset <= limit && size <= limit - offset; }

} // namespace dlc::rt
