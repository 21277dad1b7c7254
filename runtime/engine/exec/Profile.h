// What each thread worked on, and when.
#pragma once
#include "support/Error.h"
#include "support/Vector.h"

namespace dlc::rt {

/// Nanoseconds of the monotonic clock.
uint64_t now();

struct ProfileEvent {
  uint32_t step = 0;
  uint64_t start = 0, end = 0; ///< by now()
  int64_t tiles = 0, stepTiles = 0, flops = -1, bytes = -1;
};

/// The events of one thread; of fixed size, so that recording allocates nothing.
class ProfileLog {
public:
  static constexpr size_t limit = 65536;
  bool enable() { return events.reserve(limit); }
  void disable() { events.reset(); }
  void begin() {
    events.clear();
    lost = 0;
  }
  /// Adds an event; work that continues the last event's step only makes that one longer.
  void add(const ProfileEvent &event, bool continues) {
    if (continues && !events.empty() && events.back().step == event.step) {
      events.back().end = event.end;
      events.back().tiles += event.tiles;
    } else if (events.size() < limit) {
      events.push(event);
    } else {
      ++lost;
    }
  }
  size_t size() const { return events.size(); }
  const ProfileEvent &operator[](size_t i) const { return events[i]; }
  uint64_t dropped() const { return lost; }

private:
  Vector<ProfileEvent> events;
  uint64_t lost = 0;
};

} // namespace dlc::rt
