#include "ops/bias.h"

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/epilogue.h"

namespace sluice::cpu {
namespace {

constexpr int64_t kBiasGrain = 1 << 14;  // elements worth a thread

// The value as [outer, channels, inner]; inner is 1 for NHWC.
struct Layout {
  int64_t outer = 1, channels = 1, inner = 1;
  int threads = 1;

  static absl::StatusOr<Layout> Of(const PrepareContext& ctx) {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<BiasAddAttrs>());
    const Shape& shape = ctx.inputs[0].shape;
    int axis = attrs.data_format == "NCHW" ? 1 : shape.rank() - 1;
    Layout layout{.channels = shape.dim(axis), .threads = ctx.threads};
    for (int i = 0; i < axis; ++i) layout.outer *= shape.dim(i);
    for (int i = axis + 1; i < shape.rank(); ++i) layout.inner *= shape.dim(i);
    return layout;
  }
  // Rows of `row` elements that make work for a thread.
  static int64_t Grain(int64_t row) { return kBiasGrain / std::max<int64_t>(row, 1) + 1; }
};

template <class T>
void AddAlongChannels(const Layout& l, const T* value, const T* bias, T* out) {
  if (l.inner == 1) {
    RepeatedRow<T> row(bias, l.channels);
    ParallelFor(l.threads, l.outer, Layout::Grain(l.channels),
                [&](int64_t begin, int64_t end) { AddBias(value, row, EpilogueActivation::kNone, out, begin, end); });
    return;
  }
  ParallelFor(l.threads, l.outer * l.channels, Layout::Grain(l.inner), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      T b = bias[plane % l.channels];
      for (int64_t i = plane * l.inner; i < (plane + 1) * l.inner; ++i) out[i] = functors::Plus(value[i], b);
    }
  });
}

class BiasAddKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(layout_, Layout::Of(ctx));
    VisitBasicType(ctx.outputs[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (!std::is_same_v<T, bool>) {
        add_ = [](const Layout& l, RunContext& run) {
          AddAlongChannels(l, run.input<T>(0), run.input<T>(1), run.output<T>(0));
        };
      }
    });
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    add_(layout_, ctx);
    return absl::OkStatus();
  }

 private:
  Layout layout_;
  void (*add_)(const Layout&, RunContext&) = nullptr;
};

// sums[0..channels) = the sums of the columns of rows [begin, end). Several rows are taken at once (see
// RepeatedRow), four such groups for each access to the sums.
template <class T>
void SumColumns(const T* value, int64_t channels, int64_t begin, int64_t end, T* sums) {
  std::fill_n(sums, channels, T{});
  constexpr int64_t kLength = RepeatedRow<T>::kLength;
  int64_t rows = RepeatedRow<T>::RowsFor(channels);
  for (int64_t from = 0; from < channels; from += kLength) {  // more than once for more than kLength channels alone
    int64_t width = rows == 1 ? std::min(kLength, channels - from) : rows * channels;
    int64_t step = rows * channels;
    T partial[kLength] = {};
    const T* x = value + begin * channels + from;
    int64_t r = begin;
    for (; r + 4 * rows <= end; r += 4 * rows, x += 4 * step) {
      for (int64_t i = 0; i < width; ++i) {
        T pair = functors::Plus(x[i], x[i + step]), other = functors::Plus(x[i + 2 * step], x[i + 3 * step]);
        partial[i] = functors::Plus(partial[i], functors::Plus(pair, other));
      }
    }
    for (; r < end; r += rows, x += step) {
      int64_t n = std::min(width, (end - r) * channels);
      for (int64_t i = 0; i < n; ++i) partial[i] = functors::Plus(partial[i], x[i]);
    }
    for (int64_t i = 0; i < width; ++i) {
      int64_t c = rows == 1 ? from + i : i % channels;
      sums[c] = functors::Plus(sums[c], partial[i]);
    }
  }
}

template <class T>
void SumPlanes(const Layout& l, const T* value, T* sums) {
  ParallelFor(l.threads, l.channels, Layout::Grain(l.outer * l.inner), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      T sum{};
      for (int64_t o = 0; o < l.outer; ++o) {
        const T* plane = value + (o * l.channels + c) * l.inner;
        T lanes[16] = {};
        int64_t i = 0;
        for (; i + 16 <= l.inner; i += 16)
          for (int k = 0; k < 16; ++k) lanes[k] = functors::Plus(lanes[k], plane[i + k]);
        for (; i < l.inner; ++i) lanes[0] = functors::Plus(lanes[0], plane[i]);
        for (T lane : lanes) sum = functors::Plus(sum, lane);
      }
      sums[c] = sum;
    }
  });
}

template <class T>
void SumToChannels(const Layout& l, RunContext& run) {
  const T* value = run.input<T>(0);
  T* sums = run.output<T>(0);
  if (l.inner != 1) return SumPlanes(l, value, sums);
  int64_t pieces = std::clamp<int64_t>(l.outer / Layout::Grain(l.channels), 1, l.threads);
  T* partial = run.scratch<T>();  // [pieces, channels], the first piece's in the output
  ParallelFor(l.threads, pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      SumColumns(value, l.channels, l.outer * p / pieces, l.outer * (p + 1) / pieces,
                 p == 0 ? sums : partial + p * l.channels);
    }
  });
  for (int64_t p = 1; p < pieces; ++p)
    for (int64_t c = 0; c < l.channels; ++c) sums[c] = functors::Plus(sums[c], partial[p * l.channels + c]);
}

class BiasAddGradKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(layout_, Layout::Of(ctx));
    VisitBasicType(ctx.outputs[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (!std::is_same_v<T, bool>) sum_ = SumToChannels<T>;
    });
    ctx.RequestScratch(layout_.threads * layout_.channels * DataTypeSize(ctx.outputs[0].dtype));
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    sum_(layout_, ctx);
    return absl::OkStatus();
  }

 private:
  Layout layout_;
  void (*sum_)(const Layout&, RunContext&) = nullptr;
};

}  // namespace

void RegisterBias(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                                 DataType::kUint8};
  r.Add<BiasAddKernel>("BiasAdd").Types("T", kTypes);
  r.Add<BiasAddGradKernel>("BiasAddGrad").Types("T", kTypes);
}

}  // namespace sluice::cpu
