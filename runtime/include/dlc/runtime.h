/* dlc/runtime.h: load compiled models and run them. Plain C, no dependencies but libc and libm.
 *
 *   dlc_model *model;
 *   dlc_context *context;
 *   if (dlc_model_load_file("model.so", NULL, &model) || dlc_context_create(model, NULL, &context))
 *     fprintf(stderr, "%s\n", dlc_last_error());
 *   dlc_run(context, 0, &input, 1, &output, 1);
 *
 * Thread safety. A dlc_model never changes after it was loaded: any number of threads may use one. A dlc_context holds
 * one run's state: one thread at a time may use it, except for dlc_context_cancel, which any thread may call at any
 * time between the context's creation and destruction. Contexts of one model share its weights and run side by side.
 * A model may be released while contexts exist; the last one to go unmaps it.
 *
 * Errors. Every function that can fail returns a dlc_status; the message is the calling thread's dlc_last_error().
 * Runs keep theirs in the context as well (dlc_context_error), for asynchronous callers.
 *
 * Versions. Structs that the caller fills start with `struct_size`, set by the DLC_*_INIT macros; a field that lies
 * past the caller's size is taken as zero, so a program that was built against an older header keeps working. */
#ifndef DLC_RUNTIME_H
#define DLC_RUNTIME_H
#include "dlc/abi.h"
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define DLC_API
#else
#define DLC_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_RUNTIME_VERSION_MAJOR 0
#define DLC_RUNTIME_VERSION_MINOR 1
#define DLC_RUNTIME_VERSION_PATCH 0
#define DLC_MAX_RANK 16 /* of tensors that cross this interface */

/* What went wrong. The message says which thing, where, and what to do. */
typedef enum dlc_status {
  DLC_OK = 0,
  DLC_INVALID_ARGUMENT = 1, /* a null pointer, an index out of range, a struct of unknown size */
  DLC_NOT_FOUND = 2,        /* no file, entry, port, variable or host function of that name */
  DLC_IO_ERROR = 3,         /* the operating system refused to open, read or map */
  DLC_INVALID_MODEL = 4,    /* not an artifact of dlc, or a damaged one */
  DLC_UNSUPPORTED = 5,      /* needs a newer engine, another processor, or a feature that this engine has not */
  DLC_OUT_OF_MEMORY = 6,
  DLC_SHAPE_MISMATCH = 7,   /* a tensor's type, rank, size or buffer is not what the model takes */
  DLC_RUN_FAILED = 8,       /* a kernel, a host function or a check in the model failed */
  DLC_CANCELLED = 9,
  DLC_BUSY = 10             /* the context is running already */
} dlc_status;

/* The engine's version as 0xMMmmpp, and as text. */
DLC_API uint32_t dlc_runtime_version(void);
DLC_API const char *dlc_runtime_version_text(void);
/* "invalid argument" and so on; never null. */
DLC_API const char *dlc_status_text(dlc_status status);
/* The message of the last call that failed on this thread; "" when none did. Valid until the thread's next call. */
DLC_API const char *dlc_last_error(void);
/* Bits per element of a type (4 for DLC_I4; 0 for strings and unknown types), and its name ("f32"). */
DLC_API uint32_t dlc_dtype_bits(uint32_t dtype);
DLC_API const char *dlc_dtype_text(uint32_t dtype);
/* The DLC_CPU_* bits of this processor and operating system. */
DLC_API uint64_t dlc_cpu_features(void);
/* The number of threads that the affinity mask and the cgroup's quota allow this process; at least 1. */
DLC_API uint32_t dlc_available_threads(void);

typedef enum dlc_log_level { DLC_LOG_ERROR = 0, DLC_LOG_WARNING = 1, DLC_LOG_INFO = 2, DLC_LOG_DEBUG = 3 } dlc_log_level;
/* Receives one line without a newline. May be called from any of the context's threads, one at a time. */
typedef void (*dlc_log_fn)(void *user, dlc_log_level level, const char *message);

