#include <cstdlib>

#include "graph/builders.h"
#include "models/catalog.h"
#include "models/training.h"
#include "tests/gpu_check/checks.h"
#include "tests/gpu_check/status_check.h"
#include "tests/models/fixed_values.h"

namespace sluice::gpu_check {
namespace {

constexpr int64_t kLimit = int64_t{96} << 20;

class LenetInLittleMemory {
 public:
  LenetInLittleMemory(const Runtime& runtime, const CheckOptions& options) : graph_(runtime.ops()), network_(graph_) {
    NetworkOptions lenet;
    lenet.dtype = DataType::kFloat;
    lenet.scale = 1;
    Layer logits = FindNetwork("lenet")->Build(network_, lenet);
    status_ = AddTraining(logits, TrainingOptions(), runtime.gradients());
    if (!status_.ok()) return;
    SessionOptions where = options.OnDevice();
    where.device_memory_limit = kLimit;
    auto session = NewSession(runtime, where);
    status_ = session.status();
    if (!status_.ok()) return;
    session_ = *std::move(session);
    status_ = session_->Create(std::move(graph_));
    if (status_.ok()) status_ = session_->Run({}, {}, {training::kInit}, nullptr);
  }
  const absl::Status& status() const { return status_; }

  absl::Status Step(int64_t batch) {
    Tensor labels(DataType::kInt32, Shape{batch});
    for (int64_t i = 0; i < batch; ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i % 10);
    const Tensor pictures = testing::FixedPictures(Shape{batch, 28, 28, 1});
    std::vector<Tensor> outputs;
    return session_->Run({{training::kImages, pictures}, {training::kLabels, labels}}, {training::kTrainingLoss},
                         {training::kTrain}, &outputs);
  }

 private:
  Graph graph_;
  Network network_;
  std::unique_ptr<Session> session_;
  absl::Status status_;
};

// The batch that a message of exhaustion says would fit; 0 where it says none.
int64_t FittingBatch(const absl::Status& status) {
  constexpr absl::string_view kBefore = "enough for about ";
  const std::string message(status.message());
  const size_t at = message.find(std::string(kBefore));
  return at == std::string::npos ? 0 : std::atoll(message.c_str() + at + kBefore.size());
}

void CheckBatchThatFits(const Runtime& runtime, const CheckOptions& options, Report& report) {
  constexpr int64_t kTooLarge = 16384;
  LenetInLittleMemory lenet(runtime, options);
  report.Expect(lenet.status(), "LeNet in little memory");
  if (!lenet.status().ok()) return;
  std::vector<std::string> texts = {options.Place(0), "no memory for ", "the feeds' 16384 rows"};
  if (options.Type() == "GPU") {
    texts.insert(texts.end(), {"; held by ", "variable '"});  // which simulated ones do not know
  }
  const absl::Status refused = lenet.Step(kTooLarge);
  report.Expect(Says(refused, absl::StatusCode::kResourceExhausted, texts), "a batch that is too large");
  const int64_t fitting = FittingBatch(refused);
  report.Expect(fitting > 8 && fitting < kTooLarge,
                absl::StrCat("a batch of ", fitting, " would fit: ", refused.ToString()));
  if (fitting > 8) report.Expect(lenet.Step(fitting), absl::StrCat("the batch of ", fitting, " that was said to fit"));
}

void CheckLargeVariable(const Runtime& runtime, const CheckOptions& options, Report& report) {
  Graph graph(runtime.ops());
  Scope scope(graph);
  const Shape shape{2 * kLimit / 4};
  Endpoint handle = ops::VarHandleOp(scope.Named("huge"), {.dtype = DataType::kFloat, .shape = PartialShape(shape)});
  Endpoint zeros = ops::Fill(scope, scope.Ints({static_cast<int32_t>(shape.dim(0))}), scope.Scalar<float>(0));
  ops::AssignVariableOp(scope.Named("fill_huge"), handle, zeros);
  SessionOptions where = options.OnDevice();
  where.device_memory_limit = kLimit;
  auto session = NewSession(runtime, where);
  absl::Status status = scope.status();
  if (status.ok()) status = session.status();
  if (status.ok()) status = (*session)->Create(std::move(graph));
  if (status.ok()) status = (*session)->Run({}, {}, {"fill_huge"}, nullptr);
  report.Expect(Says(status, absl::StatusCode::kResourceExhausted, {"no memory for "}), "a variable that is too large");
}

}  // namespace

absl::Status CheckLimits(const Runtime& runtime, const CheckOptions& options, Report& report) {
  CheckBatchThatFits(runtime, options, report);
  CheckLargeVariable(runtime, options, report);
  SessionOptions where = options.OnDevice();
  where.device_memory_limit = int64_t{1} << 50;
  report.Expect(Says(NewSession(runtime, where).status(), absl::StatusCode::kResourceExhausted,
                     {"a limit of 1125899906842624 bytes was asked for, it has "}),
                "a limit that no device has");
  // What a session had is there again for the next.
  for (int i = 0; i < 20; ++i) {
    LenetInLittleMemory lenet(runtime, options);
    absl::Status status = lenet.status();
    if (status.ok()) status = lenet.Step(128);
    report.Expect(status, absl::StrCat("session ", i, " of 20"));
    if (!status.ok()) break;
  }
  return absl::OkStatus();
}

}  // namespace sluice::gpu_check
