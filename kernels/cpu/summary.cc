// ScalarSummary, HistogramSummary, ImageSummary, MergeSummary. Unlike other kernels, these allocate in Run: what they
// make are strings.
#include "ops/summary.h"

#include <cmath>
#include <limits>

#include "core/kernel_registry.h"
#include "io/summary.h"

namespace sluice::cpu {
namespace {

// Calls f(TypeTag<T>{}) for each of kSummaryTypes.
template <class F>
bool VisitRealType(DataType dtype, F&& f) {
  if (dtype != DataType::kBool && VisitBasicType(dtype, f)) return true;
  switch (dtype) {
    case DataType::kInt8:
      f(TypeTag<int8_t>{});
      return true;
    case DataType::kInt16:
      f(TypeTag<int16_t>{});
      return true;
    case DataType::kUint16:
      f(TypeTag<uint16_t>{});
      return true;
    case DataType::kUint32:
      f(TypeTag<uint32_t>{});
      return true;
    case DataType::kUint64:
      f(TypeTag<uint64_t>{});
      return true;
    case DataType::kHalf:
      f(TypeTag<Half>{});
      return true;
    case DataType::kBfloat16:
      f(TypeTag<Bfloat16>{});
      return true;
    default:
      return false;
  }
}

template <class To, class T>
To Number(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>)
    return static_cast<float>(value);
  else
    return static_cast<To>(value);
}

absl::Status NoKernel(DataType dtype) {
  return absl::UnimplementedError(absl::StrCat("no CPU kernel for ", DataTypeName(dtype)));
}

class ScalarSummaryKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[1].dtype;
    n_ = ctx.inputs[1].shape.num_elements();
    bool known = VisitRealType(dtype, [&]<class T>(TypeTag<T>) {
      at_ = [](const void* values, int64_t i) { return Number<float>(static_cast<const T*>(values)[i]); };
    });
    return known ? absl::OkStatus() : NoKernel(dtype);
  }
  absl::Status Run(RunContext& ctx) const override {
    std::vector<SummaryValue> values;
    for (int64_t i = 0; i < n_; ++i) values.push_back({ctx.input<std::string>(0)[i], at_(ctx.input(1), i)});
    *ctx.output<std::string>(0) = SerializeSummary(values);
    return absl::OkStatus();
  }

 private:
  float (*at_)(const void* values, int64_t i) = nullptr;
  int64_t n_ = 0;
};

// False at a value that is not finite.
template <class T>
bool AddAll(const void* data, int64_t n, Histogram& histogram) {
  const T* values = static_cast<const T*>(data);
  for (int64_t i = 0; i < n; ++i) {
    auto value = Number<double>(values[i]);
    if (!std::isfinite(value)) return false;
    histogram.Add(value);
  }
  return true;
}

class HistogramSummaryKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[1].dtype;
    n_ = ctx.inputs[1].shape.num_elements();
    bool known = VisitRealType(dtype, [&]<class T>(TypeTag<T>) { add_ = &AddAll<T>; });
    return known ? absl::OkStatus() : NoKernel(dtype);
  }
  absl::Status Run(RunContext& ctx) const override {
    Histogram histogram;
    const std::string& tag = *ctx.input<std::string>(0);
    if (!add_(ctx.input(1), n_, histogram)) {
      return absl::InvalidArgumentError(absl::StrCat("a value for the histogram '", tag, "' is not a finite number"));
    }
    SummaryValue value{tag, histogram.data()};
    *ctx.output<std::string>(0) = SerializeSummary(absl::MakeConstSpan(&value, 1));
    return absl::OkStatus();
  }

 private:
  bool (*add_)(const void* values, int64_t n, Histogram& histogram) = nullptr;
  int64_t n_ = 0;
};

// T in which the scaling is done; half's is done in float and rounded after each operation, as TensorFlow does it.
template <class T>
T Scaled(T value, float scale, float offset) {
  if constexpr (std::is_same_v<T, Half>) {
    Half product(static_cast<float>(value) * static_cast<float>(Half(scale)));
    return Half(static_cast<float>(product) + offset);
  } else {
    return value * static_cast<T>(scale) + static_cast<T>(offset);
  }
}

template <class T>
bool IsFinite(const T* pixel, int64_t channels) {
  for (int64_t c = 0; c < channels; ++c) {
    if (!std::isfinite(Number<double>(pixel[c]))) return false;
  }
  return true;
}

