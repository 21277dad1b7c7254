//===- Header.cpp - a C header for a model that is linked into a program --------------------------===//
#include "compiler/emit/Header.h"
#include "compiler/emit/Objects.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

namespace dlc::emit {
namespace {
/// How C sees an element type: the enumerator, the type of its elements, and bits per element.
struct CType {
  const char *enumerator, *type, *text;
  unsigned bits;
};

CType cType(unsigned dtype) {
  static constexpr CType types[] = {{"DLC_UNDEFINED", "void", "undefined", 0}, {"DLC_F32", "float", "f32", 32},
                                    {"DLC_U8", "uint8_t", "u8", 8}, {"DLC_I8", "int8_t", "i8", 8},
                                    {"DLC_U16", "uint16_t", "u16", 16}, {"DLC_I16", "int16_t", "i16", 16},
                                    {"DLC_I32", "int32_t", "i32", 32}, {"DLC_I64", "int64_t", "i64", 64},
                                    {"DLC_STRING", "dlc_string", "string", 8 * sizeof(void *) * 2}, {"DLC_BOOL", "uint8_t", "bool", 8},
                                    {"DLC_F16", "uint16_t", "f16", 16}, {"DLC_F64", "double", "f64", 64},
                                    {"DLC_U32", "uint32_t", "u32", 32}, {"DLC_U64", "uint64_t", "u64", 64},
                                    {"DLC_C64", "void", "c64", 64}, {"DLC_C128", "void", "c128", 128},
                                    {"DLC_BF16", "uint16_t", "bf16", 16}, {"DLC_F8E4M3FN", "uint8_t", "f8e4m3fn", 8},
                                    {"DLC_F8E4M3FNUZ", "uint8_t", "f8e4m3fnuz", 8}, {"DLC_F8E5M2", "uint8_t", "f8e5m2", 8},
                                    {"DLC_F8E5M2FNUZ", "uint8_t", "f8e5m2fnuz", 8}, {"DLC_U4", "void", "u4", 4},
                                    {"DLC_I4", "void", "i4", 4}, {"DLC_F4E2M1", "void", "f4e2m1", 4},
                                    {"DLC_F8E8M0", "uint8_t", "f8e8m0", 8}, {"DLC_U2", "void", "u2", 2},
                                    {"DLC_I2", "void", "i2", 2}};
  return types[dtype < std::size(types) ? dtype : 0];
}

/// Names of models are free; what C makes of them is not.
std::string identifier(llvm::StringRef name) {
  std::string text;
  for (char c : name) {
    text.push_back(llvm::isAlnum(c) ? c : '_');
  }
  return text;
}

/// A text that can stand in a comment.
std::string commented(llvm::StringRef text) {
  std::string safe;
  for (char c : text) {
    bool isEnd = c == '/' && !safe.empty() && safe.back() == '*';
    bool isStart = c == '*' && !safe.empty() && safe.back() == '/';
    safe += isEnd || isStart ? " " : "";
    safe.push_back(llvm::isPrint(c) && c != '\\' ? c : '?');
  }
  return safe;
}

class HeaderWriter {
public:
  HeaderWriter(const Program &program, llvm::StringRef name) : bytes(program.bytes), name(name), symbol(modelSymbol(name)) {
    std::memcpy(&model, bytes.data(), sizeof(model));
    prefix = identifier(name);
    if (prefix.empty() || llvm::isDigit(prefix[0])) {
      prefix = "model_" + prefix;
    }
  }

  std::string run() {
    writeTop();
    for (uint32_t i = 0; i < model.entries.count; ++i) {
      writeEntry(i);
    }
    out << "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
    return text;
  }

private:
  template <typename T> T entryOf(const dlc_abi_table &table, uint32_t index) const {
    T entry;
    std::memcpy(&entry, bytes.data() + table.offset + uint64_t(index) * table.stride, sizeof(T));
    return entry;
  }
  llvm::StringRef string(uint32_t offset) const { return offset == DLC_NONE ? "" : bytes.data() + model.strings + offset; }

  /// A stem that no other port has. What is derived from it ends in capitals and digits after '_'.
  std::string unique(std::string stem) {
    std::string candidate = stem;
    for (unsigned i = 2; !taken.insert(llvm::StringRef(candidate).lower()).second; ++i) {
      candidate = stem + "_" + std::to_string(i);
    }
    return candidate;
  }

  void define(const std::string &macro, llvm::Twine value) { out << "#define " << macro << ' ' << value << '\n'; }

  void writeTop() {
    out << "/* The model '" << commented(name) << "', as compiled by " << commented(string(model.producer))
        << ". Link the object of the same name and the\n * dlc runtime. Written by 'dlc compile --emit=obj'. */\n";
    out << "#ifndef " << symbol << "_H\n#define " << symbol << "_H\n#include \"dlc/runtime.h\"\n\n";
    out << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nextern const dlc_abi_model " << symbol << ";\n\n";
    out << "/* Loads the model; dlc_model_release gives it back. `options` may be null. */\n";
    out << "static inline dlc_status " << prefix << "_load(const dlc_model_options *options, dlc_model **out) {\n"
        << "  return dlc_model_load_static(&" << symbol << ", options, out);\n}\n";
  }

