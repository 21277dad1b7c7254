#include "compiler/target/cpu/contraction/Choice.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::cpu {
namespace {

struct Field {
  llvm::StringLiteral name;
  int Choice::*field;
};
constexpr Field fields[] = {
    {"m", &Choice::m},
    {"rows", &Choice::rows},
    {"vectors", &Choice::vectors},
    {"unroll", &Choice::unroll},
    {"block", &Choice::block},
    {"chunk", &Choice::chunk},
    {"work", &Choice::work},
    {"stay", &Choice::weightsStay},
    {"pack", &Choice::pack},
    {"prefetch", &Choice::prefetch},
};

} // namespace

std::string Choice::text() const {
  std::string text;
  for (const Field &f : fields) {
    if (this->*f.field != unset) {
      text += (text.empty() ? "" : " ") + f.name.str() + "=" + std::to_string(this->*f.field);
    }
  }
  return text;
}

std::optional<Choice> Choice::parse(llvm::StringRef text) {
  Choice choice;
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ' ', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    auto [name, value] = part.split('=');
    const Field *field = llvm::find_if(fields, [&](const Field &f) { return f.name == name; });
    int number = 0;
    if (field == std::end(fields) || value.getAsInteger(10, number) || number < 0 || choice.*field->field != unset) {
      return std::nullopt;
    }
    choice.*field->field = number;
  }
  return choice;
}

void vary(std::vector<Choice> &choices, const Choice &base, int Choice::*field, int now, llvm::ArrayRef<int> values) {
  for (int value : values) {
    if (value != now) {
      choices.push_back(base);
      choices.back().*field = value;
    }
  }
}

} // namespace dlc::cpu
