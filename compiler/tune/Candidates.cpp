//===- Candidates.cpp - a kernel made in several ways, in this process -------------------------------------===//
#include "compiler/tune/Candidates.h"
#include "compiler/emit/Objects.h"
#include "compiler/passes/Kernels.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"

namespace dlc::tune {
namespace {
/// Tiles that are enough for any number of threads that shares one kernel.
constexpr int64_t kManyTiles = 64;

int64_t constantOf(mlir::func::FuncOp kernel, llvm::StringRef attribute) {
  auto formula = kernel->getAttrOfType<dim::ExprAttr>(attribute);
  return formula ? dim::getConstant(formula).value_or(0) : 0;
}

/// Emits the loops of a choice into `kernels`, under its own name.
mlir::FailureOr<Candidate> emitCandidate(mlir::func::FuncOp kernel, const cpu::KernelChoice &choice,
                                         const cpu::TargetInfo &target, mlir::ModuleOp kernels) {
  mlir::func::FuncOp copy = kernel.clone();
  kernels.push_back(copy);
  cpu::choose(copy, choice);
  Candidate candidate;
  candidate.choice = choice;
  if (mlir::failed(cpu::findStrategy(choice.strategy)->emit(copy, target, candidate.packed))) {
    return mlir::failure();
  }
  candidate.tiles = constantOf(copy, kTilesAttr);
  candidate.scratchBytes = constantOf(copy, kScratchAttr);
  return candidate;
}

/// A call of oneDNN, whose weights are copied as the others' packed ones are.
Candidate libraryCandidate(mlir::func::FuncOp kernel, const cpu::KernelChoice &choice, const LibraryKernels &library) {
  Candidate candidate;
  candidate.choice = choice;
  candidate.tiles = 1;
  candidate.packed.push_back({cpu::weightsArgument(kernel), [](const nn::Tensor &weights) { return weights; }, ""});
  candidate.makeCall = [kernel, &library] { return library.make(kernel); };
  return candidate;
}

std::string textOf(mlir::func::FuncOp func) {
  std::string text;
  llvm::raw_string_ostream os(text);
  func.getBody().getBlocks().front().print(os);
  return text;
}

llvm::Error load(std::vector<Object> objects, std::vector<Candidate> &candidates, llvm::ArrayRef<std::string> symbols) {
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> made = llvm::orc::LLJITBuilder().create();
  if (!made) {
    return made.takeError();
  }
  std::shared_ptr<llvm::orc::LLJIT> jit = std::move(*made);
  for (const Object &object : objects) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()));
    if (llvm::Error error = jit->addObjectFile(std::move(buffer))) {
      return error;
    }
  }
  for (auto [candidate, symbol] : llvm::zip_equal(candidates, symbols)) {
    llvm::Expected<llvm::orc::ExecutorAddr> address = jit->lookup(symbol);
    if (!address) {
      return address.takeError();
    }
    candidate.function = address->toPtr<KernelFunction>();
    candidate.code = jit;
  }
  return llvm::Error::success();
}
} // namespace

std::vector<mlir::RankedTensorType> bufferTypes(mlir::func::FuncOp kernel) {
  std::vector<mlir::RankedTensorType> types;
  for (mlir::Type type : llvm::concat<const mlir::Type>(kernel.getArgumentTypes(), kernel.getResultTypes())) {
    types.push_back(llvm::cast<mlir::RankedTensorType>(type));
  }
  return types;
}

mlir::FailureOr<std::vector<Candidate>> makeCandidates(mlir::func::FuncOp kernel, const CompileOptions &options,
                                                       llvm::ArrayRef<cpu::KernelChoice> choices, int64_t tiles,
                                                       CompileLoops compile) {
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(kernel.getLoc());
  mlir::ModuleOp kernels = getKernelModule(*module);
  std::vector<Candidate> candidates;
  std::vector<std::string> symbols;
  llvm::StringSet<> known;
  std::vector<Candidate> calls;
  for (const cpu::KernelChoice &choice : choices) {
    if (choice.strategy == kOneDnnStrategy) {
      calls.push_back(libraryCandidate(kernel, choice, *options.tuning->library));
      continue;
    }
    mlir::FailureOr<Candidate> candidate = emitCandidate(kernel, choice, options.target, kernels);
    if (mlir::failed(candidate)) {
      return kernel.emitError() << "could not make a kernel to measure as " << choice.text();
    }
    auto func = llvm::cast<mlir::func::FuncOp>(kernels.getBody()->back());
    tiles = tiles ? tiles : candidate->tiles;
    if (!known.insert(textOf(func)).second || candidate->tiles < std::min(tiles, kManyTiles)) {
      func.erase();
      continue;
    }
    func.setSymName("candidate" + std::to_string(candidates.size()));
    symbols.push_back(emit::kernelSymbol(options.name + options.kernelTag, func.getSymName()));
    candidates.push_back(std::move(*candidate));
  }
  if (candidates.empty()) {
    return calls;
  }
  mlir::FailureOr<std::vector<Object>> objects = compile(*module);
  if (mlir::failed(objects)) {
    return mlir::failure();
  }
  if (llvm::Error error = load(std::move(*objects), candidates, symbols)) {
    return kernel.emitError() << "could not load a kernel to measure: " << llvm::toString(std::move(error));
  }
  std::move(calls.begin(), calls.end(), std::back_inserter(candidates));
  return candidates;
}
} // namespace dlc::tune