// To 0 … 255: by 255 / max where nothing is negative, else around 128 by 127 / the largest magnitude.
template <class T>
void ToBytes(const void* from, int64_t pixels, int64_t channels, const uint8_t* bad_color, uint8_t* to) {
  const T* values = static_cast<const T*>(from);
  float min = std::numeric_limits<float>::infinity(), max = -min;
  for (int64_t i = 0; i < pixels; ++i) {
    if (!IsFinite(values + i * channels, channels)) continue;
    for (int64_t c = 0; c < channels; ++c) {
      auto value = Number<float>(values[i * channels + c]);
      min = std::min(min, value);
      max = std::max(max, value);
    }
  }
  constexpr float kZero = 1e-6f;
  const float top = min < 0 ? std::max(std::abs(min), std::abs(max)) : max;
  const float range = min < 0 ? 127.0f : 255.0f, offset = min < 0 ? 128.0f : 0.0f;
  const float scale = top < kZero ? 0.0f : range / top;
  for (int64_t i = 0; i < pixels; ++i) {
    const bool good = IsFinite(values + i * channels, channels);
    for (int64_t c = 0; c < channels; ++c, ++to) {
      *to = good ? static_cast<uint8_t>(Number<float>(Scaled(values[i * channels + c], scale, offset))) : bad_color[c];
    }
  }
}

void CopyBytes(const void* from, int64_t pixels, int64_t channels, const uint8_t*, uint8_t* to) {
  std::memcpy(to, from, static_cast<size_t>(pixels * channels));
}

class ImageSummaryKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, ctx.Parse<ImageSummaryAttrs>());
    shape_ = ctx.inputs[1].shape;
    if (attrs_.bad_color.dtype() != DataType::kUint8 || attrs_.bad_color.shape().rank() != 1 ||
        attrs_.bad_color.num_elements() < shape_.dim(3)) {
      return absl::InvalidArgumentError(absl::StrCat("bad_color is ", attrs_.bad_color.ToString(),
                                                     ", expected a byte for each of ", shape_.dim(3), " channels"));
    }
    switch (attrs_.T) {
      case DataType::kUint8:
        to_bytes_ = &CopyBytes;
        return absl::OkStatus();
      case DataType::kFloat:
        to_bytes_ = &ToBytes<float>;
        return absl::OkStatus();
      case DataType::kDouble:
        to_bytes_ = &ToBytes<double>;
        return absl::OkStatus();
      case DataType::kHalf:
        to_bytes_ = &ToBytes<Half>;
        return absl::OkStatus();
      default:
        return NoKernel(attrs_.T);
    }
  }
  absl::Status Run(RunContext& ctx) const override {
    const int64_t pixels = shape_.dim(1) * shape_.dim(2), channels = shape_.dim(3);
    const auto bytes = pixels * channels * static_cast<int64_t>(DataTypeSize(attrs_.T));
    SLUICE_ASSIGN_OR_RETURN(Tensor picture,
                            Tensor::Create(DataType::kUint8, Shape{shape_.dim(1), shape_.dim(2), channels}));
    std::vector<SummaryValue> values;
    for (int64_t i = 0; i < std::min(shape_.dim(0), attrs_.max_images); ++i) {
      to_bytes_(ctx.input<char>(1) + i * bytes, pixels, channels, attrs_.bad_color.data<uint8_t>(),
                picture.data<uint8_t>());
      std::string tag = absl::StrCat(*ctx.input<std::string>(0), "/image");
      if (attrs_.max_images > 1) absl::StrAppend(&tag, "/", i);
      SLUICE_ASSIGN_OR_RETURN(SummaryValue value, PictureSummary(std::move(tag), picture));
      values.push_back(std::move(value));
    }
    *ctx.output<std::string>(0) = SerializeSummary(values);
    return absl::OkStatus();
  }

 private:
  ImageSummaryAttrs attrs_;
  Shape shape_;
  void (*to_bytes_)(const void* from, int64_t pixels, int64_t channels, const uint8_t* bad_color,
                    uint8_t* to) = nullptr;
};

class MergeSummaryKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    sizes_.clear();
    for (const PrepareContext::Input& input : ctx.inputs) sizes_.push_back(input.shape.num_elements());
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    std::vector<std::string> summaries;
    for (size_t i = 0; i < sizes_.size(); ++i) {
      const auto* input = ctx.input<std::string>(static_cast<int>(i));
      summaries.insert(summaries.end(), input, input + sizes_[i]);
    }
    SLUICE_ASSIGN_OR_RETURN(*ctx.output<std::string>(0), MergeSummaries(summaries));
    return absl::OkStatus();
  }

 private:
  std::vector<int64_t> sizes_;
};

}  // namespace

void RegisterSummary(KernelRegistry& r) {
  r.Add<ScalarSummaryKernel>("ScalarSummary").HostInputs({0}).HostOutputs({0});
  r.Add<HistogramSummaryKernel>("HistogramSummary").HostInputs({0}).HostOutputs({0});
  r.Add<ImageSummaryKernel>("ImageSummary").HostInputs({0}).HostOutputs({0});
  r.Add<MergeSummaryKernel>("MergeSummary");
}

}  // namespace sluice::cpu
