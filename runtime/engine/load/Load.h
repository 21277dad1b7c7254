// Loading a model from wherever its bytes are.
#pragma once
#include "model/Model.h"

namespace dlc::rt {

dlc_status loadFile(const char *path, uint64_t offset, uint64_t size, const dlc_model_options &options, dlc_model *&out,
                    Error &error);
dlc_status loadMemory(const void *data, size_t size, const dlc_model_options &options, dlc_model *&out, Error &error);
dlc_status loadStatic(const dlc_abi_model *program, const dlc_model_options &options, dlc_model *&out, Error &error);

} // namespace dlc::rt