/* --- Tensors and values ------------------------------------------------------------------------------------- */

/* One string of a string tensor: UTF-8, not terminated. */
typedef struct dlc_string {
  const char *data;
  size_t size;
} dlc_string;

/* A dense row-major tensor in memory that the caller owns. Strings: `data` points to dlc_string elements.
 * Sub-byte types are packed, low bits first. `data` needs the alignment of one element. */
typedef struct dlc_tensor {
  size_t struct_size;
  uint32_t dtype; /* enum dlc_dtype */
  uint32_t rank;
  int64_t dims[DLC_MAX_RANK];
  void *data;
  size_t byte_size; /* of the buffer; more than the elements take is allowed */
} dlc_tensor;
#define DLC_TENSOR_INIT {sizeof(dlc_tensor), 0, 0, {0}, 0, 0}

/* A value of any kind: tensor, string tensor, sequence, optional or map. */
typedef struct dlc_value dlc_value;

/* Creates an empty value that the caller owns; `dtype` is the element type of what it will hold (0: not known yet). */
DLC_API dlc_status dlc_value_create(uint32_t kind, uint32_t dtype, dlc_value **out);
/* Destroys a value from dlc_value_create and everything in it; null is allowed. */
DLC_API void dlc_value_destroy(dlc_value *value);
/* Makes `to` equal to `from`, of any kind; its buffers are used again when they are large enough. */
DLC_API dlc_status dlc_value_copy(dlc_value *to, const dlc_value *from);
DLC_API uint32_t dlc_value_kind(const dlc_value *value);
DLC_API uint32_t dlc_value_dtype(const dlc_value *value);

/* Tensors and string tensors. */
DLC_API uint32_t dlc_value_rank(const dlc_value *value);
DLC_API const int64_t *dlc_value_dims(const dlc_value *value);
DLC_API int64_t dlc_value_element_count(const dlc_value *value);
DLC_API size_t dlc_value_byte_size(const dlc_value *value);
DLC_API const void *dlc_value_data(const dlc_value *value);
/* Turns the value into a tensor of this type and shape; *data receives its (uninitialised) elements. */
DLC_API dlc_status dlc_value_set_tensor(dlc_value *value, uint32_t dtype, uint32_t rank, const int64_t *dims,
                                        void **data);
/* Turns the value into a string tensor; the strings are copied. */
DLC_API dlc_status dlc_value_set_strings(dlc_value *value, uint32_t rank, const int64_t *dims,
                                         const dlc_string *strings);

/* Sequences (elements), optionals (0 or 1 item) and maps (two items: keys and values, each 1-D or a sequence). */
DLC_API size_t dlc_value_item_count(const dlc_value *value);
/* Null when there is no such item. Items belong to the value. */
DLC_API const dlc_value *dlc_value_item(const dlc_value *value, size_t index);
/* Inserts a copy of `item` before position `index` (at most the item count). */
DLC_API dlc_status dlc_value_insert(dlc_value *value, size_t index, const dlc_value *item);
DLC_API dlc_status dlc_value_erase(dlc_value *value, size_t index);
/* Turns the value into an empty one of this kind. */
DLC_API dlc_status dlc_value_clear(dlc_value *value, uint32_t kind, uint32_t dtype);

/* --- Host functions: what runs in the engine's process rather than in a kernel ---------------------------------- */

typedef struct dlc_host_call dlc_host_call;
/* Computes the outputs of one call. May be called from any thread of any context, several calls at a time. */
typedef dlc_status (*dlc_host_fn)(dlc_host_call *call, void *user);

typedef struct dlc_host_function {
  size_t struct_size;
  const char *name;
  uint32_t version;       /* of the function's contract; a model that wants a higher one is refused */
  dlc_host_fn run;
  dlc_host_fn infer;      /* may be null: gives every output its type and shape (dlc_host_call_set_output) before run */
  void *user;
} dlc_host_function;
#define DLC_HOST_FUNCTION_INIT {sizeof(dlc_host_function), 0, 1, 0, 0, 0}

