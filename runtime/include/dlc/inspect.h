/* dlc/inspect.h: read a loaded model's program: its memory plan, dispatches and dependencies. Read only, for tools.
 *
 * Indices are those of the program's tables (dlc/abi.h). Strings belong to the model. Functions return
 * DLC_INVALID_ARGUMENT for an index out of range. Thread safety: as for dlc_model. */
#ifndef DLC_INSPECT_H
#define DLC_INSPECT_H
#include "dlc/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlc_inspect_counts {
  uint32_t values, ports, entries, blocks, stages, steps, constants, variables, kernels, variants, host_functions,
      slots, instructions;
} dlc_inspect_counts;
DLC_API dlc_status dlc_inspect_get_counts(const dlc_model *model, dlc_inspect_counts *out);

/* Here every specialisation is an entry. */
typedef struct dlc_inspect_entry {
  const char *name;
  uint32_t block;
  uint32_t entry, specialisation; /* as dlc/runtime.h counts them; DLC_NONE: of another CPU variant */
} dlc_inspect_entry;
DLC_API dlc_status dlc_inspect_get_entry(const dlc_model *model, uint32_t index, dlc_inspect_entry *out);

typedef struct dlc_inspect_block {
  const char *name;
  uint32_t first_stage, stage_count;
  const uint32_t *params; /* values */
  uint32_t param_count;
  const uint32_t *results; /* values */
  uint32_t result_count;
  uint32_t entry;       /* the entry that it belongs to */
  uint32_t parent_step; /* the step that runs it; DLC_NONE: the entry itself */
} dlc_inspect_block;
DLC_API dlc_status dlc_inspect_get_block(const dlc_model *model, uint32_t index, dlc_inspect_block *out);

/* What a stage's sizes depend on. */
enum dlc_inspect_class { DLC_SIZES_STATIC = 0, DLC_SIZES_FROM_INPUT_DIMS = 1, DLC_SIZES_FROM_DATA = 2 };

typedef struct dlc_inspect_stage {
  uint32_t block;
  uint32_t first_instruction, instruction_count;
  uint32_t first_step, step_count;
  uint32_t frame_size;  /* slot */
  uint32_t frame_value; /* the value that holds the frame; DLC_NONE: memory of its own */
  uint32_t sizes;       /* enum dlc_inspect_class */
} dlc_inspect_stage;
DLC_API dlc_status dlc_inspect_get_stage(const dlc_model *model, uint32_t index, dlc_inspect_stage *out);

typedef struct dlc_inspect_step {
  uint32_t kind, device, queue; /* enum dlc_step_kind */
  const char *name, *strategy;
  const char *target;           /* the kernel's, host function's or block's name; "" for a copy */
  uint32_t target_index, other_index; /* into kernels, host functions or blocks */
  uint32_t block, stage;
  const uint32_t *args;         /* values; DLC_NONE entries never occur */
  uint32_t arg_count, output_count;
  const uint32_t *dims;         /* slots */
  uint32_t dim_count;
  const uint32_t *extra;        /* see dlc_abi_step */
  uint32_t extra_count;
  const uint32_t *successors;   /* steps, counted from the stage's first */
  uint32_t successor_count, dependency_count;
  uint32_t tiles, scratch, flops, bytes; /* slots; DLC_NONE: none or unknown */
} dlc_inspect_step;
DLC_API dlc_status dlc_inspect_get_step(const dlc_model *model, uint32_t index, dlc_inspect_step *out);
/* Why the compiler chose the strategy of a dispatch, and passed over others; "" when it did not tell. */
DLC_API const char *dlc_inspect_step_reason(const dlc_model *model, uint32_t index);

typedef struct dlc_inspect_value {
  const char *name;
  uint32_t kind, dtype, rank, storage; /* enums dlc_kind, dlc_dtype, dlc_storage */
  uint32_t index;         /* see dlc_storage */
  uint32_t offset, size;  /* slots; DLC_NONE: 0, and unknown */
  const uint32_t *shape;  /* `rank` slots; null when the shape is known only at run time */
  uint32_t space;
} dlc_inspect_value;
DLC_API dlc_status dlc_inspect_get_value(const dlc_model *model, uint32_t index, dlc_inspect_value *out);

typedef struct dlc_inspect_constant {
  const char *name;
  uint32_t dtype;
  uint64_t offset, size; /* bytes; the offset in the weights, or in the block of prepared constants */
  const void *data;      /* null: prepared, for another CPU variant or by no context of the model yet */
} dlc_inspect_constant;
DLC_API dlc_status dlc_inspect_get_constant(const dlc_model *model, uint32_t index, dlc_inspect_constant *out);

/* A constant that a kernel makes of a smaller one. */
typedef struct dlc_inspect_preparation {
  const char *kernel;
  uint64_t stored, prepared; /* bytes in the artifact and in memory */
  uint64_t tiles;
  uint32_t used;             /* by the chosen CPU variant */
  uint64_t source;           /* offset in the weights of the `stored` bytes, which others may be made of too */
} dlc_inspect_preparation;
DLC_API uint32_t dlc_inspect_preparation_count(const dlc_model *model);
DLC_API dlc_status dlc_inspect_get_preparation(const dlc_model *model, uint32_t index, dlc_inspect_preparation *out);

typedef struct dlc_inspect_variable {
  const char *name;
  uint32_t constant; /* initial value; DLC_NONE: zeros */
  uint32_t size;     /* slot */
  uint32_t value;
  const char *output; /* the output that it takes its value from; "": none */
  uint32_t exchanged; /* 1: it has two buffers, which change places after each run */
  uint32_t copied;    /* 1: the output is copied to it, because no kernel can write it there */
} dlc_inspect_variable;
DLC_API dlc_status dlc_inspect_get_variable(const dlc_model *model, uint32_t index, dlc_inspect_variable *out);

DLC_API const char *dlc_inspect_kernel_name(const dlc_model *model, uint32_t index);
/* The address of a kernel's code in the chosen variant, for disassembly and debuggers. */
DLC_API const void *dlc_inspect_kernel_code(const dlc_model *model, uint32_t index);
DLC_API const char *dlc_inspect_variant_name(const dlc_model *model, uint32_t index);
DLC_API uint64_t dlc_inspect_variant_cpu(const dlc_model *model, uint32_t index);
/* The attributes of an op of the user as its first argument holds them (docs/abi.md): how many there are, of which at most
 * `room` are written; -1 when the bytes hold none. `data` must be aligned to 8 bytes. */
struct dlc_op_attribute;
DLC_API int64_t dlc_inspect_op_attributes(const void *data, size_t size, struct dlc_op_attribute *out, size_t room);
DLC_API const char *dlc_inspect_host_function_name(const dlc_model *model, uint32_t index);

/* 1 and *value when the slot's number is known without inputs; else 0. */
DLC_API int dlc_inspect_slot_constant(const dlc_model *model, uint32_t slot, int64_t *value);
/* The slot's formula over input dims, such as "batch * 64 + 12", into `text` (always terminated when size > 0).
 * Returns the length that it needs without the terminator, like snprintf. Very long formulas are shortened to "s17". */
DLC_API size_t dlc_inspect_slot_text(const dlc_model *model, uint32_t slot, char *text, size_t size);
/* One instruction of the dims program, such as "s7 = mul s3 s4", in the same way. */
DLC_API size_t dlc_inspect_instruction_text(const dlc_model *model, uint32_t index, char *text, size_t size);
/* The frames' total of an entry as a number or formula; stages whose sizes depend on data appear as "data(stage 3)". */
DLC_API size_t dlc_inspect_peak_text(const dlc_model *model, uint32_t entry, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
