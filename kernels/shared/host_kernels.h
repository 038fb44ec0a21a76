// Kernels that do nothing on their device: what they give is in the host's memory, or an error.
#pragma once

#include <string>

#include "core/kernel.h"
#include "ops/variable.h"

namespace sluice::kernels {

// A compiler binds the variable itself; the handle is for whoever looks at the edge.
class VarHandleOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<VarHandleOpAttrs>());
    handle_ = {attrs.container, attrs.shared_name.empty() ? std::string(ctx.node) : attrs.shared_name, attrs.dtype,
               attrs.shape};
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    *ctx.output<ResourceHandle>(0) = handle_;
    return absl::OkStatus();
  }

 private:
  ResourceHandle handle_;
};

// Runs only where nobody fed it.
class PlaceholderKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    message_ = absl::StrCat("placeholder '", ctx.node, "' (", DataTypeName(ctx.outputs[0].dtype),
                            ctx.outputs[0].shape.ToString(), ") must be fed");
    return absl::OkStatus();
  }
  absl::Status Run(RunContext&) const override { return absl::InvalidArgumentError(message_); }

 private:
  std::string message_;
};

class NoOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext&) override { return absl::OkStatus(); }
  absl::Status Run(RunContext&) const override { return absl::OkStatus(); }
};

}  // namespace sluice::kernels
