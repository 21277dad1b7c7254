/* The C headers must be C: this is compiled as C11. Runs an entry of one f32 vector to another; 0 when all went well. */
#include "dlc/inspect.h"
#include "dlc/runtime.h"

int dlc_test_use_from_c(const dlc_abi_model *program, float *x, float *y, int64_t n) {
  dlc_model_options options = DLC_MODEL_OPTIONS_INIT;
  dlc_context_options context_options = DLC_CONTEXT_OPTIONS_INIT;
  dlc_host_function none = DLC_HOST_FUNCTION_INIT;
  dlc_tensor in = DLC_TENSOR_INIT, out = DLC_TENSOR_INIT;
  dlc_model *model = 0;
  dlc_context *context = 0;
  dlc_status status;
  (void)none;
  context_options.threads = 1;
  if (dlc_model_load_static(program, &options, &model) || dlc_context_create(model, &context_options, &context)) {
    dlc_model_release(model);
    return 1;
  }
  in.dtype = out.dtype = DLC_F32;
  in.rank = out.rank = 1;
  in.dims[0] = out.dims[0] = n;
  in.data = x;
  out.data = y;
  in.byte_size = out.byte_size = (size_t)n * sizeof(float);
  status = dlc_run(context, 0, &in, 1, &out, 1);
  dlc_context_destroy(context);
  dlc_model_release(model);
  return (int)status;
}
