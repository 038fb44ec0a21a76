#include "ops/top_k.h"

#include <algorithm>
#include <cmath>

#include "core/kernel_registry.h"
#include "core/parallel.h"

namespace sluice::cpu {
namespace {

constexpr int64_t kTopKGrain = 1 << 13;  // elements worth a thread

int64_t RowsOfATopKThread(int64_t columns) { return kTopKGrain / std::max<int64_t>(columns, 1) + 1; }

int64_t ReadInt(DataType dtype, const void* value) {
  return dtype == DataType::kInt64 ? *static_cast<const int64_t*>(value) : *static_cast<const int32_t*>(value);
}

// A heap of the k best seen so far, the worst of them on top, in the memory of the indices. NaN is below all.
template <class T, class Index>
void TopKRow(const T* x, int64_t n, int64_t k, T* values, Index* indices) {
  auto is_before = [&](Index a, Index b) {
    if (x[a] == x[b]) return a < b;
    if (x[a] > x[b]) return true;
    const bool a_nan = x[a] != x[a], b_nan = x[b] != x[b];
    return a_nan && b_nan ? a < b : b_nan && !a_nan;
  };
  for (int64_t i = 0; i < n; ++i) {
    const auto index = static_cast<Index>(i);
    if (i < k) {
      indices[i] = index;
      std::push_heap(indices, indices + i + 1, is_before);
    } else if (is_before(index, indices[0])) {
      std::pop_heap(indices, indices + k, is_before);
      indices[k - 1] = index;
      std::push_heap(indices, indices + k, is_before);
    }
  }
  std::sort_heap(indices, indices + k, is_before);
  for (int64_t i = 0; i < k; ++i) values[i] = x[indices[i]];
}

class TopKKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<TopKAttrs>());
    const Shape& input = ctx.inputs[0].shape;
    columns_ = input.dim(input.rank() - 1);
    k_ = ctx.outputs[0].shape.dim(input.rank() - 1);
    // With no columns, or none wanted, there is nothing to do.
    rows_ = columns_ == 0 || k_ == 0 ? 0 : input.num_elements() / columns_;
    k_type_ = ctx.inputs[1].dtype;
    threads_ = ctx.threads;
    if (k_ > columns_)
      return absl::InvalidArgumentError(absl::StrCat("k is ", k_, ", there are ", columns_, " columns"));
    if (columns_ > INT32_MAX) return absl::UnimplementedError(absl::StrCat("no kernel for ", columns_, " columns"));
    VisitBasicType(attrs.T, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        run_ = attrs.index_type == DataType::kInt64 ? &TopKKernel::RunAs<T, int64_t> : &TopKKernel::RunAs<T, int32_t>;
      }
    });
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    const int64_t k = ReadInt(k_type_, ctx.input(1));
    if (k != k_) return absl::InvalidArgumentError(absl::StrCat("k is ", k, ", the output has ", k_, " columns"));
    (this->*run_)(ctx);
    return absl::OkStatus();
  }

 private:
  template <class T, class Index>
  void RunAs(RunContext& ctx) const {
    const T* x = ctx.input<T>(0);
    T* values = ctx.output<T>(0);
    Index* indices = ctx.output<Index>(1);
    ParallelFor(threads_, rows_, RowsOfATopKThread(columns_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) TopKRow(x + r * columns_, columns_, k_, values + r * k_, indices + r * k_);
    });
  }

  int64_t rows_ = 0, columns_ = 0, k_ = 0;
  DataType k_type_ = DataType::kInvalid;
  int threads_ = 1;
  void (TopKKernel::*run_)(RunContext&) const = nullptr;
};

class InTopKKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    rows_ = ctx.inputs[0].shape.dim(0);
    classes_ = ctx.inputs[0].shape.dim(1);
    type_ = ctx.inputs[1].dtype;
    threads_ = ctx.threads;
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    const int64_t k = ReadInt(type_, ctx.input(2));
    const float* predictions = ctx.input<float>(0);
    bool* precision = ctx.output<bool>(0);
    ParallelFor(threads_, rows_, RowsOfATopKThread(classes_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const int64_t target = type_ == DataType::kInt64 ? ctx.input<int64_t>(1)[r] : ctx.input<int32_t>(1)[r];
        precision[r] = target >= 0 && target < classes_ && IsAmong(predictions + r * classes_, target, k);
      }
    });
    return absl::OkStatus();
  }

 private:
  // A prediction that is not finite says that nothing can be said.
  bool IsAmong(const float* row, int64_t target, int64_t k) const {
    int64_t larger = 0;
    bool all_finite = true;
    for (int64_t c = 0; c < classes_; ++c) {
      larger += row[c] > row[target];
      all_finite &= std::isfinite(row[c]);
    }
    return all_finite && larger < k;
  }

  int64_t rows_ = 0, classes_ = 0;
  DataType type_ = DataType::kInvalid;
  int threads_ = 1;
};

}  // namespace

void RegisterTopK(KernelRegistry& r) {
  constexpr DataType kInts[] = {DataType::kInt32, DataType::kInt64};
  r.Add<TopKKernel>("TopKV2")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8})
      .Types("Tk", kInts)
      .Types("index_type", kInts)
      .HostInputs({1});
  r.Add<InTopKKernel>("InTopKV2").Types("T", kInts).HostInputs({2});
}

}  // namespace sluice::cpu
