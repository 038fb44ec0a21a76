#include "runtime/dynamic.h"

#include <algorithm>
#include <bit>

#include "graph/propagate.h"

namespace sluice {
namespace {

constexpr size_t kPreparationsKept = 4;      // for each node
constexpr int64_t kMaxValueElements = 4096;  // a larger integer tensor is not a shape

// The next of 2^k, 1.25·2^k, 1.5·2^k, 1.75·2^k.
size_t SizeClass(size_t bytes) {
  size_t floor = std::bit_floor(std::max<size_t>(bytes, 256));
  size_t step = floor / 4;
  return (std::max<size_t>(bytes, 256) + step - 1) / step * step;
}

// Host memory of a slot as a tensor, without owning it.
class BorrowedBuffer : public Buffer {
 public:
  using Buffer::Buffer;
};

bool MayBeShapeLike(const TensorInfo& info) {
  if (info.dtype != DataType::kInt32 && info.dtype != DataType::kInt64 && info.dtype != DataType::kBool) return false;
  auto shape = info.shape.ToShape();
  return shape.ok() && shape->num_elements() <= kMaxValueElements;
}

}  // namespace

BlockCache::~BlockCache() {
  for (auto& [bytes, blocks] : free_) {
    for (void* data : blocks) allocator_.Deallocate(data, bytes);
  }
}

absl::StatusOr<void*> BlockCache::Allocate(size_t bytes) {
  size_t size = SizeClass(bytes);
  std::vector<void*>& blocks = free_[size];
  if (!blocks.empty()) {
    void* data = blocks.back();
    blocks.pop_back();
    return data;
  }
  void* data = allocator_.Allocate(size);
  if (data == nullptr) {
    // Blocks of other sizes may be what is missing.
    for (auto& [other, kept] : free_) {
      for (void* block : kept) allocator_.Deallocate(block, other);
      kept.clear();
    }
    data = allocator_.Allocate(size);
  }
  if (data == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for ", bytes, " bytes, ", allocator_.stats().bytes_in_use, " bytes in use"));
  }
  return data;
}

void BlockCache::Release(void* data, size_t bytes) { free_[SizeClass(bytes)].push_back(data); }

// Gives outputs memory from within a kernel's Run.
class DynamicState::Outputs : public OutputAllocator {
 public:
  Outputs(DynamicState& state, const DynamicNode& node) : state_(state), node_(node) {}
  absl::StatusOr<void*> AllocateOutput(int index, const Shape& shape) override {
    uint32_t slot = node_.outputs[index];
    SLUICE_RETURN_IF_ERROR(state_.Allocate(slot, shape));
    return state_.slots_[slot];
  }

 private:
  DynamicState& state_;
  const DynamicNode& node_;
};

DynamicState::DynamicState(const Program& program, std::vector<void*>& slots)
    : program_(program),
      slots_(slots),
      blocks_(program.device->allocator()),
      shapes_(program.slots.size()),
      held_(program.slots.size(), {nullptr, 0}),
      prepared_(program.dynamic.size()) {}

DynamicState::~DynamicState() { ReleaseAll(); }

absl::Status DynamicState::Allocate(uint32_t slot, const Shape& shape) {
  Release(slot);
  DataType dtype = program_.slots[slot].dtype;
  shapes_[slot] = shape;
  if (!IsTrivial(dtype)) {
    SLUICE_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(dtype, shape, program_.device->allocator()));
    slots_[slot] = t.raw();
    objects_[slot] = std::move(t);
    return absl::OkStatus();
  }
  int64_t bytes = 0;
  if (!MultiplySafely(shape.num_elements(), static_cast<int64_t>(DataTypeSize(dtype)), &bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("the bytes of shape ", shape.ToString(), " overflow int64"));
  }
  SLUICE_ASSIGN_OR_RETURN(slots_[slot], blocks_.Allocate(bytes));
  held_[slot] = {slots_[slot], bytes};
  return absl::OkStatus();
}

void DynamicState::Release(uint32_t slot) {
  auto [data, bytes] = held_[slot];
  if (data != nullptr) blocks_.Release(data, bytes);
  held_[slot] = {nullptr, 0};
  objects_.erase(slot);
}

void DynamicState::ReleaseAll() {
  for (uint32_t slot = 0; slot < held_.size(); ++slot) Release(slot);
}

