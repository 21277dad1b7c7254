#include "tools/common/Zip.h"
#include "tools/common/HostTensor.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

namespace dlc {
namespace {

using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::read64le;

constexpr size_t endRecordSize = 22, end64LocatorSize = 20, end64RecordSize = 56;
constexpr size_t directoryEntrySize = 46, localHeaderSize = 30;

llvm::Error damaged(llvm::StringRef what) { return makeError("the archive is damaged: {0}", what); }

struct Directory {
  uint64_t offset, size, count;
};

/// The ZIP64 record, where a locator stands before the end record.
llvm::Expected<Directory> findDirectory64(llvm::StringRef archive, size_t locator) {
  uint64_t record = read64le(archive.data() + locator + 8);
  if (record > archive.size() || archive.size() - record < end64RecordSize ||
      !archive.substr(record).starts_with("PK\x06\x06")) {
    return damaged("its ZIP64 record is missing");
  }
  const char *data = archive.data() + record;
  return Directory{read64le(data + 48), read64le(data + 40), read64le(data + 32)};
}

llvm::Expected<Directory> findDirectory(llvm::StringRef archive) {
  size_t end = archive.rfind(llvm::StringRef("PK\x05\x06"));
  if (end == llvm::StringRef::npos || archive.size() - end < endRecordSize) {
    return makeError("expected a ZIP archive (.npz), got {0} bytes without its end record", archive.size());
  }
  const char *data = archive.data() + end;
  Directory directory{read32le(data + 16), read32le(data + 12), read16le(data + 10)};
  bool isFull = directory.offset == 0xffffffff || directory.size == 0xffffffff || directory.count == 0xffff;
  if (isFull && end >= end64LocatorSize && archive.substr(end - end64LocatorSize).starts_with("PK\x06\x07")) {
    return findDirectory64(archive, end - end64LocatorSize);
  }
  return directory;
}

/// Takes the sizes that don't fit in 32 bits from the entry's extra field 1.
llvm::Error readExtra64(llvm::StringRef extra, ZipMember &member) {
  uint64_t *wide[] = {&member.size, &member.compressedSize, &member.headerOffset};
  while (extra.size() >= 4) {
    unsigned id = read16le(extra.data()), length = read16le(extra.data() + 2);
    if (length > extra.size() - 4) {
      break;
    }
    llvm::StringRef field = extra.substr(4, length);
    extra = extra.drop_front(4 + length);
    if (id != 1) {
      continue;
    }
    for (uint64_t *value : wide) {
      if (*value == 0xffffffff) {
        if (field.size() < 8) {
          return damaged("a ZIP64 field is cut off");
        }
        *value = read64le(field.data());
        field = field.drop_front(8);
      }
    }
  }
  return llvm::Error::success();
}

llvm::Error inflateInto(llvm::StringRef data, std::string &target) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return makeError("zlib can't start: {0}", stream.msg ? stream.msg : "out of memory");
  }
  uint64_t consumed = 0, produced = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    auto take = static_cast<uInt>(std::min<uint64_t>(data.size() - consumed, 1u << 30));
    auto room = static_cast<uInt>(std::min<uint64_t>(target.size() - produced, 1u << 30));
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(data.data() + consumed));
    stream.avail_in = take;
    stream.next_out = reinterpret_cast<Bytef *>(target.data() + produced);
    stream.avail_out = room;
    status = inflate(&stream, Z_NO_FLUSH);
    consumed += take - stream.avail_in;
    produced += room - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || produced != target.size()) {
    return damaged("a member's compressed data doesn't give the size that its directory promises");
  }
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<ZipMember>> readZipDirectory(llvm::StringRef archive) {
  auto directory = findDirectory(archive);
  if (!directory) {
    return directory.takeError();
  }
  if (directory->offset > archive.size() || directory->size > archive.size() - directory->offset) {
    return damaged("its directory lies outside of the file");
  }
  llvm::StringRef rest = archive.substr(directory->offset, directory->size);
  std::vector<ZipMember> members;
  for (uint64_t i = 0; i < directory->count; ++i) {
    if (rest.size() < directoryEntrySize || !rest.starts_with("PK\x01\x02")) {
      return damaged("its directory is cut off");
    }
    const char *data = rest.data();
    size_t nameSize = read16le(data + 28), extraSize = read16le(data + 30), commentSize = read16le(data + 32);
    if (nameSize + extraSize + commentSize > rest.size() - directoryEntrySize) {
      return damaged("its directory is cut off");
    }
    if (read16le(data + 8) & 1) {
      return makeError("expected a plain archive, got an encrypted one");
    }
    ZipMember member;
    member.name = rest.substr(directoryEntrySize, nameSize).str();
    member.method = read16le(data + 10);
    member.crc = read32le(data + 16);
    member.compressedSize = read32le(data + 20);
    member.size = read32le(data + 24);
    member.headerOffset = read32le(data + 42);
    if (llvm::Error error = readExtra64(rest.substr(directoryEntrySize + nameSize, extraSize), member)) {
      return error;
    }
    members.push_back(std::move(member));
    rest = rest.drop_front(directoryEntrySize + nameSize + extraSize + commentSize);
  }
  return members;
}

llvm::Expected<std::string> readZipMember(llvm::StringRef archive, const ZipMember &member) {
  if (member.headerOffset > archive.size() || archive.size() - member.headerOffset < localHeaderSize ||
      !archive.substr(member.headerOffset).starts_with("PK\x03\x04")) {
    return damaged("member '" + member.name + "' lies outside of the file");
  }
  const char *header = archive.data() + member.headerOffset;
  uint64_t skip = localHeaderSize + read16le(header + 26) + read16le(header + 28);
  llvm::StringRef data =
      archive.substr(member.headerOffset).drop_front(std::min<uint64_t>(skip, archive.size() - member.headerOffset));
  if (member.compressedSize > data.size()) {
    return damaged("member '" + member.name + "' is cut off");
  }
  data = data.take_front(member.compressedSize);
  // Deflate never shrinks data below 1/1032: a promise beyond that is a lie, not worth the memory.
  bool isPlausible = member.method == 0 ? member.size == data.size() : member.size / 1040 <= data.size();
  if ((member.method != 0 && member.method != 8) || !isPlausible) {
    return makeError("member '{0}' of the archive: expected stored or deflated data, got method {1}, {2} bytes for {3}",
                     member.name, member.method, member.compressedSize, member.size);
  }
  std::string bytes;
  if (member.method == 0) {
    bytes = data.str();
  } else {
    bytes.resize(member.size);
    if (llvm::Error error = inflateInto(data, bytes)) {
      return makeError("member '{0}': {1}", member.name, llvm::toString(std::move(error)));
    }
  }
  if (::crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()) != member.crc) {
    return damaged("member '" + member.name + "' fails its checksum");
  }
  return bytes;
}

} // namespace dlc