DLC_API size_t dlc_host_call_input_count(const dlc_host_call *call);
DLC_API size_t dlc_host_call_output_count(const dlc_host_call *call);
DLC_API size_t dlc_host_call_attribute_count(const dlc_host_call *call);
/* Null when the operand is absent. */
DLC_API const dlc_value *dlc_host_call_input(const dlc_host_call *call, size_t index);
/* Integer attribute or symbolic size number `index`; 0 when out of range. */
DLC_API int64_t dlc_host_call_attribute(const dlc_host_call *call, size_t index);
/* The output to fill with dlc_value_* functions; null when the model does not use it. A tensor output whose size was
 * planned at compile time has a buffer already: dlc_value_set_tensor returns it, and refuses another size. */
DLC_API dlc_value *dlc_host_call_output(dlc_host_call *call, size_t index);
/* Shorthand for dlc_value_set_tensor on an output; does nothing when the output is not used (*data: null). */
DLC_API dlc_status dlc_host_call_set_output(dlc_host_call *call, size_t index, uint32_t dtype, uint32_t rank,
                                            const int64_t *dims, void **data);
/* Records why the call fails; returns DLC_RUN_FAILED, for `return dlc_host_call_fail(call, "...")`. */
DLC_API dlc_status dlc_host_call_fail(dlc_host_call *call, const char *message);

/* --- Models --------------------------------------------------------------------------------------------------- */

typedef struct dlc_model dlc_model;

typedef struct dlc_model_options {
  size_t struct_size;
  dlc_log_fn log;
  void *log_user;
  const dlc_host_function *host_functions; /* an array; found before the engine's own of the same name */
  size_t host_function_count;
  uint64_t cpu_mask;      /* not 0: use only these of the processor's features, to try weaker variants */
  uint32_t skip_checksum; /* not 0: do not read the whole file at loading; its tables are checked all the same */
  const struct dlc_op_library *const *op_libraries; /* an array; ops that the model was compiled with (dlc/custom_op.h) */
  size_t op_library_count;
} dlc_model_options;
#define DLC_MODEL_OPTIONS_INIT {sizeof(dlc_model_options), 0, 0, 0, 0, 0, 0, 0, 0}

/* Opens a library of ops (dlc/custom_op.h), which stays loaded until the process ends: a file in this folder when `path`
 * has no slash. DLC_IO_ERROR when there is no such library or it lacks what it needs, DLC_NOT_FOUND when it has no ops,
 * DLC_UNSUPPORTED when it was made for another version. A library that is linked in is passed without being opened. */
DLC_API dlc_status dlc_op_library_open(const char *path, const struct dlc_op_library **out);
/* Opens the library that comes with dlc for the ops of `domain`: for "dlc.onednn" libdlc_onednn.so, in the folder of this
 * engine (or of the program that it is linked into), in dlc/ there, or in the folder where it was installed. A model that
 * calls such ops and finds them in no library of its options does so itself, where the engine is a shared library.
 * DLC_NOT_FOUND, with the places, when there is none. */
DLC_API dlc_status dlc_op_library_find(const char *domain, const struct dlc_op_library **out);

/* Loads an artifact; the file's pages are shared with other processes, so it must be replaced (by renaming another
 * over it), not overwritten, while a model uses it. `options` may be null. */
DLC_API dlc_status dlc_model_load_file(const char *path, const dlc_model_options *options, dlc_model **out);
/* The same for an artifact inside a file; `offset` must be a multiple of the page size, `size` 0 means to the end. */
DLC_API dlc_status dlc_model_load_file_at(const char *path, uint64_t offset, uint64_t size,
                                          const dlc_model_options *options, dlc_model **out);
/* Loads from memory. The bytes are copied, and may be released after the call. */
DLC_API dlc_status dlc_model_load_memory(const void *data, size_t size, const dlc_model_options *options,
                                         dlc_model **out);
