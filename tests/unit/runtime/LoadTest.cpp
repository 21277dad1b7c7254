// Artifacts from files and memory, and damaged ones: whatever is wrong is found before anything runs.
#include "Builder.h"
#include <cstddef>
#include <cstdio>
#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace dlc::test;

namespace {

// mov rax,[rdi]; mov eax,[rax]; mov rcx,[rdi+8]; mov [rcx],eax; xor eax,eax; ret: copies four bytes.
const std::string copyCode("\x48\x8b\x07\x8b\x00\x48\x8b\x4f\x08\x89\x01\x31\xc0\xc3", 14);

/// y[0] = the constant 42.
Builder answer() {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  int32_t number = 42;
  uint32_t c = b.constantTensor(s, "c", DLC_I32, {1}, &number, 4);
  uint32_t y = b.output("y", DLC_I32, {b.constant(s, 1)}, b.constant(s, 4));
  b.step(s, DLC_STEP_DISPATCH, b.kernel("copy", nullptr), {c, y}, {}, 1, b.constant(s, 1));
  b.metadata.push_back({b.text("author"), b.text("me")});
  b.entry("main", main);
  return b;
}

class File {
public:
  explicit File(const std::string &bytes) {
    char name[] = "/tmp/dlc-artifact-XXXXXX";
    int fd = mkstemp(name);
    path = name;
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), ssize_t(bytes.size()));
    close(fd);
  }
  ~File() { unlink(path.c_str()); }
  std::string path;
};

void expectAnswer(dlc_model *m) {
  ASSERT_TRUE(m) << dlc_last_error();
  dlc_context *c = context(m, 1);
  dlc_tensor out = DLC_TENSOR_INIT;
  ASSERT_EQ(dlc_run(c, 0, nullptr, 0, &out, 1), DLC_OK) << dlc_last_error();
  EXPECT_EQ(*static_cast<int32_t *>(out.data), 42);
  EXPECT_STREQ(dlc_model_metadata_find(m, "author"), "me");
  dlc_context_destroy(c);
  dlc_model_release(m);
}

TEST(Load, FromMemory) {
  std::string elf = answer().elf(copyCode);
  dlc_model *m = nullptr;
  dlc_model_load_memory(elf.data(), elf.size(), nullptr, &m);
  elf.clear();
  expectAnswer(m);
}

TEST(Load, FromAFileAndFromInsideOne) {
  std::string elf = answer().elf(copyCode);
  File plain(elf), inside(std::string(8192, 'x') + elf + "trailer");
  dlc_model *m = nullptr;
  dlc_model_load_file(plain.path.c_str(), nullptr, &m);
  expectAnswer(m);
  dlc_model_load_file_at(inside.path.c_str(), 8192, elf.size(), nullptr, &m);
  expectAnswer(m);
  EXPECT_EQ(dlc_model_load_file_at(inside.path.c_str(), 8191, elf.size(), nullptr, &m), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_model_load_file_at(inside.path.c_str(), 8192, 1 << 20, nullptr, &m), DLC_INVALID_MODEL);
  EXPECT_EQ(dlc_model_load_file("/nowhere", nullptr, &m), DLC_NOT_FOUND);
  EXPECT_EQ(dlc_model_load_file("/tmp", nullptr, &m), DLC_IO_ERROR);
}

/// Loads; the checksum is skipped, so that the checks behind it are reached.
dlc_status loadUnchecked(const std::string &bytes) {
  dlc_model_options o = DLC_MODEL_OPTIONS_INIT;
  o.skip_checksum = 1;
  dlc_model *m = nullptr;
  dlc_status s = dlc_model_load_memory(bytes.data(), bytes.size(), &o, &m);
  dlc_model_release(m);
  return s;
}

TEST(Load, RefusesWhatALoaderWouldHaveToDo) {
  const std::string good = answer().elf(copyCode);
  auto broken = [&](auto change, size_t header) {
    std::string bytes = good;
    Elf64_Phdr ph;
    size_t at = sizeof(Elf64_Ehdr) + header * sizeof ph;
    memcpy(&ph, bytes.data() + at, sizeof ph);
    change(ph);
    memcpy(bytes.data() + at, &ph, sizeof ph);
    return loadUnchecked(bytes);
  };
  EXPECT_EQ(loadUnchecked(good), DLC_OK) << dlc_last_error();
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_flags |= PF_W; }, 1), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_flags = PF_R; }, 1), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_type = PT_TLS; }, 2), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_type = PT_INTERP; }, 2), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_vaddr = 0; }, 1), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_vaddr += 1ull << 40; }, 2), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_memsz = 1ull << 40; }, 2), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_filesz = p.p_memsz = 1ull << 62; }, 2), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_offset += 8; }, 1), DLC_INVALID_MODEL);
  EXPECT_EQ(broken([](Elf64_Phdr &p) { p.p_type = PT_NULL; }, 3), DLC_INVALID_MODEL);
  for (int64_t tag : {DT_NEEDED, DT_INIT, DT_FINI_ARRAY, DT_RELASZ, DT_RELSZ, DT_TEXTREL}) {
    std::string bytes = good;
    Elf64_Phdr ph;
    memcpy(&ph, bytes.data() + sizeof(Elf64_Ehdr) + 2 * sizeof ph, sizeof ph);
    Elf64_Dyn d = {tag, {8}};
    size_t at = ph.p_offset - 64; // unused bytes of the code's page
    memcpy(bytes.data() + at, &d, sizeof d);
    ph = {PT_DYNAMIC, PF_R, at, at, at, sizeof d, sizeof d, 8};
    memcpy(bytes.data() + sizeof(Elf64_Ehdr) + 2 * sizeof ph, &ph, sizeof ph);
    EXPECT_EQ(loadUnchecked(bytes), DLC_INVALID_MODEL) << tag;
  }
}

