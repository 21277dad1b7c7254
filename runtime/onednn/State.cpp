#include "State.h"
#include <algorithm>
#include <cstdlib>

// Of the OpenMP that oneDNN was built with, if any: found in what it brings along.
extern "C" {
[[gnu::weak]] int omp_get_max_threads(void);
[[gnu::weak]] void omp_set_num_threads(int count);
}

namespace dlc::onednn {
namespace {
/// Shapes that are kept for a step.
constexpr size_t kMostEntries = 8;

const dnnl::engine &cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// This thread's memory of at least so many bytes, until the next call.
char *scratchOf(size_t bytes) {
  static thread_local std::unique_ptr<char, void (*)(void *)> memory(nullptr, std::free);
  static thread_local size_t room = 0;
  if (bytes > room) {
    room = 0;
    size_t rounded = (bytes + 4095) / 4096 * 4096;
    memory.reset(static_cast<char *>(std::aligned_alloc(4096, rounded)));
    if (!memory) {
      throw std::bad_alloc();
    }
    room = rounded;
  }
  return memory.get();
}
} // namespace

OneThread::OneThread() {
  if (omp_get_max_threads && omp_set_num_threads) {
    before = omp_get_max_threads();
    omp_set_num_threads(1);
  }
}

OneThread::~OneThread() {
  if (before) {
    omp_set_num_threads(before);
  }
}

State &State::of(const dlc_op_call &call) {
  void *state = __atomic_load_n(call.state, __ATOMIC_ACQUIRE);
  if (!state) {
    auto mine = std::make_unique<State>();
    if (__atomic_compare_exchange_n(call.state, &state, mine.get(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      state = mine.release();
    }
  }
  return *static_cast<State *>(state);
}

dnnl::memory State::reorder(const dlc_op_call &call, const Primitive &primitive) {
  dnnl::memory from(primitive.weights, cpu(), call.inputs[kWeights].data);
  if (primitive.wanted == primitive.weights) {
    return from; // the model's own stay as long as this does
  }
  for (const auto &entry : entries) {
    if (entry->primitive.wanted == primitive.wanted) {
      return entry->weights;
    }
  }
  dnnl::memory to(primitive.wanted, cpu());
  dnnl::stream stream(cpu());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

std::shared_ptr<const State::Entry> State::find(const dlc_op_call &call, Make make) {
  const dlc_op_tensor &input = call.inputs[kInput];
  std::vector<int64_t> sizes(input.dims, input.dims + input.rank);
  std::lock_guard<std::mutex> guard(lock);
  auto it = std::find_if(entries.begin(), entries.end(), [&](const auto &entry) { return entry->sizes == sizes; });
  if (it != entries.end()) {
    std::rotate(it, it + 1, entries.end());
    return entries.back();
  }
  auto made = std::make_shared<Entry>();
  made->sizes = sizes;
  made->primitive = make(call, cpu());
  made->weights = reorder(call, made->primitive);
  if (entries.size() == kMostEntries) {
    entries.erase(entries.begin());
  }
  entries.push_back(made);
  return made;
}

void State::run(const dlc_op_call &call, Make make) {
  OneThread one;
  std::shared_ptr<const Entry> entry = find(call, make);
  const Primitive &p = entry->primitive;
  auto memory = [](const dnnl::memory::desc &desc, void *data) { return dnnl::memory(desc, cpu(), data); };
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, memory(p.input, call.inputs[kInput].data)},
                                                  {DNNL_ARG_WEIGHTS, entry->weights},
                                                  {DNNL_ARG_DST, memory(p.result, call.outputs[0].data)}};
  if (has(call, kBias)) {
    arguments.emplace(DNNL_ARG_BIAS, memory(p.bias, call.inputs[kBias].data));
  }
  if (has(call, kAddend)) {
    arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, memory(p.addend, call.inputs[kAddend].data));
  }
  if (size_t bytes = p.scratch.get_size()) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(p.scratch, scratchOf(bytes)));
  }
  static thread_local dnnl::stream stream(cpu());
  p.op.execute(stream, arguments);
  stream.wait();
}

} // namespace dlc::onednn
