#include "tools/common/Zip.h"
#include "TestSupport.h"
#include "tools/common/Npy.h"
#include <zlib.h>

using namespace dlc;
using namespace dlc::test;

namespace {

std::string deflated(const std::string &data) {
  std::string result(compressBound(data.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(data.data()));
  stream.avail_in = data.size();
  stream.next_out = reinterpret_cast<Bytef *>(result.data());
  stream.avail_out = result.size();
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

struct TestMember {
  std::string name, data;
  bool isDeflated = false;
  uint32_t sizeField = 0; ///< instead of the data's size, when not 0
};

/// An archive as NumPy writes it; with ZIP64 records on request.
std::string makeArchive(const std::vector<TestMember> &members, bool isZip64 = false) {
  std::string archive, directory;
  for (const TestMember &member : members) {
    std::string packed = member.isDeflated ? deflated(member.data) : member.data;
    auto crc = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef *>(member.data.data()), member.data.size()));
    uint32_t size = member.sizeField ? member.sizeField : member.data.size();
    auto method = static_cast<uint16_t>(member.isDeflated ? 8 : 0);
    std::string extra = isZip64 ? bytesOf<uint16_t>(1) + bytesOf<uint16_t>(24) + bytesOf<uint64_t>(size) +
                                      bytesOf<uint64_t>(packed.size()) + bytesOf<uint64_t>(archive.size())
                                : "";
    uint32_t full = 0xffffffff;
    std::string common = bytesOf<uint16_t>(20) + bytesOf<uint16_t>(0) + bytesOf<uint16_t>(method) +
                         bytesOf<uint32_t>(0) + bytesOf(crc) + bytesOf<uint32_t>(isZip64 ? full : packed.size()) +
                         bytesOf<uint32_t>(isZip64 ? full : size) + bytesOf<uint16_t>(member.name.size());
    directory += "PK\x01\x02" + bytesOf<uint16_t>(20) + common + bytesOf<uint16_t>(extra.size()) +
                 std::string(10, '\0') + bytesOf<uint32_t>(isZip64 ? full : archive.size()) + member.name + extra;
    archive += "PK\x03\x04" + common + bytesOf<uint16_t>(0) + member.name + packed;
  }
  uint64_t offset = archive.size();
  archive += directory;
  if (isZip64) {
    uint64_t record = archive.size();
    archive += "PK\x06\x06" + bytesOf<uint64_t>(44) + std::string(12, '\0') + bytesOf<uint64_t>(members.size()) +
               bytesOf<uint64_t>(members.size()) + bytesOf<uint64_t>(directory.size()) + bytesOf(offset);
    archive += "PK\x06\x07" + bytesOf<uint32_t>(0) + bytesOf(record) + bytesOf<uint32_t>(1);
  }
  auto count = static_cast<uint16_t>(isZip64 ? 0xffff : members.size());
  return archive + "PK\x05\x06" + bytesOf<uint32_t>(0) + bytesOf(count) + bytesOf(count) +
         bytesOf<uint32_t>(isZip64 ? 0xffffffff : directory.size()) + bytesOf<uint32_t>(isZip64 ? 0xffffffff : offset) +
         bytesOf<uint16_t>(0);
}

std::string npyBytes(const HostTensor &tensor) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeNpy(folder.file("x.npy"), tensor)), "");
  return contentOf(folder.file("x.npy"));
}

} // namespace

TEST(Zip, StoredDeflatedAndZip64) {
  std::string first = npyBytes(tensorOf(DLC_F32, {3}, {1, 2, 3}));
  std::string second = npyBytes(tensorOf(DLC_I8, {1000}, {5}));
  for (bool isZip64 : {false, true}) {
    auto tensors =
        valueOf(readNpz(makeArchive({{"a.npy", first}, {"note.txt", "x"}, {"b.npy", second, true}}, isZip64)));
    ASSERT_EQ(tensors.size(), 2u);
    EXPECT_EQ(tensors[0].name, "a");
    EXPECT_EQ(numbersOf(tensors[0]), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(tensors[1].dims, (std::vector<int64_t>{1000}));
  }
}

TEST(Zip, CutOffArchivesAreRefused) {
  std::string archive = makeArchive({{"a.npy", npyBytes(tensorOf(DLC_F32, {3}, {1, 2, 3})), true}}, true);
  for (size_t size = 0; size < archive.size(); ++size) {
    EXPECT_NE(errorOf(readNpz(llvm::StringRef(archive).take_front(size))), "") << size;
  }
}

TEST(Zip, EveryDamagedByteIsSurvived) {
  std::string archive = makeArchive({{"a.npy", npyBytes(tensorOf(DLC_F32, {3}, {1, 2, 3})), true}});
  for (size_t i = 0; i < archive.size(); ++i) {
    for (char bits : {'\x01', '\x80', '\xff'}) {
      std::string damaged = archive;
      damaged[i] = static_cast<char>(damaged[i] ^ bits);
      errorOf(readNpz(damaged));
    }
  }
}

TEST(Zip, LiesAboutSizesCostNoMemory) {
  std::string bomb = makeArchive({{"a.npy", "tiny", true, 0x7fffffff}});
  EXPECT_EQ(errorOf(readNpz(bomb)),
            "member 'a.npy' of the archive: expected stored or deflated data, got method 8, 6 bytes for 2147483647");
  EXPECT_NE(errorOf(readNpz(makeArchive({{"a.npy", "tiny", true, 100}}))), "");
  EXPECT_NE(errorOf(readNpz(makeArchive({{"a.npy", std::string(5000, 'x'), true, 100}}))), "");
}
