// A dense n-dimensional array in row-major order. Copies share the elements.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "core/allocator.h"
#include "core/api.h"
#include "core/resource.h"
#include "core/shape.h"
#include "core/status.h"
#include "core/types.h"

namespace SLUICE_API sluice {

// The memory behind one or several tensors.
class Buffer {
 public:
  Buffer(void* data, size_t bytes) : data_(data), bytes_(bytes) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  virtual ~Buffer() = default;
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 protected:
  void* data_;
  size_t bytes_;
};

// Not thread-safe for writes to the same elements; a const Tensor may be read by several threads.
class Tensor {
 public:
  Tensor() = default;  // dtype kInvalid, no elements

  // Elements are not initialised where the type is trivial, default-constructed otherwise.
  // ResourceExhausted where the allocator refuses, to which `owner` is told; InvalidArgument where the number of bytes overflows.
  static absl::StatusOr<Tensor> Create(DataType dtype, Shape shape, Allocator& allocator = DefaultAllocator(),
                                       absl::string_view owner = "a tensor");
  // The same for sizes that are known to be small; CHECK-fails where Create would return an error.
  Tensor(DataType dtype, Shape shape);
  // A tensor over the memory of `buffer`. REQUIRES: it holds enough elements, and starts `offset` bytes into
  // it.
  Tensor(DataType dtype, Shape shape, std::shared_ptr<Buffer> buffer, size_t offset = 0);

  template <class T>
  static Tensor Scalar(T value) {
    Tensor t(kDataTypeOf<T>, Shape{});
    *t.data<T>() = std::move(value);
    return t;
  }
  template <class T>
  static Tensor Of(absl::Span<const T> values, Shape shape) {
    Tensor t(kDataTypeOf<T>, std::move(shape));
    SLUICE_CHECK(static_cast<int64_t>(values.size()) == t.num_elements());
    std::copy(values.begin(), values.end(), t.data<T>());
    return t;
  }
  template <class T>
  static Tensor Vector(const std::vector<T>& values) {
    Tensor t(kDataTypeOf<T>, Shape{static_cast<int64_t>(values.size())});
    std::copy(values.begin(), values.end(), t.data<T>());
    return t;
  }

  DataType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t dim(int i) const { return shape_.dim(i); }
  int64_t num_elements() const { return dtype_ == DataType::kInvalid ? 0 : shape_.num_elements(); }
  size_t bytes() const { return static_cast<size_t>(num_elements()) * DataTypeSize(dtype_); }
  const std::shared_ptr<Buffer>& buffer() const { return buffer_; }

  // The elements as T. REQUIRES: T is the C++ type of dtype().
  template <class T>
  T* data() {
    SLUICE_CHECK(dtype_ == kDataTypeOf<T>);
    return static_cast<T*>(data_);
  }
  template <class T>
  const T* data() const {
    SLUICE_CHECK(dtype_ == kDataTypeOf<T>);
    return static_cast<const T*>(data_);
  }
  template <class T>
  absl::Span<const T> values() const {
    return absl::Span<const T>(data<T>(), static_cast<size_t>(num_elements()));
  }
  void* raw() { return data_; }
  const void* raw() const { return data_; }

  // The same elements under another shape. REQUIRES: the same number of elements.
  Tensor Reshaped(Shape shape) const;
  // A copy with memory of its own.
  absl::StatusOr<Tensor> Clone(Allocator& allocator = DefaultAllocator()) const;
  // Element i of an int32 or int64 tensor. REQUIRES: one of these types.
  int64_t IntAt(int64_t i) const;
  // "float[2,3] 1 2 3 …": at most `max_elements` of them.
  std::string ToString(int max_elements = 6) const;
  // Same dtype, shape and bytes (strings and handles by value; variants by identity; NaNs by bits).
  bool operator==(const Tensor& other) const;

 private:
  DataType dtype_ = DataType::kInvalid;
  Shape shape_;
  std::shared_ptr<Buffer> buffer_;
  void* data_ = nullptr;
};

// A host tensor of int32 or int64 from dimensions. InvalidArgument where a value does not fit into int32.
absl::StatusOr<Tensor> IntTensor(absl::Span<const int64_t> values, DataType dtype, bool scalar = false);
// The dimensions in an int32 or int64 vector.
Dims DimsOf(const Tensor& t);

}  // namespace sluice
