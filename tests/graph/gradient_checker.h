// Checks an op's gradient rule against finite differences, in one line a case:
//
//   EXPECT_EQ(GradientChecker("MatMul").Input(Shape{2, 3}).Input(Shape{3, 4}).Attr("transpose_b", false).Check(), "");
//
// The op's node is built over double inputs (float ones where it has no more), L = sum(w * y) with random weights w is differentiated by AddGradients and
// by (L(x + h) - L(x - h)) / 2h for every element of every double input.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "graph/gradients.h"
#include "kernels/cpu/register_all.h"
#include "ops/register_all.h"
#include "tests/graph/interpreter.h"

namespace sluice::testing {

class GradientChecker {
 public:
  explicit GradientChecker(std::string op) : op_(std::move(op)) {
    RegisterAllOps(ops_);
    RegisterAllGradients(gradients_);
    cpu::RegisterAllKernels(kernels_);
  }

  // The op has no double kernel: inputs are float, and steps and tolerance are larger. Call it first.
  GradientChecker& Float() {
    dtype_ = DataType::kFloat;
    step_ = 1.0 / 64;
    tolerance_ = 2e-3;
    return *this;
  }
  // A random tensor in [low, high): differentiated.
  GradientChecker& Input(Shape shape, double low = -1, double high = 1) {
    Tensor t(dtype_, std::move(shape));
    Fill(t, low, high);
    return Input(std::move(t));
  }
  // These values; differentiated where they are double, unless they are a Constant.
  GradientChecker& Input(Tensor value) {
    inputs_.push_back({std::move(value), false});
    return *this;
  }
  GradientChecker& Constant(Tensor value) {
    inputs_.push_back({std::move(value), true});
    return *this;
  }
  GradientChecker& Ints(const std::vector<int32_t>& values) { return Constant(Tensor::Vector<int32_t>(values)); }
  GradientChecker& Attr(const std::string& name, AttrValue value) {
    attrs_.insert_or_assign(name, std::move(value));
    return *this;
  }
  // Differentiates this output alone.
  GradientChecker& Output(int index) {
    only_output_ = index;
    return *this;
  }

  // Empty where the rule is right, else what differs.
  std::string Check() {
    absl::Status status = Run();
    if (status.ok()) return "";
    std::string text = absl::StrCat(op_, "(");
    for (const In& in : inputs_) absl::StrAppend(&text, &in == &inputs_[0] ? "" : ", ", in.value.ToString(8));
    text += ")";
    for (const auto& [name, value] : attrs_) absl::StrAppend(&text, " ", name, "=", AttrToString(value));
    return absl::StrCat(text, ": ", status.message());
  }

 private:
  struct In {
    Tensor value;
    bool is_constant;
  };

  static double At(const Tensor& t, int64_t i) {
    return t.dtype() == DataType::kDouble ? t.data<double>()[i] : t.data<float>()[i];
  }
  static void Set(Tensor& t, int64_t i, double value) {
    if (t.dtype() == DataType::kDouble) {
      t.data<double>()[i] = value;
    } else {
      t.data<float>()[i] = static_cast<float>(value);
    }
  }

  void Fill(Tensor& t, double low, double high) {
    std::uniform_real_distribution<double> uniform(low, high);
    for (int64_t i = 0; i < t.num_elements(); ++i) Set(t, i, uniform(random_));
  }

