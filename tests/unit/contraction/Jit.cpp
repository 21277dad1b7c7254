#include "Jit.h"
#include "compiler/Pipeline.h"
#include "compiler/target/cpu/EmitObject.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

[[noreturn]] void die(const std::string &message) {
  llvm::errs() << message << "\n";
  std::exit(1);
}

template <typename T> T check(llvm::Expected<T> value) {
  if (!value) {
    die(llvm::toString(value.takeError()));
  }
  return std::move(*value);
}

OwningOpRef<ModuleOp> buildModule(MLIRContext &context, const TargetInfo &target,
                                  const std::vector<Kernel::Buffer> &buffers, int dims, const Kernel::Body &body) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> types;
  for (const Kernel::Buffer &buffer : buffers) {
    types.push_back(MemRefType::get({buffer.size}, buffer.element));
  }
  types.append(dims + 2, b.getIndexType());
  types.push_back(MemRefType::get({int64_t(1) << 30}, b.getI8Type()));
  auto func = func::FuncOp::create(b, loc, "k", b.getFunctionType(types, b.getI32Type()));
  for (size_t i = 0; i < types.size(); ++i) {
    if (isa<MemRefType>(types[i])) {
      func.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
    }
  }
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  Kernel::Arguments args;
  auto all = entry->getArguments();
  args.buffers.assign(all.begin(), all.begin() + buffers.size());
  args.dims.assign(all.begin() + buffers.size(), all.end() - 3);
  args.begin = all[all.size() - 3];
  args.end = all[all.size() - 2];
  args.scratch = all.back();
  KernelBuilder kb(b, loc, target);
  body(kb, args);
  func::ReturnOp::create(b, loc, kb.constant(b.getI32Type(), 0));
  if (failed(verify(*module))) {
    die("the kernel does not verify");
  }
  return module;
}

} // namespace

Kernel Kernel::compile(MLIRContext &context, const TargetInfo &target, const std::vector<Buffer> &buffers, int dims,
                       const Body &body, const std::string &dump) {
  OwningOpRef<ModuleOp> module = buildModule(context, target, buffers, dims, body);
  if (!dump.empty()) {
    std::error_code ec;
    llvm::raw_fd_ostream(dump + ".mlir", ec) << *module;
  }
  if (failed(lowerKernels(*module))) {
    die("lowering failed");
  }
  llvm::LLVMContext llvmContext;
  auto translated = translateKernels(*module, llvmContext);
  if (!translated) {
    die("translation failed");
  }
  if (!dump.empty()) {
    std::error_code ec;
    auto copy = translateKernels(*module, llvmContext);
    llvm::raw_fd_ostream(dump + ".ll", ec) << *copy;
    auto text = check(optimizeAndEmitObject(*copy, target, 3, /*assembly=*/true));
    llvm::raw_fd_ostream(dump + ".s", ec) << llvm::StringRef(text.data(), text.size());
  }
  auto object = check(optimizeAndEmitObject(*translated, target));
  std::shared_ptr<llvm::orc::LLJIT> jit = check(llvm::orc::LLJITBuilder().create());
  auto copy = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()));
  if (auto error = jit->addObjectFile(std::move(copy))) {
    die(llvm::toString(std::move(error)));
  }
  Kernel kernel;
  kernel.function = check(jit->lookup("k")).toPtr<Function>();
  kernel.jit = jit;
  return kernel;
}

int32_t Kernel::run(const std::vector<void *> &buffers, const std::vector<int64_t> &dims, int64_t begin, int64_t end,
                    void *scratch) const {
  return function(buffers.data(), dims.data(), begin, end, scratch);
}

std::unique_ptr<MLIRContext> makeKernelContext() {
  DialectRegistry registry;
  registerKernelDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

std::vector<TargetInfo> executableTargets(bool extensions) {
  std::vector<TargetInfo> targets;
  auto features = llvm::sys::getHostCPUFeatures();
  auto has = [&](const char *name) { return features.lookup(name); };
  if (has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl")) {
    targets.push_back(TargetInfo::avx512(has("avx512vnni"), has("avx512bf16")));
    if (extensions) {
      targets.push_back(TargetInfo::avx512());
    }
  }
  if (has("avx2") && has("fma")) {
    targets.push_back(TargetInfo::avx2());
    if (extensions && has("avxvnni")) {
      targets.push_back(TargetInfo::avx2(/*vnni=*/true));
    }
  }
  targets.push_back(TargetInfo::baseline());
  return targets;
}

} // namespace dlc::cpu
