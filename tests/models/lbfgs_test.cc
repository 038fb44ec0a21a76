#include "models/lbfgs.h"

#include <cmath>

#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// Σ 100 (x_{i+1} - x_i²)² + (1 - x_i)², 0 at all ones.
absl::StatusOr<double> Rosenbrock(absl::Span<const double> x, absl::Span<double> gradient) {
  double value = 0;
  std::fill(gradient.begin(), gradient.end(), 0);
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    value += 100 * a * a + b * b;
    gradient[i] += -400 * a * x[i] - 2 * b;
    gradient[i + 1] += 200 * a;
  }
  return value;
}

TEST(LbfgsTest, Rosenbrock) {
  for (size_t n : {2, 10, 100}) {
    std::vector<double> x(n, 1);
    for (size_t i = 0; i < n; i += 2) x[i] = -1.2;
    double last = INFINITY;
    auto progress = [&](const LbfgsResult& so_far) {
      EXPECT_LE(so_far.value, last) << "it never rises";
      last = so_far.value;
      return true;
    };
    auto result = MinimizeLbfgs(Rosenbrock, x,
                                {.max_iterations = 1000, .gradient_tolerance = 1e-8, .value_tolerance = 0}, progress);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->reason, LbfgsResult::kConverged) << n;
    EXPECT_LT(result->evaluations, n == 2 ? 60 : 20 * static_cast<int64_t>(n));
    for (double value : x) EXPECT_NEAR(value, 1, 1e-6);
  }
}

// With as much history as there are numbers, a quadratic takes few iterations, however long its valley.
TEST(LbfgsTest, AnIllConditionedQuadratic) {
  auto f = [](absl::Span<const double> x, absl::Span<double> gradient) -> absl::StatusOr<double> {
    double value = 0, weight = 1;
    for (size_t i = 0; i < x.size(); ++i, weight *= 10) {
      value += 0.5 * weight * (x[i] - 3) * (x[i] - 3);
      gradient[i] = weight * (x[i] - 3);
    }
    return value;
  };
  std::vector<double> x(6, 0);
  auto result = MinimizeLbfgs(f, x, {.gradient_tolerance = 1e-6, .value_tolerance = 0});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->reason, LbfgsResult::kConverged);
  EXPECT_LT(result->iterations, 80);
}

// Where the function is not finite, steps are shortened until it is.
TEST(LbfgsTest, StaysWhereTheFunctionIsFinite) {
  auto f = [](absl::Span<const double> x, absl::Span<double> gradient) -> absl::StatusOr<double> {
    gradient[0] = 1 - 1 / x[0];
    return x[0] > 0 ? x[0] - std::log(x[0]) : NAN;
  };
  std::vector<double> x = {50};
  auto result = MinimizeLbfgs(f, x);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(x[0], 1, 1e-3);
  x = {-1};
  EXPECT_EQ(MinimizeLbfgs(f, x).status().code(), absl::StatusCode::kAborted);
}

TEST(LbfgsTest, StopsAskedAndForErrors) {
  std::vector<double> x = {-1.2, 1};
  auto result = MinimizeLbfgs(Rosenbrock, x, {}, [](const LbfgsResult& so_far) { return so_far.iterations < 3; });
  EXPECT_EQ(result->reason, LbfgsResult::kStopped);
  EXPECT_EQ(result->iterations, 3);
  result = MinimizeLbfgs(Rosenbrock, x, {.max_iterations = 2});
  EXPECT_EQ(result->reason, LbfgsResult::kMaxIterations);
  int calls = 0;
  auto failing = [&](absl::Span<const double> at, absl::Span<double> gradient) -> absl::StatusOr<double> {
    if (++calls > 4) return absl::InternalError("broken");
    return Rosenbrock(at, gradient);
  };
  EXPECT_THAT(std::string(MinimizeLbfgs(failing, x).status().message()), HasSubstr("broken"));
  EXPECT_THAT(std::string(MinimizeLbfgs(Rosenbrock, x, {.history = 0}).status().message()), HasSubstr("history of 0"));
}

TEST(LbfgsTest, TrainsASmallNetworkInItsSession) {
  Graph graph(TheRuntime().ops());
  Network network(graph);
  Layer x = InputData(network, {.shape = {3}});
  x = FullyConnected(x, 8, {.activation = "tanh", .name = "fc1"});
  x = FullyConnected(x, 3, {.name = "fc2"});
  ASSERT_TRUE(AddTraining(Output(x, "logits"), {}, TheRuntime().gradients()).ok());
  std::vector<Endpoint> values;
  for (const NetworkVariable& v : network.variables()) values.push_back(v.value);
  Endpoint loss{graph.Find(training::kLoss)->id, 0};
  auto grads = AddGradients(network.scope(), TheRuntime().gradients(), {loss}, values);
  ASSERT_TRUE(grads.ok()) << grads.status();
  SessionObjective objective{.loss = training::kLoss, .feeds = SomeExamples()};
  for (size_t i = 0; i < values.size(); ++i) {
    objective.variables.push_back({network.variables()[i].name, graph.NameOf(std::get<Endpoint>((*grads)[i]))});
  }
  auto session = MakeSession(graph);
  auto result = MinimizeLbfgs(*session, objective, {.max_iterations = 200});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(result->value, 1e-3);
  EXPECT_NEAR(Fetch(*session, training::kLoss), result->value, 1e-6) << "the variables are left there";
  objective.variables[0].first = "nothing";
  EXPECT_EQ(MinimizeLbfgs(*session, objective).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice
