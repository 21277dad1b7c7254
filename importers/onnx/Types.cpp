//===- Types.cpp - ONNX types as types of the nn dialect -----------------------===//
#include "importers/onnx/Types.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::onnx_import {
namespace {
/// Beyond this, types are malformed rather than useful.
constexpr int kMaxRank = 64;
constexpr int kMaxTypeDepth = 16;

/// Names of TensorProto.DataType, by number.
constexpr llvm::StringLiteral kDataTypes[] = {
    "UNDEFINED", "FLOAT",      "UINT8",        "INT8",        "UINT16",        "INT16",     "INT32",      "INT64",
    "STRING",    "BOOL",       "FLOAT16",      "DOUBLE",      "UINT32",        "UINT64",    "COMPLEX64",  "COMPLEX128",
    "BFLOAT16",  "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4", "FLOAT4E2M1",
    "FLOAT8E8M0", "UINT2", "INT2"};

mlir::Type convertTensor(const onnx::TypeProto_Tensor &tensor, llvm::StringRef name, SymbolNames &symbols,
                         mlir::MLIRContext *context, std::string &error) {
  mlir::Type element = elementType(context, tensor.elem_type());
  if (!element) {
    error = "expected a supported element type, got " + dataTypeName(tensor.elem_type());
    return {};
  }
  if (!tensor.has_shape()) {
    error = "expected a tensor of known rank";
    return {};
  }
  if (tensor.shape().dim_size() > kMaxRank) {
    error = "expected at most " + std::to_string(kMaxRank) + " dims, got " + std::to_string(tensor.shape().dim_size());
    return {};
  }
  dim::Shape shape;
  for (const auto &d : tensor.shape().dim()) {
    if (d.has_dim_value() && d.dim_value() >= 0) {
      shape.push_back(dim::constant(context, d.dim_value()));
    } else if (d.has_dim_param() && !d.dim_param().empty()) {
      shape.push_back(symbols.named(d.dim_param(), error));
      if (!shape.back()) {
        return {};
      }
    } else {
      shape.push_back(symbols.anonymous(name.str() + "_d" + std::to_string(shape.size()), error));
      if (!shape.back()) {
        return {};
      }
    }
  }
  return dim::getTensorType(shape, element);
}

mlir::Type convert(const onnx::TypeProto &proto, llvm::StringRef name, SymbolNames &symbols,
                   mlir::MLIRContext *context, std::string &error, int depth);

/// The type of a sequence's elements. Their dims may all be different, whatever they are called; so may their ranks where
/// none is stated.
mlir::Type convertItem(const onnx::TypeProto &proto, llvm::StringRef name, SymbolNames &symbols,
                       mlir::MLIRContext *context, std::string &error, int depth) {
  bool isTensor = proto.value_case() == onnx::TypeProto::kTensorType;
  if (isTensor && !proto.tensor_type().has_shape()) {
    mlir::Type element = elementType(context, proto.tensor_type().elem_type());
    error = element ? error : "expected a supported element type, got " + dataTypeName(proto.tensor_type().elem_type());
    return element ? mlir::UnrankedTensorType::get(element) : mlir::Type();
  }
  mlir::Type item = convert(proto, name, symbols, context, error, depth);
  auto tensor = llvm::dyn_cast_or_null<mlir::RankedTensorType>(item);
  if (!tensor) {
    return item;
  }
  dim::Shape shape = dim::getShape(tensor);
  for (dim::Expr &e : shape) {
    e = dim::getConstant(e) ? e : dim::unknown(context);
  }
  return dim::getTensorType(shape, tensor.getElementType());
}

mlir::Type convert(const onnx::TypeProto &proto, llvm::StringRef name, SymbolNames &symbols,
                   mlir::MLIRContext *context, std::string &error, int depth) {
  if (depth > kMaxTypeDepth) {
    error = "expected at most " + std::to_string(kMaxTypeDepth) + " nested types";
    return {};
  }
  switch (proto.value_case()) {
  case onnx::TypeProto::kTensorType:
    return convertTensor(proto.tensor_type(), name, symbols, context, error);
  case onnx::TypeProto::kSequenceType: {
    mlir::Type item = convertItem(proto.sequence_type().elem_type(), name, symbols, context, error, depth + 1);
    return item ? nn::SequenceType::get(context, item) : mlir::Type();
  }
  case onnx::TypeProto::kOptionalType: {
    mlir::Type item = convert(proto.optional_type().elem_type(), name, symbols, context, error, depth + 1);
    return item ? nn::OptionalType::get(context, item) : mlir::Type();
  }
  case onnx::TypeProto::kMapType:
    error = "expected a tensor, sequence or optional, got a map";
    return {};
  case onnx::TypeProto::kSparseTensorType:
    error = "expected a tensor, sequence or optional, got a sparse tensor";
    return {};
  default:
    error = "expected a type, got none";
    return {};
  }
}
} // namespace