/* Uses a model that is linked into the program: `dlc_model_load_static(&dlc_model_digits, ...)`. */
DLC_API dlc_status dlc_model_load_static(const dlc_abi_model *program, const dlc_model_options *options,
                                         dlc_model **out);
DLC_API void dlc_model_release(dlc_model *model);

DLC_API const char *dlc_model_name(const dlc_model *model);
DLC_API const char *dlc_model_producer(const dlc_model *model);
DLC_API uint64_t dlc_model_features(const dlc_model *model);
/* The name of the CPU variant that was chosen. */
DLC_API const char *dlc_model_variant(const dlc_model *model);
/* Bytes of weights in memory: those that are used as the artifact has them, and those that the first context prepares. */
DLC_API uint64_t dlc_model_weights_size(const dlc_model *model);
/* Bytes of weights in the artifact. */
DLC_API uint64_t dlc_model_stored_weights_size(const dlc_model *model);
DLC_API size_t dlc_model_metadata_count(const dlc_model *model);
/* Null when out of range, or when there is no such key. */
DLC_API const char *dlc_model_metadata_key(const dlc_model *model, size_t index);
DLC_API const char *dlc_model_metadata_value(const dlc_model *model, size_t index);
DLC_API const char *dlc_model_metadata_find(const dlc_model *model, const char *key);

/* A dimension of a port. */
typedef struct dlc_dim {
  int64_t size;       /* -1: symbolic */
  const char *symbol; /* "batch", "floordiv(seq, 2)"; null when static */
  int64_t min, max;   /* the sizes that this artifact accepts; max -1: unbounded */
} dlc_dim;

/* An input or output. The strings belong to the model. */
typedef struct dlc_port {
  size_t struct_size;
  const char *name;
  const char *doc;       /* "" when there is none */
  const char *type;      /* in words, for sequences, optionals and maps; "" for tensors */
  uint32_t kind, dtype, rank;
  uint32_t flags;        /* DLC_PORT_OPTIONAL; DLC_PORT_FEEDBACK: state, which the caller neither gives nor takes. Such
                            ports come after all others. */
  dlc_dim dims[DLC_MAX_RANK];
} dlc_port;

DLC_API size_t dlc_model_entry_count(const dlc_model *model);
DLC_API const char *dlc_model_entry_name(const dlc_model *model, size_t entry);
/* DLC_NOT_FOUND when there is no entry of this name. */
DLC_API dlc_status dlc_model_find_entry(const dlc_model *model, const char *name, size_t *entry);
DLC_API size_t dlc_model_input_count(const dlc_model *model, size_t entry);
DLC_API size_t dlc_model_output_count(const dlc_model *model, size_t entry);
/* Set port->struct_size first. */
DLC_API dlc_status dlc_model_input(const dlc_model *model, size_t entry, size_t index, dlc_port *port);
DLC_API dlc_status dlc_model_output(const dlc_model *model, size_t entry, size_t index, dlc_port *port);
/* Specialisations: an entry may have been compiled several times, for other sizes. The functions above show what all of
 * them accept together (a size that differs is symbolic; not everything between min and max is accepted), these show one.
 * A run takes the first that accepts the sizes of all inputs, and fails with DLC_SHAPE_MISMATCH when none does. */
DLC_API size_t dlc_model_specialisation_count(const dlc_model *model, size_t entry);
DLC_API dlc_status dlc_model_specialisation_input(const dlc_model *model, size_t entry, size_t specialisation,
                                                  size_t index, dlc_port *port);
DLC_API dlc_status dlc_model_specialisation_output(const dlc_model *model, size_t entry, size_t specialisation,
                                                   size_t index, dlc_port *port);
DLC_API dlc_status dlc_model_find_input(const dlc_model *model, size_t entry, const char *name, size_t *index);
DLC_API dlc_status dlc_model_find_output(const dlc_model *model, size_t entry, const char *name, size_t *index);
DLC_API size_t dlc_model_variable_count(const dlc_model *model);
DLC_API const char *dlc_model_variable_name(const dlc_model *model, size_t index);

