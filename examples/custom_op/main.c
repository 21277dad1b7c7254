/* Runs model.so with the ops of libops.so, which are opened here; ops that are linked in are passed in the same way. */
#include "dlc/runtime.h"
#include <stdio.h>

int main(int argc, char **argv) {
  float x[] = {1.5f, 0.5f, 0.25f, 0.125f, 3};
  const struct dlc_op_library *libraries[1];
  dlc_model_options options = DLC_MODEL_OPTIONS_INIT;
  dlc_model *model = NULL;
  dlc_context *context = NULL;
  dlc_tensor input = DLC_TENSOR_INIT, outputs[2] = {DLC_TENSOR_INIT, DLC_TENSOR_INIT};
  input.dtype = DLC_F32, input.rank = 1, input.dims[0] = 5, input.data = x, input.byte_size = sizeof x;
  options.op_libraries = libraries, options.op_library_count = 1;
  int failed = argc != 3 || dlc_op_library_open(argv[2], &libraries[0]) || dlc_model_load_file(argv[1], &options, &model) ||
               dlc_context_create(model, NULL, &context) || dlc_run(context, 0, &input, 1, outputs, 2);
  if (failed) {
    fprintf(stderr, "%s\n", argc != 3 ? "usage: run MODEL.so LIBRARY.so" : dlc_last_error());
  }
  for (int k = 0; !failed && k < 2; ++k) {
    printf("%s:", k ? "twice" : "y");
    for (int64_t i = 0; i < outputs[k].dims[0]; ++i) {
      printf(" %g", ((const float *)outputs[k].data)[i]);
    }
    printf("\n");
  }
  dlc_context_destroy(context);
  dlc_model_release(model);
  return failed;
}
