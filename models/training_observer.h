// What a training tells whoever watches it, and what it asks them.
#pragma once

#include <cstdint>
#include <string>

#include "models/batches.h"
#include "runtime/session.h"

namespace SLUICE_API sluice {

struct Evaluation {
  int64_t examples = 0;
  double loss = 0;      // mean
  double accuracy = 0;  // 0 … 1
  double top5 = 0;      // 0 … 1: the label among the five largest logits
  double seconds = 0;
};

// Where training is; sums are since the epoch, or this process, began.
struct TrainingProgress {
  int64_t step = 0, total_steps = 0;
  int64_t epoch = 0, epochs = 0;  // the one that goes on, from 1
  double loss = 0, accuracy = 0;
  double step_loss = 0, step_accuracy = 0;  // of the step alone
  double rate = 0;
  double examples_per_second = 0;
  double seconds_left = 0;
};

// Called between steps, in the training's thread: what it is given may be looked at until it returns, variables
// included (Session::ReadVariable), and nothing is trained meanwhile.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // Once, before the first step of this process; `step` have been done already.
  virtual void OnBegin(const Session&, int64_t /*step*/) {}
  // The batch that the next step is fed: {images, labels}.
  virtual void OnBatch(int64_t /*step*/, const std::vector<Tensor>&) {}
  virtual void OnStep(const TrainingProgress&) {}
  // After an epoch that was evaluated.
  virtual void OnEpoch(const TrainingProgress&, const Evaluation&) {}
  virtual void OnCheckpoint(const std::string& /*prefix*/) {}
  // Something that a person should read, in one line.
  virtual void OnMessage(const std::string&) {}
  // Once, however it ended.
  virtual void OnEnd(const Session&, int64_t /*step*/) {}
  // Asked before each step: whether it is to end here, with a checkpoint.
  virtual bool WantsStop() { return false; }
  // Asked after each step.
  virtual bool WantsCheckpoint() { return false; }
  // Asked before each step: whether that step is to be traced; OnTrace is then called after it.
  virtual bool WantsTrace(int64_t /*step*/) { return false; }
  virtual void OnTrace(int64_t /*step*/, const RunMetadata&) {}
};

// Tells several observers, in their order; wants what one of them wants. They must outlive it.
class TrainingObservers : public TrainingObserver {
 public:
  explicit TrainingObservers(std::vector<TrainingObserver*> observers) : observers_(std::move(observers)) {}

  void OnBegin(const Session& session, int64_t step) override {
    for (auto* o : observers_) o->OnBegin(session, step);
  }
  void OnBatch(int64_t step, const std::vector<Tensor>& batch) override {
    for (auto* o : observers_) o->OnBatch(step, batch);
  }
  void OnStep(const TrainingProgress& progress) override {
    for (auto* o : observers_) o->OnStep(progress);
  }
  void OnEpoch(const TrainingProgress& progress, const Evaluation& test) override {
    for (auto* o : observers_) o->OnEpoch(progress, test);
  }
  void OnCheckpoint(const std::string& prefix) override {
    for (auto* o : observers_) o->OnCheckpoint(prefix);
  }
  void OnMessage(const std::string& message) override {
    for (auto* o : observers_) o->OnMessage(message);
  }
  void OnEnd(const Session& session, int64_t step) override {
    for (auto* o : observers_) o->OnEnd(session, step);
  }
  bool WantsStop() override { return AnyOf(&TrainingObserver::WantsStop); }
  bool WantsCheckpoint() override { return AnyOf(&TrainingObserver::WantsCheckpoint); }
  bool WantsTrace(int64_t step) override {
    bool wants = false;
    for (auto* o : observers_) wants |= o->WantsTrace(step);
    return wants;
  }
  void OnTrace(int64_t step, const RunMetadata& metadata) override {
    for (auto* o : observers_) o->OnTrace(step, metadata);
  }

 private:
  bool AnyOf(bool (TrainingObserver::*wants)()) {
    bool any = false;
    for (auto* o : observers_) any |= (o->*wants)();
    return any;
  }

  const std::vector<TrainingObserver*> observers_;
};

}  // namespace sluice
