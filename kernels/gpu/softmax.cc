#include "ops/softmax.h"

#include <cmath>
#include <limits>

#include "core/kernel_registry.h"
#include "kernels/functors/float_math.h"
#include "kernels/gpu/reduce.h"

namespace sluice::gpu {
namespace {

// The largest of a row's logits, then the sum of exp(logit - largest). Every member of the team has both.
template <class T>
struct RowSums {
  T largest, sum;
  SLUICE_HOST_DEVICE static RowSums Of(const T* x, int64_t n, int64_t step, const Team& team) {
    T largest = -std::numeric_limits<T>::infinity();
    for (int64_t i = team.rank(); i < n; i += team.size()) largest = LargerOp()(largest, x[i * step]);
    largest = team.Reduce(largest, LargerOp());
    T sum = 0;
    for (int64_t i = team.rank(); i < n; i += team.size()) sum += functors::Exp(x[i * step] - largest);
    return {largest, team.Reduce(sum, PlusOp())};
  }
};

template <class T>
struct SoftmaxRow {
  const T* x;
  T* y;
  int64_t n;
  bool is_log;
  SLUICE_HOST_DEVICE void operator()(int64_t row, const Team& team) const {
    const T* in = x + row * n;
    T* out = y + row * n;
    const RowSums<T> sums = RowSums<T>::Of(in, n, 1, team);
    const T log_sum = std::log(sums.sum);
    for (int64_t i = team.rank(); i < n; i += team.size()) {
      const T shifted = in[i] - sums.largest;
      out[i] = is_log ? shifted - log_sum : functors::Exp(shifted) / sums.sum;
    }
  }
};

struct Rows {
  int64_t rows = 0, n = 0;
  bool is_log = false;
};
template <class T>
absl::Status RunSoftmax(RunContext& ctx, const Rows& rows) {
  return LaunchTeams(ctx, rows.rows, SoftmaxRow<T>{ctx.input<T>(0), ctx.output<T>(0), rows.n, rows.is_log});
}

class SoftmaxKernel : public Kernel {
 public:
  explicit SoftmaxKernel(bool is_log) { rows_.is_log = is_log; }
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.inputs[0].shape;
    rows_.n = shape.dim(shape.rank() - 1);
    rows_.rows = rows_.n == 0 ? 0 : shape.num_elements() / rows_.n;
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? RunSoftmax<float> : RunSoftmax<double>;
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, rows_); }

 private:
  Rows rows_;
  absl::Status (*run_)(RunContext&, const Rows&) = nullptr;
};

// An operand that is broadcast to [batch, classes]: steps between rows and between columns, 0 where it is repeated.
struct Steps {
  int64_t row = 0, column = 0;
  static Steps Of(const Shape& shape) {
    const int64_t columns = shape.rank() > 0 ? shape.dim(shape.rank() - 1) : 1;
    const int64_t rows = shape.rank() > 1 ? shape.dim(shape.rank() - 2) : 1;
    return {rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
  }
};

template <class T>
struct CrossEntropyRow {
  const T *features, *labels;
  T *loss, *backprop;
  Steps feature_steps, label_steps;
  int64_t n;
  SLUICE_HOST_DEVICE void operator()(int64_t row, const Team& team) const {
    const T* x = features + row * feature_steps.row;
    const T* p = labels + row * label_steps.row;
    T* dx = backprop + row * n;
    const RowSums<T> sums = RowSums<T>::Of(x, n, feature_steps.column, team);
    const T log_sum = std::log(sums.sum);
    T total = 0;
    for (int64_t i = team.rank(); i < n; i += team.size()) {
      const T shifted = x[i * feature_steps.column] - sums.largest, label = p[i * label_steps.column];
      total += label * (log_sum - shifted);
      dx[i] = functors::Exp(shifted) / sums.sum - label;  // dx may be the features: each element is read before
    }
    total = team.Reduce(total, PlusOp());
    if (team.rank() == 0) loss[row] = total;
  }
};

class CrossEntropyKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[1].shape;
    batch_ = shape.dim(0);
    classes_ = shape.dim(1);
    features_ = Steps::Of(ctx.inputs[0].shape);
    labels_ = Steps::Of(ctx.inputs[1].shape);
    is_float_ = ctx.outputs[0].dtype == DataType::kFloat;
    if (ctx.inputs[0].shape == shape) ctx.AllowInPlace(0, 1);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return is_float_ ? RunAs<float>(ctx) : RunAs<double>(ctx); }

 private:
  template <class T>
  absl::Status RunAs(RunContext& ctx) const {
    return LaunchTeams(ctx, batch_,
                       CrossEntropyRow<T>{ctx.input<T>(0), ctx.input<T>(1), ctx.output<T>(0), ctx.output<T>(1),
                                          features_, labels_, classes_});
  }

  int64_t batch_ = 0, classes_ = 0;
  Steps features_, labels_;
  bool is_float_ = true;
};