absl::StatusOr<std::vector<TensorInfo>> DynamicState::InputInfos(const DynamicNode& node) const {
  std::vector<TensorInfo> infos;
  for (const DynamicInput& input : node.inputs) {
    TensorInfo info = input.info;
    if (input.variable != nullptr) {
      // An assignment may change the shape: it is told the declared one.
      if (input.variable->data() != nullptr && node.node->op() != "AssignVariableOp") {
        ResourceHandle handle;
        handle.name = input.variable->name();
        handle.dtype = input.variable->dtype();
        handle.shape = input.variable->shape();
        info.handle = std::make_shared<const ResourceHandle>(std::move(handle));
      }
      infos.push_back(std::move(info));
      continue;
    }
    if (!input.has_static_shape) info.shape = shapes_[input.slot];
    if (!info.value && program_.device->is_synchronous() && MayBeShapeLike(info)) {
      SLUICE_ASSIGN_OR_RETURN(Shape shape, info.shape.ToShape());
      size_t bytes = static_cast<size_t>(shape.num_elements()) * DataTypeSize(info.dtype);
      info.value = Tensor(info.dtype, shape, std::make_shared<BorrowedBuffer>(slots_[input.slot], bytes));
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

absl::StatusOr<DynamicState::Prepared*> DynamicState::Prepare(int index, const std::vector<TensorInfo>& inputs,
                                                              const std::vector<TensorInfo>& outputs) {
  const DynamicNode& node = program_.dynamic[index];
  std::vector<Shape> input_shapes, output_shapes;
  bool all_known = true;
  for (const TensorInfo& info : inputs) input_shapes.push_back(info.shape.ToShape().value_or(Shape{}));
  for (const TensorInfo& info : outputs) {
    all_known &= info.shape.IsFullyKnown();
    output_shapes.push_back(all_known ? info.shape.ToShape().value_or(Shape{}) : Shape{});
  }
  std::vector<Prepared>& kept = prepared_[index];
  for (Prepared& p : kept) {
    if (p.inputs == input_shapes && p.outputs == output_shapes) {
      p.last_used = ++clock_;
      return &p;
    }
  }
  PrepareContext context = node.prepare;
  for (size_t i = 0; i < input_shapes.size(); ++i) context.inputs[i].shape = input_shapes[i];
  for (size_t i = 0; i < output_shapes.size(); ++i) context.outputs[i].shape = output_shapes[i];
  Prepared prepared;
  prepared.kernel = node.kernel->make();
  SLUICE_RETURN_IF_ERROR(prepared.kernel->Prepare(context));
  if (!all_known && !context.output_shapes_at_run) {
    return absl::UnimplementedError("the shape of an output depends on a value that is not in host memory");
  }
  prepared.state = prepared.kernel->NewState();
  prepared.scratch_bytes = context.scratch_bytes;
  prepared.aliases = context.aliases;
  prepared.output_shapes_at_run = context.output_shapes_at_run;
  prepared.inputs = std::move(input_shapes);
  prepared.outputs = std::move(output_shapes);
  prepared.last_used = ++clock_;
  if (kept.size() >= kPreparationsKept) {
    *std::min_element(kept.begin(), kept.end(), [](const Prepared& a, const Prepared& b) {
      return a.last_used < b.last_used;
    }) = std::move(kept.back());
    kept.pop_back();
  }
  return &kept.emplace_back(std::move(prepared));
}

absl::Status DynamicState::RunPrepared(const DynamicNode& node, Prepared& prepared, RunContext context) {
  const MemoryKind kind = program_.device->allocator().kind();
  if (!prepared.output_shapes_at_run) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(Allocate(node.outputs[i], prepared.outputs[i]));
    }
  }
  // An alias is a copy here: the lifetimes of the static slots were fixed without it.
  for (auto [in, out] : prepared.aliases) {
    uint32_t from = node.inputs[in].slot, to = node.outputs[out];
    DataType dtype = program_.slots[to].dtype;
    int64_t n = shapes_[to].num_elements();
    if (dtype == DataType::kString) {
      auto* source = static_cast<const std::string*>(slots_[from]);
      std::copy(source, source + n, static_cast<std::string*>(slots_[to]));
    } else {
      SLUICE_RETURN_IF_ERROR(
          context.stream->Copy(slots_[to], kind, slots_[from], kind, static_cast<size_t>(n) * DataTypeSize(dtype)));
    }
  }
  if (!node.outputs.empty() && prepared.aliases.size() == node.outputs.size()) return absl::OkStatus();
  void* scratch = nullptr;
  if (prepared.scratch_bytes > 0) {
    SLUICE_ASSIGN_OR_RETURN(scratch, blocks_.Allocate(prepared.scratch_bytes));
  }
  Outputs outputs(*this, node);
  context.scratch_memory = scratch;
  context.state = prepared.state.get();
  context.output_allocator = &outputs;
  absl::Status status = prepared.kernel->Run(context);
  if (scratch != nullptr) blocks_.Release(scratch, prepared.scratch_bytes);
  return status;
}

absl::Status DynamicState::RunNode(int index, RunContext context) {
  const DynamicNode& node = program_.dynamic[index];
  SLUICE_ASSIGN_OR_RETURN(std::vector<TensorInfo> inputs, InputInfos(node));
  ShapeContext shapes(node.node->name, node.node->attrs, inputs, node.node->output_types);
  if (node.node->schema->shape != nullptr) SLUICE_RETURN_IF_ERROR(node.node->schema->shape(shapes));
  SLUICE_ASSIGN_OR_RETURN(Prepared * prepared, Prepare(index, inputs, shapes.outputs()));
  SLUICE_RETURN_IF_ERROR(RunPrepared(node, *prepared, context));
  for (uint32_t slot : node.releases) Release(slot);
  return absl::OkStatus();
}

absl::Status DynamicState::Run(int index, RunContext context) {
  const Node& node = *program_.dynamic[index].node;
  absl::Status status = RunNode(index, context);
  if (status.ok()) return status;
  const std::string where = absl::StrCat("node '", node.name, "' (", node.op(), ")");
  // Memory is a device's.
  return WithContext(status,
                     absl::IsResourceExhausted(status) ? absl::StrCat(where, " on ", program_.device->name()) : where);
}

}  // namespace sluice
