/* dlc/abi.h: the layout of a compiled model, shared by the compiler (writer) and the engine (reader).
 *
 * A model is one read-only blob ("program") followed by a relocated "links" block, the kernels' machine code and the
 * weights. Everything in the program is reached by offsets from its header and by indices; there are no pointers, so
 * an artifact needs no dynamic relocation and can be mapped anywhere. All integers are little-endian.
 *
 * Tables carry their entry's size (`stride`): a newer engine reads older, shorter entries, and takes the fields that
 * are missing as zero. Index DLC_NONE means "absent". The engine checks every offset and index before use.
 */
#ifndef DLC_ABI_H
#define DLC_ABI_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI_MAGIC "dlcmodel"            /* 8 bytes, no terminator */
#define DLC_ABI_VERSION 1u                  /* raised only when an older engine could misread a new artifact */
#define DLC_NONE 0xffffffffu
#define DLC_ABI_ALIGNMENT 64                /* of every buffer that a kernel sees; weights start on a page */

/* Bits of dlc_abi_model.features: what an engine must understand to run the model. Unknown bits are refused. */
#define DLC_FEATURE_CONTROL_FLOW (1ull << 0) /* if, loop and call steps */
#define DLC_FEATURE_STAGES (1ull << 1)       /* sizes that depend on data */
#define DLC_FEATURE_HOST_CALLS (1ull << 2)
#define DLC_FEATURE_VARIABLES (1ull << 3)
#define DLC_FEATURE_DEVICE_CUDA (1ull << 4)
#define DLC_FEATURE_SPECIALISATIONS (1ull << 5) /* entries of one name, of which a run takes one */
#define DLC_FEATURE_VARIANT_ENTRIES (1ull << 6)  /* entries that are for one CPU variant */
#define DLC_FEATURE_PREPARED (1ull << 7)         /* constants that kernels make of others before the first run */
#define DLC_FEATURE_COUNTED_LOOPS (1ull << 8)    /* loops that run as often as a slot says */

/* Element types carry the numbers of ONNX's TensorProto.DataType. Sub-byte types are packed, low bits first. */
enum dlc_dtype {
  DLC_UNDEFINED = 0, DLC_F32 = 1, DLC_U8 = 2, DLC_I8 = 3, DLC_U16 = 4, DLC_I16 = 5, DLC_I32 = 6, DLC_I64 = 7,
  DLC_STRING = 8, DLC_BOOL = 9, DLC_F16 = 10, DLC_F64 = 11, DLC_U32 = 12, DLC_U64 = 13, DLC_C64 = 14, DLC_C128 = 15,
  DLC_BF16 = 16, DLC_F8E4M3FN = 17, DLC_F8E4M3FNUZ = 18, DLC_F8E5M2 = 19, DLC_F8E5M2FNUZ = 20, DLC_U4 = 21,
  DLC_I4 = 22, DLC_F4E2M1 = 23, DLC_F8E8M0 = 24, DLC_U2 = 25, DLC_I2 = 26
};

/* What a value is. Only tensors of fixed-width elements live in planned memory; the others belong to the engine. */
enum dlc_kind { DLC_KIND_TENSOR = 0, DLC_KIND_STRINGS = 1, DLC_KIND_SEQUENCE = 2, DLC_KIND_OPTIONAL = 3, DLC_KIND_MAP = 4 };

/* Where a value's bytes are. */
enum dlc_storage {
  DLC_STORAGE_NONE = 0,     /* an optional operand that is absent */
  DLC_STORAGE_INPUT = 1,    /* index: position among the entry's inputs */
  DLC_STORAGE_OUTPUT = 2,   /* index: position among the entry's outputs; the caller's buffer, or the context's */
  DLC_STORAGE_CONSTANT = 3, /* index: into constants */
  DLC_STORAGE_FRAME = 4,    /* index: the stage whose frame holds it, at `offset` */
  DLC_STORAGE_ALIAS = 5,    /* index: the value whose bytes it shares, starting at `offset` */
  DLC_STORAGE_VARIABLE = 6, /* index: into variables; lives as long as the context */
  DLC_STORAGE_DYNAMIC = 7   /* allocated by the engine when a host call or a block produces it */
};

