#include "ops/batch_norm.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// Input `i`, a vector, has one element a channel.
absl::Status MergeChannels(const ShapeContext& c, int i, PartialShape* channels) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape vector, c.WithRank(i, 1));
  auto merged = channels->MergedWith(vector);
  if (!merged.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("input ", i, " has shape ", vector.ToString(), ", expected ",
                                                   channels->ToString(), ", one element a channel"));
  }
  *channels = *std::move(merged);
  return absl::OkStatus();
}

absl::Status NormShape(ShapeContext& c, const std::string& data_format, bool is_training, float factor) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape x, c.WithRank(0, static_cast<int>(data_format.size())));
  int axis = ChannelAxisOf(data_format);
  PartialShape channels = {x.dim(axis)};
  // Statistics are inputs where they are used: for inference, and where the average runs on.
  int vectors = is_training && factor == 1 ? 2 : 4;
  for (int i = 1; i <= vectors; ++i) SLUICE_RETURN_IF_ERROR(MergeChannels(c, i, &channels));
  x.set_dim(axis, channels.dim(0));
  c.set_output(0, std::move(x));
  for (int i = 1; i <= 4; ++i) c.set_output(i, channels);
  if (c.num_outputs() > 5) c.set_output(5, Shape{});
  return absl::OkStatus();
}

absl::Status GradShape(ShapeContext& c, const std::string& data_format) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape dy, c.WithRank(0, static_cast<int>(data_format.size())));
  auto x = dy.MergedWith(c.input(1));
  if (!x.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("y_backprop has shape ", c.input(0).ToString(), ", x ", c.input(1).ToString()));
  }
  int axis = ChannelAxisOf(data_format);
  PartialShape channels = {x->dim(axis)};
  for (int i = 2; i <= 4; ++i) SLUICE_RETURN_IF_ERROR(MergeChannels(c, i, &channels));
  x->set_dim(axis, channels.dim(0));
  c.set_output(0, *std::move(x));
  c.set_output(1, channels);
  c.set_output(2, channels);
  c.set_output(3, PartialShape{0});
  c.set_output(4, PartialShape{0});
  return absl::OkStatus();
}

template <class Attrs>
absl::Status FusedBatchNormShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Attrs>());
  return NormShape(c, attrs.data_format, attrs.is_training, attrs.exponential_avg_factor);
}
template <class Attrs>
absl::Status FusedBatchNormGradShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Attrs>());
  return GradShape(c, attrs.data_format);
}

constexpr const char* kDoc =
    "scale * (x - mean) / sqrt(variance + epsilon) + offset for each channel, with the statistics of this batch when "
    "training (batch_mean and batch_variance, which is unbiased, mixed into the given ones by exponential_avg_factor) "
    "and with the given ones otherwise. The reserve spaces are for the gradient.";
constexpr const char* kGradDoc =
    "The gradient of FusedBatchNorm with respect to x, scale and offset; the reserve spaces are those of the forward "
    "op when training, mean and variance otherwise.";

// U is "T" where there is one type alone.
template <class Attrs>
void AddNorm(OpRegistry& r, const std::string& name, const std::string& U, bool third_reserve) {
  OpSchema& op = r.Add<Attrs>(name).Input("x: T");
  for (const char* input : {"scale", "offset", "mean", "variance"}) op.Input(absl::StrCat(input, ": ", U));
  op.Output("y: T");
  for (const char* output : {"batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"}) {
    op.Output(absl::StrCat(output, ": ", U));
  }
  if (third_reserve) op.Output("reserve_space_3: U");
  op.Shape(FusedBatchNormShape<Attrs>).Doc(kDoc);
}

template <class Attrs>
void AddGrad(OpRegistry& r, const std::string& name, const std::string& U, bool third_reserve) {
  OpSchema& op = r.Add<Attrs>(name).Input("y_backprop: T").Input("x: T");
  op.Input(U == "T" ? "scale: T" : "scale: float");
  op.Input("reserve_space_1: " + U).Input("reserve_space_2: " + U);
  if (third_reserve) op.Input("reserve_space_3: U");
  op.Output("x_backprop: T").Output("scale_backprop: " + U).Output("offset_backprop: " + U);
  op.Output((third_reserve ? "reserve_space_4: " : "reserve_space_3: ") + U);
  op.Output((third_reserve ? "reserve_space_5: " : "reserve_space_4: ") + U);
  op.Shape(FusedBatchNormGradShape<Attrs>).Doc(kGradDoc);
}

}  // namespace

void RegisterBatchNorm(OpRegistry& r) {
  AddNorm<FusedBatchNormAttrs>(r, "FusedBatchNorm", "T", false);
  AddNorm<FusedBatchNormV3Attrs>(r, "FusedBatchNormV2", "U", false);
  AddNorm<FusedBatchNormV3Attrs>(r, "FusedBatchNormV3", "U", true);
  AddGrad<FusedBatchNormGradAttrs>(r, "FusedBatchNormGrad", "T", false);
  AddGrad<FusedBatchNormGradV3Attrs>(r, "FusedBatchNormGradV2", "U", false);
  AddGrad<FusedBatchNormGradV3Attrs>(r, "FusedBatchNormGradV3", "U", true);
}

}  // namespace sluice
