#include "ops/conv.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/conv_kernel.h"

namespace sluice::cpu {
void RegisterConv(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32};
  auto make = [](ConvDirection direction) { return [direction] { return std::make_unique<ConvKernel>(direction); }; };
  r.Add("Conv2D", make(ConvDirection::kForward)).Types("T", kTypes);
  r.Add("Conv2DBackpropInput", make(ConvDirection::kInput)).Types("T", kTypes).HostInputs({0});
  r.Add("Conv2DBackpropFilter", make(ConvDirection::kFilter)).Types("T", kTypes).HostInputs({1});
  r.Add<FusedConvKernel>("_FusedConv2D").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::cpu
