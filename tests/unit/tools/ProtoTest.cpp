#include "tools/common/Proto.h"
#include "TestSupport.h"
#include "onnx/onnx-data_pb.h"
#include "onnx/onnx_pb.h"
#include "tools/common/ElementType.h"

using namespace dlc;
using namespace dlc::test;

namespace {

onnx::TensorProto protoOf(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims) {
  onnx::TensorProto proto;
  proto.set_data_type(dtype);
  for (int64_t dim : dims) {
    proto.add_dims(dim);
  }
  return proto;
}

HostValue roundTrip(const HostValue &value) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeProto(folder.file("x.pb"), value)), "");
  return valueOf(readProto(contentOf(folder.file("x.pb")), value.kind));
}

} // namespace

TEST(Proto, RoundTripOfEveryType) {
  for (dlc_dtype dtype : numericTypes()) {
    HostTensor tensor = tensorOf(dtype, {5}, {0, 1, 1, 0, 1});
    tensor.name = "x";
    HostTensor read = roundTrip(tensor).tensor;
    EXPECT_EQ(read.dtype, dtype);
    EXPECT_EQ(read.bytes, tensor.bytes);
    EXPECT_EQ(read.name, "x");
  }
}

TEST(Proto, TypedFields) {
  onnx::TensorProto half = protoOf(DLC_F16, {2});
  half.add_int32_data(0x3c00);
  half.add_int32_data(0xc000);
  EXPECT_EQ(numbersOf(valueOf(tensorFromProto(half))), (std::vector<double>{1, -2}));
  onnx::TensorProto packed = protoOf(DLC_I4, {3});
  packed.add_int32_data(0x21);
  packed.add_int32_data(0x0f);
  EXPECT_EQ(numbersOf(valueOf(tensorFromProto(packed))), (std::vector<double>{1, 2, -1}));
  onnx::TensorProto complex = protoOf(DLC_C64, {1});
  complex.add_float_data(3);
  complex.add_float_data(4);
  EXPECT_EQ(valueOf(tensorFromProto(complex)).as<float>()[1], 4);
  onnx::TensorProto wide = protoOf(DLC_U32, {1});
  wide.add_uint64_data(4000000000u);
  EXPECT_EQ(valueOf(tensorFromProto(wide)).at(0), 4e9);
  onnx::TensorProto number = protoOf(DLC_I64, {});
  number.add_int64_data(-5);
  EXPECT_EQ(valueOf(tensorFromProto(number)).at(0), -5);
}

TEST(Proto, Strings) {
  HostTensor tensor;
  tensor.dtype = DLC_STRING;
  tensor.dims = {2};
  tensor.strings = {"a", std::string("b\0c", 3)};
  EXPECT_EQ(roundTrip(tensor).tensor.strings, tensor.strings);
}

TEST(Proto, SequencesOptionalsAndMaps) {
  HostValue sequence;
  sequence.kind = DLC_KIND_SEQUENCE;
  sequence.elements = {tensorOf(DLC_F32, {1}, {1}), tensorOf(DLC_F32, {2}, {2, 3})};
  HostValue read = roundTrip(sequence);
  ASSERT_EQ(read.elements.size(), 2u);
  EXPECT_EQ(numbersOf(read.elements[1].tensor), (std::vector<double>{2, 3}));

  HostValue optional;
  optional.kind = DLC_KIND_OPTIONAL;
  EXPECT_TRUE(roundTrip(optional).elements.empty());
  optional.elements = {sequence};
  EXPECT_EQ(roundTrip(optional).elements.at(0).elements.size(), 2u);

  HostValue map;
  map.kind = DLC_KIND_MAP;
  map.elements = {tensorOf(DLC_I64, {2}, {7, 8}), sequence};
  HostValue readMap = roundTrip(map);
  ASSERT_EQ(readMap.elements.size(), 2u);
  EXPECT_EQ(numbersOf(readMap.elements[0].tensor), (std::vector<double>{7, 8}));
  EXPECT_EQ(readMap.elements[1].elements.size(), 2u);
}

TEST(Proto, WrongContentsAreRefused) {
  onnx::TensorProto proto = protoOf(DLC_F32, {3});
  proto.set_raw_data("12345678");
  EXPECT_EQ(errorOf(tensorFromProto(proto)), "tensor '' of f32 3: expected 12 bytes of raw_data, got 8");
  proto = protoOf(DLC_F32, {1000000000, 1000000});
  EXPECT_NE(errorOf(tensorFromProto(proto)), "");
  proto = protoOf(DLC_U8, {1});
  proto.add_int32_data(256);
  EXPECT_EQ(errorOf(tensorFromProto(proto)),
            "tensor '' of u8 1: expected entries of int32_data in 0 to 255, got 256 at 0");
  EXPECT_NE(errorOf(tensorFromProto(protoOf(DLC_F32, {-1}))), "");
  proto = protoOf(DLC_F32, {1});
  proto.set_data_type(77);
  EXPECT_NE(errorOf(tensorFromProto(proto)), "");
  EXPECT_NE(errorOf(tensorFromProto(protoOf(DLC_STRING, {1000000000000}))), "");
  proto = protoOf(DLC_F32, {1});
  proto.set_data_location(onnx::TensorProto::EXTERNAL);
  EXPECT_NE(errorOf(tensorFromProto(proto)), "");
  EXPECT_NE(errorOf(readProto("\xff\xff\xff")), "");
  EXPECT_NE(errorOf(readProto("")), "");
}

TEST(Proto, EveryDamagedByteIsSurvived) {
  onnx::SequenceProto sequence;
  sequence.set_elem_type(onnx::SequenceProto::TENSOR);
  tensorToProto(tensorOf(DLC_F32, {2}, {1, 2}), *sequence.add_tensor_values());
  std::string bytes = sequence.SerializeAsString();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(value);
      for (dlc_kind kind : {DLC_KIND_TENSOR, DLC_KIND_SEQUENCE, DLC_KIND_OPTIONAL, DLC_KIND_MAP}) {
        errorOf(readProto(damaged, kind));
      }
    }
  }
}
