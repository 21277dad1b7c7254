//===- Objects.cpp - kernels and tables to object code ----------------------------------------------===//
#include "compiler/emit/Objects.h"
#include "compiler/CompileProgress.h"
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/EmitObject.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::emit {
namespace {
/// Kernels are compiled in this many objects at most, whatever the machine: bytes do not depend on it.
constexpr size_t kMostObjects = 16;

std::string identifier(llvm::StringRef name) {
  std::string text;
  for (char c : name) {
    text.push_back(llvm::isAlnum(c) ? c : '_');
  }
  return text;
}

/// Kernels spread over at most `most` modules, in order, by their number of ops.
std::vector<mlir::OwningOpRef<mlir::ModuleOp>> partition(mlir::ModuleOp kernels, const CompileOptions &options, size_t most) {
  std::vector<std::pair<size_t, mlir::func::FuncOp>> sized;
  size_t total = 0;
  for (auto func : kernels.getOps<mlir::func::FuncOp>()) {
    size_t ops = 0;
    func.walk([&](mlir::Operation *) { ++ops; });
    sized.push_back({ops, func});
    total += ops;
  }
  size_t target = std::max<size_t>(total / most + 1, 512), current = 0;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  for (auto [ops, func] : sized) {
    if (modules.empty() || current >= target) {
      modules.push_back(mlir::ModuleOp::create(kernels.getLoc()));
      current = 0;
    }
    current += ops;
    func->remove();
    func.setSymName(kernelSymbol(options.name + options.kernelTag, func.getSymName()));
    modules.back()->push_back(func);
  }
  return modules;
}

/// Translates one module; safe to run beside others, each with its own context.
llvm::Expected<std::unique_ptr<llvm::Module>> translateOne(mlir::ModuleOp module, llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> llvmModule = cpu::translateKernels(module, context);
  if (!llvmModule) {
    return llvm::createStringError("could not translate kernels to LLVM IR");
  }
  for (llvm::Function &f : *llvmModule) {
    if (!f.isDeclaration() && !f.hasLocalLinkage()) {
      f.setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
  }
  return llvmModule;
}

llvm::Expected<Bytes> compileOne(mlir::ModuleOp module, const CompileOptions &options) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> llvmModule = translateOne(module, context);
  return llvmModule ? cpu::optimizeAndEmitObject(**llvmModule, options.target, options.optLevel) : llvmModule.takeError();
}
} // namespace

std::string modelSymbol(llvm::StringRef name) { return "dlc_model_" + identifier(name); }
std::string kernelSymbol(llvm::StringRef name, llvm::StringRef kernel) { return "dlc_" + identifier(name) + "_" + identifier(kernel); }
std::string weightsSymbol(llvm::StringRef name) { return "dlc_weights_" + identifier(name); }

mlir::FailureOr<KernelTexts> kernelTexts(mlir::ModuleOp kernels, const CompileOptions &options, LowerKernels lower) {
  mlir::OwningOpRef<mlir::ModuleOp> copy(kernels.clone());
  KernelTexts texts;
  for (mlir::OwningOpRef<mlir::ModuleOp> &module : partition(*copy, options, 1)) {
    llvm::LLVMContext context;
    if (mlir::failed(lower(*module))) {
      return mlir::failure();
    }
    llvm::Expected<std::unique_ptr<llvm::Module>> llvmModule = translateOne(*module, context);
    if (!llvmModule) {
      return kernels.emitError() << llvm::toString(llvmModule.takeError());
    }
    llvm::raw_string_ostream stream(texts.ir);
    (*llvmModule)->print(stream, nullptr);
    llvm::Expected<Bytes> text = cpu::optimizeAndEmitObject(**llvmModule, options.target, options.optLevel, true);
    if (!text) {
      return kernels.emitError() << llvm::toString(text.takeError());
    }
    texts.assembly.append(text->begin(), text->end());
  }
  return texts;
}

mlir::FailureOr<std::vector<Bytes>> compileKernels(mlir::ModuleOp kernels, const CompileOptions &options, LowerKernels lower) {
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules = partition(kernels, options, kMostObjects);
  std::vector<Bytes> objects(modules.size());
  std::vector<std::string> errors(modules.size());
  for (auto &module : modules) {
    if (mlir::failed(lower(*module))) {
      return mlir::failure();
    }
  }
  std::atomic<unsigned> done = 0;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(options.threads));
  for (size_t i = 0; i < modules.size(); ++i) {
    pool.async([&, i] {
      llvm::Expected<Bytes> object = compileOne(*modules[i], options);
      object ? void(objects[i] = std::move(*object)) : void(errors[i] = llvm::toString(object.takeError()));
      if (options.progress) {
        options.progress->set("machine code", 700 + 250 * ++done / unsigned(modules.size()));
      }
    });
  }
  pool.wait();
  for (const std::string &error : errors) {
    if (!error.empty()) {
      return kernels.emitError() << error;
    }
  }
  return objects;
}

