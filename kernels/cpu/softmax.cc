#include "ops/softmax.h"

#include <cmath>
#include <limits>

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/lanes.h"
#include "kernels/functors/float_math.h"

namespace sluice::cpu {
namespace {

constexpr int64_t kSoftmaxGrain = 1 << 12;  // elements worth a thread

int64_t RowsOfAThread(int64_t classes) { return kSoftmaxGrain / std::max<int64_t>(classes, 1) + 1; }

template <class T>
T MaximumOf(const T* x, int64_t n) {
  return ReduceLanes(
      n, -std::numeric_limits<T>::infinity(), [&](int64_t i) { return x[i]; }, [](T a, T b) { return b > a ? b : a; });
}

// out = logits - max(logits); returns the sum of exp(out). One row; `logits` may be `out`.
template <class T>
T ShiftRow(const T* logits, T* out, int64_t n) {
  T maximum = MaximumOf(logits, n);
  for (int64_t i = 0; i < n; ++i) out[i] = logits[i] - maximum;
  return SumLanes<T>(n, [&](int64_t i) { return functors::Exp(out[i]); });
}

template <class T>
void SoftmaxRow(const T* logits, T* out, int64_t n) {
  T maximum = MaximumOf(logits, n);
  for (int64_t i = 0; i < n; ++i) out[i] = functors::Exp(logits[i] - maximum);
  T sum = SumLanes<T>(n, [&](int64_t i) { return out[i]; });
  for (int64_t i = 0; i < n; ++i) out[i] /= sum;
}

template <class T>
void LogSoftmaxRow(const T* logits, T* out, int64_t n) {
  T log_sum = std::log(ShiftRow(logits, out, n));
  for (int64_t i = 0; i < n; ++i) out[i] -= log_sum;
}

class SoftmaxKernel : public Kernel {
 public:
  explicit SoftmaxKernel(bool log) : log_(log) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.inputs[0].shape;
    classes_ = shape.dim(shape.rank() - 1);
    rows_ = classes_ == 0 ? 0 : shape.num_elements() / classes_;
    threads_ = ctx.threads;
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? &SoftmaxKernel::RunAs<float> : &SoftmaxKernel::RunAs<double>;
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    (this->*run_)(ctx);
    return absl::OkStatus();
  }

 private:
  template <class T>
  void RunAs(RunContext& ctx) const {
    auto row = log_ ? LogSoftmaxRow<T> : SoftmaxRow<T>;
    const T* logits = ctx.input<T>(0);
    T* out = ctx.output<T>(0);
    ParallelFor(threads_, rows_, RowsOfAThread(classes_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) row(logits + r * classes_, out + r * classes_, classes_);
    });
  }

  bool log_;
  int64_t rows_ = 0, classes_ = 0;
  int threads_ = 1;
  void (SoftmaxKernel::*run_)(RunContext&) const = nullptr;
};

// An operand that is broadcast to [batch, classes]: steps between rows and between columns, 0 where it is
// repeated.
struct BroadcastSteps {
  int64_t row = 0, column = 0;
  static BroadcastSteps Of(const Shape& shape) {
    int64_t columns = shape.rank() > 0 ? shape.dim(shape.rank() - 1) : 1;
    int64_t rows = shape.rank() > 1 ? shape.dim(shape.rank() - 2) : 1;
    return {rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
  }
};

class CrossEntropyKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[1].shape;
    batch_ = shape.dim(0);
    classes_ = shape.dim(1);
    features_ = BroadcastSteps::Of(ctx.inputs[0].shape);
    labels_ = BroadcastSteps::Of(ctx.inputs[1].shape);
    threads_ = ctx.threads;
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? &CrossEntropyKernel::RunAs<float>
                                                    : &CrossEntropyKernel::RunAs<double>;
    if (ctx.inputs[0].shape == shape) ctx.AllowInPlace(0, 1);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    (this->*run_)(ctx);
    return absl::OkStatus();
  }

 private:
  template <class T>
  void RunAs(RunContext& ctx) const {
    const T* features = ctx.input<T>(0);
    const T* labels = ctx.input<T>(1);
    T* loss = ctx.output<T>(0);
    T* backprop = ctx.output<T>(1);
    ParallelFor(threads_, batch_, RowsOfAThread(classes_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* x = features + r * features_.row;
        const T* p = labels + r * labels_.row;
        T* dx = backprop + r * classes_;
        for (int64_t i = 0; i < classes_; ++i) dx[i] = x[i * features_.column];
        T sum = ShiftRow<T>(dx, dx, classes_);
        T log_sum = std::log(sum);
        int64_t step = labels_.column;
        loss[r] = SumLanes<T>(classes_, [&](int64_t i) { return p[i * step] * (log_sum - dx[i]); });
        for (int64_t i = 0; i < classes_; ++i) dx[i] = functors::Exp(dx[i]) / sum - p[i * step];
      }
    });
  }

  int64_t batch_ = 0, classes_ = 0;
  BroadcastSteps features_, labels_;
  int threads_ = 1;
  void (CrossEntropyKernel::*run_)(RunContext&) const = nullptr;
};

class SparseCrossEntropyKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[1].shape;
    batch_ = shape.dim(0);
    classes_ = shape.dim(1);
    threads_ = ctx.threads;
    bool wide = ctx.inputs[1].dtype == DataType::kInt64;
    if (ctx.outputs[0].dtype == DataType::kFloat) {
      run_ = wide ? &SparseCrossEntropyKernel::RunAs<float, int64_t> : &SparseCrossEntropyKernel::RunAs<float, int32_t>;
    } else {
      run_ =
          wide ? &SparseCrossEntropyKernel::RunAs<double, int64_t> : &SparseCrossEntropyKernel::RunAs<double, int32_t>;
    }
    ctx.AllowInPlace(0, 1);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return (this->*run_)(ctx); }

 private:
  template <class T, class Label>
  absl::Status RunAs(RunContext& ctx) const {
    const T* features = ctx.input<T>(0);
    const Label* labels = ctx.input<Label>(1);
    for (int64_t r = 0; r < batch_; ++r) {
      if (labels[r] < 0 || labels[r] >= classes_) {
        return absl::InvalidArgumentError(
            absl::StrCat("label ", labels[r], " of row ", r, " is outside the valid range of [0, ", classes_, ")"));
      }
    }
    T* loss = ctx.output<T>(0);
    T* backprop = ctx.output<T>(1);
    ParallelFor(threads_, batch_, RowsOfAThread(classes_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T* dx = backprop + r * classes_;
        T sum = ShiftRow<T>(features + r * classes_, dx, classes_);
        loss[r] = std::log(sum) - dx[labels[r]];
        for (int64_t i = 0; i < classes_; ++i) dx[i] = functors::Exp(dx[i]) / sum;
        dx[labels[r]] -= T{1};
      }
    });
    return absl::OkStatus();
  }

  int64_t batch_ = 0, classes_ = 0;
  int threads_ = 1;
  absl::Status (SparseCrossEntropyKernel::*run_)(RunContext&) const = nullptr;
};

class L2LossKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    n_ = ctx.inputs[0].shape.num_elements();
    pieces_ = std::clamp<int64_t>(n_ / (1 << 15), 1, ctx.threads);
    ctx.RequestScratch(pieces_ * sizeof(double));
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? &L2LossKernel::RunAs<float> : &L2LossKernel::RunAs<double>;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    (this->*run_)(ctx);
    return absl::OkStatus();
  }

 private:
  // Blocks are summed in T, blocks' sums in double: the error does not grow with the size of the tensor.
  template <class T>
  static double SumOfSquares(const T* x, int64_t n) {
    constexpr int64_t kBlock = 4096;
    double sum = 0;
    for (int64_t from = 0; from < n; from += kBlock) {
      const T* block = x + from;
      sum += SumLanes<T>(std::min(kBlock, n - from), [&](int64_t i) { return block[i] * block[i]; });
    }
    return sum;
  }
  template <class T>
  void RunAs(RunContext& ctx) const {
    const T* x = ctx.input<T>(0);
    double* partial = ctx.scratch<double>();
    ParallelFor(static_cast<int>(pieces_), pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        int64_t from = n_ * p / pieces_, to = n_ * (p + 1) / pieces_;
        partial[p] = SumOfSquares(x + from, to - from);
      }
    });
    double sum = 0;
    for (int64_t p = 0; p < pieces_; ++p) sum += partial[p];
    *ctx.output<T>(0) = static_cast<T>(sum / 2);
  }

  int64_t n_ = 0, pieces_ = 1;
  void (L2LossKernel::*run_)(RunContext&) const = nullptr;
};

}  // namespace

void RegisterSoftmax(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  r.Add("Softmax", [] { return std::make_unique<SoftmaxKernel>(false); }).Types("T", kTypes);
  r.Add("LogSoftmax", [] { return std::make_unique<SoftmaxKernel>(true); }).Types("T", kTypes);
  r.Add<CrossEntropyKernel>("SoftmaxCrossEntropyWithLogits").Types("T", kTypes);
  r.Add<SparseCrossEntropyKernel>("SparseSoftmaxCrossEntropyWithLogits").Types("T", kTypes);
  r.Add<L2LossKernel>("L2Loss").Types("T", kTypes);
}

}  // namespace sluice::cpu
