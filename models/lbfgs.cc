#include "models/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace sluice {
namespace {

using Vector = std::vector<double>;

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// y += alpha x
void AddScaled(double alpha, const Vector& x, Vector& y) {
  for (size_t i = 0; i < x.size(); ++i) y[i] += alpha * x[i];
}

double LargestOf(const Vector& x) {
  double largest = 0;
  for (double value : x) largest = std::max(largest, std::abs(value));
  return largest;
}

// A step along the direction: phi(alpha) = f(x + alpha p).
struct Trial {
  double alpha = 0, value = 0, slope = 0;
};

class Minimizer {
 public:
  Minimizer(const LbfgsFunction& f, Vector& x, const LbfgsOptions& options)
      : f_(f), x_(x), options_(options), gradient_(x.size()), at_(x.size()), at_gradient_(x.size()) {}

  absl::StatusOr<LbfgsResult> Run(const LbfgsProgress& progress) {
    SLUICE_ASSIGN_OR_RETURN(result_.value, Evaluate(x_, gradient_));
    if (!std::isfinite(result_.value)) {
      return absl::AbortedError(absl::StrCat("the value to minimise is ", result_.value, " at the beginning"));
    }
    while (true) {
      result_.largest_gradient = LargestOf(gradient_);
      if (result_.iterations > 0 && progress && !progress(result_)) return Ended(LbfgsResult::kStopped);
      if (result_.largest_gradient <= options_.gradient_tolerance || has_settled_) {
        return Ended(LbfgsResult::kConverged);
      }
      if (result_.iterations >= options_.max_iterations) return Ended(LbfgsResult::kMaxIterations);
      SLUICE_ASSIGN_OR_RETURN(bool found, Iterate());
      if (!found) return Ended(LbfgsResult::kNoStep);
      ++result_.iterations;
    }
  }

 private:
  struct Pair {
    Vector s, y;
    double rho = 0;  // 1 / sᵀy
  };

  LbfgsResult Ended(LbfgsResult::Reason reason) {
    result_.reason = reason;
    return result_;
  }

  absl::StatusOr<double> Evaluate(const Vector& x, Vector& gradient) {
    ++result_.evaluations;
    return f_(x, absl::MakeSpan(gradient));
  }

  // Algorithm 7.4: -H · gradient.
  Vector Direction() const {
    Vector q = gradient_, alpha(pairs_.size());
    for (size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * Dot(pairs_[i].s, q);
      AddScaled(-alpha[i], pairs_[i].y, q);
    }
    double scale = 1;
    if (!pairs_.empty()) scale = 1 / (pairs_.back().rho * Dot(pairs_.back().y, pairs_.back().y));  // (7.20)
    for (double& value : q) value *= -scale;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      AddScaled(-alpha[i] - pairs_[i].rho * Dot(pairs_[i].y, q), pairs_[i].s, q);
    }
    return q;
  }

  // One iteration of algorithm 7.5; false where no step is better.
  absl::StatusOr<bool> Iterate() {
    direction_ = Direction();
    start_ = {0, result_.value, Dot(gradient_, direction_)};
    if (!(start_.slope < 0)) {  // of no use any more: begin anew with the steepest descent
      pairs_.clear();
      direction_ = Direction();
      start_.slope = Dot(gradient_, direction_);
    }
    // Without a history the gradient's length says nothing of the step's.
    const double first = pairs_.empty() ? std::min(1.0, 1 / std::max(LargestOf(gradient_), 1e-300)) : 1;
    evaluations_left_ = options_.max_evaluations;
    SLUICE_ASSIGN_OR_RETURN(bool found, Search(first));
    if (!found) {
      if (pairs_.empty()) return false;
      pairs_.clear();
      return Iterate();
    }
    Pair pair{at_, at_gradient_};
    AddScaled(-1, x_, pair.s);
    AddScaled(-1, gradient_, pair.y);
    const double curvature = Dot(pair.s, pair.y);
    x_ = at_;
    gradient_ = at_gradient_;
    const double before = result_.value;
    result_.value = at_trial_.value;
    has_settled_ = before - result_.value <= options_.value_tolerance * std::max(std::abs(before), 1e-300);
    // The strong Wolfe conditions give sᵀy > 0; a step that was only lower may not.
    if (curvature > 1e-12 * std::sqrt(Dot(pair.s, pair.s) * Dot(pair.y, pair.y))) {
      pair.rho = 1 / curvature;
      pairs_.push_back(std::move(pair));
      if (pairs_.size() > static_cast<size_t>(options_.history)) pairs_.pop_front();
    }
    return true;
  }

