// Convolution primitives: descriptors, the reordering of filters, and running them with arguments that were
// built before.
#include <array>
#include <limits>

#include "core/allocator.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/onednn_handles.h"

namespace sluice::cpu {
namespace {

using namespace onednn;

constexpr size_t kAlignment = 64;
size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

#define SLUICE_ONEDNN(call) SLUICE_RETURN_IF_ERROR(ToStatus(call, "a convolution"))

absl::StatusOr<dnnl_memory_desc_t> Image(int64_t batch, int64_t channels, int64_t height, int64_t width) {
  dnnl_dims_t dims = {batch, channels, height, width};
  dnnl_memory_desc_t desc;
  SLUICE_ONEDNN(dnnl_memory_desc_init_by_tag(&desc, 4, dims, dnnl_f32, dnnl_nhwc));
  return desc;
}

// The filter in HWIO where `plain`, else in whatever format the implementation likes.
absl::StatusOr<dnnl_memory_desc_t> Filter(const Conv2DGeometry& g, bool plain) {
  dnnl_memory_desc_t desc;
  int64_t per_row = g.group_in() * g.out_channels;
  int rank = g.groups > 1 ? 5 : 4, skip = g.groups > 1 ? 0 : 1;
  int64_t dims[] = {g.groups, g.group_out(), g.group_in(), g.height.window, g.width.window};
  int64_t strides[] = {g.group_out(), 1, g.out_channels, g.width.window * per_row, per_row};
  if (plain) {
    SLUICE_ONEDNN(dnnl_memory_desc_init_by_strides(&desc, rank, dims + skip, dnnl_f32, strides + skip));
  } else {
    SLUICE_ONEDNN(dnnl_memory_desc_init_by_tag(&desc, rank, dims + skip, dnnl_f32, dnnl_format_tag_any));
  }
  return desc;
}

absl::StatusOr<Attributes> MakeAttributes(const Epilogue& epilogue) {
  Attributes attributes;
  SLUICE_ONEDNN(dnnl_primitive_attr_create(attributes.out()));
  SLUICE_ONEDNN(dnnl_primitive_attr_set_scratchpad_mode(attributes.get(), dnnl_scratchpad_mode_user));
  PostOps post_ops;
  SLUICE_ONEDNN(dnnl_post_ops_create(post_ops.out()));
  if (epilogue.residual) SLUICE_ONEDNN(dnnl_post_ops_append_sum(post_ops.get(), 1.f));
  if (epilogue.activation != EpilogueActivation::kNone) {
    const bool relu = epilogue.activation == EpilogueActivation::kRelu;
    SLUICE_ONEDNN(dnnl_post_ops_append_eltwise(
        post_ops.get(), 1.f, relu ? dnnl_eltwise_relu : dnnl_eltwise_bounded_relu, relu ? 0.f : 6.f, 0.f));
  }
  SLUICE_ONEDNN(dnnl_primitive_attr_set_post_ops(attributes.get(), post_ops.get()));
  return attributes;
}

std::string ImplementationOf(const PrimitiveDesc& desc) {
  const char* name = "";
  dnnl_primitive_desc_query(desc.get(), dnnl_query_impl_info_str, 0, &name);
  return name;
}

const dnnl_memory_desc_t& DescOf(const PrimitiveDesc& desc, int argument) {
  return *dnnl_primitive_desc_query_md(desc.get(), dnnl_query_exec_arg_md, argument);
}

// The first implementation that is accepted; Unimplemented where none is.
absl::StatusOr<PrimitiveDesc> FirstAccepted(const dnnl_convolution_desc_t& op, const Attributes& attributes,
                                            const Engine& engine, const PrimitiveDesc& hint, ConvDirection direction,
                                            const Conv2DGeometry& geometry) {
  PrimitiveIterator iterator;
  bool has_avx512 = (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
  SLUICE_ONEDNN(dnnl_primitive_desc_iterator_create(iterator.out(), &op, attributes.get(), engine.get(), hint.get()));
  for (dnnl_status_t status = dnnl_success; status == dnnl_success;
       status = dnnl_primitive_desc_iterator_next(iterator.get())) {
    PrimitiveDesc desc;
    *desc.out() = dnnl_primitive_desc_iterator_fetch(iterator.get());
    if (desc.get() != nullptr && AcceptsImplementation(direction, geometry, ImplementationOf(desc), has_avx512))
      return desc;
  }
  return absl::UnimplementedError("oneDNN has no implementation of a convolution that is worth taking");
}

absl::StatusOr<Primitive> MakePrimitive(const PrimitiveDesc& desc) {
  Primitive primitive;
  SLUICE_ONEDNN(dnnl_primitive_create(primitive.out(), desc.get()));
  return primitive;
}

absl::StatusOr<Memory> MakeMemory(const dnnl_memory_desc_t& desc, const Engine& engine, void* data) {
  Memory memory;
  SLUICE_ONEDNN(dnnl_memory_create(memory.out(), &desc, engine.get(), data));
  return memory;
}

// A memory object whose address changes from run to run. Setting it may clear the padding of blocked formats,
// so it is only done where the address is another.
struct Argument {
  Memory memory;
  void* data = nullptr;

  absl::Status Set(const void* address, dnnl_stream_t stream) {
    if (address == data) return absl::OkStatus();
    data = const_cast<void*>(address);
    return ToStatus(dnnl_memory_set_data_handle_v2(memory.get(), data, stream), "an address");
  }
};

enum Slot { kX, kPlainFilter, kPackedFilter, kBias, kY, kScratchpad, kReorderScratchpad, kSlots };

struct State : KernelState {
  Stream stream;
  std::array<Argument, kSlots> arguments;
  std::array<dnnl_exec_arg_t, 5> convolution;
  std::array<dnnl_exec_arg_t, 3> reorder;
};

class Convolution : public OnednnConvolution {
 public:
  absl::Status Init(ConvDirection direction, const Conv2DGeometry& g, const Epilogue& epilogue) {
    direction_ = direction;
    has_bias_ = epilogue.bias;
    SLUICE_ONEDNN(dnnl_engine_create(engine_.out(), dnnl_cpu, 0));
    SLUICE_ASSIGN_OR_RETURN(descs_[kX], Image(g.batch, g.in_channels, g.height.input, g.width.input));
    SLUICE_ASSIGN_OR_RETURN(descs_[kY], Image(g.batch, g.out_channels, g.height.output, g.width.output));
    SLUICE_ASSIGN_OR_RETURN(descs_[kPlainFilter], Filter(g, true));
    SLUICE_ASSIGN_OR_RETURN(dnnl_memory_desc_t any_filter, Filter(g, false));
    dnnl_dims_t channels = {g.out_channels};
    SLUICE_ONEDNN(dnnl_memory_desc_init_by_tag(&descs_[kBias], 1, channels, dnnl_f32, dnnl_a));

    const dnnl_dims_t strides = {g.height.stride, g.width.stride};
    const dnnl_dims_t dilations = {g.height.dilation - 1, g.width.dilation - 1};
    const dnnl_dims_t before = {g.height.pad_before, g.width.pad_before};
    const dnnl_dims_t after = {g.height.pad_after, g.width.pad_after};
    dnnl_convolution_desc_t forward, op;
    SLUICE_ONEDNN(dnnl_dilated_convolution_forward_desc_init(
        &forward, direction == ConvDirection::kForward ? dnnl_forward_inference : dnnl_forward_training,
        dnnl_convolution_direct, &descs_[kX], &any_filter, has_bias_ ? &descs_[kBias] : nullptr, &descs_[kY], strides,
        dilations, before, after));
    SLUICE_ASSIGN_OR_RETURN(Attributes attributes, MakeAttributes(epilogue));
    PrimitiveDesc hint, desc;
    if (direction == ConvDirection::kForward) {
      op = forward;
    } else {
      SLUICE_ONEDNN(dnnl_primitive_desc_create(hint.out(), &forward, nullptr, engine_.get(), nullptr));
      if (direction == ConvDirection::kInput) {
        SLUICE_ONEDNN(dnnl_dilated_convolution_backward_data_desc_init(
            &op, dnnl_convolution_direct, &descs_[kX], &any_filter, &descs_[kY], strides, dilations, before, after));
      } else {
        SLUICE_ONEDNN(dnnl_dilated_convolution_backward_weights_desc_init(&op, dnnl_convolution_direct, &descs_[kX],
                                                                          &any_filter, nullptr, &descs_[kY], strides,
                                                                          dilations, before, after));
      }
    }
    SLUICE_ASSIGN_OR_RETURN(desc, FirstAccepted(op, attributes, engine_, hint, direction, g));
    implementation_ = ImplementationOf(desc);
    descs_[kPackedFilter] = DescOf(desc, FilterArgument());
    descs_[kScratchpad] = DescOf(desc, DNNL_ARG_SCRATCHPAD);
    SLUICE_ASSIGN_OR_RETURN(convolution_, MakePrimitive(desc));
    return MakeReorder();
  }

  const std::string& implementation() const override { return implementation_; }

  absl::Status SetConstantFilter(const float* filter) override {
    if (reorder_.get() == nullptr) return absl::OkStatus();  // Run reads it as it is
    SLUICE_ASSIGN_OR_RETURN(constant_filter_, Tensor::Create(DataType::kUint8, Shape{Bytes(kPackedFilter)}));
    SLUICE_ASSIGN_OR_RETURN(Tensor scratch, Tensor::Create(DataType::kUint8, Shape{Bytes(kReorderScratchpad)}));
    SLUICE_ASSIGN_OR_RETURN(constant_memory_, MakeMemory(descs_[kPackedFilter], engine_, constant_filter_.raw()));
    SLUICE_ASSIGN_OR_RETURN(Memory from, MakeMemory(descs_[kPlainFilter], engine_, const_cast<float*>(filter)));
    SLUICE_ASSIGN_OR_RETURN(Memory pad, MakeMemory(descs_[kReorderScratchpad], engine_, scratch.raw()));
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, constant_memory_.get()}, {DNNL_ARG_SCRATCHPAD, pad.get()}};
    Stream stream;
    SLUICE_ONEDNN(dnnl_stream_create(stream.out(), engine_.get(), dnnl_stream_default_flags));
    SLUICE_ONEDNN(dnnl_primitive_execute(reorder_.get(), stream.get(), 3, arguments));
    SLUICE_ONEDNN(dnnl_stream_wait(stream.get()));
    return absl::OkStatus();
  }

