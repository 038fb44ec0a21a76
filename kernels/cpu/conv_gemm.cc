#include "kernels/cpu/conv_gemm.h"

#include <atomic>

#include "core/parallel.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/im2col.h"

namespace sluice::cpu {
namespace {

// A piece of windows stays in the second-level cache beside the filter and the output.
constexpr int64_t kPieceBytes = 384 << 10;
// Below this many rows a product is slow; it decides where windows are large.
constexpr int64_t kLeastRows = 48;
// Workers keep sums of their own of a filter up to this size; for larger ones the product itself is shared
// out.
constexpr int64_t kLargestSums = 8 << 20;

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Whether windows follow each other in x as rows of a matrix.
bool IsMatrixOfWindows(const Conv2DGeometry& g) {
  auto pointwise = [](const WindowAxis& a) { return a.window == 1 && a.stride == 1 && a.output == a.input; };
  auto whole = [](const WindowAxis& a) {
    return a.window == a.input && a.dilation == 1 && a.output == 1 && a.pad_before == 0;
  };
  bool points = pointwise(g.height) && pointwise(g.width), images = whole(g.height) && whole(g.width);
  return g.groups == 1 && (points || images);
}

ConvGemmPlan BasicPlan(const Conv2DGeometry& g, int threads, size_t element_bytes) {
  ConvGemmPlan plan;
  plan.g = g;
  plan.threads = threads;
  plan.element_bytes = element_bytes;
  plan.no_windows = IsMatrixOfWindows(g);
  plan.pixels = g.batch * g.output_pixels();
  int64_t row = g.window_elements() * static_cast<int64_t>(element_bytes);
  plan.piece = std::clamp<int64_t>(kPieceBytes / row, kLeastRows, std::max(plan.pixels, kLeastRows));
  // As many pieces as make every worker's share the same.
  int64_t pieces = CeilDivide(CeilDivide(plan.pixels, plan.piece), threads) * threads;
  plan.piece = std::max<int64_t>(std::min(kLeastRows, plan.pixels), CeilDivide(plan.pixels, pieces));
  plan.workers = static_cast<int>(std::clamp<int64_t>(CeilDivide(plan.pixels, plan.piece), 1, threads));
  return plan;
}

ConvGemmPlan WithScratch(ConvGemmPlan plan, int64_t more_elements) {
  plan.scratch_bytes = (plan.workers * plan.windows_elements() + more_elements) * plan.element_bytes;
  return plan;
}

// Calls f(worker, begin, end) for rows [begin, end) of the matrix, a piece at a time, until one fails.
template <class F>
absl::Status EachPiece(const ConvGemmPlan& plan, F f) {
  std::atomic<bool> failed{false};
  int64_t pieces = CeilDivide(plan.pixels, plan.piece);
  auto work = [&](int64_t worker) {
    for (int64_t i = pieces * worker / plan.workers; i < pieces * (worker + 1) / plan.workers; ++i) {
      if (!f(worker, i * plan.piece, std::min(plan.pixels, (i + 1) * plan.piece)).ok()) failed = true;
    }
  };
  ParallelFor(plan.workers, plan.workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; ++worker) work(worker);
  });
  return failed ? absl::InternalError("a matrix product of a convolution failed") : absl::OkStatus();
}

}  // namespace

ConvGemmPlan PlanConvForward(const Conv2DGeometry& g, int threads, size_t element_bytes) {
  return WithScratch(BasicPlan(g, threads, element_bytes), 0);
}

ConvGemmPlan PlanConvInput(const Conv2DGeometry& g, int threads, size_t element_bytes) {
  ConvGemmPlan plan = BasicPlan(g, threads, element_bytes);
  if (!plan.no_windows) {
    // Windows of an image overlap in x: a worker takes whole images, one or several at a time; a single image
    // is cut, but its pieces follow each other, and the products use all threads.
    if (g.batch >= threads) {
      int64_t images = std::max<int64_t>(1, plan.piece / g.output_pixels());
      plan.piece = images * g.output_pixels();
      plan.workers = static_cast<int>(std::min<int64_t>(CeilDivide(g.batch, images), threads));
    } else {
      plan.workers = 1;
    }
  }
  return WithScratch(plan, 0);
}

ConvGemmPlan PlanConvFilter(const Conv2DGeometry& g, int threads, size_t element_bytes) {
  ConvGemmPlan plan = BasicPlan(g, threads, element_bytes);
  int64_t elements = g.window_elements() * g.out_channels;
  if (elements * static_cast<int64_t>(element_bytes) > kLargestSums) plan.workers = 1;
  return WithScratch(plan, (plan.workers - 1) * elements);
}