/* What a context needs for a run beside the weights and the caller's buffers; and `prepared`, a part of the weights. */
typedef struct dlc_memory {
  size_t struct_size;
  uint64_t frames;    /* planned buffers */
  uint64_t scratch;   /* for all threads together */
  uint64_t variables;
  uint64_t outputs;   /* when the context owns the outputs */
  uint32_t complete;  /* 0: stages whose sizes depend on data come on top */
  uint64_t prepared;  /* weights that the first context prepares for all contexts of the model, outside of allocators */
} dlc_memory;
/* `inputs`: one tensor per input, of which only rank and dims are read; null when all sizes are static (then the first
 * specialisation is meant). */
DLC_API dlc_status dlc_model_memory(const dlc_model *model, size_t entry, const dlc_tensor *inputs, size_t count,
                                    uint32_t threads, dlc_memory *memory);

/* --- Contexts --------------------------------------------------------------------------------------------------- */

typedef struct dlc_context dlc_context;

/* Memory for a context's buffers: frames, scratch, variables, outputs and values of dynamic size. `allocate` returns
 * null when there is none; sizes are never 0. Both functions may be called from any of the context's threads. */
typedef struct dlc_allocator {
  void *(*allocate)(void *user, size_t size, size_t alignment);
  void (*release)(void *user, void *pointer, size_t size);
  void *user;
} dlc_allocator;

typedef struct dlc_context_options {
  size_t struct_size;
  uint32_t threads;         /* 0: dlc_available_threads() */
  uint32_t plan_cache;      /* evaluated input shapes that are kept; 0: 16 */
  const dlc_allocator *allocator; /* null: malloc; copied */
  dlc_log_fn log;           /* null: the model's */
  void *log_user;
  uint64_t tile_order_seed; /* not 0: tiles run one by one in a random order, to test that results do not depend on it */
  uint32_t profile;         /* not 0: profiling is on from the start */
  uint32_t spin_microseconds; /* how long idle threads look for work before they sleep; 0: 50 */
} dlc_context_options;
#define DLC_CONTEXT_OPTIONS_INIT {sizeof(dlc_context_options), 0, 0, 0, 0, 0, 0, 0, 0}

/* Evaluates everything static, and allocates all memory that is known by then. The first context of a model prepares
 * constants that the artifact stores in another form, on as many threads; others wait for it, and share them. `options`
 * may be null. */
DLC_API dlc_status dlc_context_create(const dlc_model *model, const dlc_context_options *options, dlc_context **out);
/* Cancels a run in flight, waits for it, and frees everything; null is allowed. */
DLC_API void dlc_context_destroy(dlc_context *context);
DLC_API const dlc_model *dlc_context_model(const dlc_context *context);
DLC_API uint32_t dlc_context_threads(const dlc_context *context);
/* The last run's message; "" when it succeeded. */
DLC_API const char *dlc_context_error(const dlc_context *context);

/* Binds what the next runs of an entry read. The tensor's description is copied; its data is not, must stay until
 * the run ended, and must not overlap an output's. Null: an optional input that is not given. */
DLC_API dlc_status dlc_context_set_input(dlc_context *context, size_t entry, size_t index, const dlc_tensor *tensor);
/* The same for inputs of any kind; the value must outlive the run. */
DLC_API dlc_status dlc_context_set_input_value(dlc_context *context, size_t entry, size_t index,
                                               const dlc_value *value);
/* Gives an output a buffer of the caller (dtype, data and byte_size are read); null: the context owns it. */
DLC_API dlc_status dlc_context_set_output(dlc_context *context, size_t entry, size_t index, const dlc_tensor *tensor);
/* The output of the last run: type, shape and data. Owned by the context until its next run, unless the caller gave
 * the buffer. Set tensor->struct_size first. */
