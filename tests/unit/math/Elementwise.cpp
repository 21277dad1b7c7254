#include "Elementwise.h"
#include "compiler/passes/math/ExpandMath.h"
#include "compiler/Pipeline.h"
#include "compiler/target/cpu/EmitObject.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace dlc {
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

int64_t elementsOf(const std::vector<int64_t> &shape) {
  int64_t elements = 1;
  for (int64_t size : shape) {
    elements *= size;
  }
  return elements;
}

/// Loads `shape` elements; vectors of rank 2 and more by a reshape.
Value load(OpBuilder &b, Location loc, Value buffer, Value i, const std::vector<int64_t> &shape) {
  if (shape.empty()) {
    return memref::LoadOp::create(b, loc, buffer, i);
  }
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  Value flat = vector::LoadOp::create(b, loc, VectorType::get({elementsOf(shape)}, element), buffer, i);
  return shape.size() == 1 ? flat
                           : vector::ShapeCastOp::create(b, loc, VectorType::get(shape, element), flat).getResult();
}

void store(OpBuilder &b, Location loc, Value value, Value buffer, Value i) {
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type) {
    memref::StoreOp::create(b, loc, value, buffer, i);
    return;
  }
  if (type.getRank() != 1) {
    auto flat = VectorType::get({type.getNumElements()}, type.getElementType());
    value = vector::ShapeCastOp::create(b, loc, flat, value);
  }
  vector::StoreOp::create(b, loc, value, buffer, i);
}

/// `func @k(inputs, outputs, begin, end, scratch)`: a loop from begin to end.
OwningOpRef<ModuleOp> buildModule(MLIRContext &context, const Elementwise::Spec &spec) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  std::vector<Type> inputs = spec.inputs(b), outputs = spec.outputs(b);
  SmallVector<Type> types;
  for (const auto &list : {inputs, outputs}) {
    for (Type type : list) {
      types.push_back(MemRefType::get({int64_t(1) << 40}, type));
    }
  }
  types.append({b.getIndexType(), b.getIndexType(), MemRefType::get({1}, b.getI8Type())});
  auto func = func::FuncOp::create(b, loc, "k", b.getFunctionType(types, b.getI32Type()));
  for (size_t i = 0; i < inputs.size() + outputs.size(); ++i) {
    func.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
  }
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  auto args = entry->getArguments();
  size_t buffers = inputs.size() + outputs.size();
  Value step = arith::ConstantIndexOp::create(b, loc, elementsOf(spec.shape));
  auto body = [&](OpBuilder &b, Location loc, Value i, ValueRange) {
    SmallVector<Value> values;
    for (size_t k = 0; k < inputs.size(); ++k) {
      values.push_back(load(b, loc, args[k], i, spec.shape));
    }
    std::vector<Value> results = spec.body(b, loc, values);
    for (size_t k = 0; k < outputs.size(); ++k) {
      store(b, loc, results[k], args[inputs.size() + k], i);
    }
    scf::YieldOp::create(b, loc);
  };
  scf::ForOp::create(b, loc, args[buffers], args[buffers + 1], step, ValueRange{}, body);
  func::ReturnOp::create(b, loc, Value(arith::ConstantIntOp::create(b, loc, 0, 32)));
  if (failed(verify(*module))) {
    die("the kernel does not verify");
  }
  return module;
}

std::vector<std::string> findUndefined(llvm::MemoryBufferRef buffer) {
  std::vector<std::string> names;
  auto object = check(llvm::object::ObjectFile::createObjectFile(buffer));
  for (const auto &symbol : object->symbols()) {
    bool undefined = check(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined;
    std::string name = check(symbol.getName()).str();
    if (undefined && !name.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

} // namespace

Elementwise Elementwise::compile(const Spec &spec, const cpu::TargetInfo &target, const std::string &dump) {
  DialectRegistry registry;
  cpu::registerKernelDialects(registry);
  if (spec.registerMore) {
    spec.registerMore(registry);
  }
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = buildModule(context, spec);
  expandMath(*module, MathOptions::of(target));
  if (failed(verify(*module)) || failed(lowerKernels(*module))) {
    die("lowering failed");
  }
  llvm::LLVMContext llvmContext;
  auto translated = cpu::translateKernels(*module, llvmContext);
  if (!translated) {
    die("translation failed");
  }
  if (!dump.empty()) {
    std::error_code ec;
    auto copy = cpu::translateKernels(*module, llvmContext);
    auto text = check(cpu::optimizeAndEmitObject(*copy, target, 3, /*assembly=*/true));
    llvm::raw_fd_ostream(dump, ec) << llvm::StringRef(text.data(), text.size());
  }
  auto object = check(cpu::optimizeAndEmitObject(*translated, target));
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()));
  Elementwise result;
  result.undefinedSymbols = findUndefined(*buffer);
  std::shared_ptr<llvm::orc::LLJIT> jit = check(llvm::orc::LLJITBuilder().create());
  if (auto error = jit->addObjectFile(std::move(buffer))) {
    die(llvm::toString(std::move(error)));
  }
  result.function = check(jit->lookup("k")).toPtr<Function>();
  result.jit = jit;
  return result;
}

Elementwise Elementwise::compileOp(const std::string &op, int operands, bool isF64, const cpu::TargetInfo &target,
                                   std::vector<int64_t> shape) {
  auto element = [=](OpBuilder &b) -> Type { return isF64 ? Type(b.getF64Type()) : Type(b.getF32Type()); };
  Spec spec;
  spec.inputs = [=](OpBuilder &b) { return std::vector<Type>(operands, element(b)); };
  spec.outputs = [=](OpBuilder &b) { return std::vector<Type>(1, element(b)); };
  spec.shape = std::move(shape);
  spec.body = [=](OpBuilder &b, Location loc, ValueRange values) -> std::vector<Value> {
    return {b.create(loc, b.getStringAttr(op), values, values[0].getType())->getResult(0)};
  };
  return compile(spec, target);
}

void Elementwise::run(const std::vector<const void *> &buffers, int64_t count) const {
  function(buffers.data(), nullptr, 0, count, nullptr);
}

std::vector<cpu::TargetInfo> hostTargets() {
  std::vector<cpu::TargetInfo> targets;
  auto features = llvm::sys::getHostCPUFeatures();
  auto has = [&](const char *name) { return features.lookup(name); };
  if (has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl")) {
    targets.push_back(cpu::TargetInfo::avx512());
  }
  if (has("avx2") && has("fma") && has("f16c")) {
    targets.push_back(cpu::TargetInfo::avx2());
  }
  targets.push_back(cpu::TargetInfo::baseline());
  return targets;
}

cpu::TargetInfo hostTarget() { return hostTargets().front(); }

} // namespace dlc
