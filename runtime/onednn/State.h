// What is kept for one step of a model: primitives for the shapes seen last, and weights as these want them.
#pragma once
#include "Primitive.h"
#include <memory>
#include <mutex>

namespace dlc::onednn {

/// One thread for all that oneDNN does in this scope: the engine shares out work, and so results depend on no number of
/// threads. The caller's own setting comes back.
class OneThread {
public:
  OneThread();
  ~OneThread();

private:
  int before = 0;
};

class State {
public:
  using Make = Primitive (*)(const dlc_op_call &call, const dnnl::engine &engine);
  /// The state of the call, made when it is the first.
  static State &of(const dlc_op_call &call);
  /// Runs the primitive for the call's sizes. Throws dnnl::error and std::bad_alloc.
  void run(const dlc_op_call &call, Make make);

private:
  struct Entry {
    std::vector<int64_t> sizes; ///< of the input
    Primitive primitive;
    dnnl::memory weights;
  };
  std::shared_ptr<const Entry> find(const dlc_op_call &call, Make make);
  dnnl::memory reorder(const dlc_op_call &call, const Primitive &primitive);

  std::mutex lock;
  std::vector<std::shared_ptr<const Entry>> entries; ///< the one used last is the last
};

} // namespace dlc::onednn
