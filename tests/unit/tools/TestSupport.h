/// \file What the tests of the tools share.
#ifndef DLC_TESTS_UNIT_TOOLS_TESTSUPPORT_H
#define DLC_TESTS_UNIT_TOOLS_TESTSUPPORT_H

#include "tools/common/FileIO.h"
#include "tools/common/HostTensor.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cstring>
#include <gtest/gtest.h>

namespace dlc::test {

/// A folder that lives as long as the object.
class TemporaryFolder {
public:
  TemporaryFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("dlc-test", path)); }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  std::string file(llvm::StringRef name) const { return (path.str() + "/" + name).str(); }

private:
  llvm::SmallString<128> path;
};

/// The value, or a failed test.
template <typename T> T valueOf(llvm::Expected<T> result) {
  if (!result) {
    ADD_FAILURE() << llvm::toString(result.takeError());
    if constexpr (std::is_default_constructible_v<T>) {
      return T();
    } else {
      return T(nullptr);
    }
  }
  return std::move(*result);
}

/// The error's text; "" for success.
template <typename T> std::string errorOf(llvm::Expected<T> result) {
  return result ? "" : llvm::toString(result.takeError());
}
inline std::string errorOf(llvm::Error error) { return error ? llvm::toString(std::move(error)) : ""; }

inline std::string contentOf(llvm::StringRef path) {
  auto buffer = readFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "unreadable: " + llvm::toString(buffer.takeError());
}

/// A tensor whose elements are these numbers.
inline HostTensor tensorOf(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<double> values) {
  HostTensor tensor = valueOf(HostTensor::create(dtype, dims));
  for (size_t i = 0; i < values.size(); ++i) {
    tensor.set(i, values[i]);
  }
  return tensor;
}

/// The elements as doubles.
inline std::vector<double> numbersOf(const HostTensor &tensor) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < tensor.elementCount(); ++i) {
    numbers.push_back(tensor.at(i));
  }
  return numbers;
}

/// Every type with a fixed width.
inline std::vector<dlc_dtype> numericTypes() {
  std::vector<dlc_dtype> types;
  for (int type = DLC_F32; type <= DLC_I2; ++type) {
    if (type != DLC_STRING) {
      types.push_back(static_cast<dlc_dtype>(type));
    }
  }
  return types;
}

/// Little-endian bytes of a number, for files made by hand.
template <typename T> std::string bytesOf(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

} // namespace dlc::test

#endif // DLC_TESTS_UNIT_TOOLS_TESTSUPPORT_H