  absl::Status Run() {
    Graph graph(ops_);
    Scope scope(graph);
    Interpreter::Feeds feeds;
    std::vector<Endpoint> inputs, xs;
    for (const In& in : inputs_) {
      AttrMap attrs;
      attrs.emplace("dtype", in.value.dtype());
      Endpoint e = in.is_constant ? scope.Const(in.value) : Endpoint{scope.Add("Placeholder", {}, attrs), 0};
      SLUICE_RETURN_IF_ERROR(scope.status());
      inputs.push_back(e);
      if (!in.is_constant) feeds[e] = in.value;
      if (!in.is_constant && in.value.dtype() == dtype_) xs.push_back(e);
    }
    NodeId op = scope.Add(op_, inputs, attrs_);
    SLUICE_RETURN_IF_ERROR(scope.status());

    Interpreter forward(graph, kernels_);
    std::vector<Endpoint> ys, grad_ys;
    for (Endpoint y : scope.OutputsOf(op)) {
      if (graph.dtype(y) == dtype_ && (only_output_ < 0 || only_output_ == y.index)) ys.push_back(y);
    }
    SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> values, forward.Run(feeds, ys));
    std::vector<Tensor> weights;
    for (const Tensor& value : values) {
      Tensor w(dtype_, value.shape());
      Fill(w, 0.5, 1.5);
      weights.push_back(w);
      AttrMap attrs;
      attrs.emplace("dtype", dtype_);
      grad_ys.push_back({scope.Add("Placeholder", {}, attrs), 0});
      feeds[grad_ys.back()] = w;
    }
    SLUICE_ASSIGN_OR_RETURN(std::vector<Grad> grads, AddGradients(scope, gradients_, ys, xs, grad_ys));

    for (size_t k = 0; k < xs.size(); ++k) {
      if (!HasGrad(grads[k])) return absl::InternalError(absl::StrCat("input ", xs[k].node, " has no gradient"));
      auto* dense = std::get_if<Endpoint>(&grads[k]);
      if (dense == nullptr) return absl::InternalError("indexed slices are not checked");
      for (bool constant : {true, false}) {
        Interpreter backward(graph, kernels_);
        backward.ConstantInputs(constant);
        SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> analytic, backward.Run(feeds, {*dense}));
        SLUICE_RETURN_IF_ERROR(Compare(forward, feeds, xs[k], ys, weights, analytic[0]));
      }
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<double> Loss(Interpreter& forward, const Interpreter::Feeds& feeds,
                                     const std::vector<Endpoint>& ys, const std::vector<Tensor>& weights) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> values, forward.Run(feeds, ys));
    double loss = 0;
    for (size_t i = 0; i < ys.size(); ++i) {
      for (int64_t j = 0; j < values[i].num_elements(); ++j) {
        loss += At(weights[i], j) * At(values[i], j);
      }
    }
    return loss;
  }

  absl::Status Compare(Interpreter& forward, Interpreter::Feeds feeds, Endpoint x, const std::vector<Endpoint>& ys,
                       const std::vector<Tensor>& weights, const Tensor& analytic) const {
    SLUICE_ASSIGN_OR_RETURN(Tensor value, feeds[x].Clone());
    if (analytic.dtype() != dtype_ || !(analytic.shape() == value.shape())) {
      return absl::InternalError(absl::StrCat("the gradient of ", value.ToString(0), " is ", analytic.ToString(0)));
    }
    feeds[x] = value;  // shares the memory
    for (int64_t i = 0; i < value.num_elements(); ++i) {
      const double saved = At(value, i);
      Set(value, i, saved + step_);
      SLUICE_ASSIGN_OR_RETURN(double above, Loss(forward, feeds, ys, weights));
      Set(value, i, saved - step_);
      SLUICE_ASSIGN_OR_RETURN(double below, Loss(forward, feeds, ys, weights));
      Set(value, i, saved);
      double numeric = (above - below) / (2 * step_), got = At(analytic, i);
      if (!(std::abs(got - numeric) <= tolerance_ * std::max({1.0, std::abs(numeric), std::abs(above)}))) {
        return absl::InternalError(
            absl::StrCat("input ", x.node, ", element ", i, ": the rule says ", got, ", finite differences ", numeric));
      }
    }
    return absl::OkStatus();
  }

  OpRegistry ops_;
  GradientRegistry gradients_;
  KernelRegistry kernels_;
  std::string op_;
  AttrMap attrs_;
  std::vector<In> inputs_;
  int only_output_ = -1;
  DataType dtype_ = DataType::kDouble;
  double step_ = 1e-5, tolerance_ = 1e-6;
  std::minstd_rand random_{7};
};

}  // namespace sluice::testing
