/// \file One door to all the files that inputs come from and outputs go to.
#ifndef DLC_TOOLS_COMMON_VALUEFILE_H
#define DLC_TOOLS_COMMON_VALUEFILE_H

#include "tools/common/HostTensor.h"
#include "tools/common/Image.h"

namespace dlc {

/// What a model expects of an input, or promises of an output.
struct PortType {
  std::string name;
  dlc_kind kind = DLC_KIND_TENSOR;
  dlc_dtype dtype = DLC_UNDEFINED;
  std::vector<int64_t> dims;        ///< -1: symbolic
  std::vector<std::string> symbols; ///< per dim, "" when static; may be empty
  std::string type;                 ///< in words, for sequences, optionals and maps

  /// "f32 [batch, 3, 224, 224]".
  std::string toString() const;
};

/// What `--input` says: "name=file", or "file" alone for a model's only input.
struct InputSpec {
  std::string name; ///< empty: the model's only input
  std::string file; ///< also "archive.npz:member" and "raw:file:f32:1x3x224x224"
};

/// A text that is itself an existing file has no name.
InputSpec parseInputSpec(llvm::StringRef text);

/// Reads an input for `port` from .npy, .npz, .pb, .png, .jpg or raw:FILE:TYPE:SHAPE; the content decides where it can.
/// Images take what `image` leaves open (size, layout, channels, rank) from the port. Types that a .npy can't hold
/// (bf16, 4-bit integers, ...) are converted; any other difference of types is an error.
llvm::Expected<HostValue> readValue(llvm::StringRef file, const PortType &port, const ImageOptions &image = {});

/// "raw:FILE:TYPE:SHAPE": the elements and nothing else, little endian, packed for types below 8 bits.
llvm::Expected<HostTensor> readRaw(llvm::StringRef spec);

enum class ValueFormat { npy, pb };

/// Writes `<stem>.npy` or `<stem>.pb` and returns the file's name. A sequence as npy becomes `<stem>_0.npy`, ... (an
/// absent optional: no file).
llvm::Expected<std::vector<std::string>> writeValue(llvm::StringRef stem, const HostValue &value, ValueFormat format);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_VALUEFILE_H
