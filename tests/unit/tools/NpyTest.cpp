#include "tools/common/Npy.h"
#include "TestSupport.h"

using namespace dlc;
using namespace dlc::test;

namespace {

/// A version 1 file with this header and data.
std::string npyFile(std::string header, const std::string &data, char version = 1) {
  header += '\n';
  std::string length = version == 1 ? bytesOf<uint16_t>(header.size()) : bytesOf<uint32_t>(header.size());
  return std::string("\x93NUMPY") + version + '\0' + length + header + data;
}

std::string dictionary(const char *descr, const char *order, const char *shape) {
  return std::string("{'descr': '") + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

HostTensor roundTrip(const HostTensor &tensor) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeNpy(folder.file("x.npy"), tensor)), "");
  return valueOf(readNpy(contentOf(folder.file("x.npy"))));
}

} // namespace

TEST(Npy, RoundTripOfEveryType) {
  for (dlc_dtype dtype : numericTypes()) {
    HostTensor tensor = tensorOf(dtype, {2, 3}, {0, 1, 1, 1, 0, 1});
    HostTensor read = roundTrip(tensor);
    EXPECT_EQ(read.dtype, npyElementType(dtype));
    EXPECT_EQ(read.dims, tensor.dims);
    EXPECT_EQ(numbersOf(read), numbersOf(tensor));
  }
}

TEST(Npy, RoundTripOfOddShapes) {
  EXPECT_TRUE(roundTrip(tensorOf(DLC_F32, {}, {4})).dims.empty());
  EXPECT_EQ(roundTrip(tensorOf(DLC_F32, {7}, {4})).dims, (std::vector<int64_t>{7}));
  EXPECT_EQ(roundTrip(tensorOf(DLC_F32, {2, 0, 3}, {})).dims, (std::vector<int64_t>{2, 0, 3}));
}

TEST(Npy, RoundTripOfStrings) {
  HostTensor tensor;
  tensor.dtype = DLC_STRING;
  tensor.dims = {3};
  tensor.strings = {"", "größe", "\xf0\x9f\x98\x80!"};
  EXPECT_EQ(roundTrip(tensor).strings, tensor.strings);
}

TEST(Npy, DataStartsAtAMultipleOf64) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeNpy(folder.file("x.npy"), tensorOf(DLC_F32, {1}, {2}))), "");
  std::string bytes = contentOf(folder.file("x.npy"));
  EXPECT_EQ(bytes.size() % 64, 4u);
  EXPECT_EQ(bytes[bytes.size() - 5], '\n');
}

TEST(Npy, FortranOrderIsTurned) {
  std::string file = npyFile(dictionary("|u1", "True", "(2, 3)"), "\x01\x04\x02\x05\x03\x06");
  EXPECT_EQ(numbersOf(valueOf(readNpy(file))), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, BigEndianIsConverted) {
  EXPECT_EQ(valueOf(readNpy(npyFile(dictionary(">i2", "False", "(1,)"), "\x01\x02"))).at(0), 258);
  std::string complexBytes("\x3f\x80\0\0\x40\0\0\0", 8);
  HostTensor complex = valueOf(readNpy(npyFile(dictionary(">c8", "False", "()"), complexBytes)));
  EXPECT_EQ(complex.as<float>()[0], 1);
  EXPECT_EQ(complex.as<float>()[1], 2);
}

TEST(Npy, VersionsTwoAndThree) {
  for (char version : {2, 3}) {
    EXPECT_EQ(valueOf(readNpy(npyFile(dictionary("|i1", "False", "(1,)"), "\xff", version))).at(0), -1);
  }
}

TEST(Npy, ByteStrings) {
  HostTensor tensor = valueOf(readNpy(npyFile(dictionary("|S3", "False", "(2,)"), std::string("ab\0cde", 6))));
  EXPECT_EQ(tensor.strings, (std::vector<std::string>{"ab", "cde"}));
}

TEST(Npy, HostileFilesAreRefused) {
  std::string good = npyFile(dictionary("<f4", "False", "(2,)"), "12345678");
  EXPECT_EQ(errorOf(readNpy(good)), "");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(errorOf(readNpy(llvm::StringRef(good).take_front(size))), "") << size;
  }
  const char *headers[] = {"",
                           "{",
                           "{}",
                           "{'descr': '<f4'}",
                           "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
                           "{'descr': '<f4', 'fortran_order': 7, 'shape': (1,)}",
                           "{'descr' '<f4'}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,} x"};
  for (const char *header : headers) {
    EXPECT_NE(errorOf(readNpy(npyFile(header, "12345678"))), "") << header;
  }
  const char *shapes[] = {"(-1,)", "(9223372036854775807,)", "(99999999999999999999,)", "(4294967296, 4294967296)",
                          "(3,)",  "(1000000000000,)"};
  for (const char *shape : shapes) {
    EXPECT_NE(errorOf(readNpy(npyFile(dictionary("<f4", "False", shape), "12345678"))), "") << shape;
  }
  for (const char *descr : {"|O8", "<f3", "<f99999999999", "f4", "<", "|V4", "<M8[ns]", "|S", "<U-1"}) {
    EXPECT_NE(errorOf(readNpy(npyFile(dictionary(descr, "False", "(1,)"), "12345678"))), "") << descr;
  }
  EXPECT_NE(errorOf(readNpy(npyFile(dictionary("|S0", "False", "(1000000000,)"), ""))), "");
  EXPECT_NE(errorOf(readNpy(npyFile(dictionary("<U1", "False", "(1,)"), "\xff\xff\xff\xff"))), "");
}