  size_t scratch_bytes() const override {
    return FilterBytes() + std::max(Bytes(kScratchpad), Bytes(kReorderScratchpad));
  }

  std::unique_ptr<KernelState> NewState() const override {
    auto state = std::make_unique<State>();
    bool ok = dnnl_stream_create(state->stream.out(), engine_.get(), dnnl_stream_default_flags) == dnnl_success;
    for (int slot = 0; slot < kSlots; ++slot) {
      auto memory = MakeMemory(descs_[slot], engine_, DNNL_MEMORY_NONE);
      ok = ok && memory.ok();
      if (memory.ok()) state->arguments[slot].memory = *std::move(memory);
    }
    SLUICE_CHECK(ok);  // only small objects are allocated here
    auto memory = [&](Slot slot) { return state->arguments[slot].memory.get(); };
    bool to_filter = direction_ == ConvDirection::kFilter, to_input = direction_ == ConvDirection::kInput;
    dnnl_memory_t filter = constant_memory_.get() != nullptr ? constant_memory_.get() : memory(kPackedFilter);
    state->convolution = {{{to_input ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, memory(kX)},
                           {FilterArgument(), filter},
                           {direction_ == ConvDirection::kForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, memory(kY)},
                           {DNNL_ARG_SCRATCHPAD, memory(kScratchpad)},
                           {DNNL_ARG_BIAS, memory(kBias)}}};
    state->reorder = {{{DNNL_ARG_FROM, memory(to_filter ? kPackedFilter : kPlainFilter)},
                       {DNNL_ARG_TO, memory(to_filter ? kPlainFilter : kPackedFilter)},
                       {DNNL_ARG_SCRATCHPAD, memory(kReorderScratchpad)}}};
    return state;
  }