  // at_ and at_gradient_ become those of x + alpha p.
  absl::StatusOr<Trial> Try(double alpha) {
    --evaluations_left_;
    at_ = x_;
    AddScaled(alpha, direction_, at_);
    Trial trial{alpha};
    SLUICE_ASSIGN_OR_RETURN(trial.value, Evaluate(at_, at_gradient_));
    trial.slope = Dot(at_gradient_, direction_);
    if (!std::isfinite(trial.value) || !std::isfinite(trial.slope)) {
      trial.value = trial.slope = std::numeric_limits<double>::infinity();
    }
    at_trial_ = trial;
    return trial;
  }

  bool IsLowEnough(const Trial& t) const {  // (3.7a)
    return t.value <= start_.value + options_.sufficient_decrease * t.alpha * start_.slope;
  }
  bool IsFlatEnough(const Trial& t) const {  // (3.7b)
    return std::abs(t.slope) <= -options_.curvature * start_.slope;
  }

  // Algorithm 3.5: true with the point in at_ and its kin.
  absl::StatusOr<bool> Search(double alpha) {
    Trial previous = start_;
    while (evaluations_left_ > 0) {
      SLUICE_ASSIGN_OR_RETURN(Trial trial, Try(alpha));
      if (!IsLowEnough(trial) || (previous.alpha > 0 && trial.value >= previous.value)) return Zoom(previous, trial);
      if (IsFlatEnough(trial)) return true;
      if (trial.slope >= 0) return Zoom(trial, previous);
      previous = trial;
      alpha *= 2;
    }
    return previous.alpha > 0;  // the last one is lower, if not at the bottom
  }

  // Algorithm 3.6: `low` is the better end of an interval that has points which will do.
  absl::StatusOr<bool> Zoom(Trial low, Trial high) {
    while (evaluations_left_ > 0 && std::abs(high.alpha - low.alpha) > 1e-16 * std::max(1.0, low.alpha)) {
      SLUICE_ASSIGN_OR_RETURN(Trial trial, Try(Interpolate(low, high)));
      if (!IsLowEnough(trial) || trial.value >= low.value) {
        high = trial;
        continue;
      }
      if (IsFlatEnough(trial)) return true;
      if (trial.slope * (high.alpha - low.alpha) >= 0) high = low;
      low = trial;
    }
    if (low.alpha <= 0) return false;
    if (at_trial_.alpha != low.alpha) {
      evaluations_left_ = 1;
      SLUICE_RETURN_IF_ERROR(Try(low.alpha).status());
    }
    return true;
  }

  // (3.59), kept away from the interval's ends; its middle where there is no cubic.
  static double Interpolate(const Trial& a, const Trial& b) {
    const double width = b.alpha - a.alpha, middle = a.alpha + 0.5 * width;
    if (!std::isfinite(b.value) || !std::isfinite(b.slope)) return a.alpha + 0.1 * width;
    const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.alpha - b.alpha);
    const double square = d1 * d1 - a.slope * b.slope;
    if (!(square >= 0)) return middle;
    const double d2 = std::copysign(std::sqrt(square), width);
    const double alpha = b.alpha - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    const double part = (alpha - a.alpha) / width;
    return part > 0.1 && part < 0.9 ? alpha : std::isfinite(part) && part <= 0.1 ? a.alpha + 0.1 * width : middle;
  }

  const LbfgsFunction& f_;
  Vector& x_;
  const LbfgsOptions& options_;
  Vector gradient_, direction_;
  std::deque<Pair> pairs_;  // the newest last
  Trial start_;
  Vector at_, at_gradient_;  // the point tried last
  Trial at_trial_;
  int evaluations_left_ = 0;
  bool has_settled_ = false;
  LbfgsResult result_;
};

// Copies a float or double tensor's elements to `to`.
absl::Status CopyOut(const Tensor& tensor, absl::string_view name, absl::Span<double> to) {
  if (static_cast<size_t>(tensor.num_elements()) != to.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' has ", tensor.num_elements(), " elements, expected ", to.size()));
  }
  if (tensor.dtype() == DataType::kFloat) {
    std::copy_n(tensor.data<float>(), to.size(), to.data());
  } else if (tensor.dtype() == DataType::kDouble) {
    std::copy_n(tensor.data<double>(), to.size(), to.data());
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' is ", DataTypeName(tensor.dtype()), ", expected float or double"));
  }
  return absl::OkStatus();
}

