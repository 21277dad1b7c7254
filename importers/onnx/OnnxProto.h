//===- OnnxProto.h - ONNX's generated protobuf classes ---------------------------===//
#ifndef DLC_IMPORTERS_ONNX_ONNXPROTO_H
#define DLC_IMPORTERS_ONNX_ONNXPROTO_H
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#pragma clang diagnostic ignored "-Wunused-parameter"
#include <onnx/onnx_pb.h>
#pragma clang diagnostic pop
#endif
