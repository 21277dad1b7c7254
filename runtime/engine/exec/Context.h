// One run's state: an activation of every block, in flat arrays indexed by value, slot, stage and step.
#pragma once
#include "exec/Async.h"
#include "exec/Dims.h"
#include "exec/Plan.h"
#include "exec/Pool.h"
#include "exec/Profile.h"
#include "model/Model.h"
#include "value/Value.h"

namespace dlc::rt {

/// What an input port reads.
struct InputBinding {
  bool given = false;
  dlc_tensor tensor = {};           ///< tensors
  const dlc_value *value = nullptr; ///< every other kind
  dlc_value strings;                ///< a copy, when strings were given as a dlc_tensor
};

/// What an output port writes.
struct OutputBinding {
  bool callers = false;
  dlc_tensor tensor = {};          ///< the caller's buffer
  Buffer buffer;                   ///< the context's, for planned outputs
  dlc_value object;                ///< outputs that the engine holds, and copies of what is not an output's own memory
  dlc_value result;                ///< view of the last run's result
  const dlc_value *last = nullptr; ///< the last run's result; null: none
};

struct StageRun {
  char *frame = nullptr;
  int64_t frameBytes = 0;
  uint64_t plan = 0, run = 0; ///< for which plan and run its addresses were computed
  std::atomic<uint32_t> stepsLeft{0};
};

/// A step's part of the context. All but the atomics is written before `claim` opens it, and read after a claim.
struct alignas(64) StepRun {
  std::atomic<uint64_t> claim{0}; ///< chunks << 32 | next chunk
  std::atomic<uint32_t> chunksLeft{0};
  std::atomic<uint32_t> depsLeft{0};
  uint32_t lane = 0, chunks = 0;
  int64_t tiles = 0, scratch = 0;
  void **args = nullptr;
  int64_t *dims = nullptr;
  dlc_kernel_fn kernel = nullptr;
  uint32_t firstView = 0; ///< of Context::views, for host calls
  uint32_t shuffleFactor = 1, shuffleStart = 0;
};

struct alignas(64) Worker {
  uint32_t index = 0;
  Buffer scratch;
  ProfileLog profile;
  pthread_t thread = {};
  dlc_context *context = nullptr;
};

} // namespace dlc::rt

struct dlc_context {
  dlc_model *model = nullptr;
  dlc::rt::Allocator allocator;
  dlc::rt::Log log;
  dlc_context_options options = {};

  dlc::rt::Vector<dlc::rt::StageRun> stages;
  dlc::rt::Vector<dlc::rt::StepRun> steps;
  dlc::rt::Vector<void *> args;
  dlc::rt::Vector<int64_t> dims;
  dlc::rt::Vector<char *> addresses;    ///< of values that are in planned memory, inputs and outputs
  dlc::rt::Vector<int64_t> sizes;       ///< their bytes
  dlc::rt::Vector<dlc_value *> objects; ///< dynamic values and string constants, by value
  dlc::rt::Vector<dlc_value> views;     ///< host calls' operands
  dlc::rt::Vector<dlc_value *> operands;
  dlc::rt::Vector<dlc_value *> temporaries;      ///< loop-carried values that must be held between iterations, by value
  dlc::rt::Vector<dlc::rt::InputBinding> inputs; ///< by port
  dlc::rt::Vector<dlc::rt::OutputBinding> outputs;
  dlc::rt::Vector<dlc::rt::Buffer> variables;
  dlc::rt::Vector<dlc::rt::Buffer> nextVariables; ///< what a run makes of variables that are exchanged
  dlc::rt::Vector<dlc::rt::Buffer> frames;        ///< by StageInfo::frame

  dlc::rt::Vector<uint8_t> knownSlots; ///< slots of plans.base that hold their number
  dlc::rt::PlanCache plans;
  dlc::rt::Plan *plan = nullptr; ///< of the run in flight
  uint32_t entry = DLC_NONE;     ///< the specialisation that runs, or ran last
  uint64_t runSerial = 0;
  std::atomic<int64_t> scratchNeeded{0};
  dlc::rt::Vector<dlc::rt::Worker> workers;
  dlc::rt::Pool pool;
  dlc::rt::Async async;

  std::atomic<bool> busy{false};
  std::atomic<uint32_t> stop{0}; ///< a dlc_status once the run must end
  pthread_mutex_t errorLock = PTHREAD_MUTEX_INITIALIZER;
  dlc::rt::Error runError;
  bool profiling = false;
  uint64_t runStart = 0, runTime = 0;

