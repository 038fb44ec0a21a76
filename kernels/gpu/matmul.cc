// Matrix products by cuBLASLt, with bias and ReLU in its epilogue.
#include "ops/matmul.h"

#include <mutex>
#include <type_traits>

#include "kernels/gpu/cublas_product.h"
#include "kernels/gpu/epilogue.h"
#include "kernels/gpu/libraries.h"
#include "kernels/gpu/scratch.h"

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
    switch (s_.dtype) {
      case DataType::kDouble:
        return RunAs<double>(ctx);
      case DataType::kFloat:
        return RunAs<float>(ctx);
      default:  // half and bfloat16: no arithmetic of our own
        return RunAs<uint16_t>(ctx);
    }
  }

  std::string Describe() const override { return "cuBLASLt"; }

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
    std::lock_guard lock(mutex_);
    chosen_ = {};
    RequestAlignedScratch(ctx, Product::kWorkspaceBytes);
    return absl::OkStatus();
  }

  Epilogue epilogue_;

 private:
  struct Choice {
    std::shared_ptr<const Product> product;
    Epilogue own_epilogue;  // what the library does not do
  };

  template <class T>
  absl::Status RunAs(RunContext& ctx) const {
    const T* bias = epilogue_.bias ? ctx.input<T>(2) : nullptr;
    T* c = ctx.output<T>(0);
    Choice choice = {nullptr, epilogue_};
    if (s_.k == 0) {
      SLUICE_RETURN_IF_ERROR(ClearBytes(ctx, c, static_cast<size_t>(s_.m * s_.n) * sizeof(T)));
    } else {
      auto* stream = static_cast<GpuStream*>(ctx.stream);
      cudaStream_t handle = stream->Use();
      SLUICE_ASSIGN_OR_RETURN(cublasLtContext * blas, stream->BlasLt());
      SLUICE_ASSIGN_OR_RETURN(choice, ChoiceOn(blas));
      SLUICE_RETURN_IF_ERROR(
          choice.product->Run(blas, handle, ctx.input(0), ctx.input(1), bias, c, AlignedScratch(ctx)));
    }
    if constexpr (std::is_floating_point_v<T>) {
      return ApplyEpilogue(ctx, choice.own_epilogue, c, choice.own_epilogue.bias ? bias : nullptr, s_.m, s_.n);
    }
    return absl::OkStatus();
  }

  // Made in the first run: the library has to be asked on the device.
  absl::StatusOr<Choice> ChoiceOn(cublasLtContext* blas) const {
    std::lock_guard lock(mutex_);
    if (chosen_.product == nullptr) {
      SLUICE_ASSIGN_OR_RETURN(chosen_, Choose(blas));
    }
    return chosen_;
  }

  // The library has no ReLU6, and not every type with every epilogue.
  absl::StatusOr<Choice> Choose(cublasLtContext* blas) const {
    const bool is_relu6 = epilogue_.activation == EpilogueActivation::kRelu6;
    const bool has_epilogue = epilogue_.bias || epilogue_.activation != EpilogueActivation::kNone;
    if (has_epilogue && !is_relu6) {
      ProductSignature whole = s_;
      whole.bias = epilogue_.bias;
      whole.relu = epilogue_.activation == EpilogueActivation::kRelu;
      auto product = Product::Create(whole, blas);
      if (product.ok()) return Choice{*std::move(product), {}};
      if (!absl::IsUnimplemented(product.status())) return product.status();
    }
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const Product> plain, Product::Create(s_, blas));
    return Choice{std::move(plain), epilogue_};
  }

  const Libraries libraries_;
  ProductSignature s_;  // without an epilogue
  mutable std::mutex mutex_;
  mutable Choice chosen_;
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
  r.kernels.Add("MatMul", [libraries] { return std::make_unique<MatMulKernel>(libraries); })
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kHalf, DataType::kBfloat16});
  r.kernels.Add("_FusedMatMul", [libraries] { return std::make_unique<FusedMatMulKernel>(libraries); })
      .Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::gpu
