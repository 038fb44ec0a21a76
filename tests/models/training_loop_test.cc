// Epochs, evaluation, checkpoints, resume and how a training ends.
#include "models/training_loop.h"

#include <cmath>
#include <random>

#include "absl/strings/match.h"

#include "io/checkpoint_reader.h"
#include "tests/io/memory_file_system.h"
#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Outcome = TrainingLoop::Outcome;

// Pictures of one pixel with four channels; the largest of the first three is the class.
ImageDataset Pictures(int64_t n, int seed) {
  ImageDataset data{Tensor(DataType::kUint8, Shape{n, 1, 1, 4}), Tensor(DataType::kInt32, Shape{n}), 3};
  std::mt19937 random(static_cast<unsigned>(seed));
  for (int64_t i = 0; i < n; ++i) {
    uint8_t* pixel = data.images.data<uint8_t>() + 4 * i;
    for (int c = 0; c < 4; ++c) pixel[c] = static_cast<uint8_t>(random() % 256);
    data.labels.data<int32_t>()[i] = static_cast<int32_t>(std::max_element(pixel, pixel + 3) - pixel);
  }
  return data;
}

// Everything that a training needs, over a file system in memory.
class SmallTraining {
 public:
  SmallTraining(MemoryFileSystem& fs, const ImageDataset& training, const ImageDataset& test, float dropout = 0.3f,
                const TrainingOptions& options = {})
      : fs_(fs) {
    Network network(graph);
    Layer x = InputData(network, {.shape = {1, 1, 4}, .dtype = DataType::kUint8, .scale = 1.0f / 255});
    x = FullyConnected(x, 16, {.activation = "relu", .name = "fc1"});
    x = Dropout(x, dropout, "drop");
    x = FullyConnected(x, 3, {.name = "fc2"});
    absl::Status status = AddTraining(Output(x, "logits"), options, TheRuntime().gradients());
    EXPECT_TRUE(status.ok()) << status;
    session = MakeSession(graph);
    batches = *NewImageBatches(training, {.batch = 20, .seed = 3});
    tests = *NewImageBatches(test, {.batch = 16, .shuffle = false, .drop_remainder = false});
  }

  absl::Status Begin(TrainingLoopOptions options, bool resume = false) {
    if (options.directory.empty()) options.directory = "run";
    SLUICE_ASSIGN_OR_RETURN(loop, TrainingLoop::Create(*session, graph, *batches, tests.get(), options, fs_));
    return resume ? loop->Resume() : loop->Initialize();
  }

  Graph graph{TheRuntime().ops()};
  std::unique_ptr<Session> session;
  std::unique_ptr<BatchSource> batches, tests;
  std::unique_ptr<TrainingLoop> loop;

 private:
  MemoryFileSystem& fs_;
};

// Stops after a number of steps.
class StopAt : public TrainingObserver {
 public:
  explicit StopAt(int64_t step) : step_(step) {}
  void OnStep(const TrainingProgress& progress) override { now_ = progress.step; }
  bool WantsStop() override { return now_ >= step_; }

 private:
  const int64_t step_;
  int64_t now_ = 0;
};

class TrainingLoopTest : public ::testing::Test {
 protected:
  const ImageDataset training_ = Pictures(100, 1), test_ = Pictures(50, 2);  // 5 steps an epoch
  MemoryFileSystem fs_;
};

TEST_F(TrainingLoopTest, LearnsAndEvaluates) {
  SmallTraining run(fs_, training_, test_);
  ASSERT_TRUE(run.Begin({.epochs = 30, .rate = 0.1, .keep = 2, .keep_best = true}).ok());
  TrainingObserver observer;
  auto outcome = run.loop->Train(observer);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, Outcome::kFinished);
  EXPECT_EQ(run.loop->step(), 150);
  auto evaluation = run.loop->Evaluate();
  EXPECT_GT(evaluation->accuracy, 0.85);
  EXPECT_EQ(evaluation->examples, 50);
  EXPECT_EQ(evaluation->top5, 1);
  EXPECT_THAT(run.loop->checkpoint(), HasSubstr("model-150"));
  EXPECT_THAT(run.loop->best_checkpoint(), HasSubstr("best/model-"));
}

