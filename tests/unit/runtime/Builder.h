// Writes programs by hand, for tests of the engine: tables, a blob for dlc_model_load_static, and a minimal ELF file.
#pragma once
#include "dlc/runtime.h"
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace dlc::test {

constexpr uint32_t none = DLC_NONE;
using Ids = std::vector<uint32_t>;

/// FNV-1a 64.
inline uint64_t fnv(uint64_t hash, const void *data, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    hash = (hash ^ static_cast<const unsigned char *>(data)[i]) * 0x100000001b3ull;
  }
  return hash;
}

/// A step under construction; `succ` are indices within the stage.
struct StepData {
  dlc_abi_step abi = {};
  Ids args, dims, extra, succ;
};
struct StageData {
  dlc_abi_stage abi = {};
  std::vector<dlc_abi_dim_instr> instrs;
  std::vector<StepData> steps;
  int64_t cursor = 0; ///< bytes of the frame used so far by frameTensor
};
struct BlockData {
  dlc_abi_block abi = {};
  Ids params, results;
};

/// A finished program in memory: tables, links, weights.
struct Blob {
  std::unique_ptr<char[]> memory;
  char *base = nullptr; ///< 64-aligned
  size_t size = 0, programSize = 0;
  const dlc_abi_model *model() const { return reinterpret_cast<const dlc_abi_model *>(base); }
  dlc_abi_model *header() { return reinterpret_cast<dlc_abi_model *>(base); }
  /// Makes the checksum right again.
  void seal();
};

class Builder {
public:
  uint64_t features = 15;
  uint32_t slots = 0;
  std::vector<dlc_abi_value> values;
  std::vector<dlc_abi_port> inputs, outputs;
  std::vector<dlc_abi_port_dim> portDims;
  std::vector<dlc_abi_entry> entries;
  std::vector<BlockData> blocks;
  std::vector<StageData> stages;
  std::vector<dlc_abi_constant> constants;
  std::vector<dlc_abi_variable> variables;
  std::vector<dlc_abi_feedback> feedback;
  std::vector<dlc_abi_host_function> hosts;
  std::vector<dlc_abi_metadata> metadata;
  std::vector<dlc_abi_variant> variants;
  std::vector<dlc_abi_preparation> preparations;
  std::vector<std::pair<std::string, dlc_kernel_fn>> kernels;
  std::string weights, sources; ///< in the file, `sources` come behind `weights`, from a page on

  uint32_t text(const std::string &s);
  uint32_t pooled(const Ids &ids);
  std::string program();
  Blob link(const std::string &program);
  uint32_t block(const char *name);
  /// Stages of one block are to be created one after the other.
  uint32_t stage(uint32_t block);
  uint32_t constant(uint32_t stage, int64_t number) { return dim(stage, DLC_DIM_CONST, 0, 0, number); }
  uint32_t dim(uint32_t stage, uint32_t op, uint32_t a, uint32_t b, int64_t imm = 0);
  uint32_t kernel(const char *name, dlc_kernel_fn fn);
  uint32_t host(const char *name);
  uint32_t value(const char *name, uint8_t kind, uint8_t dtype, const Ids &shape, uint8_t storage, uint32_t index,
                 uint32_t offset = none, uint32_t size = none);
  /// A tensor at its own place of a frame of static size.
  uint32_t frameTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims);
  uint32_t constantTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims,
                          const void *data, size_t bytes);
  /// A tensor that `kernel` makes of `source`: buffers are those two. The source is put behind all weights.
  uint32_t preparedTensor(uint32_t stage, const char *name, uint8_t dtype, const std::vector<int64_t> &dims,
                          uint32_t kernel, const std::string &source, uint64_t tiles, const Ids &kernelDims = {});
  /// An input or output of the entry that is being built; sizes -1 are symbolic, with the name in `symbols`.
  uint32_t input(const char *name, uint8_t dtype, const std::vector<int64_t> &dims, uint8_t kind = DLC_KIND_TENSOR,
                 const std::vector<std::string> &symbols = {}, uint8_t flags = 0);
  uint32_t output(const char *name, uint8_t dtype, const Ids &shape, uint32_t size, uint8_t kind = DLC_KIND_TENSOR);
  uint32_t step(uint32_t stage, uint8_t kind, uint32_t target, const Ids &args, const Ids &dims = {},
                uint32_t outputCount = 1, uint32_t tiles = none, const Ids &extra = {}, uint32_t other = none);
  void after(uint32_t stage, uint32_t first, uint32_t then);
  /// Makes an entry of the inputs and outputs added since the last one.
  void entry(const char *name, uint32_t block);
  Blob finish();
  /// The same program in an ELF file. All kernels are the code bytes `code`.
  std::string elf(const std::string &code);
  static constexpr size_t elfProgram = 512; ///< where the program starts in that file

private:
  std::string strings = std::string(1, '\0');
  Ids pool;
  std::vector<dlc_abi_port> ports;
  size_t inputsDone = 0, outputsDone = 0;
};

/// Loads statically; null and the message in `error` on failure.
dlc_model *load(const Blob &blob, const dlc_model_options *options = nullptr);
dlc_context *context(const dlc_model *model, uint32_t threads, uint64_t seed = 0);
dlc_tensor tensor(const void *data, uint32_t dtype, const std::vector<int64_t> &dims);

// Kernels over f32 in tiles of 16 elements; dims: the number of elements.
int32_t kernelAdd(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch);
int32_t kernelScale(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch);
int32_t kernelFail(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch);
/// Does nothing, for programs whose sizes make no sense.
int32_t kernelNothing(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch);

/// y = (2x + 1) + (2x + 1) + x over `n` elements: a diamond with a tail. n < 0: a symbolic size.
Builder diamond(int64_t n);

} // namespace dlc::test
