//===- NNTest.cpp - evaluates nn ops given as text -------------------------------------===//
#include "NNTest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::nn {
namespace {
template <class T> std::string textOf(const T &value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

std::string moduleOf(llvm::StringRef op, llvm::ArrayRef<std::string> operands, llvm::StringRef resultTypes,
                     llvm::StringRef yieldTypes) {
  std::string arguments, types;
  for (auto [i, type] : llvm::enumerate(operands)) {
    arguments += (i ? ", %" : "%") + std::to_string(i) + ": " + type;
    types += (i ? ", " : "") + type;
  }
  size_t count = yieldTypes.empty() ? 0 : 1, depth = 0;
  for (char c : yieldTypes) {
    depth += c == '<' || c == '[' || c == '(' ? 1 : c == '>' || c == ']' || c == ')' ? -1 : 0;
    count += depth == 0 && c == ',';
  }
  std::string values;
  for (size_t i = 0; i < count; ++i) {
    values += (i ? ", %r#" : "%r#") + std::to_string(i);
  }
  return "func.func @main(" + arguments + ") {\n  %r:" + std::to_string(count) + " = nn." + op.str() + " : (" + types +
         ") -> (" + resultTypes.str() + ")\n  nn.yield " + values + " : " + yieldTypes.str() + "\n}\n";
}
} // namespace

template <> mlir::Type NNTest::elementType<float>() { return mlir::Float32Type::get(&context); }
template <> mlir::Type NNTest::elementType<double>() { return mlir::Float64Type::get(&context); }
template <> mlir::Type NNTest::elementType<Float16>() { return mlir::Float16Type::get(&context); }
template <> mlir::Type NNTest::elementType<BFloat16>() { return mlir::BFloat16Type::get(&context); }
template <> mlir::Type NNTest::elementType<F8E4M3FN>() { return mlir::Float8E4M3FNType::get(&context); }
template <> mlir::Type NNTest::elementType<F8E5M2>() { return mlir::Float8E5M2Type::get(&context); }
template <> mlir::Type NNTest::elementType<bool>() { return mlir::IntegerType::get(&context, 1); }
template <> mlir::Type NNTest::elementType<int8_t>() { return mlir::IntegerType::get(&context, 8); }
template <> mlir::Type NNTest::elementType<int16_t>() { return mlir::IntegerType::get(&context, 16); }
template <> mlir::Type NNTest::elementType<int32_t>() { return mlir::IntegerType::get(&context, 32); }
template <> mlir::Type NNTest::elementType<int64_t>() { return mlir::IntegerType::get(&context, 64); }
template <> mlir::Type NNTest::elementType<uint8_t>() {
  return mlir::IntegerType::get(&context, 8, mlir::IntegerType::Unsigned);
}
template <> mlir::Type NNTest::elementType<uint16_t>() {
  return mlir::IntegerType::get(&context, 16, mlir::IntegerType::Unsigned);
}
template <> mlir::Type NNTest::elementType<std::string>() { return StringType::get(&context); }

NNTest::NNTest() {
  mlir::DialectRegistry registry;
  registry.insert<NNDialect, dim::DimDialect, mlir::func::FuncDialect>();
  registerEvaluate(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) { errors += d.str() + "\n"; });
}

std::vector<Datum> NNTest::evalModule(llvm::StringRef text, llvm::ArrayRef<Datum> inputs) {
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  auto main = module ? module->lookupSymbol<mlir::func::FuncOp>("main") : mlir::func::FuncOp();
  if (!main) {
    return {};
  }
  mlir::FailureOr<std::vector<Datum>> results = Evaluator().run(main.getBody().front(), inputs);
  return mlir::succeeded(results) ? *results : std::vector<Datum>();
}

std::vector<Datum> NNTest::eval(llvm::StringRef op, llvm::ArrayRef<Datum> inputs, llvm::StringRef resultTypes) {
  std::vector<std::string> types;
  for (const Datum &d : inputs) {
    types.push_back(textOf(d.tensor().type()));
  }
  std::vector<Datum> results = evalModule(moduleOf(op, types, resultTypes, resultTypes), inputs);
  EXPECT_TRUE(!results.empty() || !errors.empty());
  return results;
}

std::vector<std::string> NNTest::infer(llvm::StringRef op, llvm::ArrayRef<llvm::StringRef> operands,
                                       llvm::StringRef resultTypes) {
  std::vector<std::string> types(operands.begin(), operands.end()), inferred;
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(moduleOf(op, types, resultTypes, resultTypes), &context);
  auto main = module ? module->lookupSymbol<mlir::func::FuncOp>("main") : mlir::func::FuncOp();
  llvm::SmallVector<mlir::Type> found;
  if (!main || mlir::failed(llvm::cast<InferTypes>(main.getBody().front().front()).inferResultTypes(found))) {
    return {};
  }
  for (mlir::Type type : found) {
    inferred.push_back(textOf(type));
  }
  return inferred;
}

Tensor NNTest::range(llvm::ArrayRef<int64_t> shape) {
  Tensor t = Tensor::zeros(elementType<float>(), shape);
  for (int64_t i = 0; i < t.count(); ++i) {
    t.values<float>()[i] = float(i);
  }
  return t;
}

namespace {
std::vector<double> asDoubles(const Tensor &t) {
  std::vector<double> values;
  visitElement(t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!isComplex<T> && !std::is_same_v<T, std::string>) {
      for (T v : t.values<T>()) {
        values.push_back(double(Compute<T>(v)));
      }
    }
  });
  return values;
}
} // namespace

void expectNear(const std::vector<Datum> &got, size_t i, const Tensor &expected, double tolerance) {
  ASSERT_LT(i, got.size());
  const Tensor &t = got[i].tensor();
  EXPECT_EQ(t.element(), expected.element());
  ASSERT_EQ(t.shape(), expected.shape());
  std::vector<double> a = asDoubles(t), b = asDoubles(expected);
  ASSERT_EQ(a.size(), b.size());
  for (size_t e = 0; e < a.size(); ++e) {
    EXPECT_TRUE(a[e] == b[e] || (a[e] != a[e] && b[e] != b[e]) || std::abs(a[e] - b[e]) <= tolerance)
        << "expected " << b[e] << ", got " << a[e] << " at element " << e;
  }
}
} // namespace dlc::nn
