// Runs one node's CPU kernel the way a program does: schema, shape function, Prepare, Run.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/register_all.h"
#include "ops/op_schema.h"
#include "ops/register_all.h"
#include "ops/shape_context.h"

namespace sluice::testing {

// One kernel after Prepare, with its tensors and scratch.
class PreparedKernel {
 public:
  // `in_place`: outputs lie over inputs where the kernel allows it.
  absl::Status Init(std::unique_ptr<Kernel> kernel, const PrepareContext& prepare, const std::vector<Tensor>& inputs,
                    bool in_place) {
    kernel_ = std::move(kernel);
    for (const Tensor& in : inputs) {
      SLUICE_ASSIGN_OR_RETURN(Tensor copy, in.Clone());
      inputs_.push_back(std::move(copy));
    }
    for (size_t i = 0; i < prepare.outputs.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(prepare.outputs[i].dtype, prepare.outputs[i].shape));
      Spoil(out);
      for (auto [from, to] : prepare.in_place) {
        if (in_place && to == static_cast<int>(i)) out = inputs_[from].Reshaped(out.shape());
      }
      outputs_.push_back(std::move(out));
    }
    for (Tensor& t : inputs_) Slot(t, input_slots_);
    for (Tensor& t : outputs_) Slot(t, output_slots_);
    SLUICE_ASSIGN_OR_RETURN(scratch_,
                            Tensor::Create(DataType::kUint8, Shape{static_cast<int64_t>(prepare.scratch_bytes)}));
    Spoil(scratch_);
    state_ = kernel_->NewState();
    run_.slots = slots_.data();
    run_.input_slots = input_slots_.data();
    run_.output_slots = output_slots_.data();
    run_.scratch_memory = scratch_.raw();
    run_.state = state_.get();
    run_.cancelled = &cancelled_;
    return absl::OkStatus();
  }
  absl::Status Run() { return kernel_->Run(run_); }
  const std::vector<Tensor>& outputs() const { return outputs_; }

 private:
  // A kernel may not count on zeros.
  static void Spoil(Tensor& t) {
    if (t.bytes() > 0 && IsTrivial(t.dtype())) std::memset(t.raw(), 0x5a, t.bytes());
  }
  void Slot(Tensor& t, std::vector<uint32_t>& indices) {
    indices.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.push_back(t.raw());
  }

  std::unique_ptr<Kernel> kernel_;
  std::vector<Tensor> inputs_, outputs_;
  Tensor scratch_;
  std::vector<void*> slots_;
  std::vector<uint32_t> input_slots_, output_slots_;
  std::unique_ptr<KernelState> state_;
  const std::atomic<bool> cancelled_{false};
  RunContext run_;
};

// KernelTester("MatMul").Attrs(ToAttrMap(MatMulAttrs{...})).Input(a).Input(b).Run()
class KernelTester {
 public:
  explicit KernelTester(const std::string& op, void (*kernels)(KernelRegistry&) = cpu::RegisterAllKernels) : op_(op) {
    RegisterAllOps(ops_);
    kernels(kernels_);
  }
  KernelTester& Attrs(AttrMap attrs) {
    attrs_ = std::move(attrs);
    return *this;
  }
  KernelTester& Attr(const std::string& name, AttrValue value) {
    attrs_.insert_or_assign(name, std::move(value));
    return *this;
  }
  // `constant`: the kernel is told the value in Prepare.
  KernelTester& Input(Tensor value, bool constant = false) {
    inputs_.push_back({std::move(value), constant});
    return *this;
  }
  KernelTester& Threads(int threads) {
    threads_ = threads;
    return *this;
  }
  // Every pair that the kernel allows in place is run in place.
  KernelTester& InPlace() {
    in_place_ = true;
    return *this;
  }

  // The outputs, or the first error of the schema, the shape function or the kernel.
  absl::StatusOr<std::vector<Tensor>> Run() {
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<PreparedKernel> kernel, Prepare());
    SLUICE_RETURN_IF_ERROR(kernel->Run());
    return kernel->outputs();
  }
  // The kernel with memory of its own for everything, ready to run.
  absl::StatusOr<std::unique_ptr<PreparedKernel>> Prepare() {
    PrepareContext prepare;
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel, Prepare(prepare));
    return Bind(std::move(kernel), prepare);
  }
  // The shapes that the shape function gives; every input's value is known to it.
  absl::StatusOr<std::vector<TensorInfo>> Infer() {
    const OpSchema* schema = ops_.Find(op_);
    if (schema == nullptr) return absl::UnimplementedError(absl::StrCat("no op ", op_));
    SLUICE_ASSIGN_OR_RETURN(Signature signature, schema->Resolve(attrs_));
    std::vector<TensorInfo> infos;
    for (const auto& in : inputs_) infos.push_back({in.value.dtype(), in.value.shape(), in.value, {}, {}});
    ShapeContext context("test", attrs_, std::move(infos), signature.outputs);
    SLUICE_RETURN_IF_ERROR(schema->shape(context));
    return context.outputs();
  }

  // The kernel after Prepare, and what it declared.
  absl::StatusOr<std::unique_ptr<Kernel>> Prepare(PrepareContext& prepare) {
    SetThreadsOfCaller(threads_);
    SLUICE_ASSIGN_OR_RETURN(auto infos, Infer());
    prepare.node = "test";
    prepare.op = op_;
    prepare.attrs = &attrs_;
    prepare.threads = threads_;
    for (const auto& in : inputs_)
      prepare.inputs.push_back({in.value.dtype(), in.value.shape(), in.constant ? &in.value : nullptr, nullptr});
    for (const TensorInfo& info : infos) {
      SLUICE_ASSIGN_OR_RETURN(Shape shape, info.shape.ToShape());
      prepare.outputs.push_back({info.dtype, std::move(shape)});
    }
    SLUICE_ASSIGN_OR_RETURN(const KernelDef* def, kernels_.Find(op_, attrs_));
    std::unique_ptr<Kernel> kernel = def->make();
    SLUICE_RETURN_IF_ERROR(kernel->Prepare(prepare));
    return kernel;
  }
  // Runs a kernel of this op, prepared with inputs of the same shapes, on these inputs.
  absl::StatusOr<std::vector<Tensor>> Execute(std::unique_ptr<Kernel> kernel, const PrepareContext& prepare) {
    SLUICE_ASSIGN_OR_RETURN(auto prepared, Bind(std::move(kernel), prepare));
    SLUICE_RETURN_IF_ERROR(prepared->Run());
    return prepared->outputs();
  }

 private:
  struct In {
    Tensor value;
    bool constant;
  };
  absl::StatusOr<std::unique_ptr<PreparedKernel>> Bind(std::unique_ptr<Kernel> kernel, const PrepareContext& prepare) {
    auto prepared = std::make_unique<PreparedKernel>();
    std::vector<Tensor> inputs;
    for (const auto& in : inputs_) inputs.push_back(in.value);
    SLUICE_RETURN_IF_ERROR(prepared->Init(std::move(kernel), prepare, inputs, in_place_));
    return prepared;
  }

  std::string op_;
  OpRegistry ops_;
  KernelRegistry kernels_;
  AttrMap attrs_;
  std::vector<In> inputs_;
  int threads_ = 1;
  bool in_place_ = false;
};

// Values in [low, high), the same for the same seed.
template <class T = float>
Tensor RandomTensor(Shape shape, int seed = 1, double low = -1, double high = 1) {
  Tensor t(kDataTypeOf<T>, std::move(shape));
  std::minstd_rand random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.data<T>()[i] = static_cast<T>(uniform(random));
  return t;
}

}  // namespace sluice::testing
