#include "ops/matmul.h"

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"

namespace sluice::cpu {
namespace {

struct Product {
  int64_t m = 0, n = 0, k = 0, lda = 0, ldb = 0;
  bool transpose_a = false, transpose_b = false;
  bool turned = false;  // see MultiplyTurned
  int threads = 1;
  Epilogue epilogue;
};

// c = a b' of few rows, as the transpose of b a': oneDNN reads a large b' column by column otherwise, which takes twice as
// long. `scratch` holds c'.
absl::Status MultiplyTurned(const Product& p, const float* a, const float* b, float* c, float* scratch) {
  SLUICE_RETURN_IF_ERROR(Sgemm(false, true, p.n, p.m, p.k, b, p.ldb, a, p.lda, false, scratch, p.m));
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) c[i * p.n + j] = scratch[j * p.m + i];
  }
  return absl::OkStatus();
}

template <class T>
absl::Status Multiply(const Product& p, RunContext& ctx) {
  const T* a = ctx.input<T>(0);
  const T* b = ctx.input<T>(1);
  const T* bias = p.epilogue.bias ? ctx.input<T>(2) : nullptr;
  T* c = ctx.output<T>(0);
  constexpr int64_t kFlopsOfAThread = 1 << 16;
  int64_t grain = kFlopsOfAThread / std::max<int64_t>(1, std::min(p.n * p.k, kFlopsOfAThread)) + 1;
  if constexpr (std::is_same_v<T, float>) {  // oneDNN shares the work out itself
    if (p.turned) {
      SLUICE_RETURN_IF_ERROR(MultiplyTurned(p, a, b, c, ctx.scratch<float>()));
      ApplyEpilogue(c, p.m, p.n, bias, p.epilogue.activation);
      return absl::OkStatus();
    }
    SLUICE_RETURN_IF_ERROR(Gemm<T>(p.transpose_a, p.transpose_b, p.m, p.n, p.k, a, p.lda, b, p.ldb, false, c, p.n));
  } else {
    ParallelFor(p.threads, p.m, grain, [&](int64_t begin, int64_t end) {
      (void)Gemm<T>(p.transpose_a, p.transpose_b, end - begin, p.n, p.k, a + begin * (p.transpose_a ? 1 : p.lda), p.lda,
                    b, p.ldb, false, c + begin * p.n, p.n);
    });
  }
  ApplyEpilogue(c, p.m, p.n, bias, p.epilogue.activation);
  return absl::OkStatus();
}

class MatMulKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<MatMulAttrs>());
    return Decide(ctx, attrs.transpose_a, attrs.transpose_b);
  }
  absl::Status Run(RunContext& ctx) const override { return multiply_(product_, ctx); }

 protected:
  absl::Status Decide(PrepareContext& ctx, bool transpose_a, bool transpose_b) {
    const Shape &a = ctx.inputs[0].shape, &b = ctx.inputs[1].shape;
    product_ = {.m = a.dim(transpose_a ? 1 : 0),
                .n = b.dim(transpose_b ? 0 : 1),
                .k = a.dim(transpose_a ? 0 : 1),
                .lda = a.dim(1),
                .ldb = b.dim(1),
                .transpose_a = transpose_a,
                .transpose_b = transpose_b,
                .threads = ctx.threads,
                .epilogue = product_.epilogue};
    product_.turned = ctx.outputs[0].dtype == DataType::kFloat && transpose_b && !transpose_a && product_.m > 1 &&
                      product_.m <= 32 && product_.n * product_.k >= int64_t{1} << 20;
    if (product_.turned) ctx.RequestScratch(static_cast<size_t>(product_.m * product_.n) * sizeof(float));
    VisitBasicType(ctx.outputs[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, uint8_t>) multiply_ = Multiply<T>;
    });
    if (multiply_ == nullptr) {
      return absl::UnimplementedError(absl::StrCat("matrix products of ", DataTypeName(ctx.outputs[0].dtype)));
    }
    return absl::OkStatus();
  }

  Product product_;
  absl::Status (*multiply_)(const Product&, RunContext&) = nullptr;
};

class FusedMatMulKernel : public MatMulKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedMatMulAttrs>());
    SLUICE_ASSIGN_OR_RETURN(product_.epilogue, ParseFusedOps(attrs.fused_ops, attrs.num_args));
    return Decide(ctx, attrs.transpose_a, attrs.transpose_b);
  }
};

}  // namespace

void RegisterMatmul(KernelRegistry& r) {
  r.Add<MatMulKernel>("MatMul").Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64});
  r.Add<FusedMatMulKernel>("_FusedMatMul").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::cpu
