//===- DimText.cpp - formulas as text ------------------------------------------===//
#include "dialects/dim/Dim.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::dim {
namespace {
void print(Expr e, llvm::raw_ostream &os) {
  auto sub = [&](unsigned i) { return llvm::cast<ExprAttr>(e.getOperands()[i]); };
  auto call = [&](const char *name) {
    os << name << "(";
    print(sub(0), os);
    os << ", ";
    print(sub(1), os);
    os << ")";
  };
  switch (e.getKind()) {
  case ExprKind::Const:
    os << e.getValue();
    break;
  case ExprKind::Symbol:
    os << e.getSymbol();
    break;
  case ExprKind::Unknown:
    os << "?";
    break;
  case ExprKind::Sum:
    for (unsigned i = 0; i < e.getOperands().size(); ++i) {
      os << (i ? " + " : "");
      print(sub(i), os);
    }
    break;
  case ExprKind::Product:
    if (e.getValue() != 1) {
      os << e.getValue() << " * ";
    }
    for (unsigned i = 0; i < e.getOperands().size(); ++i) {
      bool isSum = sub(i).getKind() == ExprKind::Sum;
      os << (i ? " * " : "") << (isSum ? "(" : "");
      print(sub(i), os);
      os << (isSum ? ")" : "");
    }
    break;
  case ExprKind::FloorDiv:
    call("floordiv");
    break;
  case ExprKind::Mod:
    call("mod");
    break;
  case ExprKind::Min:
    call("min");
    break;
  case ExprKind::Max:
    call("max");
    break;
  }
}

/// Where formulas are read from: an assembly parser or a string.
struct Source {
  virtual ~Source() = default;
  virtual bool eat(llvm::StringRef token) = 0;
  virtual std::optional<int64_t> integer() = 0;
  virtual std::optional<std::string> name() = 0;
  virtual mlir::LogicalResult fail(llvm::StringRef message) = 0;
  MLIRContext *context = nullptr;
  int depth = 0;
};

mlir::FailureOr<Expr> parseSum(Source &s);

mlir::FailureOr<Expr> parseCall(Source &s, llvm::StringRef name) {
  if (!s.eat("(")) {
    return symbol(s.context, name);
  }
  mlir::FailureOr<Expr> a = parseSum(s);
  if (failed(a)) {
    return mlir::failure();
  }
  if (!s.eat(",")) {
    return s.fail("expected ',' between two operands");
  }
  mlir::FailureOr<Expr> b = parseSum(s);
  if (failed(b)) {
    return mlir::failure();
  }
  if (!s.eat(")")) {
    return s.fail("expected ')' after two operands");
  }
  if (name == "floordiv") {
    return floorDiv(*a, *b);
  }
  if (name == "ceildiv") {
    return ceilDiv(*a, *b);
  }
  if (name == "mod") {
    return mod(*a, *b);
  }
  if (name == "min") {
    return min(*a, *b);
  }
  if (name == "max") {
    return max(*a, *b);
  }
  return s.fail("expected floordiv, ceildiv, mod, min or max");
}

mlir::FailureOr<Expr> parseAtom(Source &s) {
  if (s.eat("?")) {
    return unknown(s.context);
  }
  if (s.eat("(")) {
    mlir::FailureOr<Expr> e = parseSum(s);
    return failed(e) || s.eat(")") ? e : mlir::FailureOr<Expr>(s.fail("expected ')'"));
  }
  if (std::optional<int64_t> value = s.integer()) {
    return constant(s.context, *value);
  }
  if (std::optional<std::string> name = s.name()) {
    return parseCall(s, *name);
  }
  return s.fail("expected a number, a name, or '?'");
}

mlir::FailureOr<Expr> parseProduct(Source &s) {
  mlir::FailureOr<Expr> e = parseAtom(s);
  while (succeeded(e) && s.eat("*")) {
    mlir::FailureOr<Expr> other = parseAtom(s);
    if (failed(other)) {
      return mlir::failure();
    }
    e = mul(*e, *other);
  }
  return e;
}

mlir::FailureOr<Expr> parseSum(Source &s) {
  if (++s.depth > 64) {
    return s.fail("expected a formula nested at most 64 deep");
  }
  mlir::FailureOr<Expr> e = parseProduct(s);
  while (succeeded(e)) {
    bool minus = false;
    if (!s.eat("+")) {
      if (!s.eat("-")) {
        break;
      }
      minus = true;
    }
    mlir::FailureOr<Expr> other = parseProduct(s);
    if (failed(other)) {
      return mlir::failure();
    }
    e = minus ? sub(*e, *other) : add(*e, *other);
  }
  --s.depth;
  return e;
}

struct AsmSource : Source {
  explicit AsmSource(mlir::AsmParser &parser) : parser(parser) { context = parser.getContext(); }
  bool eat(llvm::StringRef token) override {
    switch (token.front()) {
    case '(':
      return succeeded(parser.parseOptionalLParen());
    case ')':
      return succeeded(parser.parseOptionalRParen());
    case ',':
      return succeeded(parser.parseOptionalComma());
    case '*':
      return succeeded(parser.parseOptionalStar());
    case '+':
      return succeeded(parser.parseOptionalPlus());
    case '?':
      return succeeded(parser.parseOptionalQuestion());
    default:
      return false;
    }
  }
  std::optional<int64_t> integer() override {
    int64_t value = 0;
    mlir::OptionalParseResult r = parser.parseOptionalInteger(value);
    return r.has_value() && succeeded(*r) ? std::optional<int64_t>(value) : std::nullopt;
  }
  std::optional<std::string> name() override {
    std::string text;
    return succeeded(parser.parseOptionalKeywordOrString(&text)) ? std::optional<std::string>(text) : std::nullopt;
  }
  mlir::LogicalResult fail(llvm::StringRef message) override {
    return parser.emitError(parser.getCurrentLocation(), message);
  }
  mlir::AsmParser &parser;
};

struct TextSource : Source {
  TextSource(MLIRContext *c, llvm::StringRef text, std::string &error) : text(text), error(error) { context = c; }
  bool eat(llvm::StringRef token) override {
    text = text.ltrim();
    return text.consume_front(token);
  }
  std::optional<int64_t> integer() override {
    text = text.ltrim();
    int64_t value = 0;
    return text.consumeInteger(10, value) ? std::nullopt : std::optional<int64_t>(value);
  }
  std::optional<std::string> name() override {
    text = text.ltrim();
    if (text.empty() || !(llvm::isAlpha(text.front()) || text.front() == '_')) {
      return std::nullopt;
    }
    llvm::StringRef name = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$'; });
    text = text.drop_front(name.size());
    return name.str();
  }
  mlir::LogicalResult fail(llvm::StringRef message) override {
    if (error.empty()) {
      error = (message + (text.empty() ? " at the end" : (" at '" + text + "'").str())).str();
    }
    return mlir::failure();
  }
  llvm::StringRef text;
  std::string &error;
};
} // namespace

std::string toString(Expr e) {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(e, os);
  return text;
}

mlir::FailureOr<Expr> parse(mlir::AsmParser &parser) {
  AsmSource source(parser);
  return parseSum(source);
}

mlir::FailureOr<Expr> parse(MLIRContext *context, llvm::StringRef text, std::string &error) {
  TextSource source(context, text, error);
  mlir::FailureOr<Expr> e = parseSum(source);
  if (succeeded(e) && !source.text.trim().empty()) {
    return source.fail("expected the end of the formula");
  }
  return e;
}
} // namespace dlc::dim