/* The integer program that computes sizes. Every instruction writes one slot (int64) of the context's slot array. */
enum dlc_dim_op {
  DLC_DIM_CONST = 0,     /* dst = imm */
  DLC_DIM_ADD = 1,       /* dst = slot[a] + slot[b] */
  DLC_DIM_MUL = 2,       /* dst = slot[a] * slot[b] */
  DLC_DIM_FLOORDIV = 3,  /* dst = floor(slot[a] / slot[b]); error when slot[b] is 0 */
  DLC_DIM_MOD = 4,       /* dst = slot[a] - slot[b] * floor(slot[a] / slot[b]) */
  DLC_DIM_MIN = 5,       /* dst = min(slot[a], slot[b]) */
  DLC_DIM_MAX = 6,       /* dst = max(slot[a], slot[b]) */
  DLC_DIM_VALUE_DIM = 7, /* dst = dimension b of value a (inputs, dynamic values, block parameters); b 0 of a sequence:
                            its length */
  DLC_DIM_READ = 8,      /* dst = element b of the integer, bool or float tensor value a, truncated toward zero */
  DLC_DIM_CHECK_EQ = 9,  /* dst = slot[a]; the run fails unless slot[a] == slot[b]; imm: string, what is compared */
  DLC_DIM_CHECK_LE = 10, /* dst = slot[a]; the run fails unless slot[a] <= slot[b]; imm: string */
  DLC_DIM_COUNT_INPUT = 11 /* dst = 1 when value a, an input, was given, else 0 (optional graph inputs) */
};
/* Any overflow of int64, and any negative size, fails the run with an error. A slot has one instruction that writes it,
 * and is read only where that instruction has run: later in its stage, in later stages of its block, and in blocks that
 * those run. Numbers that depend on neither inputs nor data are there from the start, and may be read anywhere. Values
 * and the frames that hold them are used where they are known in the same sense. */

typedef struct dlc_abi_table { uint64_t offset; uint32_t count; uint32_t stride; } dlc_abi_table;

/* A run of entries in the index pool (uint32). */
typedef struct dlc_abi_range { uint32_t first; uint32_t count; } dlc_abi_range;

typedef struct dlc_abi_dim_instr { uint32_t op, dst, a, b; int64_t imm; } dlc_abi_dim_instr;

typedef struct dlc_abi_value {
  uint32_t name;            /* string */
  uint8_t kind, dtype, rank, storage;
  uint32_t index;           /* see dlc_storage */
  uint32_t shape;           /* first of `rank` slots in the index pool */
  uint32_t offset;          /* slot: bytes into the frame or the aliased value; DLC_NONE: 0 */
  uint32_t size;            /* slot: bytes; DLC_NONE when unknown (dynamic) */
  uint32_t space;           /* memory space; 0 is the host's memory */
} dlc_abi_value;

/* A dimension of an input or output as the user sees it. */
typedef struct dlc_abi_port_dim {
  int64_t size;             /* -1: symbolic */
  uint32_t symbol;          /* string: "batch", or a formula such as "floordiv(seq, 2)"; DLC_NONE when static, but for the
                               sizes of specialisations that have a name in the source */
  uint32_t slot;            /* where its size is after the dims were computed */
  int64_t min, max;         /* what this specialisation accepts; max -1: unbounded */
} dlc_abi_port_dim;

typedef struct dlc_abi_port {
  uint32_t name, doc;       /* strings */
  uint32_t value;
  uint8_t kind, dtype, rank, flags;  /* flags: DLC_PORT_* */
  uint32_t dims;            /* first of `rank` entries of port_dims */
  uint32_t type;            /* string: the type in words, for sequences, optionals and maps */
} dlc_abi_port;
#define DLC_PORT_OPTIONAL 1u
#define DLC_PORT_FEEDBACK 2u /* held by a variable: the caller neither gives nor takes it */

/* With DLC_FEATURE_SPECIALISATIONS, entries of the same name that follow each other are alternatives with equal ports:
 * a run takes the first that accepts the sizes of its inputs. */
typedef struct dlc_abi_entry {
  uint32_t name;            /* string: "main", "step", "init", ... */
  uint32_t block;
  uint32_t first_input, input_count;   /* of ports */
  uint32_t first_output, output_count; /* of ports */
  uint32_t variant;         /* 0: for all; else 1 + the only variant that has it, and whose code it runs */
} dlc_abi_entry;