// Stopped anywhere, in the middle of an epoch too, the rest is what it would have been, with every optimizer, dropout
// and a plateau.
TEST_F(TrainingLoopTest, ResumedItComputesTheSameBits) {
  for (const char* optimizer : {"sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "centered"}) {
    SCOPED_TRACE(optimizer);
    TrainingOptions training;
    const bool is_centered = std::string(optimizer) == "centered";
    ASSERT_TRUE(SetOptimizer(is_centered ? "rmsprop" : optimizer, training).ok());
    training.centered = is_centered;
    if (is_centered) training.momentum = 0.5f;
    training.weight_decay = 0.001f;
    TrainingLoopOptions options{.epochs = 6, .rate = 0.02, .schedule = *Schedule::Parse("plateau:0.5:patience=1")};
    MemoryFileSystem fs;
    options.directory = "whole";
    SmallTraining whole(fs, training_, test_, 0.3f, training);
    ASSERT_TRUE(whole.Begin(options).ok());
    TrainingObserver observer;
    ASSERT_TRUE(whole.loop->Train(observer).ok());
    options.directory = "parts";
    for (int64_t stop : {3, 10, 11, 24, 1000}) {
      SmallTraining part(fs, training_, test_, 0.3f, training);
      ASSERT_TRUE(part.Begin(options, stop > 3).ok());
      StopAt until(stop);
      auto outcome = part.loop->Train(until);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      EXPECT_EQ(*outcome, stop < 1000 ? Outcome::kStopped : Outcome::kFinished);
    }
    auto a = CheckpointReader::Open("whole/model-30", {}, fs), b = CheckpointReader::Open("parts/model-30", {}, fs);
    ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
    ASSERT_EQ((*a)->entries().size(), (*b)->entries().size());
    for (const CheckpointEntry& entry : (*a)->entries()) {
      EXPECT_TRUE(*(*a)->Read(entry.name) == *(*b)->Read(entry.name)) << entry.name;
    }
  }
}

// The newest ones are kept, and the best one beside them however old it is.
TEST_F(TrainingLoopTest, KeepsTheNewestAndTheBest) {
  SmallTraining run(fs_, training_, test_, 0);
  ASSERT_TRUE(run.Begin({.epochs = 8, .rate = 0.1, .keep = 3, .snapshot_steps = 2, .keep_best = true}).ok());
  class Scores : public TrainingObserver {
   public:
    void OnEpoch(const TrainingProgress& progress, const Evaluation& evaluation) override {
      if (best_step != 0 && evaluation.accuracy <= best.accuracy) return;
      best = evaluation;
      best_step = progress.step;
    }
    Evaluation best;
    int64_t best_step = 0;
  };
  Scores scores;
  ASSERT_TRUE(run.loop->Train(scores).ok());
  std::vector<std::string> kept;
  const std::vector<std::string> names = *fs_.ListDirectory("run");
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".index")) kept.push_back(name);
  }
  EXPECT_THAT(kept, UnorderedElementsAre("model-36.index", "model-38.index", "model-40.index"));
  EXPECT_EQ(run.loop->best_checkpoint(), absl::StrCat("run/best/model-", scores.best_step));
  auto best = CheckpointReader::Open(run.loop->best_checkpoint(), {}, fs_);
  ASSERT_TRUE(best.ok()) << best.status();
  for (const std::string& name : run.session->InitializedVariables()) {
    ASSERT_TRUE(run.session->WriteVariable(name, *(*best)->Read(name)).ok());
  }
  EXPECT_EQ(run.loop->Evaluate()->accuracy, scores.best.accuracy);
}

TEST_F(TrainingLoopTest, AnotherScheduleOrOtherDataCannotGoOn) {
  SmallTraining first(fs_, training_, test_);
  ASSERT_TRUE(first.Begin({.epochs = 1}).ok());
  TrainingObserver observer;
  ASSERT_TRUE(first.loop->Train(observer).ok());
  SmallTraining second(fs_, training_, test_);
  absl::Status status = second.Begin({.epochs = 2, .schedule = *Schedule::Parse("plateau")}, true);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another schedule"));
  ImageDataset more = Pictures(120, 1);
  SmallTraining third(fs_, more, test_);
  EXPECT_THAT(std::string(third.Begin({.epochs = 2}, true).message()), HasSubstr("number of examples was 100"));
}

TEST_F(TrainingLoopTest, PatienceEndsIt) {
  SmallTraining run(fs_, training_, test_);
  ASSERT_TRUE(run.Begin({.epochs = 1000, .rate = 0, .patience = 3}).ok());
  TrainingObserver observer;
  auto outcome = run.loop->Train(observer);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(*outcome, Outcome::kNoLongerBetter);
  EXPECT_EQ(run.loop->step(), 20) << "the first evaluation is the best, and three more are not better";
}

TEST_F(TrainingLoopTest, TimeEndsItAndEarlierProcessesCount) {
  TrainingLoopOptions options{.epochs = 1000000, .max_minutes = 0.2 / 60};
  SmallTraining run(fs_, training_, test_);
  ASSERT_TRUE(run.Begin(options).ok());
  TrainingObserver observer;
  EXPECT_EQ(*run.loop->Train(observer), Outcome::kOutOfTime);
  const int64_t step = run.loop->step();
  EXPECT_GT(step, 0);
  SmallTraining again(fs_, training_, test_);
  ASSERT_TRUE(again.Begin(options, true).ok());
  EXPECT_EQ(*again.loop->Train(observer), Outcome::kOutOfTime);
  // What was saved is the time before that checkpoint was written, so a few steps may follow; as many again may not.
  EXPECT_LT(again.loop->step() - step, step / 2);
}

