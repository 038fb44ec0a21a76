#include "core/variable.h"

namespace sluice {

Variable::Variable(std::string name, DataType dtype, PartialShape declared, Allocator& allocator)
    : name_(std::move(name)), dtype_(dtype), declared_(std::move(declared)), allocator_(allocator) {}

Variable::~Variable() {
  if (data_ != nullptr) allocator_.Deallocate(data_, bytes_);
}

absl::Status Variable::Reserve(const Shape& shape) {
  if (data_ != nullptr && shape == shape_) return absl::OkStatus();
  if (!declared_.IsCompatibleWith(shape)) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", name_, "' has shape ", declared_.ToString(),
                                                   ", cannot hold a value of shape ", shape.ToString()));
  }
  if (!IsTrivial(dtype_)) {
    return absl::UnimplementedError(
        absl::StrCat("variable '", name_, "' of dtype ", DataTypeName(dtype_), ": only plain numbers are supported"));
  }
  int64_t bytes = 0;
  if (!MultiplySafely(shape.num_elements(), static_cast<int64_t>(DataTypeSize(dtype_)), &bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", name_, "' ", shape.ToString(), " overflows int64"));
  }
  const std::string owner = absl::StrCat("variable '", name_, "'");
  void* data = allocator_.AllocateFor(bytes, owner);
  if (data == nullptr) return absl::ResourceExhaustedError(DescribeExhaustion(allocator_, bytes, owner));
  if (data_ != nullptr) allocator_.Deallocate(data_, bytes_);
  data_ = data;
  bytes_ = bytes;
  shape_ = shape;
  set_initialized(false);
  return absl::OkStatus();
}

}  // namespace sluice
