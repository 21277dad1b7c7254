/// \file Stored inputs and outputs of a model: a folder with input_N.pb and output_N.pb, as ONNX's backend tests have.
#ifndef DLC_TOOLS_COMMON_DATASET_H
#define DLC_TOOLS_COMMON_DATASET_H

#include "tools/common/Session.h"

namespace dlc {

/// The values of the files `<folder>/<stem>_N.pb`, per port (nothing where no file is for it). A file belongs to the
/// port that it names, or else to the port with the name `names[N]` (`names` empty: to port N). Small floats that a
/// file holds as integers of their bits are turned back.
llvm::Expected<std::vector<std::optional<HostValue>>> readDataSet(llvm::StringRef folder, llvm::StringRef stem,
                                                                  const std::vector<Port> &ports,
                                                                  const std::vector<std::string> &names = {});

/// The data sets that belong to a model file: `<model>.test_data_set_N` or `test_data_set_N` beside it, in order.
std::vector<std::string> findDataSets(llvm::StringRef modelPath);

/// Runs entry 0 of a model once. `inputs` has one value per input port; the result has one per output port.
llvm::Expected<std::vector<HostValue>> runOnce(const dlc_model *model,
                                               const std::vector<std::optional<HostValue>> &inputs,
                                               const dlc_context_options &options);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_DATASET_H
