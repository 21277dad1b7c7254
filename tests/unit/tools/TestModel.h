/// \file A model made by hand, which the engine loads without a file: y = 2 * x + 1 over rows of four, in two steps.
#ifndef DLC_TESTS_UNIT_TOOLS_TESTMODEL_H
#define DLC_TESTS_UNIT_TOOLS_TESTMODEL_H

#include "TestSupport.h"
#include "tools/common/Session.h"
#include <cstring>

namespace dlc::test {

/// A kernel over rows of four floats.
template <typename Function> int32_t overRows(void *const *buffers, int64_t begin, int64_t end, Function function) {
  const auto *source = static_cast<const float *>(buffers[0]);
  auto *target = static_cast<float *>(buffers[1]);
  for (int64_t i = 4 * begin; i < 4 * end; ++i) {
    target[i] = function(source[i]);
  }
  return DLC_KERNEL_OK;
}

inline int32_t doubleRows(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *) {
  return overRows(buffers, begin, end, [](float x) { return 2 * x; });
}

inline int32_t incrementRows(void *const *buffers, const int64_t *, int64_t begin, int64_t end, void *) {
  return overRows(buffers, begin, end, [](float x) { return x + 1; });
}

/// Lays the tables out; lives as long as the models that were loaded from it.
class TestModel {
public:
  TestModel() : bytes(sizeof(dlc_abi_model)) {
    addDims();
    addValues();
    addSteps();
    finish();
  }

  ModelHandle load() const {
    dlc_model_options options = DLC_MODEL_OPTIONS_INIT;
    options.skip_checksum = 1;
    dlc_model *model = nullptr;
    if (dlc_model_load_static(reinterpret_cast<const dlc_abi_model *>(bytes.data()), &options, &model)) {
      ADD_FAILURE() << dlc_last_error();
    }
    return ModelHandle(model);
  }

private:
  template <typename T> dlc_abi_table append(const std::vector<T> &entries) {
    bytes.resize((bytes.size() + 7) / 8 * 8);
    dlc_abi_table table{bytes.size(), static_cast<uint32_t>(entries.size()), sizeof(T)};
    const auto *data = reinterpret_cast<const uint8_t *>(entries.data());
    bytes.insert(bytes.end(), data, data + entries.size() * sizeof(T));
    return table;
  }

  uint32_t text(const char *string) {
    auto offset = static_cast<uint32_t>(strings.size());
    strings += string;
    strings += '\0';
    return offset;
  }

  uint32_t pool(std::vector<uint32_t> entries) {
    auto first = static_cast<uint32_t>(indices.size());
    indices.insert(indices.end(), entries.begin(), entries.end());
    return first;
  }

  dlc_abi_range range(std::vector<uint32_t> entries) {
    auto count = static_cast<uint32_t>(entries.size());
    return {pool(std::move(entries)), count};
  }

  /// Slots: 0 four, 1 batch, 2 elements, 3 bytes of the buffers.
  void addDims() {
    text("");
    model.dim_program = append<dlc_abi_dim_instr>({{DLC_DIM_CONST, 0, 0, 0, 4},
                                                   {DLC_DIM_VALUE_DIM, 1, 0, 0, 0},
                                                   {DLC_DIM_MUL, 2, 1, 0, 0},
                                                   {DLC_DIM_MUL, 3, 2, 0, 0}});
    model.slot_count = 4;
    uint32_t batch = text("batch");
    model.port_dims = append<dlc_abi_port_dim>(
        {{-1, batch, 1, 1, 64}, {4, DLC_NONE, 0, 4, 4}, {-1, batch, 1, 1, 64}, {4, DLC_NONE, 0, 4, 4}});
  }

  void addValues() {
    uint32_t shape = pool({1, 0});
    auto value = [&](const char *name, dlc_storage storage) {
      return dlc_abi_value{text(name), DLC_KIND_TENSOR, DLC_F32,  2, static_cast<uint8_t>(storage),
                           0,          shape,           DLC_NONE, 3, 0};
    };
    model.values = append<dlc_abi_value>(
        {value("x", DLC_STORAGE_INPUT), value("doubled", DLC_STORAGE_FRAME), value("y", DLC_STORAGE_OUTPUT)});
    model.ports = append<dlc_abi_port>({{text("x"), 0, 0, DLC_KIND_TENSOR, DLC_F32, 2, 0, 0, 0},
                                        {text("y"), 0, 2, DLC_KIND_TENSOR, DLC_F32, 2, 0, 2, 0}});
  }

  dlc_abi_step step(const char *name, uint32_t kernel, dlc_abi_range args) {
    dlc_abi_step result{};
    result.kind = DLC_STEP_DISPATCH;
    result.name = text(name);
    result.strategy = text("rows");
    result.target = kernel;
    result.other = DLC_NONE;
    result.args = args;
    result.output_count = 1;
    result.tiles = 1;
    result.scratch = DLC_NONE;
    result.flops = 2;
    result.bytes = DLC_NONE;
    return result;
  }

  void addSteps() {
    dlc_abi_step first = step("double", 0, range({0, 1})), second = step("increment", 1, range({1, 2}));
    first.successors = range({1});
    second.dependency_count = 1;
    model.steps = append<dlc_abi_step>({first, second});
    model.entries = append<dlc_abi_entry>({{text("main"), 0, 0, 1, 1, 1}});
    model.blocks = append<dlc_abi_block>({{text("main"), 0, 1, range({0}), range({2})}});
    model.stages = append<dlc_abi_stage>({{0, 4, 0, 2, 3, DLC_NONE, 0}});
    model.kernels = append<dlc_abi_kernel>({{text("double_rows"), 0}, {text("increment_rows"), 0}});
    model.variants = append<dlc_abi_variant>({{text("any"), 0, 0}});
  }

  void finish() {
    std::memcpy(model.magic, DLC_ABI_MAGIC, sizeof(model.magic));
    model.struct_size = sizeof(model);
    model.abi_version = DLC_ABI_VERSION;
    model.name = text("rows");
    model.producer = text("test");
    model.index_pool = append(indices);
    std::vector<char> characters(strings.begin(), strings.end());
    model.strings = append(characters).offset;
    model.strings_size = strings.size();
    bytes.resize((bytes.size() + 7) / 8 * 8);
    model.program_size = bytes.size();
    bytes.resize(bytes.size() + 3 * sizeof(int64_t));
    std::memcpy(bytes.data(), &model, sizeof(model));
    link(1, reinterpret_cast<const void *>(&doubleRows));
    link(2, reinterpret_cast<const void *>(&incrementRows));
  }

  /// Links hold their targets' distance from themselves.
  void link(size_t index, const void *target) {
    uint8_t *field = bytes.data() + model.program_size + index * sizeof(int64_t);
    int64_t distance = static_cast<const uint8_t *>(target) - field;
    std::memcpy(field, &distance, sizeof(distance));
  }

  dlc_abi_model model{};
  AlignedBytes bytes;
  std::string strings;
  std::vector<uint32_t> indices;
};

} // namespace dlc::test

#endif // DLC_TESTS_UNIT_TOOLS_TESTMODEL_H
