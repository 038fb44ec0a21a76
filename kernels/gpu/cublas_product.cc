#include "kernels/gpu/cublas_product.h"

#include <cublasLt.h>

#include "core/allocator.h"

namespace sluice::gpu {
namespace {

absl::Status FromBlas(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) [[likely]]
    return absl::OkStatus();
  const std::string message = absl::StrCat("cuBLASLt, ", what, ": ", cublasLtGetStatusString(status));
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return absl::UnimplementedError(message);
  return absl::AbortedError(message);
}

cudaDataType_t ToBlas(DataType dtype) {
  switch (dtype) {
    case DataType::kHalf:
      return CUDA_R_16F;
    case DataType::kBfloat16:
      return CUDA_R_16BF;
    case DataType::kDouble:
      return CUDA_R_64F;
    default:
      return CUDA_R_32F;
  }
}

// The library's matrices are column-major: what is row-major here is transposed there, so it is asked for c' = b' a'.
class LtProduct : public Product {
 public:
  explicit LtProduct(const ProductSignature& signature) : s_(signature) {}
  ~LtProduct() override {
    if (operation_ != nullptr) cublasLtMatmulDescDestroy(operation_);
    for (cublasLtMatrixLayout_t layout : {first_, second_, result_}) {
      if (layout != nullptr) cublasLtMatrixLayoutDestroy(layout);
    }
  }

  absl::Status Init(cublasLtContext* blas) {
    const bool is_double = s_.dtype == DataType::kDouble;
    const cudaDataType_t type = ToBlas(s_.dtype);
    const bool may_round = s_.dtype == DataType::kFloat && s_.tf32;
    const cublasComputeType_t compute = is_double   ? CUBLAS_COMPUTE_64F
                                        : may_round ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                    : CUBLAS_COMPUTE_32F;
    const cudaDataType_t scale = is_double ? CUDA_R_64F : CUDA_R_32F;
    SLUICE_RETURN_IF_ERROR(FromBlas(cublasLtMatmulDescCreate(&operation_, compute, scale), "operation"));
    const cublasOperation_t first = s_.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t second = s_.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    SLUICE_RETURN_IF_ERROR(Set(CUBLASLT_MATMUL_DESC_TRANSA, first));
    SLUICE_RETURN_IF_ERROR(Set(CUBLASLT_MATMUL_DESC_TRANSB, second));
    const cublasLtEpilogue_t epilogue = s_.bias && s_.relu ? CUBLASLT_EPILOGUE_RELU_BIAS
                                        : s_.bias          ? CUBLASLT_EPILOGUE_BIAS
                                        : s_.relu          ? CUBLASLT_EPILOGUE_RELU
                                                           : CUBLASLT_EPILOGUE_DEFAULT;
    SLUICE_RETURN_IF_ERROR(Set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue));
    const auto m = static_cast<uint64_t>(s_.m), n = static_cast<uint64_t>(s_.n), k = static_cast<uint64_t>(s_.k);
    auto layout = [&](cublasLtMatrixLayout_t& to, bool transposed, uint64_t rows, uint64_t columns) {
      // As it lies in memory: the dimension that is contiguous comes first.
      const uint64_t r = transposed ? columns : rows, c = transposed ? rows : columns;
      return FromBlas(cublasLtMatrixLayoutCreate(&to, type, r, c, static_cast<int64_t>(r)), "layout");
    };
    SLUICE_RETURN_IF_ERROR(layout(first_, s_.transpose_b, n, k));
    SLUICE_RETURN_IF_ERROR(layout(second_, s_.transpose_a, k, m));
    SLUICE_RETURN_IF_ERROR(layout(result_, false, n, m));

    cublasLtMatmulPreference_t preference = nullptr;
    SLUICE_RETURN_IF_ERROR(FromBlas(cublasLtMatmulPreferenceCreate(&preference), "preference"));
    absl::Status status = Prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{kWorkspaceBytes});
    // It would count on more.
    for (auto attribute : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                           CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
      if (status.ok()) status = Prefer(preference, attribute, uint32_t{kTensorAlignment});
    }
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    if (status.ok()) {
      status = FromBlas(cublasLtMatmulAlgoGetHeuristic(blas, operation_, first_, second_, result_, result_, preference,
                                                       1, &best, &found),
                        "heuristics");
    }
    cublasLtMatmulPreferenceDestroy(preference);
    SLUICE_RETURN_IF_ERROR(status);
    if (found == 0) return absl::UnimplementedError("cuBLASLt has no algorithm for this product");
    algorithm_ = best.algo;
    return absl::OkStatus();
  }

  absl::Status Run(cublasLtContext* blas, cudaStream_t stream, const void* a, const void* b, const void* bias, void* c,
                   void* workspace) const override {
    cublasLtMatmulDescOpaque_t operation = *operation_;  // the bias is the call's own
    if (s_.bias) {
      SLUICE_RETURN_IF_ERROR(FromBlas(
          cublasLtMatmulDescSetAttribute(&operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof(bias)), "bias"));
    }
    const double one = 1, zero = 0;
    const float one_f = 1, zero_f = 0;
    const bool is_double = s_.dtype == DataType::kDouble;
    return FromBlas(cublasLtMatmul(blas, &operation, is_double ? static_cast<const void*>(&one) : &one_f, b, first_, a,
                                   second_, is_double ? static_cast<const void*>(&zero) : &zero_f, c, result_, c,
                                   result_, &algorithm_, workspace, kWorkspaceBytes, stream),
                    "product");
  }

 private:
  template <class T>
  absl::Status Set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    return FromBlas(cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof(value)), "attribute");
  }

  template <class T>
  static absl::Status Prefer(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
                             const T& value) {
    return FromBlas(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof(value)), "preference");
  }

  const ProductSignature s_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t first_ = nullptr, second_ = nullptr, result_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

}  // namespace

absl::StatusOr<cublasLtContext*> NewBlasLtHandle() {
  cublasLtHandle_t handle = nullptr;
  SLUICE_RETURN_IF_ERROR(FromBlas(cublasLtCreate(&handle), "handle"));
  return handle;
}

void DeleteBlasLtHandle(cublasLtContext* handle) { cublasLtDestroy(handle); }

absl::StatusOr<std::shared_ptr<const Product>> Product::Create(const ProductSignature& signature,
                                                               cublasLtContext* blas) {
  auto product = std::make_shared<LtProduct>(signature);
  SLUICE_RETURN_IF_ERROR(product->Init(blas));
  return product;
}

}  // namespace sluice::gpu
