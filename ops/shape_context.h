// What a shape function sees of a node, and where it puts what it concludes.
//
// A shape function is called with whatever is known: at import little may be, when a program is compiled
// everything but what depends on values is, and in dynamic mode it is called with the values themselves. It
// must accept unknown shapes and report an error only for what is wrong whatever the unknown turns out to be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api.h"
#include "core/attrs.h"
#include "core/tensor.h"

namespace SLUICE_API sluice {

// An element of a partly known integer value that is not known.
inline constexpr int64_t kUnknownValue = INT64_MIN;

// What is known of one tensor.
struct TensorInfo {
  DataType dtype = DataType::kInvalid;
  PartialShape shape;
  std::optional<Tensor> value;                   // the whole value, in host memory
  std::optional<std::vector<int64_t>> ints;      // of an int32/int64 scalar or vector: elements, or kUnknownValue
  std::shared_ptr<const ResourceHandle> handle;  // of a resource: what is behind it
};

class ShapeContext {
 public:
  ShapeContext(absl::string_view node, const AttrMap& attrs, std::vector<TensorInfo> inputs,
               const std::vector<DataType>& output_types);

  absl::string_view node() const { return node_; }
  const AttrMap& attr_map() const { return attrs_; }
  // The op's attribute struct, defaults filled in.
  template <class Attrs>
  absl::StatusOr<Attrs> attrs() const {
    return ParseAttrs<Attrs>(attrs_);
  }

  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  int num_outputs() const { return static_cast<int>(outputs_.size()); }
  const PartialShape& input(int i) const { return inputs_[i].shape; }
  DataType input_dtype(int i) const { return inputs_[i].dtype; }
  const TensorInfo& input_info(int i) const { return inputs_[i]; }
  // The whole value of input i where it is known, else nullptr.
  const Tensor* value(int i) const { return inputs_[i].value ? &*inputs_[i].value : nullptr; }
  // The elements of an integer input of rank 0 or 1 as far as they are known; nullopt where even their number
  // is not.
  std::optional<std::vector<int64_t>> ints(int i) const;
  // Input i read as a shape: its elements are dimensions, -1 and unknown ones are PartialShape::kUnknown.
  // InvalidArgument for another negative element or a value that is not a vector.
  absl::StatusOr<PartialShape> input_as_shape(int i) const;
  // The same where -1 does not stand for anything (Fill): InvalidArgument for it and for a scalar.
  absl::StatusOr<PartialShape> input_as_dimensions(int i) const;

  // Input i's shape has this rank: the shape with that rank, or InvalidArgument naming the input.
  absl::StatusOr<PartialShape> WithRank(int i, int rank) const;
  absl::StatusOr<PartialShape> WithRankAtLeast(int i, int rank) const;

  void set_output(int i, PartialShape shape) { outputs_[i].shape = std::move(shape); }
  // The value of an integer output of rank 0 or 1 (elements or kUnknownValue); sets its shape too.
  void set_output_ints(int i, std::vector<int64_t> elements, bool scalar = false);
  void set_output_value(int i, Tensor value);
  void set_output_handle(int i, ResourceHandle handle) {
    outputs_[i].handle = std::make_shared<const ResourceHandle>(std::move(handle));
  }
  // The output is the input, value and handle included (Identity).
  void ForwardInput(int in, int out);

  std::vector<TensorInfo>& outputs() { return outputs_; }

 private:
  absl::string_view node_;
  const AttrMap& attrs_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

// The declared shape of the variable behind input i, of unknown rank where its handle is not known. InvalidArgument
// where the variable is not of `dtype`.
absl::StatusOr<PartialShape> VariableShape(const ShapeContext& c, int i, DataType dtype);
// Adds to `shape`, a variable's, what input i says of it. InvalidArgument where they contradict each other.
absl::Status MergeWithVariable(const ShapeContext& c, int i, PartialShape& shape);
// The shape function of an optimiser's update: inputs 0 to num_variables - 1 are variables of the shape of input
// `gradient`; all others are scalars.
absl::Status VariableUpdateShape(ShapeContext& c, DataType dtype, int num_variables, int gradient);

// Shape functions that many ops share.
absl::Status UnchangedShape(ShapeContext& c);  // output 0 has the shape of input 0
absl::Status BroadcastShape(ShapeContext& c);  // output 0 = broadcast of inputs 0 and 1
absl::Status ScalarShape(ShapeContext& c);     // every output is a scalar
absl::Status NoOutputs(ShapeContext& c);       // nothing to say
// Output 0 has the merged shape of all inputs (gradients of elementwise functions: dy and y).
absl::Status MergedShape(ShapeContext& c);

}  // namespace sluice