mlir::Type elementType(mlir::MLIRContext *c, int64_t dataType) {
  mlir::Builder b(c);
  auto integer = [&](unsigned bits, bool isUnsigned) -> mlir::Type {
    return isUnsigned ? b.getIntegerType(bits, false) : b.getIntegerType(bits);
  };
  switch (dataType) {
  case 1:
    return b.getF32Type();
  case 2:
    return integer(8, true);
  case 3:
    return integer(8, false);
  case 4:
    return integer(16, true);
  case 5:
    return integer(16, false);
  case 6:
    return integer(32, false);
  case 7:
    return integer(64, false);
  case 8:
    return nn::StringType::get(c);
  case 9:
    return b.getI1Type();
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 12:
    return integer(32, true);
  case 13:
    return integer(64, true);
  case 14:
    return mlir::ComplexType::get(b.getF32Type());
  case 15:
    return mlir::ComplexType::get(b.getF64Type());
  case 16:
    return b.getBF16Type();
  case 17:
    return mlir::Float8E4M3FNType::get(c);
  case 18:
    return mlir::Float8E4M3FNUZType::get(c);
  case 19:
    return mlir::Float8E5M2Type::get(c);
  case 20:
    return mlir::Float8E5M2FNUZType::get(c);
  case 21:
    return integer(4, true);
  case 22:
    return integer(4, false);
  case 23:
    return mlir::Float4E2M1FNType::get(c);
  case 24:
    return mlir::Float8E8M0FNUType::get(c);
  case 25:
    return integer(2, true);
  case 26:
    return integer(2, false);
  default:
    return {};
  }
}

mlir::Type elementTypeOf(mlir::MLIRContext &context, int64_t dataType) { return elementType(&context, dataType); }

std::string dataTypeName(int64_t dataType) {
  if (dataType >= 0 && dataType < static_cast<int64_t>(std::size(kDataTypes))) {
    return kDataTypes[dataType].str();
  }
  return "data type " + std::to_string(dataType);
}

int64_t dataTypeOfName(llvm::StringRef name) {
  for (size_t i = 1; i < std::size(kDataTypes); ++i) {
    if (kDataTypes[i].equals_insensitive(name)) {
      return i;
    }
  }
  return 0;
}

dim::Expr SymbolNames::named(llvm::StringRef name, std::string &error) {
  dim::Expr &e = known[name];
  if (e) {
    return e;
  }
  std::string symbol = unique(name, "");
  auto stated = options.dims.find(name);
  if (stated == options.dims.end()) {
    stated = options.dims.find(symbol);
  }
  names.push_back(name.str());
  if (stated == options.dims.end()) {
    return e = dim::symbol(context, symbol);
  }
  statedNames.insert(stated->getKey());
  std::string reason;
  mlir::FailureOr<dim::Expr> formula = dim::parse(context, stated->second, reason);
  if (failed(formula)) {
    error = "expected a formula for dim " + name.str() + ", got `" + stated->second + "`: " + reason;
    return {};
  }
  return e = *formula;
}

dim::Expr SymbolNames::anonymous(const std::string &base, std::string &error) {
  if (isStated(base)) {
    return named(base, error);
  }
  dim::Expr e = fresh(base);
  names.push_back(e.getSymbol().str());
  return e;
}

std::vector<std::string> SymbolNames::unusedNames(std::vector<std::string> &known) const {
  known = names;
  std::vector<std::string> unused;
  for (const auto &entry : options.dims) {
    if (!statedNames.contains(entry.getKey())) {
      unused.push_back(entry.getKey().str());
    }
  }
  llvm::sort(unused);
  return unused;
}

dim::Expr SymbolNames::fresh(const llvm::Twine &base, bool maybeNegative) {
  return dim::symbol(context, unique(base, maybeNegative ? "$" : ""));
}

std::string SymbolNames::unique(const llvm::Twine &base, llvm::StringRef suffix) {
  std::string name = base.str();
  for (char &c : name) {
    if (!llvm::isAlnum(c) && c != '_' && c != '.') {
      c = '_';
    }
  }
  if (name.empty() || !(llvm::isAlpha(name[0]) || name[0] == '_')) {
    name = "_" + name;
  }
  for (llvm::StringRef word : {"min", "max", "floordiv", "mod"}) {
    if (name == word) {
      name += "_";
    }
  }
  unsigned &count = counts[name + suffix.str()];
  std::string candidate;
  do {
    candidate = name + (count ? "." + std::to_string(count + 1) : "") + suffix.str();
    ++count;
  } while (!used.insert(candidate).second);
  return candidate;
}

mlir::Type convertType(const onnx::TypeProto &proto, llvm::StringRef name, SymbolNames &symbols,
                       mlir::MLIRContext *context, std::string &error) {
  return convert(proto, name, symbols, context, error, 0);
}
} // namespace dlc::onnx_import