/* A block is a list of stages, run in order. Sizes needed by a stage are computed when it starts. */
typedef struct dlc_abi_block { uint32_t name; uint32_t first_stage, stage_count; dlc_abi_range params, results; /* values */ } dlc_abi_block;

typedef struct dlc_abi_stage {
  uint32_t first_instr, instr_count;  /* of the dims program */
  uint32_t first_step, step_count;
  uint32_t frame_size;                /* slot: bytes */
  uint32_t frame_value;               /* value of an enclosing block that holds the frame; DLC_NONE: the engine does */
  uint32_t flags;                     /* DLC_STAGE_* */
} dlc_abi_stage;
#define DLC_STAGE_STATIC 1u           /* nothing in the stage depends on symbols: evaluate once */

enum dlc_step_kind { DLC_STEP_DISPATCH = 0, DLC_STEP_HOST_CALL = 1, DLC_STEP_IF = 2, DLC_STEP_LOOP = 3, DLC_STEP_CALL = 4, DLC_STEP_COPY = 5 };

/* One unit of scheduling. A step starts when all steps that it depends on have finished.
 *   DISPATCH   target: kernel; args: values, in the kernel's order; dims: slots; tiles: slot
 *   HOST_CALL  target: host function; args: `output_count` result values last; dims: slots, integer attributes
 *   IF         target, other: then and else blocks; args: condition, then the result values
 *              (result i of the block that ran is copied or moved to result value i)
 *   LOOP       target: body block; extra: trip count (value or DLC_NONE), condition (or DLC_NONE), iteration parameter,
 *              condition parameter (or DLC_NONE), condition result (or DLC_NONE), n carried, then per carried value
 *              {initial, parameter, result, final}, then n scanned, per scanned value {result, final}: rows are stacked;
 *              dims: nothing, or the slot of the trip count, and then no value is (DLC_FEATURE_COUNTED_LOOPS)
 *   CALL       target: block; extra: n, then {argument, parameter} pairs, m, then {result, value} pairs
 *   COPY       args: source, destination (same byte size) */
typedef struct dlc_abi_step {
  uint8_t kind, device, queue, flags;
  uint32_t name;                 /* string: the source nodes, joined by '+' */
  uint32_t strategy;             /* string: the kernel strategy, for inspection */
  uint32_t target, other;
  dlc_abi_range args, dims, extra; /* index pool */
  uint32_t output_count;         /* how many of args, at their end, are written */
  uint32_t tiles;                /* slot: number of tiles; the step is skipped when it is 0 */
  uint32_t scratch;              /* slot: bytes of scratch per worker; DLC_NONE: none */
  uint32_t dependency_count;     /* steps of the stage that must finish first */
  dlc_abi_range successors;      /* index pool: steps of the stage, counted from its first */
  uint32_t flops, bytes;         /* slots: arithmetic and memory traffic, for profiles; DLC_NONE: unknown */
  uint32_t reason;               /* 1 + string: why this strategy, for inspection; 0: not told */
} dlc_abi_step;

/* Strings (values of DLC_KIND_STRINGS) of n elements: n + 1 uint64 offsets into the bytes that follow them. */
typedef struct dlc_abi_constant {
  uint64_t offset, size;    /* into the weights or, where it is prepared, into the prepared constants */
  uint32_t name, dtype;
  uint32_t preparation;     /* 0: it is in the weights; else 1 + the preparation that writes it */
  uint32_t reserved;
} dlc_abi_constant;
/* A kernel's run that writes prepared constants: its buffers are the source and the result. The engine runs all tiles of
 * all preparations of its variant, in any order, once for all contexts of a model, before the first of them runs. Results
 * of one variant share no bytes and lie in the order of the table; those of different variants may overlap. */
typedef struct dlc_abi_preparation {
  uint64_t source, source_size; /* into the weights, behind dlc_abi_model.sources */
  uint64_t offset, size;        /* into the prepared constants; DLC_ABI_ALIGNMENT-aligned */
  uint64_t tiles;
  uint32_t name, kernel;
  dlc_abi_range dims;           /* index pool: pairs of low and high halves of the kernel's dims */
  uint32_t variant;             /* 0: for all; else 1 + the only variant that has it */
  uint32_t reserved;
} dlc_abi_preparation;
typedef struct dlc_abi_variable { uint32_t name; uint32_t constant; /* initial value; DLC_NONE: zeros */ uint32_t size; /* slot */ uint32_t value; } dlc_abi_variable;
/* Values: after a run, output is kept for input, which is a variable. Where the output's port is DLC_PORT_FEEDBACK, the
 * variable has a second buffer, which takes its place when the run succeeded. */
