// Matrix products by cuBLASLt. The only door to it.
#pragma once

#include <cuda_runtime_api.h>
#include <memory>

#include "core/status.h"
#include "core/types.h"
#include "ops/fused_ops.h"

struct cublasLtContext;

namespace sluice::gpu {

// c[m, n] = activation(a b + bias), row-major and dense; a is [m, k] or, transposed, [k, m].
struct ProductSignature {
  DataType dtype = DataType::kFloat;  // half and bfloat16 are summed up in float
  bool tf32 = true;
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
  bool bias = false, relu = false;
  bool operator==(const ProductSignature&) const = default;
};

// A product with its algorithm chosen. Thread-safe. Matrices are aligned as tensors are.
class Product {
 public:
  static constexpr size_t kWorkspaceBytes = size_t{32} << 20;  // aligned to kScratchAlignment (kernels/gpu/scratch.h)
  // Unimplemented where cuBLASLt has no algorithm. Needs a device.
  static absl::StatusOr<std::shared_ptr<const Product>> Create(const ProductSignature& signature,
                                                               cublasLtContext* blas);
  virtual ~Product() = default;
  // `workspace` has kWorkspaceBytes; `bias` is null where the signature has none.
  virtual absl::Status Run(cublasLtContext* blas, cudaStream_t stream, const void* a, const void* b, const void* bias,
                           void* c, void* workspace) const = 0;
};

// A handle, which serves any stream of the current device.
absl::StatusOr<cublasLtContext*> NewBlasLtHandle();
void DeleteBlasLtHandle(cublasLtContext* handle);

}  // namespace sluice::gpu
