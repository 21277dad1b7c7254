/* Two ops in a library: Clip3, elementwise, and TakeWhile, whose result's size depends on data. */
#include "dlc/custom_op.h"

/* --- com.example.Clip3: x * gain within [-limit, limit]; any floats of 32 bits, any sizes ------------------------- */

static int clipTypes(dlc_op_call *call) {
  if (call->inputs[0].dtype != DLC_F32) {
    return call->fail(call, "expected an input of f32");
  }
  if (dlc_op_float(call, "limit", 1) < 0) {
    return call->fail(call, "expected a limit that is not negative");
  }
  call->outputs[0].dtype = DLC_F32; /* the rank and the sizes are the input's: DLC_OP_SAME_SHAPE */
  return 0;
}

static int clipCompute(dlc_op_call *call) {
  const float *x = call->inputs[0].data;
  float *y = call->outputs[0].data, limit = dlc_op_float(call, "limit", 1), gain = dlc_op_float(call, "gain", 1);
  for (uint64_t i = 0; i < call->outputs[0].count; ++i) {
    float scaled = x[i] * gain;
    y[i] = scaled < -limit ? -limit : scaled > limit ? limit : scaled;
  }
  return 0;
}

/* --- com.example.TakeWhile: the first elements of a vector, up to the first that is below `least` ------------------ */

static int takeTypes(dlc_op_call *call) {
  if (call->inputs[0].dtype != DLC_F32 || call->inputs[0].rank != 1) {
    return call->fail(call, "expected a vector of f32");
  }
  call->outputs[0].dtype = DLC_F32;
  call->outputs[0].rank = 1;
  return 0;
}

static int takeShape(dlc_op_call *call) {
  const float *x = call->inputs[0].data; /* DLC_OP_SIZES_FROM_DATA: it is there */
  float least = dlc_op_float(call, "least", 0);
  int64_t count = 0;
  while (count < call->inputs[0].dims[0] && x[count] >= least) {
    ++count;
  }
  call->outputs[0].dims[0] = count;
  return 0;
}

static int takeCompute(dlc_op_call *call) {
  memcpy(call->outputs[0].data, call->inputs[0].data, call->outputs[0].count * sizeof(float));
  return 0;
}

static const dlc_custom_op clip = {
    sizeof clip, "com.example", "Clip3", 1, 0, 1, 1, 1, DLC_OP_SAME_SHAPE, clipTypes, 0, clipCompute, 0, 0};
static const dlc_custom_op take = {
    sizeof take, "com.example", "TakeWhile", 1, 0, 1, 1, 1, DLC_OP_SIZES_FROM_DATA, takeTypes, takeShape, takeCompute, 0, 0};
static const dlc_custom_op *const ops[] = {&clip, &take};

const dlc_op_library *dlc_op_library_get(void) {
  static const dlc_op_library library = {sizeof library, DLC_OP_ABI_VERSION, 2, "example", ops};
  return &library;
}