typedef struct dlc_abi_feedback { uint32_t entry; uint32_t output, input; } dlc_abi_feedback;
typedef struct dlc_abi_kernel { uint32_t name; uint32_t flags; } dlc_abi_kernel;
typedef struct dlc_abi_variant { uint32_t name; uint32_t reserved; uint64_t cpu; /* DLC_CPU_* it needs */ } dlc_abi_variant;
typedef struct dlc_abi_host_function { uint32_t name; uint32_t version; } dlc_abi_host_function;
typedef struct dlc_abi_space { uint32_t name; uint32_t kind; /* 0 host, 1 CUDA */ } dlc_abi_space;
typedef struct dlc_abi_metadata { uint32_t key, value; } dlc_abi_metadata; /* strings */

#define DLC_CPU_AVX2 (1ull << 0) /* x86-64-v3: avx2, fma, f16c, bmi2 */
#define DLC_CPU_AVX512 (1ull << 1) /* x86-64-v4: f, bw, cd, dq, vl */
#define DLC_CPU_AVX512_VNNI (1ull << 2)
#define DLC_CPU_AVX512_BF16 (1ull << 3)
#define DLC_CPU_AVX_VNNI (1ull << 4)
#define DLC_CPU_AVX512_FP16 (1ull << 5)
#define DLC_CPU_AMX_INT8 (1ull << 6)
#define DLC_CPU_AMX_BF16 (1ull << 7)

typedef struct dlc_abi_model {
  char magic[8];
  uint32_t struct_size;     /* of this header */
  uint32_t abi_version;
  uint64_t features;
  uint64_t program_size;    /* bytes, from the header, that tables may occupy; dlc_abi_links follows */
  uint64_t checksum;        /* FNV-1a 64 of the program with this field taken as 0 */
  uint64_t weights_size;
  uint32_t name, producer;  /* strings: the model's name; the compiler and its version */
  uint64_t strings, strings_size; /* offset and size of the string bytes; a string is an offset into them, 0-terminated */
  uint32_t slot_count;      /* length of the slot array */
  uint32_t reserved;
  dlc_abi_table index_pool; /* uint32 */
  dlc_abi_table dim_program, values, port_dims, ports, entries, blocks, stages, steps, constants, variables, feedback,
      kernels, variants, host_functions, spaces, metadata;
  /* Headers without DLC_FEATURE_PREPARED may end here. */
  dlc_abi_table preparations;
  uint64_t prepared_size;   /* bytes of the prepared constants of any one variant */
  uint64_t sources;         /* offset into the weights, at a page: from here on, only preparations read them */
} dlc_abi_model;

/* At header + program_size, 8-aligned. Each field holds its target's address minus its own address. */
typedef struct dlc_abi_links {
  int64_t weights;          /* 0 when there are none */
  int64_t kernels[1];       /* variant_count * kernel_count entries: kernels[variant * kernel_count + kernel]; 0 where the
                               variant's entries do not run the kernel */
} dlc_abi_links;

/* A kernel computes tiles [begin, end) of a step. It has no state, allocates nothing, and knows of no threads.
 * `buffers` holds one pointer per value of the step; `dims` the step's slots, in order; `scratch` at least the step's
 * scratch bytes, DLC_ABI_ALIGNMENT-aligned, private to the caller. Returns a dlc_kernel_status. */
typedef int32_t (*dlc_kernel_fn)(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch);
enum dlc_kernel_status { DLC_KERNEL_OK = 0, DLC_KERNEL_INDEX_OUT_OF_RANGE = 1, DLC_KERNEL_DIVISION_BY_ZERO = 2 };

/* The ELF note ("dlc", type 1) of a shared object: what a loader needs before it maps anything. Written last. */
typedef struct dlc_abi_note {
  uint32_t struct_size, abi_version;
  uint64_t model_address;   /* virtual address of the dlc_abi_model */
  uint64_t file_size;
  uint64_t weights_offset, weights_size; /* in the file */
  uint64_t checksum;        /* FNV-1a 64 of the file, less this field and the weights */
} dlc_abi_note;
#define DLC_NOTE_TYPE 1u

#ifdef __cplusplus
}
#endif
#endif
