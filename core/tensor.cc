#include "core/tensor.h"

#include <limits>
#include <new>

namespace sluice {
namespace {

class AllocatedBuffer : public Buffer {
 public:
  AllocatedBuffer(void* data, size_t bytes, Allocator& allocator)
      : Buffer(data, bytes), allocator_(allocator), lifetime_(allocator.Lifetime()) {}
  ~AllocatedBuffer() override { allocator_.Deallocate(data_, bytes_); }

 private:
  Allocator& allocator_;
  const std::shared_ptr<const void> lifetime_;
};

// Elements with constructors: strings, handles, variants.
template <class T>
class ObjectBuffer : public Buffer {
 public:
  explicit ObjectBuffer(size_t n) : Buffer(nullptr, n * sizeof(T)), elements_(n) { data_ = elements_.data(); }

 private:
  std::vector<T> elements_;
};

template <class T>
void CopyObjects(const Tensor& from, Tensor& to) {
  auto* source = static_cast<const T*>(from.raw());
  std::copy(source, source + from.num_elements(), static_cast<T*>(to.raw()));
}

template <class T>
bool EqualObjects(const Tensor& a, const Tensor& b) {
  auto* x = static_cast<const T*>(a.raw());
  return std::equal(x, x + a.num_elements(), static_cast<const T*>(b.raw()));
}

bool SameVariant(const Variant& a, const Variant& b) { return a.type_name == b.type_name && a.value == b.value; }

}  // namespace

absl::StatusOr<Tensor> Tensor::Create(DataType dtype, Shape shape, Allocator& allocator, absl::string_view owner) {
  size_t element = DataTypeSize(dtype);
  if (element == 0) return absl::InvalidArgumentError("a tensor needs a valid dtype");
  int64_t n = shape.num_elements();
  int64_t bytes = 0;
  if (!MultiplySafely(n, static_cast<int64_t>(element), &bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the bytes of a ", DataTypeName(dtype), " tensor of shape ", shape.ToString(), " overflow int64"));
  }
  auto exhausted = [&] {
    return absl::ResourceExhaustedError(
        DescribeExhaustion(allocator, bytes, absl::StrCat(owner, " ", DataTypeName(dtype), shape.ToString())));
  };
  std::shared_ptr<Buffer> buffer;
  if (IsTrivial(dtype)) {
    void* data = allocator.AllocateFor(bytes, owner);
    if (data == nullptr) return exhausted();
    buffer = std::make_shared<AllocatedBuffer>(data, bytes, allocator);
  } else {
    // Objects live in ordinary memory; the allocator only lends its limit.
    void* probe = allocator.Allocate(bytes);
    if (probe == nullptr) return exhausted();
    allocator.Deallocate(probe, bytes);
    if (dtype == DataType::kString) {
      buffer = std::make_shared<ObjectBuffer<std::string>>(n);
    } else if (dtype == DataType::kResource) {
      buffer = std::make_shared<ObjectBuffer<ResourceHandle>>(n);
    } else {
      buffer = std::make_shared<ObjectBuffer<Variant>>(n);
    }
  }
  return Tensor(dtype, std::move(shape), std::move(buffer));
}

Tensor::Tensor(DataType dtype, Shape shape) {
  auto created = Create(dtype, std::move(shape));
  SLUICE_CHECK(created.ok());
  *this = *std::move(created);
}

Tensor::Tensor(DataType dtype, Shape shape, std::shared_ptr<Buffer> buffer, size_t offset)
    : dtype_(dtype), shape_(std::move(shape)), buffer_(std::move(buffer)) {
  SLUICE_CHECK(offset + bytes() <= buffer_->bytes());
  data_ = static_cast<char*>(buffer_->data()) + offset;
}

Tensor Tensor::Reshaped(Shape shape) const {
  SLUICE_CHECK(shape.num_elements() == shape_.num_elements());
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

absl::StatusOr<Tensor> Tensor::Clone(Allocator& allocator) const {
  if (dtype_ == DataType::kInvalid) return Tensor();
  SLUICE_ASSIGN_OR_RETURN(Tensor copy, Create(dtype_, shape_, allocator));
  if (IsTrivial(dtype_)) {
    if (bytes() > 0) std::memcpy(copy.data_, data_, bytes());
  } else if (dtype_ == DataType::kString) {
    CopyObjects<std::string>(*this, copy);
  } else if (dtype_ == DataType::kResource) {
    CopyObjects<ResourceHandle>(*this, copy);
  } else {
    CopyObjects<Variant>(*this, copy);
  }
  return copy;
}

int64_t Tensor::IntAt(int64_t i) const { return dtype_ == DataType::kInt32 ? data<int32_t>()[i] : data<int64_t>()[i]; }

namespace {

template <class T>
void AppendElements(const T* data, int64_t n, std::string* out) {
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_same_v<T, bool>) {
      absl::StrAppend(out, " ", data[i] ? "true" : "false");
    } else if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, int8_t>) {
      absl::StrAppend(out, " ", int{data[i]});
    } else {
      absl::StrAppend(out, " ", data[i]);
    }
  }
}

}  // namespace

std::string Tensor::ToString(int max_elements) const {
  std::string out = absl::StrCat(DataTypeName(dtype_), shape_.ToString());
  int64_t n = std::min<int64_t>(num_elements(), max_elements);
  bool basic = VisitBasicType(dtype_, [&]<class T>(TypeTag<T>) { AppendElements(data<T>(), n, &out); });
  if (!basic && dtype_ == DataType::kString) {
    for (int64_t i = 0; i < n; ++i) absl::StrAppend(&out, " \"", data<std::string>()[i], "\"");
    basic = true;
  }
  if (basic && n < num_elements()) out += " …";
  return out;
}

bool Tensor::operator==(const Tensor& other) const {
  if (dtype_ != other.dtype_ || !(shape_ == other.shape_)) return false;
  if (num_elements() == 0) return true;
  if (IsTrivial(dtype_)) return std::memcmp(data_, other.data_, bytes()) == 0;
  if (dtype_ == DataType::kString) return EqualObjects<std::string>(*this, other);
  if (dtype_ == DataType::kResource) return EqualObjects<ResourceHandle>(*this, other);
  auto* x = static_cast<const Variant*>(data_);
  return std::equal(x, x + num_elements(), static_cast<const Variant*>(other.data_), SameVariant);
}

absl::StatusOr<Tensor> IntTensor(absl::Span<const int64_t> values, DataType dtype, bool scalar) {
  Shape shape = scalar ? Shape{} : Shape{static_cast<int64_t>(values.size())};
  if (dtype == DataType::kInt64) return Tensor::Of<int64_t>(values, shape);
  Tensor t(DataType::kInt32, shape);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] < std::numeric_limits<int32_t>::min() || values[i] > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(absl::StrCat(values[i], " does not fit into int32"));
    }
    t.data<int32_t>()[i] = static_cast<int32_t>(values[i]);
  }
  return t;
}

Dims DimsOf(const Tensor& t) {
  Dims dims(t.num_elements());
  for (int64_t i = 0; i < t.num_elements(); ++i) dims[i] = t.IntAt(i);
  return dims;
}

}  // namespace sluice