DLC_API dlc_status dlc_context_get_output(dlc_context *context, size_t entry, size_t index, dlc_tensor *tensor);
DLC_API dlc_status dlc_context_get_output_value(dlc_context *context, size_t entry, size_t index,
                                                const dlc_value **value);

/* Runs an entry on what was bound. The calling thread takes part in the work. */
DLC_API dlc_status dlc_context_run(dlc_context *context, size_t entry);
/* Called when an asynchronous run ended, on a thread of the context, which is ready for its next run by then. It must
 * not destroy the context. */
typedef void (*dlc_done_fn)(void *user, dlc_context *context, dlc_status status);
/* Checks the bindings, returns at once, and runs in a thread of the context. `done` may be null. */
DLC_API dlc_status dlc_context_run_async(dlc_context *context, size_t entry, dlc_done_fn done, void *user);
/* Waits for the asynchronous run (not for its callback) and returns its status; DLC_OK when there was none. */
DLC_API dlc_status dlc_context_wait(dlc_context *context);
/* Makes the run in flight, if any, end with DLC_CANCELLED soon: between two chunks of tiles. */
DLC_API void dlc_context_cancel(dlc_context *context);
/* Binds inputs and outputs in the ports' order, runs, and completes each output's type and shape. An output whose
 * `data` is null is owned by the context, and `data` is set. Ports beyond the counts keep what was bound to them. Tensors
 * only. */
DLC_API dlc_status dlc_run(dlc_context *context, size_t entry, const dlc_tensor *inputs, size_t input_count,
                           dlc_tensor *outputs, size_t output_count);
/* Which specialisation of its entry the last run took; 0 before the first. */
DLC_API size_t dlc_context_specialisation(const dlc_context *context);
/* Releases buffers that later runs would use again, and forgets evaluated shapes. Outputs become invalid. */
DLC_API dlc_status dlc_context_trim(dlc_context *context);

/* Variables: state that an entry keeps from run to run (inputs that outputs are fed back to; the variable is called like
 * the input). They belong to the context, live as long as it does, and begin with the model's initial values or zeros. A
 * run that fails or is cancelled leaves them as they were. These functions return DLC_BUSY while a run is in flight; as
 * all functions of a context, they are for one thread at a time. */
/* Sets all variables to what they were when the context was created. */
DLC_API dlc_status dlc_context_reset_variables(dlc_context *context);
/* A view of the variable's bytes, valid until the context's next use. */
DLC_API dlc_status dlc_context_get_variable(dlc_context *context, const char *name, dlc_tensor *tensor);
/* Copies `tensor` into the variable; type and byte size must be the variable's. */
DLC_API dlc_status dlc_context_set_variable(dlc_context *context, const char *name, const dlc_tensor *tensor);

/* --- Profiles --------------------------------------------------------------------------------------------------- */

/* A stretch of work of one thread on one step. */
typedef struct dlc_profile_event {
  const char *name;         /* the source nodes, joined by '+' */
  const char *strategy;
  uint32_t step;            /* index for dlc/inspect.h */
  uint32_t thread;          /* 0: the thread that called run */
  uint64_t start_ns, end_ns; /* since the run began */
  int64_t tiles;            /* that this thread computed in this stretch */
  int64_t step_tiles;       /* of the whole step */
  int64_t flops, bytes;     /* of the whole step; -1: unknown */
} dlc_profile_event;

DLC_API dlc_status dlc_context_set_profile(dlc_context *context, uint32_t enabled);
/* Events of the last run, thread by thread, each in order of time. */
DLC_API size_t dlc_context_profile_count(const dlc_context *context);
DLC_API dlc_status dlc_context_profile_event(const dlc_context *context, size_t index, dlc_profile_event *event);
/* Events that found no room, and the last run's duration. */
DLC_API uint64_t dlc_context_profile_dropped(const dlc_context *context);
DLC_API uint64_t dlc_context_run_ns(const dlc_context *context);

#ifdef __cplusplus
}
#endif
#endif