// Whichever operation of the disk fails, the training ends with its message, and what was written before is whole.
TEST_F(TrainingLoopTest, AFullDiskLeavesTheCheckpointBefore) {
  SmallTraining first(fs_, training_, test_);
  ASSERT_TRUE(first.Begin({.epochs = 2, .keep = 1}).ok());
  StopAt until(5);
  ASSERT_TRUE(first.loop->Train(until).ok());
  const int begin = fs_.operations();
  int failures = 0;
  for (int i = 0; i < 12; ++i) {
    MemoryFileSystem disk;
    SmallTraining run(disk, training_, test_);
    ASSERT_TRUE(run.Begin({.epochs = 2, .keep = 1}).ok());
    StopAt five(5);
    ASSERT_TRUE(run.loop->Train(five).ok());
    disk.FailAt(disk.operations() + i, absl::UnavailableError("model-10: could not write: No space left on device"));
    TrainingObserver observer;
    auto outcome = run.loop->Train(observer);
    if (!outcome.ok()) {
      ++failures;
      EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("No space left on device"));
      EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("no checkpoint could be written"));
    }
    auto latest = LatestCheckpoint("run", disk);
    ASSERT_TRUE(latest.ok()) << latest.status();
    auto reader = CheckpointReader::Open(*latest, {}, disk);
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (const CheckpointEntry& entry : (*reader)->entries()) EXPECT_TRUE((*reader)->Read(entry.name).ok());
  }
  EXPECT_GE(failures, 5) << "of the operations from " << begin;
}

// The node is named that made the first infinity, in the step in which it did.
TEST_F(TrainingLoopTest, ANumberThatIsNotFiniteIsFound) {
  for (bool with_checkpoint : {false, true}) {
    MemoryFileSystem fs;
    SmallTraining run(fs, training_, test_, 0);
    ASSERT_TRUE(run.Begin({.epochs = 100, .rate = 1e18}).ok());
    if (with_checkpoint) {
      StopAt one(1);
      ASSERT_TRUE(run.loop->Train(one).ok());
    }
    TrainingObserver observer;
    auto outcome = run.loop->Train(observer);
    ASSERT_EQ(outcome.status().code(), absl::StatusCode::kAborted) << outcome.status();
    std::string message(outcome.status().message());
    EXPECT_THAT(message, HasSubstr("the first value that is not finite was made"));
    EXPECT_THAT(message, HasSubstr(with_checkpoint ? "model-1, is from before" : "There is no checkpoint yet"));
    if (with_checkpoint) {
      EXPECT_THAT(*LatestCheckpoint("run", fs), HasSubstr("model-1"));
    }
  }
}

TEST_F(TrainingLoopTest, ObserversAreToldAndTraced) {
  class Watcher : public TrainingObserver {
   public:
    void OnBegin(const Session&, int64_t step) override { log += absl::StrCat("begin ", step, ";"); }
    void OnBatch(int64_t, const std::vector<Tensor>& batch) override { images += batch[0].dim(0); }
    void OnEpoch(const TrainingProgress& p, const Evaluation&) override { log += absl::StrCat("epoch ", p.epoch, ";"); }
    void OnCheckpoint(const std::string&) override { log += "checkpoint;"; }
    void OnEnd(const Session&, int64_t step) override { log += absl::StrCat("end ", step, ";"); }
    bool WantsTrace(int64_t step) override { return step == 2; }
    void OnTrace(int64_t step, const RunMetadata& m) override {
      log += absl::StrCat("trace ", step, m.nodes.empty(), ";");
    }
    std::string log;
    int64_t images = 0;
  };
  SmallTraining run(fs_, training_, test_);
  ASSERT_TRUE(run.Begin({.epochs = 1}).ok());
  Watcher a, b;
  TrainingObservers both({&a, &b});
  ASSERT_TRUE(run.loop->Train(both).ok());
  EXPECT_EQ(a.log, "begin 0;trace 20;epoch 1;checkpoint;end 5;");
  EXPECT_EQ(b.log, a.log);
  EXPECT_EQ(a.images, 100);
}

TEST_F(TrainingLoopTest, WrongOptions) {
  SmallTraining run(fs_, training_, test_);
  EXPECT_THAT(std::string(run.Begin({.epochs = 0}).message()), HasSubstr("no training"));
  run.tests = nullptr;
  EXPECT_THAT(std::string(run.Begin({.patience = 1}).message()), HasSubstr("need data to evaluate on"));
}

}  // namespace
}  // namespace sluice