// Session variables as one vector.
class SessionFunction {
 public:
  SessionFunction(Session& session, const SessionObjective& objective) : session_(session), objective_(objective) {}
  ~SessionFunction() {
    if (callable_ >= 0) session_.ReleaseCallable(callable_).IgnoreError();
  }

  absl::StatusOr<Vector> Begin() {
    CallableOptions options{.fetch = {objective_.loss}};
    for (const auto& [name, value] : objective_.feeds) {
      options.feed.push_back(name);
      feeds_.push_back(value);
    }
    Vector x;
    for (const auto& [variable, gradient] : objective_.variables) {
      options.fetch.push_back(gradient);
      SLUICE_ASSIGN_OR_RETURN(Tensor value, session_.ReadVariable(variable));
      const size_t begin = x.size();
      x.resize(begin + static_cast<size_t>(value.num_elements()));
      SLUICE_RETURN_IF_ERROR(CopyOut(value, variable, absl::MakeSpan(x).subspan(begin)));
      values_.push_back(std::move(value));
    }
    SLUICE_RETURN_IF_ERROR(session_.MakeCallable(options, &callable_));
    return x;
  }

  absl::Status Write(absl::Span<const double> x) {
    size_t begin = 0;
    for (size_t i = 0; i < values_.size(); ++i) {
      Tensor& value = values_[i];
      const auto n = static_cast<size_t>(value.num_elements());
      if (value.dtype() == DataType::kFloat) {
        for (size_t k = 0; k < n; ++k) value.data<float>()[k] = static_cast<float>(x[begin + k]);
      } else {
        std::copy_n(x.data() + begin, n, value.data<double>());
      }
      begin += n;
      SLUICE_RETURN_IF_ERROR(session_.WriteVariable(objective_.variables[i].first, value));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> operator()(absl::Span<const double> x, absl::Span<double> gradient) {
    SLUICE_RETURN_IF_ERROR(Write(x));
    std::vector<Tensor> fetched;
    SLUICE_RETURN_IF_ERROR(session_.RunCallable(callable_, feeds_, &fetched));
    double loss = 0;
    SLUICE_RETURN_IF_ERROR(CopyOut(fetched[0], objective_.loss, absl::MakeSpan(&loss, 1)));
    size_t begin = 0;
    for (size_t i = 0; i < values_.size(); ++i) {
      const auto n = static_cast<size_t>(values_[i].num_elements());
      SLUICE_RETURN_IF_ERROR(CopyOut(fetched[i + 1], objective_.variables[i].second, gradient.subspan(begin, n)));
      begin += n;
    }
    return loss;
  }

 private:
  Session& session_;
  const SessionObjective& objective_;
  Session::CallableHandle callable_ = -1;
  std::vector<Tensor> feeds_, values_;
};

}  // namespace

absl::StatusOr<LbfgsResult> MinimizeLbfgs(const LbfgsFunction& f, std::vector<double>& x, const LbfgsOptions& options,
                                          const LbfgsProgress& progress) {
  const bool is_ordered =
      options.sufficient_decrease > 0 && options.sufficient_decrease < options.curvature && options.curvature < 1;
  if (options.history < 1 || options.max_evaluations < 1 || options.max_iterations < 0 || !is_ordered) {
    return absl::InvalidArgumentError(absl::StrCat(
        "L-BFGS: a history of ", options.history, ", ", options.max_evaluations, " evaluations a search, 0 < ",
        options.sufficient_decrease, " < ", options.curvature, " < 1: that cannot be"));
  }
  return Minimizer(f, x, options).Run(progress);
}

absl::StatusOr<LbfgsResult> MinimizeLbfgs(Session& session, const SessionObjective& objective,
                                          const LbfgsOptions& options, const LbfgsProgress& progress) {
  SessionFunction function(session, objective);
  SLUICE_ASSIGN_OR_RETURN(Vector x, function.Begin());
  auto call = [&](absl::Span<const double> at, absl::Span<double> gradient) { return function(at, gradient); };
  auto with_values = [&](const LbfgsResult& so_far) {
    // Whoever looks at the variables sees those of the iteration, not the last that the search tried.
    return !progress || (function.Write(x).ok() && progress(so_far));
  };
  auto result = MinimizeLbfgs(call, x, options, with_values);
  SLUICE_RETURN_IF_ERROR(function.Write(x));
  return result;
}

}  // namespace sluice
