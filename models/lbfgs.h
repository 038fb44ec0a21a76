// L-BFGS: minimises a smooth function of many numbers. Nocedal and Wright, Numerical Optimization, 2nd edition:
// algorithm 7.5 with the two-loop recursion (7.4), the first matrix by (7.20), and a line search for the strong Wolfe
// conditions (3.5, 3.6) that interpolates by cubics (3.59).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "runtime/session.h"

namespace SLUICE_API sluice {

struct LbfgsOptions {
  int history = 10;  // m: how many pairs of steps and gradient changes are kept
  int64_t max_iterations = 100;
  // It has converged where no element of the gradient is larger than this,
  double gradient_tolerance = 1e-5;
  // or where an iteration lowers the value by less than this times its size.
  double value_tolerance = 1e-9;
  double sufficient_decrease = 1e-4;  // c1 of (3.7a)
  double curvature = 0.9;             // c2 of (3.7b)
  int max_evaluations = 20;           // of one line search
};

struct LbfgsResult {
  double value = 0;
  double largest_gradient = 0;  // element, absolute
  int64_t iterations = 0, evaluations = 0;
  // kNoStep: the line search found nothing lower (at the limits of the arithmetic, mostly).
  enum Reason { kConverged, kMaxIterations, kNoStep, kStopped };
  Reason reason = kConverged;
};

// The value at `x`; fills `gradient`, as long as x.
using LbfgsFunction = std::function<absl::StatusOr<double>(absl::Span<const double> x, absl::Span<double> gradient)>;
// Called after each iteration with what there is; false ends it.
using LbfgsProgress = std::function<bool(const LbfgsResult& so_far)>;

// Moves `x` to where f is small: f(x) never rises from iteration to iteration. Errors of `f` end it, with x as of the
// last iteration; a value that is not finite only shortens the step, but is an Aborted at the beginning.
// InvalidArgument for options that make no sense.
absl::StatusOr<LbfgsResult> MinimizeLbfgs(const LbfgsFunction& f, std::vector<double>& x,
                                          const LbfgsOptions& options = {}, const LbfgsProgress& progress = nullptr);

// What is minimised in a session: tensors of its graph, and the variables that are moved (float or double).
struct SessionObjective {
  std::string loss;                                            // a scalar
  std::vector<std::pair<std::string, std::string>> variables;  // variable's name, tensor of its gradient
  Session::Feeds feeds;
};

// The variables end at the best values that were found. NotFound, FailedPrecondition and InvalidArgument for names,
// variables without values and types that do not fit.
absl::StatusOr<LbfgsResult> MinimizeLbfgs(Session& session, const SessionObjective& objective,
                                          const LbfgsOptions& options = {}, const LbfgsProgress& progress = nullptr);

}  // namespace sluice