template <class T, class Label>
struct SparseCrossEntropyRow {
  const T* features;
  const Label* labels;
  T *loss, *backprop;
  int64_t n;
  FaultReporter faults;
  SLUICE_HOST_DEVICE void operator()(int64_t row, const Team& team) const {
    const T* x = features + row * n;
    T* dx = backprop + row * n;
    const int64_t label = labels[row];
    const bool is_valid = label >= 0 && label < n;
    if (!is_valid && team.rank() == 0) faults.Report(label, row);
    const RowSums<T> sums = RowSums<T>::Of(x, n, 1, team);
    if (is_valid && team.rank() == 0) loss[row] = std::log(sums.sum) - (x[label] - sums.largest);
    team.Sync();  // dx may be the features
    for (int64_t i = team.rank(); i < n; i += team.size()) {
      dx[i] = functors::Exp(x[i] - sums.largest) / sums.sum - (i == label ? T{1} : T{0});
    }
  }
};

class SparseCrossEntropyKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[1].shape;
    batch_ = shape.dim(0);
    classes_ = shape.dim(1);
    faults_.describe = [](int64_t label, int64_t row) {
      return absl::StrCat("label ", label, " of row ", row, " is outside the valid range");
    };
#if defined(__CUDACC__)
    faults_.node = absl::StrCat("node '", ctx.node, "' (", ctx.op, ")");
#endif
    const bool is_wide = ctx.inputs[1].dtype == DataType::kInt64, is_float = ctx.outputs[0].dtype == DataType::kFloat;
    if (is_float) {
      run_ = is_wide ? &RunAs<float, int64_t> : &RunAs<float, int32_t>;
    } else {
      run_ = is_wide ? &RunAs<double, int64_t> : &RunAs<double, int32_t>;
    }
    ctx.AllowInPlace(0, 1);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(*this, ctx); }

 private:
  template <class T, class Label>
  static absl::Status RunAs(const SparseCrossEntropyKernel& self, RunContext& ctx) {
    const FaultReporter faults = FaultsOf(ctx, self.faults_);
    SLUICE_RETURN_IF_ERROR(
        LaunchTeams(ctx, self.batch_,
                    SparseCrossEntropyRow<T, Label>{ctx.input<T>(0), ctx.input<Label>(1), ctx.output<T>(0),
                                                    ctx.output<T>(1), self.classes_, faults}));
    return FaultStatus(faults);
  }

  int64_t batch_ = 0, classes_ = 0;
  FaultSource faults_;
  absl::Status (*run_)(const SparseCrossEntropyKernel&, RunContext&) = nullptr;
};

struct HalfSumReducer : functors::SumReducer {
  template <class T>
  SLUICE_HOST_DEVICE static T Finish(Total<T> total, int64_t) {
    return static_cast<T>(total / 2);
  }
};

class L2LossKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.inputs[0].shape;
    plan_ = ReduceSpace::Create(shape, std::vector<bool>(shape.rank(), true));
    ctx.RequestScratch(plan_.scratch_bytes());
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? Reduce<HalfSumReducer, float, LoadSquare>
                                                    : Reduce<HalfSumReducer, double, LoadSquare>;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    return run_(ctx, plan_, ctx.input(0), ctx.output(0), ctx.scratch());
  }

 private:
  ReduceSpace plan_;
  absl::Status (*run_)(RunContext&, const ReduceSpace&, const void*, void*, void*) = nullptr;
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

}  // namespace sluice::gpu
