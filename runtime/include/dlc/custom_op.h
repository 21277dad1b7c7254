/* dlc/custom_op.h: ops that a library adds to the compiler and the engine. Plain C; a library that includes this header
 * links to nothing of dlc.
 *
 *   static int types(dlc_op_call *call) {
 *     call->outputs[0].dtype = call->inputs[0].dtype, call->outputs[0].rank = call->inputs[0].rank;
 *     return 0;
 *   }
 *   static int shape(dlc_op_call *call) { ... sizes in call->outputs[0].dims ... return 0; }
 *   static int compute(dlc_op_call *call) { ... numbers in call->outputs[0].data ... return 0; }
 *   static const dlc_custom_op op = {sizeof op, "com.example", "Reverse", 1, 0, 1, 1, 1, 0, types, shape, compute, 0, 0};
 *   static const dlc_custom_op *const ops[] = {&op};
 *   const dlc_op_library *dlc_op_library_get(void) {
 *     static const dlc_op_library library = {sizeof library, DLC_OP_ABI_VERSION, 1, "example", ops};
 *     return &library;
 *   }
 *
 * `dlc compile --op-library libexample.so` calls `types`, and `shape` where all sizes are numbers. Who runs the model opens
 * the library with dlc_op_library_open, or links it in, and passes it to dlc_model_load_* in
 * dlc_model_options.op_libraries; the engine calls `shape` and `compute`.
 *
 * Functions return 0, or what call->fail(call, "why") returns. They may be called from several threads at a time, keep
 * nothing between calls but what follows from constants (call->state), and compute the same from the same: the compiler
 * leaves out calls whose results nobody wants, and makes equal calls once. */
#ifndef DLC_CUSTOM_OP_H
#define DLC_CUSTOM_OP_H
#include "dlc/abi.h" /* enum dlc_dtype */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_OP_ABI_VERSION 1u /* raised when libraries have to be compiled again */
#define DLC_OP_MAX_RANK 16
#define DLC_OP_MAX_INPUTS 64
#define DLC_OP_MAX_OUTPUTS 16
#define DLC_OP_MAX_ATTRIBUTES 64

enum dlc_op_attribute_type { DLC_OP_INTS = 1, DLC_OP_FLOATS = 2, DLC_OP_STRINGS = 3, DLC_OP_TENSOR = 4 };

/* An attribute of the node; one number or string is a list of one. */
typedef struct dlc_op_attribute {
  const char *name;
  uint32_t type;       /* enum dlc_op_attribute_type */
  uint32_t dtype;      /* of the elements: DLC_I64, DLC_F32, DLC_STRING, or the tensor's */
  uint64_t count;      /* elements */
  uint64_t rank;       /* of a tensor */
  const int64_t *dims; /* of a tensor */
  const void *data;    /* int64_t, float, a tensor's elements, or strings one after the other, each terminated by 0 */
} dlc_op_attribute;

/* A dense row-major tensor. An operand that the node leaves out has dtype DLC_UNDEFINED. */
typedef struct dlc_op_tensor {
  uint32_t dtype, rank;
  int64_t dims[DLC_OP_MAX_RANK];
  uint64_t count; /* elements */
  void *data;     /* inputs must not be written */
} dlc_op_tensor;

typedef struct dlc_op_call {
  size_t struct_size;
  const dlc_op_attribute *attributes;
  size_t attribute_count;
  const dlc_op_tensor *inputs;
  size_t input_count;
  dlc_op_tensor *outputs;
  size_t output_count;
  void *user;                                                     /* the op's */
  int (*fail)(struct dlc_op_call *call, const char *message);     /* records why; returns what is to be returned */
  void *engine;                                                   /* the caller's */
  /* What follows is there when struct_size says so; `compute` alone gets more than zeros. */
  uint64_t constant_inputs; /* bit i: input i has the same sizes and data whenever this place of the model is run */
  /* A pointer of the op's for this place of the model, null at first, shared by all threads and contexts: whoever sets it
   * must do so atomically. Here an op keeps what it has made of constants and sizes. May be null: there is no such place. */
  void **state;
} dlc_op_call;
typedef int (*dlc_op_fn)(dlc_op_call *call);

#define DLC_OP_SAME_SHAPE 1u      /* every output has the sizes of input 0 (sizes that are symbols stay known): no `shape` */
#define DLC_OP_SIZES_FROM_DATA 2u /* `shape` reads the inputs' data: it is called only when the model runs */

typedef struct dlc_custom_op {
  size_t struct_size;
  const char *domain, *name;
  uint32_t since_version, until_version; /* of the domain's opset, both included; until 0: no end */
  uint32_t least_inputs, most_inputs;
  uint32_t most_outputs;
  uint32_t flags;     /* DLC_OP_* */
  /* Gives every output its dtype and rank, from the attributes and the inputs' dtypes and ranks; there is nothing else in
   * the call. May be null with DLC_OP_SAME_SHAPE: all outputs are of the type of input 0. */
  dlc_op_fn types;
  /* Gives every output its dims, from the inputs' dims, which are numbers here; their data is there only with
   * DLC_OP_SIZES_FROM_DATA. May be null with DLC_OP_SAME_SHAPE. */
  dlc_op_fn shape;
  /* Fills every output's data. */
  dlc_op_fn compute;
  void *user;
  /* Frees what an op left in *call->state, when the model is released. May be null; an op that has none gets no state. */
  void (*release)(void *state);
} dlc_custom_op;

typedef struct dlc_op_library {
  size_t struct_size;
  uint32_t abi_version; /* DLC_OP_ABI_VERSION */
  uint32_t op_count;
  const char *name;
  const dlc_custom_op *const *ops;
} dlc_op_library;

/* What a shared library exports under this name. */
const dlc_op_library *dlc_op_library_get(void);

/* The attribute of this name; null when the node has none. */
static inline const dlc_op_attribute *dlc_op_find_attribute(const dlc_op_call *call, const char *name) {
  for (size_t i = 0; i < call->attribute_count; ++i) {
    if (strcmp(call->attributes[i].name, name) == 0) {
      return &call->attributes[i];
    }
  }
  return 0;
}
/* The first element of an attribute; `otherwise` when it is absent, empty or of another type. */
static inline int64_t dlc_op_int(const dlc_op_call *call, const char *name, int64_t otherwise) {
  const dlc_op_attribute *a = dlc_op_find_attribute(call, name);
  return a && a->type == DLC_OP_INTS && a->count ? ((const int64_t *)a->data)[0] : otherwise;
}
static inline float dlc_op_float(const dlc_op_call *call, const char *name, float otherwise) {
  const dlc_op_attribute *a = dlc_op_find_attribute(call, name);
  return a && a->type == DLC_OP_FLOATS && a->count ? ((const float *)a->data)[0] : otherwise;
}
static inline const char *dlc_op_string(const dlc_op_call *call, const char *name, const char *otherwise) {
  const dlc_op_attribute *a = dlc_op_find_attribute(call, name);
  return a && a->type == DLC_OP_STRINGS && a->count ? (const char *)a->data : otherwise;
}

#ifdef __cplusplus
}
#endif
#endif
