//===- Image.cpp - images from files -------------------------------------------------------------------===//
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// libdlc_image decodes (runtime/image): the engine opens it when it loads the model.
Result imageDecoder(Node &n) {
  std::string format = n.getString("pixel_format", "RGB");
  if (format != "RGB" && format != "BGR" && format != "Grayscale") {
    return n.fail("expected pixel_format RGB, BGR or Grayscale, got '" + format + "'");
  }
  mlir::Type u8 = n.builder.getIntegerType(8, false);
  if (nn::elementOf(n.in(0)) != u8 || nn::rankOf(n.in(0)) != 1) {
    return n.fail("expected a file's bytes as a vector of UINT8");
  }
  Shape shape{n.freshSize("image_height"), n.freshSize("image_width"), n.number(format == "Grayscale" ? 1 : 3)};
  mlir::Builder &b = n.builder;
  auto parameters = b.getDictionaryAttr(b.getNamedAttr("pixel_format", b.getStringAttr(format)));
  auto op = nn::CustomOp::create(n.builder, n.loc, mlir::TypeRange(dim::getTensorType(shape, u8)), "dlc.image",
                                 "decode", 1, parameters, llvm::ArrayRef<int64_t>{0}, n.in(0));
  return mlir::failed(n.finish(op)) ? mlir::failure() : n.result(op->getResult(0));
}
} // namespace

void addImageRules(RuleTable &table) { table.add({{"", "ImageDecoder", {20}, imageDecoder, {1, 1}}}); }
} // namespace dlc::onnx_import