template <class T>
absl::Status ConvForward(const ConvGemmPlan& plan, const T* x, const T* w, const T* bias, EpilogueActivation activation,
                         T* y, T* scratch) {
  const Conv2DGeometry& g = plan.g;
  int64_t inner = g.window_elements();
  return EachPiece(plan, [&](int64_t worker, int64_t begin, int64_t end) {
    T* out = y + begin * g.out_channels;
    T* buffer = scratch + worker * plan.windows_elements();
    for (int64_t group = 0; group < g.groups; ++group) {
      if (!plan.no_windows) Im2Col(g, group, begin, end, x, buffer);
      const T* windows = plan.no_windows ? x + begin * inner : buffer;
      SLUICE_RETURN_IF_ERROR(Gemm<T>(false, false, end - begin, g.group_out(), inner, windows, inner,
                                     w + group * g.group_out(), g.out_channels, plan.accumulates,
                                     out + group * g.group_out(), g.out_channels));
    }
    ApplyEpilogue(out, end - begin, g.out_channels, bias, activation);
    return absl::OkStatus();
  });
}

template <class T>
absl::Status ConvInput(const ConvGemmPlan& plan, T* dx, const T* w, const T* dy, T* scratch) {
  const Conv2DGeometry& g = plan.g;
  int64_t inner = g.window_elements(), image = g.height.input * g.width.input * g.in_channels;
  return EachPiece(plan, [&](int64_t worker, int64_t begin, int64_t end) {
    // The images that begin in this piece; all their windows are in it or in later ones of the same worker.
    if (!plan.no_windows) {
      int64_t first = CeilDivide(begin, g.output_pixels()), last = CeilDivide(end, g.output_pixels());
      std::fill(dx + first * image, dx + last * image, T{});
    }
    T* windows = plan.no_windows ? dx + begin * inner : scratch + worker * plan.windows_elements();
    for (int64_t group = 0; group < g.groups; ++group) {
      SLUICE_RETURN_IF_ERROR(Gemm<T>(false, true, end - begin, inner, g.group_out(),
                                     dy + begin * g.out_channels + group * g.group_out(), g.out_channels,
                                     w + group * g.group_out(), g.out_channels, false, windows, inner));
      if (!plan.no_windows) Col2Im(g, group, begin, end, windows, dx);
    }
    return absl::OkStatus();
  });
}

template <class T>
absl::Status ConvFilter(const ConvGemmPlan& plan, const T* x, T* dw, const T* dy, T* scratch) {
  const Conv2DGeometry& g = plan.g;
  int64_t inner = g.window_elements(), elements = inner * g.out_channels;
  T* more_sums = scratch + plan.workers * plan.windows_elements();
  for (int worker = 0; worker < plan.workers; ++worker)
    std::fill_n(worker == 0 ? dw : more_sums + (worker - 1) * elements, elements, T{});
  SLUICE_RETURN_IF_ERROR(EachPiece(plan, [&](int64_t worker, int64_t begin, int64_t end) {
    T* sums = worker == 0 ? dw : more_sums + (worker - 1) * elements;
    T* buffer = scratch + worker * plan.windows_elements();
    for (int64_t group = 0; group < g.groups; ++group) {
      if (!plan.no_windows) Im2Col(g, group, begin, end, x, buffer);
      const T* windows = plan.no_windows ? x + begin * inner : buffer;
      SLUICE_RETURN_IF_ERROR(Gemm<T>(true, false, inner, g.group_out(), end - begin, windows, inner,
                                     dy + begin * g.out_channels + group * g.group_out(), g.out_channels, true,
                                     sums + group * g.group_out(), g.out_channels));
    }
    return absl::OkStatus();
  }));
  for (int worker = 1; worker < plan.workers; ++worker) {
    const T* sums = more_sums + (worker - 1) * elements;
    for (int64_t i = 0; i < elements; ++i) dw[i] = functors::Plus(dw[i], sums[i]);
  }
  return absl::OkStatus();
}

#define SLUICE_CONV_GEMM(T)                                                                                            \
  template absl::Status ConvForward<T>(const ConvGemmPlan&, const T*, const T*, const T*, EpilogueActivation, T*, T*); \
  template absl::Status ConvInput<T>(const ConvGemmPlan&, T*, const T*, const T*, T*);                                 \
  template absl::Status ConvFilter<T>(const ConvGemmPlan&, const T*, T*, const T*, T*);
SLUICE_CONV_GEMM(float)
SLUICE_CONV_GEMM(double)
SLUICE_CONV_GEMM(int32_t)
#undef SLUICE_CONV_GEMM

}  // namespace sluice::cpu
