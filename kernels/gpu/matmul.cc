// Matrix products by cuBLASLt, with bias and ReLU in its epilogue.
#include "ops/matmul.h"

#include <mutex>

#include "kernels/gpu/cublas_product.h"
#include "kernels/gpu/epilogue.h"
#include "kernels/gpu/libraries.h"

namespace sluice::gpu {
namespace {

class MatMulKernel : public Kernel {
 public:
  explicit MatMulKernel(const Libraries& libraries) : libraries_(libraries) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<MatMulAttrs>());
    return Decide(ctx, attrs.transpose_a, attrs.transpose_b);
  }

  absl::Status Run(RunContext& ctx) const override {
    if (s_.m == 0 || s_.n == 0) return absl::OkStatus();
    const bool is_double = s_.dtype == DataType::kDouble;
    return is_double ? RunAs<double>(ctx) : RunAs<float>(ctx);
  }

 protected:
  absl::Status Decide(PrepareContext& ctx, bool transpose_a, bool transpose_b) {
    const Shape &a = ctx.inputs[0].shape, &b = ctx.inputs[1].shape;
    s_.dtype = ctx.outputs[0].dtype;
    s_.tf32 = libraries_.tf32 && !ctx.exact;
    s_.m = a.dim(transpose_a ? 1 : 0);
    s_.n = b.dim(transpose_b ? 0 : 1);
    s_.k = a.dim(transpose_a ? 0 : 1);
    s_.transpose_a = transpose_a;
    s_.transpose_b = transpose_b;
    // ReLU6 is no epilogue of the library.
    const bool is_relu6 = epilogue_.activation == EpilogueActivation::kRelu6;
    s_.bias = epilogue_.bias && !is_relu6;
    s_.relu = epilogue_.activation == EpilogueActivation::kRelu;
    own_epilogue_ = is_relu6 || s_.k == 0 ? epilogue_ : Epilogue{};
    std::lock_guard lock(mutex_);
    product_ = nullptr;
    ctx.RequestScratch(Product::kWorkspaceBytes);
    return absl::OkStatus();
  }

  Epilogue epilogue_;

 private:
  template <class T>
  absl::Status RunAs(RunContext& ctx) const {
    const T* bias = epilogue_.bias ? ctx.input<T>(2) : nullptr;
    T* c = ctx.output<T>(0);
    if (s_.k == 0) {
      SLUICE_RETURN_IF_ERROR(ClearBytes(ctx, c, static_cast<size_t>(s_.m * s_.n) * sizeof(T)));
    } else {
      auto* stream = static_cast<GpuStream*>(ctx.stream);
      cudaStream_t handle = stream->Use();
      SLUICE_ASSIGN_OR_RETURN(cublasLtContext * blas, stream->BlasLt());
      SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const Product> product, ProductOn(blas));
      SLUICE_RETURN_IF_ERROR(product->Run(blas, handle, ctx.input(0), ctx.input(1), bias, c, ctx.scratch()));
    }
    return ApplyEpilogue(ctx, own_epilogue_, c, own_epilogue_.bias ? bias : nullptr, s_.m, s_.n);
  }

  // The algorithm is chosen in the first run: the library has to be asked on the device.
  absl::StatusOr<std::shared_ptr<const Product>> ProductOn(cublasLtContext* blas) const {
    std::lock_guard lock(mutex_);
    if (product_ == nullptr) {
      SLUICE_ASSIGN_OR_RETURN(product_, Product::Create(s_, blas));
    }
    return product_;
  }

  const Libraries libraries_;
  ProductSignature s_;
  Epilogue own_epilogue_;  // what the library does not do
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Product> product_;
};

class FusedMatMulKernel : public MatMulKernel {
 public:
  using MatMulKernel::MatMulKernel;
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedMatMulAttrs>());
    SLUICE_ASSIGN_OR_RETURN(epilogue_, ParseFusedOps(attrs.fused_ops, attrs.num_args));
    return Decide(ctx, attrs.transpose_a, attrs.transpose_b);
  }
};

}  // namespace

void RegisterMatmul(LibraryRegistrar& r) {
  const Libraries libraries = r.libraries;
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  r.kernels.Add("MatMul", [libraries] { return std::make_unique<MatMulKernel>(libraries); }).Types("T", kTypes);
  r.kernels.Add("_FusedMatMul", [libraries] { return std::make_unique<FusedMatMulKernel>(libraries); })
      .Types("T", kTypes);
}

}  // namespace sluice::gpu
