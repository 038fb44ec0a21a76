// Runs the shape function of one op on what is known of its inputs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/register_all.h"
#include "ops/shape_context.h"

namespace sluice {

inline constexpr int64_t kU = kUnknownDim;
inline constexpr int64_t kHuge = int64_t{1} << 62;  // two of them overflow a product
inline const AttrMap kFloat{{"T", DataType::kFloat}};

// What is known of an input, by its shape alone,
inline TensorInfo Of(PartialShape shape, DataType dtype = DataType::kFloat) {
  TensorInfo info;
  info.dtype = dtype;
  info.shape = std::move(shape);
  return info;
}
// by its value,
inline TensorInfo Of(Tensor value) {
  TensorInfo info = Of(PartialShape(value.shape()), value.dtype());
  info.value = std::move(value);
  return info;
}
// or, of an int32 vector, by some of its elements (kUnknownValue for the others).
inline TensorInfo Ints(std::vector<int64_t> elements) {
  TensorInfo info = Of(PartialShape{static_cast<int64_t>(elements.size())}, DataType::kInt32);
  info.ints = std::move(elements);
  return info;
}

// The outputs, or the error. Fails as AddNode would where the attributes are wrong.
inline absl::StatusOr<std::vector<TensorInfo>> Infer(const std::string& op, std::vector<TensorInfo> inputs,
                                                     AttrMap attrs = {}) {
  OpRegistry registry;
  RegisterAllOps(registry);
  const OpSchema* schema = registry.Find(op);
  if (schema == nullptr) return absl::NotFoundError(op);
  SLUICE_ASSIGN_OR_RETURN(Signature signature, schema->Resolve(attrs));
  if (auto errors = schema->check_attrs(attrs); !errors.empty()) return absl::InvalidArgumentError(errors[0]);
  if (signature.inputs.size() != inputs.size()) return absl::InvalidArgumentError("wrong number of inputs");
  ShapeContext c("node", attrs, std::move(inputs), signature.outputs);
  SLUICE_RETURN_IF_ERROR(schema->shape(c));
  return std::move(c.outputs());
}

// The shape of output 0 as text, or the error's message.
inline std::string InferShape(const std::string& op, std::vector<TensorInfo> inputs, AttrMap attrs = {}) {
  auto outputs = Infer(op, std::move(inputs), std::move(attrs));
  return outputs.ok() ? (*outputs)[0].shape.ToString() : std::string(outputs.status().message());
}

// The elements of output 0 as far as they are known; empty where nothing is.
inline std::vector<int64_t> InferInts(const std::string& op, std::vector<TensorInfo> inputs, AttrMap attrs = {}) {
  auto outputs = Infer(op, std::move(inputs), std::move(attrs));
  if (!outputs.ok()) return {};
  const TensorInfo& out = (*outputs)[0];
  if (out.ints) return *out.ints;
  std::vector<int64_t> elements;
  for (int64_t i = 0; out.value && i < out.value->num_elements(); ++i) elements.push_back(out.value->IntAt(i));
  return elements;
}

}  // namespace sluice
