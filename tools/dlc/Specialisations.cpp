#include "tools/dlc/Specialisations.h"
#include "tools/common/HostTensor.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {
namespace {

constexpr size_t maxSpecialisations = 64;

llvm::Error wrongSyntax(llvm::StringRef text) {
  return makeError("--dim: expected NAME=SIZES such as batch=4, seq=1..512 or seq=1|128|1..512, got '{0}'", text);
}

/// Adds `name` = `size` to a combination; false when the text is none of a number, a range or a formula.
bool choose(Specialisation &to, llvm::StringRef name, llvm::StringRef size) {
  size = size.trim();
  size_t dots = size.find("..");
  if (dots == llvm::StringRef::npos) {
    to.sizes.emplace_back(name.str(), size.str());
    return !size.empty() && !size.starts_with("-");
  }
  SizeBounds bounds{name.str(), 0, -1};
  llvm::StringRef least = size.take_front(dots), most = size.drop_front(dots + 2);
  bool ok = !least.getAsInteger(10, bounds.least) && bounds.least >= 0 &&
            (most.empty() || (!most.getAsInteger(10, bounds.most) && bounds.most >= bounds.least));
  to.bounds.push_back(bounds);
  return ok;
}

} // namespace

llvm::Expected<std::vector<Specialisation>> parseSpecialisations(const std::vector<std::string> &texts) {
  std::vector<Specialisation> all(1);
  llvm::StringSet<> names;
  for (llvm::StringRef text : texts) {
    auto [name, sizes] = text.split('=');
    if (name.empty() || sizes.empty()) {
      return wrongSyntax(text);
    }
    if (!names.insert(name).second) {
      return makeError("--dim: expected every dim once, got '{0}' twice: separate its sizes by |", name);
    }
    llvm::SmallVector<llvm::StringRef> alternatives;
    sizes.split(alternatives, '|');
    std::vector<Specialisation> product;
    if (all.size() * alternatives.size() > maxSpecialisations) {
      return makeError("--dim: expected at most {0} combinations of sizes, got at least {1}", maxSpecialisations,
                       all.size() * alternatives.size());
    }
    for (const Specialisation &outer : all) {
      for (llvm::StringRef alternative : alternatives) {
        product.push_back(outer);
        if (!choose(product.back(), name, alternative)) {
          return wrongSyntax(text);
        }
      }
    }
    all = std::move(product);
  }
  return all;
}

llvm::Expected<std::vector<StatePair>> parseStates(const std::vector<std::string> &texts) {
  std::vector<StatePair> states;
  for (llvm::StringRef text : texts) {
    auto [output, input] = text.split(':');
    if (output.empty() || input.empty() || input.contains(':')) {
      return makeError("--state: expected OUTPUT:INPUT such as h_out:h_in, got '{0}'", text);
    }
    states.push_back({output.str(), input.str()});
  }
  return states;
}

} // namespace dlc