  absl::Status Run(KernelState& kernel_state, float* x, float* filter, const float* bias, float* y,
                   void* scratch) const override {
    State& s = static_cast<State&>(kernel_state);
    char* pad = static_cast<char*>(scratch) + FilterBytes();
    auto set = [&](Slot slot, const void* address) { return s.arguments[slot].Set(address, s.stream.get()); };
    SLUICE_RETURN_IF_ERROR(set(kX, x));
    SLUICE_RETURN_IF_ERROR(set(kY, y));
    SLUICE_RETURN_IF_ERROR(set(kScratchpad, pad));
    if (has_bias_) SLUICE_RETURN_IF_ERROR(set(kBias, bias));
    bool reorders = reorder_.get() != nullptr && constant_memory_.get() == nullptr;
    if (reorders) {
      SLUICE_RETURN_IF_ERROR(set(kPackedFilter, scratch));
      SLUICE_RETURN_IF_ERROR(set(kPlainFilter, filter));
      SLUICE_RETURN_IF_ERROR(set(kReorderScratchpad, pad));
    } else if (constant_memory_.get() == nullptr) {
      SLUICE_RETURN_IF_ERROR(set(kPackedFilter, filter));
    }
    if (reorders && direction_ != ConvDirection::kFilter)
      SLUICE_ONEDNN(dnnl_primitive_execute(reorder_.get(), s.stream.get(), 3, s.reorder.data()));
    SLUICE_ONEDNN(dnnl_primitive_execute(convolution_.get(), s.stream.get(), has_bias_ ? 5 : 4, s.convolution.data()));
    if (reorders && direction_ == ConvDirection::kFilter)
      SLUICE_ONEDNN(dnnl_primitive_execute(reorder_.get(), s.stream.get(), 3, s.reorder.data()));
    return absl::OkStatus();
  }