  const dlc::rt::Program &program() const { return model->program; }
  int64_t slot(uint32_t index) const { return plan->slots[index]; }
  bool stopped() const { return stop.load(std::memory_order_relaxed) != 0; }
  /// Ends the run with this error; the first one counts.
  void failRun(const dlc::rt::Error &error);
  ~dlc_context();
};

namespace dlc::rt {

// Create.cpp
dlc_status createContext(dlc_model &model, const dlc_context_options &options, dlc_context *&out, Error &error);
dlc_status resetVariables(dlc_context &context, Error &error);
void trimContext(dlc_context &context);
/// Takes the context for a run; false when it is running already.
bool acquire(dlc_context &context);

// Bind.cpp
dlc_status bindInput(dlc_context &context, size_t entry, size_t index, const dlc_tensor *tensor, Error &error);
dlc_status bindInputValue(dlc_context &context, size_t entry, size_t index, const dlc_value *value, Error &error);
dlc_status bindOutput(dlc_context &context, size_t entry, size_t index, const dlc_tensor *tensor, Error &error);
dlc_status checkInputs(dlc_context &context, size_t entry, Error &error);

// Select.cpp
/// Whether some specialisation of a group accepts this shape for input `index`; the error tells what is accepted.
dlc_status checkInputShape(const Program &program, uint32_t group, uint32_t index, uint32_t rank, const int64_t *dims,
                           Error &error);
/// The first specialisation of a group that accepts what is bound to its inputs.
dlc_status selectEntry(const dlc_context &context, uint32_t group, uint32_t &entry, Error &error);
/// The same for inputs that are only described.
dlc_status selectDescribed(const Program &program, uint32_t group, Span<const dlc_tensor> inputs, uint32_t &entry,
                           Error &error);

// Run.cpp
/// Runs an entry (as the C interface counts them) on the calling thread and the context's workers; `busy` is held by the caller.
dlc_status runEntry(dlc_context &context, size_t entry);

// Stage.cpp
/// Evaluates a stage's sizes, gives it a frame and computes its addresses, as far as that is not done already.
dlc_status enterStage(dlc_context &context, uint32_t stage, Error &error);
/// Addresses that never change: of constants and variables.
dlc_status resolveFree(dlc_context &context, Error &error);
/// Addresses that are known when a run starts.
dlc_status resolvePorts(dlc_context &context, Error &error);
/// A value's memory, of any binding.
dlc_status resolveValue(dlc_context &context, uint32_t value, char *&address, int64_t &size, Error &error);
DimSource dimSource(dlc_context &context);

// Values.cpp
/// The engine's object behind a value, or null.
dlc_value *objectOf(dlc_context &context, uint32_t value);
/// A value as an object: the engine's, or `temporary` as a view; null when it is absent.
dlc_status viewValue(dlc_context &context, uint32_t value, dlc_value &temporary, const dlc_value *&out, Error &error);
/// Copies a value; results that `block` itself produced may be moved.
dlc_status assignValue(dlc_context &context, uint32_t to, uint32_t from, uint32_t block, Error &error);
dlc_status storeValue(dlc_context &context, uint32_t to, const dlc_value &from, Error &error);
dlc_status storeInteger(dlc_context &context, uint32_t to, int64_t number, Error &error);
dlc_status loadInteger(dlc_context &context, uint32_t from, uint64_t index, int64_t &out, Error &error);

// Step.cpp
/// Makes a step ready to be claimed: its chunks and late addresses.
void prepareStep(dlc_context &context, uint32_t step);
/// Runs one chunk of a step. Failures end the run.
void runChunk(dlc_context &context, Worker &worker, uint32_t step, uint32_t chunk, bool continues);

// Control.cpp
/// Runs the stages of a block, from `first` on.
dlc_status runBlock(dlc_context &context, Worker &worker, uint32_t block, Error &error);
dlc_status runControl(dlc_context &context, Worker &worker, uint32_t step, Error &error);

// Schedule.cpp
/// Runs a stage's steps, with the help of the other workers.
void runSteps(dlc_context &context, Worker &worker, uint32_t stage);
/// The body of a pool thread.
void workerMain(dlc_context &context, Worker &worker);

} // namespace dlc::rt
