//===- ModelsTest.cpp - real models against their stored outputs --------------------===//
#include "importers/onnx/OnnxProto.h"
#include "tests/unit/onnx/ReferenceRun.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace {
namespace fs = std::filesystem;
using namespace dlc::onnx_testing;

/// The folder of models beside the repository; empty when there is none.
fs::path modelsFolder() {
  const char *stated = std::getenv("DLC_SHARED");
  fs::path folder = stated ? fs::path(stated) : fs::path(DLC_SOURCE_DIR).parent_path() / "shared";
  return fs::is_directory(folder / "models") ? folder / "models" : fs::path();
}

struct Model {
  fs::path file, data;
};

std::vector<Model> findModels() {
  std::vector<Model> models;
  if (modelsFolder().empty()) {
    return models;
  }
  for (const auto &entry : fs::recursive_directory_iterator(modelsFolder())) {
    const fs::path &p = entry.path();
    if (p.extension() != ".onnx") {
      continue;
    }
    fs::path own = p.parent_path() / (p.stem().string() + ".test_data_set_0");
    models.push_back({p, fs::exists(own) ? own : p.parent_path() / "test_data_set_0"});
  }
  std::sort(models.begin(), models.end(), [](const Model &a, const Model &b) { return a.file < b.file; });
  return models;
}

class Models : public testing::TestWithParam<Model> {};

/// Where numbers are rounded to few bits, the order of a sum decides which way one goes.
bool roundsCoarsely(const fs::path &file) {
  onnx::ModelProto model;
  std::ifstream stream(file, std::ios::binary);
  model.ParseFromIstream(&stream);
  bool quantized = llvm::any_of(model.graph().node(), [](const onnx::NodeProto &n) {
    return llvm::StringRef(n.op_type()).contains("Quantize") || llvm::StringRef(n.op_type()).starts_with("QLinear");
  });
  return quantized || llvm::any_of(model.graph().initializer(), [](const onnx::TensorProto &t) {
           return t.data_type() == onnx::TensorProto::FLOAT16;
         });
}

TEST_P(Models, MatchesStoredOutputs) {
  double ofPeak = roundsCoarsely(GetParam().file) ? 3e-2 : 1e-4;
  Outcome outcome = runModel(GetParam().file.string(), GetParam().data.string(), {0, 1e-7, ofPeak});
  EXPECT_EQ(outcome.kind, Outcome::Passed) << outcome.detail;
  std::printf("worst difference: %g of the peak\n", outcome.worst);
}

INSTANTIATE_TEST_SUITE_P(Stored, Models, testing::ValuesIn(findModels()), [](const auto &info) {
  std::string name = info.param.file.stem().string();
  for (char &c : name) {
    c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  }
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Models);
} // namespace