 private:
  int FilterArgument() const { return direction_ == ConvDirection::kFilter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS; }
  int64_t Bytes(Slot slot) const { return static_cast<int64_t>(dnnl_memory_desc_get_size(&descs_[slot])); }
  // Scratch for the reordered filter, in front of the scratchpads.
  size_t FilterBytes() const {
    return reorder_.get() == nullptr || constant_memory_.get() != nullptr ? 0 : Aligned(Bytes(kPackedFilter));
  }

  absl::Status MakeReorder() {
    const dnnl_memory_desc_t *from = &descs_[kPlainFilter], *to = &descs_[kPackedFilter];
    if (dnnl_memory_desc_equal(from, to)) {
      dnnl_dims_t none = {0};
      SLUICE_ONEDNN(dnnl_memory_desc_init_by_tag(&descs_[kReorderScratchpad], 1, none, dnnl_u8, dnnl_a));
      return absl::OkStatus();
    }
    if (direction_ == ConvDirection::kFilter) std::swap(from, to);
    SLUICE_ASSIGN_OR_RETURN(Attributes attributes, MakeAttributes({}));
    PrimitiveDesc desc;
    SLUICE_ONEDNN(
        dnnl_reorder_primitive_desc_create(desc.out(), from, engine_.get(), to, engine_.get(), attributes.get()));
    descs_[kReorderScratchpad] = DescOf(desc, DNNL_ARG_SCRATCHPAD);
    SLUICE_ASSIGN_OR_RETURN(reorder_, MakePrimitive(desc));
    return absl::OkStatus();
  }

  ConvDirection direction_ = ConvDirection::kForward;
  bool has_bias_ = false;
  std::string implementation_;
  Engine engine_;
  std::array<dnnl_memory_desc_t, kSlots> descs_;
  Primitive convolution_;
  Primitive reorder_;  // of the filter; empty where the implementation takes HWIO
  Tensor constant_filter_;
  Memory constant_memory_;  // over constant_filter_
};

}  // namespace

absl::StatusOr<std::unique_ptr<OnednnConvolution>> OnednnConvolution::Create(ConvDirection direction,
                                                                             const Conv2DGeometry& g,
                                                                             const Epilogue& epilogue) {
  // Its kernels compute some offsets in 32 bits.
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max() / static_cast<int64_t>(sizeof(float));
  if (g.batch * g.height.input * g.width.input > kLargest / g.in_channels ||
      g.batch * g.output_pixels() > kLargest / g.out_channels) {
    return absl::UnimplementedError("a convolution of more than 2 GiB");
  }
  auto convolution = std::make_unique<Convolution>();
  SLUICE_RETURN_IF_ERROR(convolution->Init(direction, g, epilogue));
  return convolution;
}

}  // namespace sluice::cpu