  void writeEntry(uint32_t index) {
    auto entry = entryOf<dlc_abi_entry>(model.entries, index);
    llvm::StringRef entryName = string(entry.name);
    // The usual model has one entry, whose name nobody needs to say.
    std::string stem = prefix + (entryName == "main" ? "" : "_" + identifier(entryName));
    std::string upper = llvm::StringRef(stem).upper();
    out << "\n/* --- Entry '" << commented(entryName) << "' --- */\n";
    define(upper + "_ENTRY", llvm::Twine(index));
    define(upper + "_INPUT_COUNT", llvm::Twine(entry.input_count));
    define(upper + "_OUTPUT_COUNT", llvm::Twine(entry.output_count));
    for (uint32_t i = 0; i < entry.input_count; ++i) {
      writePort(stem + "_input_", i, entryOf<dlc_abi_port>(model.ports, entry.first_input + i), true);
    }
    for (uint32_t i = 0; i < entry.output_count; ++i) {
      writePort(stem + "_output_", i, entryOf<dlc_abi_port>(model.ports, entry.first_output + i), false);
    }
  }

  std::string shapeText(const std::vector<dlc_abi_port_dim> &dims) const {
    std::string shape;
    for (const dlc_abi_port_dim &dim : dims) {
      shape += (shape.empty() ? "" : ", ") + (dim.size >= 0 ? std::to_string(dim.size) : commented(string(dim.symbol)));
    }
    return "[" + shape + "]";
  }

  void writePort(const std::string &stem, uint32_t position, const dlc_abi_port &port, bool isInput) {
    std::string function = unique(stem + identifier(string(port.name)));
    std::string macro = llvm::StringRef(function).upper();
    std::vector<dlc_abi_port_dim> dims;
    for (uint32_t i = 0; i < port.rank; ++i) {
      dims.push_back(entryOf<dlc_abi_port_dim>(model.port_dims, port.dims + i));
    }
    bool isTensor = port.kind == DLC_KIND_TENSOR || port.kind == DLC_KIND_STRINGS;
    CType type = cType(port.dtype);
    out << "\n/* " << (isInput ? "Input '" : "Output '") << commented(string(port.name)) << "': "
        << (isTensor ? std::string(type.text) + " " + shapeText(dims) : commented(string(port.type)))
        << (port.flags & DLC_PORT_OPTIONAL ? ", optional" : "") << " */\n";
    define(macro, llvm::Twine(position));
    if (!isTensor) {
      return;
    }
    define(macro + "_DTYPE", type.enumerator);
    define(macro + "_RANK", llvm::Twine(unsigned(port.rank)));
    for (auto [i, dim] : llvm::enumerate(dims)) {
      if (dim.size >= 0) {
        define(macro + "_DIM" + std::to_string(i), llvm::Twine(dim.size));
      }
    }
    if (port.rank <= kMaxRank && type.bits) {
      writeDescribe(function, type, dims, isInput);
    }
  }

  /// The function that describes a tensor of this port; sizes that are not known are parameters.
  void writeDescribe(const std::string &function, const CType &type, const std::vector<dlc_abi_port_dim> &dims, bool isInput) {
    std::string parameters = std::string(isInput ? "const " : "") + type.type + " *data", count = "1", legend;
    for (auto [i, dim] : llvm::enumerate(dims)) {
      std::string size = std::to_string(dim.size);
      if (dim.size < 0) {
        size = "dim" + std::to_string(i);
        parameters += ", int64_t " + size;
        legend += (legend.empty() ? "" : ", ") + size + ": " + commented(string(dim.symbol));
      }
      count += " * (size_t)" + size;
    }
    if (!legend.empty()) {
      out << "/* " << legend << " */\n";
    }
    out << "static inline dlc_tensor " << function << "(" << parameters << ") {\n  dlc_tensor t = DLC_TENSOR_INIT;\n";
    out << "  t.dtype = " << type.enumerator << ";\n  t.rank = " << dims.size() << ";\n";
    for (auto [i, dim] : llvm::enumerate(dims)) {
      out << "  t.dims[" << i << "] = " << (dim.size < 0 ? "dim" + std::to_string(i) : std::to_string(dim.size)) << ";\n";
    }
    out << "  t.data = (void *)(uintptr_t)data;\n";
    if (type.bits % 8 == 0) {
      out << "  t.byte_size = " << count << " * " << type.bits / 8 << ";\n";
    } else {
      out << "  t.byte_size = (" << count << " * " << type.bits << " + 7) / 8;\n";
    }
    out << "  return t;\n}\n";
  }

  static constexpr unsigned kMaxRank = 16; // DLC_MAX_RANK
  llvm::ArrayRef<char> bytes;
  llvm::StringRef name;
  std::string symbol, prefix, text;
  dlc_abi_model model{};
  llvm::StringSet<> taken;
  llvm::raw_string_ostream out{text};
};
} // namespace

std::string headerText(const Program &program, llvm::StringRef name) { return HeaderWriter(program, name).run(); }
} // namespace dlc::emit