llvm::Expected<Bytes> programObject(const Program &program, const CompileOptions &options, bool note) {
  llvm::LLVMContext context;
  llvm::Module module("program", context);
  auto *i64 = llvm::Type::getInt64Ty(context), *i8 = llvm::Type::getInt8Ty(context);
  auto *blobType = llvm::ArrayType::get(i8, program.bytes.size());
  auto *linksType = llvm::ArrayType::get(i64, 1 + program.variantCount * program.kernels.size());
  auto *type = llvm::StructType::get(context, {blobType, linksType});
  auto *global = new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::ExternalLinkage, nullptr, modelSymbol(options.name));
  global->setAlignment(llvm::Align(4096));
  // Bound to itself: its links need no relocation that a loader would apply.
  global->setVisibility(llvm::GlobalValue::ProtectedVisibility);
  global->setSection(".rodata.dlc");
  // Each link is its target's address minus its own.
  auto link = [&](llvm::Constant *target, unsigned i) {
    llvm::Constant *indices[] = {llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), 0),
                                 llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), 1),
                                 llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), i)};
    llvm::Constant *self = llvm::ConstantExpr::getInBoundsGetElementPtr(type, global, indices);
    return llvm::ConstantExpr::getSub(llvm::ConstantExpr::getPtrToInt(target, i64), llvm::ConstantExpr::getPtrToInt(self, i64));
  };
  std::vector<llvm::Constant *> links;
  auto declare = [&](llvm::Type *t, const std::string &name) {
    auto *g = new llvm::GlobalVariable(module, t, true, llvm::GlobalValue::ExternalLinkage, nullptr, name);
    g->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return g;
  };
  links.push_back(program.weightsSize ? link(declare(i8, weightsSymbol(options.name)), 0) : llvm::ConstantInt::get(i64, 0));
  for (uint32_t variant = 0; variant < program.variantCount; ++variant) {
    for (const Program::Kernel &kernel : program.kernels) {
      links.push_back(kernel.variant == variant
                          ? link(declare(i8, kernelSymbol(options.name + kernel.tag, kernel.name)), links.size())
                          : llvm::ConstantInt::get(i64, 0));
    }
  }
  auto *blob = llvm::ConstantDataArray::getRaw(llvm::StringRef(program.bytes.data(), program.bytes.size()), program.bytes.size(), i8);
  global->setInitializer(llvm::ConstantStruct::get(type, {blob, llvm::ConstantArray::get(linksType, links)}));
  if (note) {
    // The contents are written after linking, when addresses are known.
    struct {
      uint32_t nameSize = 4, size = sizeof(dlc_abi_note), type = DLC_NOTE_TYPE;
      char name[4] = {'d', 'l', 'c', 0};
    } head;
    std::string bytes(reinterpret_cast<const char *>(&head), sizeof(head));
    bytes.append(sizeof(dlc_abi_note), '\0');
    auto *init = llvm::ConstantDataArray::getRaw(bytes, bytes.size(), i8);
    auto *noteGlobal = new llvm::GlobalVariable(module, init->getType(), true, llvm::GlobalValue::ExternalLinkage, init, "dlc_note");
    noteGlobal->setVisibility(llvm::GlobalValue::HiddenVisibility);
    noteGlobal->setSection(".note.dlc");
    noteGlobal->setAlignment(llvm::Align(8));
  }
  return cpu::optimizeAndEmitObject(module, options.target, 0);
}
} // namespace dlc::emit