TEST(Load, EveryTruncationIsRefused) {
  std::string elf = answer().elf(copyCode);
  for (size_t size = 0; size < elf.size(); size += size < 2048 ? 1 : 37) {
    EXPECT_NE(loadUnchecked(elf.substr(0, size)), DLC_OK) << size;
  }
}

TEST(Load, EveryChangedByteIsFound) {
  std::string elf = answer().elf(copyCode);
  for (size_t i = 0; i < 2048; ++i) {
    elf[i] ^= 0x10;
    dlc_model *m = nullptr;
    EXPECT_NE(dlc_model_load_memory(elf.data(), elf.size(), nullptr, &m), DLC_OK) << i;
    elf[i] ^= 0x10;
  }
}

TEST(Load, ChangedBytesWithoutChecksumNeverCrash) {
  const std::string good = answer().elf(copyCode);
  for (size_t i = 0; i < 2048; ++i) {
    for (int change : {0x01, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[i] = char(bytes[i] ^ change);
      loadUnchecked(bytes); // whatever it says
    }
  }
}

TEST(Load, VersionsAndFeaturesAreNamed) {
  Blob blob = answer().finish();
  auto tryLoad = [&] {
    blob.seal();
    dlc_model *m = load(blob);
    dlc_model_release(m);
    return std::string(m ? "" : dlc_last_error());
  };
  EXPECT_EQ(tryLoad(), "");
  blob.header()->features |= 1ull << 40;
  EXPECT_NE(tryLoad().find("features 0x10000000000"), std::string::npos);
  blob.header()->features &= 15;
  blob.header()->abi_version = 2;
  EXPECT_NE(tryLoad().find("abi version 2"), std::string::npos);
  blob.header()->abi_version = 1;
  blob.base[0] = 'x';
  EXPECT_NE(tryLoad().find("magic"), std::string::npos);
}

TEST(Load, PicksTheBestVariant) {
  Builder b = answer();
  b.variants.push_back({b.text("base"), 0, 0});
  b.variants.push_back({b.text("v3"), 0, DLC_CPU_AVX2});
  b.variants.push_back({b.text("alien"), 0, 1ull << 60});
  Blob blob = b.finish();
  dlc_model_options o = DLC_MODEL_OPTIONS_INIT;
  dlc_model *m = load(blob);
  EXPECT_STREQ(dlc_model_variant(m), dlc_cpu_features() & DLC_CPU_AVX2 ? "v3" : "base");
  dlc_model_release(m);
  o.cpu_mask = 1ull << 63;
  m = load(blob, &o);
  EXPECT_STREQ(dlc_model_variant(m), "base");
  dlc_model_release(m);
  Builder only = answer();
  only.variants.push_back({only.text("alien"), 0, 1ull << 60});
  EXPECT_EQ(load(only.finish()), nullptr);
  EXPECT_NE(strstr(dlc_last_error(), "compile it for this processor"), nullptr) << dlc_last_error();
}

TEST(Load, EntriesOfOtherVariantsAreNotThere) {
  auto twice = [] {
    Builder b = diamond(16);
    b.features |= DLC_FEATURE_VARIANT_ENTRIES;
    b.variants.push_back({b.text("base"), 0, 0});
    b.variants.push_back({b.text("alien"), 0, 1ull << 60});
    return b;
  };
  for (uint32_t variant : {0u, 1u, 2u}) {
    Builder b = twice();
    b.entries[0].variant = variant;
    Blob blob = b.finish();
    dlc_model *m = load(blob);
    ASSERT_NE(m, nullptr) << dlc_last_error();
    EXPECT_EQ(dlc_model_entry_count(m), variant == 2 ? 0u : 1u);
    dlc_context *c = context(m, 1);
    EXPECT_EQ(dlc_context_run(c, 0), DLC_INVALID_ARGUMENT); // no entry, or no input
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
  Builder wrong = twice();
  wrong.entries[0].variant = 3;
  EXPECT_EQ(load(wrong.finish()), nullptr);
  EXPECT_NE(strstr(dlc_last_error(), "expected its variant to be below 3"), nullptr) << dlc_last_error();
  Builder missing = twice();
  missing.kernels[0].second = nullptr;
  EXPECT_EQ(load(missing.finish()), nullptr);
  EXPECT_NE(strstr(dlc_last_error(), "the chosen variant does not have its kernel"), nullptr) << dlc_last_error();
}

TEST(Load, UnknownHostFunctionsAreNamed) {
  Builder b = answer();
  b.host("fancy");
  EXPECT_EQ(load(b.finish()), nullptr);
  EXPECT_NE(strstr(dlc_last_error(), "host function 'fancy'"), nullptr) << dlc_last_error();
}

} // namespace
