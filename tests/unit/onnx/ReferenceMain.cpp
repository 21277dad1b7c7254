//===- ReferenceMain.cpp - backend tests through importer and reference evaluator ---===//
// dlc_onnx_reference [-q] FOLDER...: every folder below that holds a model.onnx is a test.
#include "tests/unit/onnx/ReferenceRun.h"
#include "llvm/Support/raw_ostream.h"
#include <filesystem>
#include <map>
#include <set>

namespace fs = std::filesystem;
using namespace dlc::onnx_testing;

int main(int argc, char **argv) {
  static constexpr const char *names[] = {"pass", "not imported", "not evaluated", "different", "unreadable"};
  std::map<int, int> counts;
  std::set<fs::path> models;
  bool quiet = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "-q") {
      quiet = true;
      continue;
    }
    for (const auto &entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.path().filename() == "model.onnx") {
        models.insert(entry.path());
      }
    }
  }
  for (const fs::path &model : models) {
    llvm::outs().flush();
    Outcome worst;
    for (int set = 0;; ++set) {
      fs::path folder = model.parent_path() / ("test_data_set_" + std::to_string(set));
      if (!fs::exists(folder) || worst.kind != Outcome::Passed) {
        break;
      }
      worst = runModel(model.string(), folder.string(), {});
    }
    ++counts[worst.kind];
    if (!quiet || worst.kind != Outcome::Passed) {
      llvm::outs() << model.parent_path().filename().string() << ": " << names[worst.kind]
                   << (worst.detail.empty() ? "" : ": ") << worst.detail << "\n";
    }
  }
  for (auto [kind, count] : counts) {
    llvm::outs() << names[kind] << " " << count << "\n";
  }
  return 0;
}
