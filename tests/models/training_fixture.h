// Small training graphs and sessions to run them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "graph/builders.h"
#include "models/training.h"
#include "runtime/session.h"

namespace sluice::testing {

inline const Runtime& TheRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

inline std::unique_ptr<Session> MakeSession(const Graph& graph, const std::string& devices = "cpu:1") {
  SessionOptions options;
  options.devices = devices;
  options.threads = 2;
  options.deterministic = true;
  auto session = NewSession(TheRuntime(), options);
  SLUICE_CHECK(session.ok());
  absl::Status status = (*session)->Create(graph);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<Tensor> none;
  status = (*session)->Run({}, {}, {training::kInit}, &none);
  EXPECT_TRUE(status.ok()) << status;
  return *std::move(session);
}

// Four examples of three numbers, of three classes.
inline Session::Feeds SomeExamples() {
  return {{training::kImages, Tensor::Of<float>({1, 2, -1, 0, 1, 3, -2, 0.5f, 1, 1, 1, 1}, Shape{4, 3})},
          {training::kLabels, Tensor::Vector<int32_t>({0, 1, 2, 1})}};
}

inline float Fetch(Session& session, const std::string& name, const Session::Feeds& feeds = SomeExamples()) {
  std::vector<Tensor> outputs;
  absl::Status status = session.Run(feeds, {name}, {}, &outputs);
  EXPECT_TRUE(status.ok()) << status;
  return status.ok() ? *outputs[0].data<float>() : NAN;
}

inline absl::Status TrainOnce(Session& session, Session::Feeds feeds = SomeExamples(), float rate = -1) {
  if (rate >= 0) feeds.push_back({training::kLearningRate, Tensor::Scalar<float>(rate)});
  std::vector<Tensor> none;
  return session.Run(feeds, {}, {training::kTrain}, &none);
}

inline std::vector<float> Values(const Session& session, const std::string& variable) {
  auto value = session.ReadVariable(variable);
  EXPECT_TRUE(value.ok()) << value.status();
  if (!value.ok()) return {};
  return {value->values<float>().begin(), value->values<float>().end()};
}

}  // namespace sluice::testing
