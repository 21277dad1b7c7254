/// \file `dlc verify`: a compiled model beside its reference.
#ifndef DLC_TOOLS_DLC_VERIFIER_H
#define DLC_TOOLS_DLC_VERIFIER_H

#include "tools/common/Session.h"
#include "tools/dlc/SourceModel.h"
#include "tools/dlc/Verify.h"

namespace dlc {

struct VerifyOptions {
  SourceOptions source;
  std::vector<std::string> data;
  bool isLayered = false, isJson = false, isScheduled = false;
  double tolerance = 0;
  uint64_t seed = 0;
  unsigned threads = 0;
  unsigned steps = 0; ///< runs in a row; 0: one, several where there is state
};

/// A run's outputs, and what it left in the state.
struct StepReport {
  std::vector<OutputCheck> checks;    ///< outputs, layers, states
  std::vector<std::string> unchecked; ///< outputs without a stored value
};

/// What came of one data set.
struct Report {
  std::string data;           ///< its folder; empty for random inputs
  std::string specialisation; ///< which one, when there are several and the inputs are random
  bool isStored = false;      ///< the first step was compared with stored outputs, not with the reference
  std::vector<StepReport> steps;
  std::vector<std::string> problems; ///< beside those of outputs
  bool passed() const;
};

/// A model and its reference: the module as it was imported.
class Verifier {
public:
  explicit Verifier(const VerifyOptions &options) : options(options) {}

  /// Imports and compiles.
  llvm::Error build();

  /// How many checks of a step are those of layers. They come after the outputs, and before the states.
  size_t layerCount() const { return layers.size(); }
  size_t stateCount() const { return states.size(); }
  /// Ops of libraries, which the reference asks for them too: "com.example:Reverse".
  std::vector<std::string> libraryOps();

  /// How many there are. Random inputs are for one each; stored ones choose theirs.
  size_t specialisations() const { return dlc_model_specialisation_count(model.get(), 0); }

  /// Compares with the outputs stored in `folder`; where there are none, with the reference on the inputs stored there;
  /// where `folder` is empty, with the reference of a specialisation on random inputs. Steps after the first are always
  /// compared with the reference; each side gets the state that it left itself.
  llvm::Expected<Report> verify(const std::string &folder, size_t specialisation);

private:
  using Values = std::vector<std::optional<HostValue>>;
  /// The inputs of runs in a row, and the state that the first begins with (nothing: as the model does).
  struct Inputs {
    std::vector<Values> steps;
    Values state;
  };
  /// Per step, what `results` are.
  using Results = std::vector<std::vector<HostValue>>;

  llvm::Expected<Inputs> takeInputs(const std::string &folder, size_t specialisation) const;
  llvm::Expected<Results> run(const Inputs &inputs, unsigned threads, uint64_t tileOrder) const;
  llvm::Expected<std::vector<Values>> takeExpected(const Inputs &inputs, size_t specialisation, Report &report);
  llvm::Expected<std::vector<Values>> evaluate(const Inputs &inputs, size_t specialisation);
  llvm::Error compareSchedules(const Inputs &inputs, const Results &first, Report &report) const;
  StepReport compare(const Values &expected, const std::vector<HostValue> &actual) const;
  /// Of a data set's files: state is not where the source has it.
  std::vector<std::string> sourceNames(const std::vector<std::string> &names) const;

  const VerifyOptions &options;
  SourceModel source;
  Bounds bounds;
  std::vector<std::string> layers;
  std::vector<Port> states;  ///< inputs that are state
  std::vector<Port> results; ///< outputs, with the layers, then what becomes the states
  mlir::OwningOpRef<mlir::ModuleOp> reference;
  std::unique_ptr<llvm::MemoryBuffer> artifact;
  ModelHandle model;
};

/// The first specialisation that takes values of these types (nothing: absent); 0 when none does, which the engine
/// tells.
size_t specialisationFor(const dlc_model *model, const std::vector<std::optional<HostValue>> &inputs);
/// The inputs of a specialisation; `minimum` is made such that none before it takes that size.
std::vector<Port> inputsOnlyFor(const dlc_model *model, size_t specialisation);

} // namespace dlc

#endif // DLC_TOOLS_DLC_VERIFIER_H
