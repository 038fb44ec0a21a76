// The ops that are nothing but strided copies, for the CPU and, by another backend, for other devices: what is checked and
// how the copy follows from the attributes is the same everywhere.
#pragma once

#include "core/kernel_registry.h"
#include "kernels/cpu/strided_copy.h"

namespace sluice::cpu {

// `backend` is null for the CPU. With one, `types` are those that its memory holds.
struct CopyTarget {
  const CopyBackend* backend = nullptr;
  std::vector<DataType> types;
  // Limits `attr` of `def` to these types.
  KernelDef& Limit(KernelDef& def, const std::string& attr = "T") const {
    return backend == nullptr ? def : def.Types(attr, types);
  }
};

void AddConcatKernels(KernelRegistry& r, const CopyTarget& target);
void AddSplitKernels(KernelRegistry& r, const CopyTarget& target);
void AddSliceKernels(KernelRegistry& r, const CopyTarget& target);
void AddPadKernels(KernelRegistry& r, const CopyTarget& target);
void AddTransposeKernel(KernelRegistry& r, const CopyTarget& target);

// Registers K(backend, args...).
template <class K, class... Args>
KernelDef& AddCopyKernel(KernelRegistry& r, const std::string& op, const CopyTarget& target, Args... args) {
  const CopyBackend* backend = target.backend;
  return target.Limit(r.Add(op, [backend, args...] { return std::make_unique<K>(backend, args...); }));
}

}  // namespace sluice::cpu
