/* Classifies a drawn digit with a model that is part of the program: no model file, no C++, no other library. */
#include "digits.h"
#include <stdio.h>

enum { SIDE = DIGITS_INPUT_IMAGE_DIM2, CLASSES = DIGITS_OUTPUT_PROBABILITIES_DIM1 };

/* Reads a plain PGM (P2) of SIDE x SIDE pixels as light (1) on dark (0). */
static int readImage(const char *path, float *pixels) {
  int width = 0, height = 0, most = 0, count = 0, value;
  FILE *file = fopen(path, "r");
  if (!file) {
    return 0;
  }
  if (fscanf(file, "P2 %d %d %d", &width, &height, &most) == 3 && width == SIDE && height == SIDE && most > 0) {
    while (count < SIDE * SIDE && fscanf(file, "%d", &value) == 1) {
      pixels[count++] = (float)value / (float)most;
    }
  }
  fclose(file);
  return count == SIDE * SIDE;
}

static dlc_status classify(const float *pixels, float *probabilities) {
  dlc_model *model = NULL;
  dlc_context *context = NULL;
  dlc_tensor input = digits_input_image(pixels, 1), output = digits_output_probabilities(probabilities, 1);
  dlc_status status = digits_load(NULL, &model);
  if (status == DLC_OK) {
    status = dlc_context_create(model, NULL, &context);
  }
  if (status == DLC_OK) {
    status = dlc_run(context, DIGITS_ENTRY, &input, DIGITS_INPUT_COUNT, &output, DIGITS_OUTPUT_COUNT);
  }
  dlc_context_destroy(context);
  dlc_model_release(model);
  return status;
}

int main(int argc, char **argv) {
  float pixels[SIDE * SIDE], probabilities[CLASSES];
  int best = 0;
  if (argc != 2 || !readImage(argv[1], pixels)) {
    fprintf(stderr, "usage: %s IMAGE.pgm (plain PGM of %d x %d pixels)\n", argv[0], SIDE, SIDE);
    return 2;
  }
  if (classify(pixels, probabilities) != DLC_OK) {
    fprintf(stderr, "error: %s\n", dlc_last_error());
    return 1;
  }
  for (int i = 1; i < CLASSES; ++i) {
    best = probabilities[i] > probabilities[best] ? i : best;
  }
  printf("%d (%.1f%%)\n", best, 100.0 * probabilities[best]);
  return 0;
}
