#include "tools/dlc/Prepared.h"

namespace dlc {

llvm::Expected<Session> PreparedModel::start(unsigned threads) const {
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = threads;
  auto session = Session::create(model.get(), entry, options);
  if (!session) {
    return session.takeError();
  }
  if (llvm::Error error = session->bind(inputPorts, inputs)) {
    return error;
  }
  if (llvm::Error error = session->setStates(statePorts, states)) {
    return error;
  }
  return session;
}

llvm::Expected<PreparedModel> prepareModel(const ModelOptions &modelOptions, const InputOptions &inputOptions,
                                           bool isRandom) {
  PreparedModel prepared;
  auto model = openModel(modelOptions);
  if (!model) {
    return model.takeError();
  }
  prepared.model = std::move(*model);
  auto entry = findEntry(prepared.model.get(), modelOptions);
  if (!entry) {
    return entry.takeError();
  }
  prepared.entry = *entry;
  prepared.inputPorts = inputPorts(prepared.model.get(), *entry);
  prepared.statePorts = statePorts(prepared.model.get(), *entry);
  std::vector<Port> ports = prepared.inputPorts;
  llvm::append_range(ports, prepared.statePorts);
  auto values = gatherInputs(ports, inputOptions, isRandom);
  if (!values) {
    return values.takeError();
  }
  auto firstState = values->begin() + static_cast<ptrdiff_t>(prepared.inputPorts.size());
  prepared.states.assign(std::make_move_iterator(firstState), std::make_move_iterator(values->end()));
  values->erase(firstState, values->end());
  prepared.inputs = std::move(*values);
  return prepared;
}

} // namespace dlc
