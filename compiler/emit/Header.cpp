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
    for (uint32_t first = 0, number = 0, count; first < model.entries.count; first += count, ++number) {
      if (entryOf<dlc_abi_entry>(model.entries, first).variant > 1) {
        break; // the same for another CPU
      }
      count = specialisations(first);
      writeEntry(number, first, count);
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

  /// How many entries from `first` on are one for callers.
  uint32_t specialisations(uint32_t first) const {
    auto name = [&](uint32_t i) { return string(entryOf<dlc_abi_entry>(model.entries, i).name); };
    uint32_t count = 1;
    auto variant = [&](uint32_t i) { return entryOf<dlc_abi_entry>(model.entries, i).variant; };
    while ((model.features & DLC_FEATURE_SPECIALISATIONS) && first + count < model.entries.count && name(first + count) == name(first) &&
           variant(first + count) == variant(first)) {
      ++count;
    }
    return count;
  }
  /// Ports that callers bind; state comes after them.
  uint32_t bound(uint32_t first, uint32_t count) const {
    uint32_t ports = 0;
    while (ports < count && !(entryOf<dlc_abi_port>(model.ports, first + ports).flags & DLC_PORT_FEEDBACK)) {
      ++ports;
    }
    return ports;
  }

  void writeEntry(uint32_t index, uint32_t first, uint32_t count) {
    auto entry = entryOf<dlc_abi_entry>(model.entries, first);
    uint32_t inputs = bound(entry.first_input, entry.input_count), outputs = bound(entry.first_output, entry.output_count);
    llvm::StringRef entryName = string(entry.name);
    // The usual model has one entry, whose name nobody needs to say.
    std::string stem = prefix + (entryName == "main" ? "" : "_" + identifier(entryName));
    std::string upper = llvm::StringRef(stem).upper();
    out << "\n/* --- Entry '" << commented(entryName) << "' --- */\n";
    define(upper + "_ENTRY", llvm::Twine(index));
    define(upper + "_INPUT_COUNT", llvm::Twine(inputs));
    define(upper + "_OUTPUT_COUNT", llvm::Twine(outputs));
    for (uint32_t i = 0; i < inputs; ++i) {
      writePort(stem + "_input_", i, first, count, true);
    }
    for (uint32_t i = 0; i < outputs; ++i) {
      writePort(stem + "_output_", i, first, count, false);
    }
  }

  std::string shapeText(const std::vector<dlc_abi_port_dim> &dims) const {
    std::string shape;
    for (const dlc_abi_port_dim &dim : dims) {
      shape += (shape.empty() ? "" : ", ") + (dim.size >= 0 ? std::to_string(dim.size) : commented(string(dim.symbol)));
    }
    return "[" + shape + "]";
  }

  dlc_abi_port portOf(uint32_t entry, uint32_t position, bool isInput) const {
    auto e = entryOf<dlc_abi_entry>(model.entries, entry);
    return entryOf<dlc_abi_port>(model.ports, (isInput ? e.first_input : e.first_output) + position);
  }
  /// The dims of a port; those that specialisations have different sizes of are open.
  std::vector<dlc_abi_port_dim> dimsOf(uint32_t first, uint32_t count, uint32_t position, bool isInput) const {
    std::vector<dlc_abi_port_dim> dims;
    for (uint32_t e = first; e < first + count; ++e) {
      dlc_abi_port port = portOf(e, position, isInput);
      for (uint32_t i = 0; i < port.rank; ++i) {
        auto dim = entryOf<dlc_abi_port_dim>(model.port_dims, port.dims + i);
        if (e == first) {
          dims.push_back(dim);
        } else if (dims[i].size != dim.size) {
          dims[i].size = -1;
          dims[i].symbol = dims[i].symbol != DLC_NONE ? dims[i].symbol : dim.symbol;
        }
      }
    }
    return dims;
  }

  void writePort(const std::string &stem, uint32_t position, uint32_t first, uint32_t count, bool isInput) {
    dlc_abi_port port = portOf(first, position, isInput);
    std::string function = unique(stem + identifier(string(port.name)));
    std::string macro = llvm::StringRef(function).upper();
    std::vector<dlc_abi_port_dim> dims = dimsOf(first, count, position, isInput);
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
