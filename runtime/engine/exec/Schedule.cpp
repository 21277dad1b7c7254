// Steps in the order of their dependencies, on one thread or many.
//
// A step is opened by storing its number of chunks into `claim`; any thread then takes chunks with one fetch_add. The
// thread that finishes a step's last chunk finishes the step: it puts the first successor that became ready into the
// step's lane, and opens the others in lanes of their own. A thread may look at a lane late and claim from a step that
// was opened again since: that is a claim like any other. The owner of a stage is the thread that entered it; it helps
// until all steps are done. While it waits it takes no control flow of other stages, so that stacks stay shallow.
#include "exec/Context.h"
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlc::rt {

void Pool::wake(uint32_t count) {
  if (sleepers.load(std::memory_order_seq_cst)) {
    epoch.fetch_add(1, std::memory_order_seq_cst);
    syscall(SYS_futex, &epoch, FUTEX_WAKE_PRIVATE, count > INT_MAX ? INT_MAX : int(count), nullptr, nullptr, 0);
  }
}

void Pool::sleep(uint32_t seen) { syscall(SYS_futex, &epoch, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0); }

namespace {

constexpr uint32_t anyStage = none - 1;

class Scheduler {
public:
  Scheduler(dlc_context &c, Worker &w) : c(c), p(c.program()), pool(c.pool), w(w) {}

  void runAlone(uint32_t stage) {
    const StageInfo &info = p.stageInfo[stage];
    for (uint32_t step : p.order.span(info.order, p.stages[stage].step_count)) {
      prepareStep(c, step);
      for (uint32_t chunk = 0, chunks = c.steps[step].chunks; chunk < chunks; ++chunk) {
        runChunk(c, w, step, chunk, chunk != 0);
      }
    }
  }

  void runShared(uint32_t stage) {
    const dlc_abi_stage &s = p.stages[stage];
    if (s.step_count == 0) {
      return;
    }
    c.stages[stage].stepsLeft.store(s.step_count, std::memory_order_relaxed);
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      c.steps[i].depsLeft.store(p.steps[i].dependency_count, std::memory_order_relaxed);
    }
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      if (p.steps[i].dependency_count == 0) {
        publish(i);
      }
    }
    helpUntil([&] { return c.stages[stage].stepsLeft.load(std::memory_order_seq_cst) == 0; }, stage);
  }

  void serve() {
    helpUntil([&] { return pool.quit.load(std::memory_order_seq_cst); }, anyStage);
  }

private:
  bool isControl(uint32_t step) const {
    uint32_t kind = p.steps[step].kind;
    return kind == DLC_STEP_IF || kind == DLC_STEP_LOOP || kind == DLC_STEP_CALL;
  }

  /// A step with an open chunk that this thread may take; none when there is none.
  uint32_t find(uint32_t stage) const {
    for (uint32_t i = 0; i < Pool::laneCount; ++i) {
      uint32_t step = pool.lanes[(i + w.index) % Pool::laneCount].load(std::memory_order_seq_cst);
      if (step == none) {
        continue;
      }
      uint64_t claim = c.steps[step].claim.load(std::memory_order_seq_cst);
      bool open = uint32_t(claim) < claim >> 32;
      if (open && (stage == anyStage || !isControl(step) || p.stepInfo[step].stage == stage)) {
        return step;
      }
    }
    return none;
  }

  template <typename Done> void helpUntil(Done done, uint32_t stage) {
    uint64_t deadline = 0;
    while (!done()) {
      uint32_t step = find(stage);
      if (step != none) {
        work(step);
        deadline = 0;
        continue;
      }
      if (keepSpinning(deadline)) {
        continue;
      }
      pool.sleepers.fetch_add(1, std::memory_order_seq_cst);
      uint32_t seen = pool.epoch.load(std::memory_order_seq_cst);
      if (!done() && find(stage) == none) {
        pool.sleep(seen);
      }
      pool.sleepers.fetch_sub(1, std::memory_order_seq_cst);
      deadline = 0;
    }
  }

  bool keepSpinning(uint64_t &deadline) const {
    if (pool.spin == 0) {
      return false;
    }
    for (int i = 0; i < 16; ++i) {
      __builtin_ia32_pause();
    }
    uint64_t time = now();
    deadline = deadline ? deadline : time + pool.spin;
    return time < deadline;
  }

  void work(uint32_t step) {
    StepRun &r = c.steps[step];
    uint32_t done = 0;
    for (;;) {
      uint64_t claim = r.claim.load(std::memory_order_relaxed);
      if (uint32_t(claim) >= claim >> 32) {
        break;
      }
      claim = r.claim.fetch_add(1, std::memory_order_acq_rel);
      if (uint32_t(claim) >= claim >> 32) {
        break;
      }
      if (isControl(step)) {
        // It has one chunk, which is taken. Its lane is for the steps inside of it, however deep they are.
        retire(r.lane);
        r.lane = none;
      }
      runChunk(c, w, step, uint32_t(claim), done++ != 0);
      // Finishing chunk by chunk keeps a thread from claiming of a later activation what it counts for this one.
      if (r.chunksLeft.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        finish(step);
        break;
      }
    }
  }

  /// The last chunk is done: successors may start.
  void finish(uint32_t step) {
    uint32_t stage = p.stepInfo[step].stage, firstStep = p.stages[stage].first_step;
    uint32_t lane = c.steps[step].lane, next = none;
    for (uint32_t successor : p.range(p.steps[step].successors)) {
      uint32_t s = firstStep + successor;
      if (c.steps[s].depsLeft.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        continue;
      }
      if (next == none && lane != none) {
        next = s;
      } else {
        publish(s);
      }
    }
    if (next != none) {
      open(next, lane, true);
    } else if (lane != none) {
      retire(lane);
    }
    if (c.stages[stage].stepsLeft.fetch_sub(1, std::memory_order_seq_cst) == 1) {
      pool.wake(INT_MAX);
    }
  }

  /// Shows a step in a lane, then lets threads claim it.
  void open(uint32_t step, uint32_t lane, bool mine) {
    StepRun &r = c.steps[step];
    prepareStep(c, step);
    uint32_t chunks = r.chunks;
    r.lane = lane;
    r.chunksLeft.store(chunks, std::memory_order_relaxed);
    pool.lanes[lane].store(step, std::memory_order_seq_cst);
    r.claim.store(uint64_t(chunks) << 32, std::memory_order_seq_cst);
    // The thread that opens the next step of a chain goes on with it by itself.
    if (isControl(step)) {
      pool.wake(INT_MAX);
    } else if (chunks > 1 || !mine) {
      pool.wake(mine ? chunks - 1 : chunks);
    }
  }

  void publish(uint32_t step) {
    pthread_mutex_lock(&pool.lock);
    uint32_t lane = 0;
    while (lane < Pool::laneCount && pool.lanes[lane].load(std::memory_order_relaxed) != none) {
      ++lane;
    }
    if (lane == Pool::laneCount) {
      pool.queue[(pool.first + pool.waiting++) % pool.queue.size()] = step;
    } else {
      pool.lanes[lane].store(step, std::memory_order_seq_cst);
    }
    pthread_mutex_unlock(&pool.lock);
    if (lane != Pool::laneCount) {
      open(step, lane, false);
    }
  }

  void retire(uint32_t lane) {
    pthread_mutex_lock(&pool.lock);
    uint32_t step = none;
    if (pool.waiting) {
      step = pool.queue[pool.first];
      pool.first = (pool.first + 1) % pool.queue.size();
      --pool.waiting;
    }
    pool.lanes[lane].store(step, std::memory_order_seq_cst);
    pthread_mutex_unlock(&pool.lock);
    if (step != none) {
      open(step, lane, false);
    }
  }

  dlc_context &c;
  const Program &p;
  Pool &pool;
  Worker &w;
};
} // namespace

void runSteps(dlc_context &context, Worker &worker, uint32_t stage) {
  Scheduler scheduler(context, worker);
  if (context.workers.size() == 1) {
    scheduler.runAlone(stage);
  } else {
    scheduler.runShared(stage);
  }
}

void workerMain(dlc_context &context, Worker &worker) { Scheduler(context, worker).serve(); }

} // namespace dlc::rt
