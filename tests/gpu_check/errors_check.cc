#include <cstring>

#include "absl/strings/match.h"

#include "graph/builders.h"
#include "tests/gpu_check/checks.h"
#include "tests/gpu_check/own_cases.h"
#include "tests/gpu_check/status_check.h"

namespace sluice::gpu_check {
namespace {

using absl::StatusCode;

// A graph that is written down, then run. What it is asked for is called `y`.
class Attempt {
 public:
  Attempt(const Runtime& runtime, const CheckOptions& options)
      : runtime_(runtime), where_(options.OnDevice()), graph_(runtime.ops()), scope_(graph_) {
    device_ = options.Place(0);
  }
  Scope scope() const { return scope_; }
  Scope OnDevice() const { return scope_.WithDevice(device_); }
  Endpoint Input(const char* name, DataType dtype, const PartialShape& shape) const {
    return ops::Placeholder(scope_.Named(name), {.dtype = dtype, .shape = shape});
  }

  absl::Status Open(bool soft = false) {
    SLUICE_RETURN_IF_ERROR(scope_.status());
    where_.allow_soft_placement = soft;
    SLUICE_ASSIGN_OR_RETURN(session_, NewSession(runtime_, where_));
    return session_->Create(Graph(graph_));
  }
  absl::Status Run(const Session::Feeds& feeds, const RunOptions& options = {}) {
    std::vector<Tensor> outputs;
    return session_->Run(options, feeds, {"y"}, {}, &outputs, nullptr);
  }
  absl::Status OpenAndRun(const Session::Feeds& feeds) {
    SLUICE_RETURN_IF_ERROR(Open());
    return Run(feeds);
  }
  std::vector<std::string> warnings() const { return session_->warnings(); }

 private:
  const Runtime& runtime_;
  SessionOptions where_;
  Graph graph_;
  Scope scope_;
  std::string device_;
  std::unique_ptr<Session> session_;
};

void CheckMissingDevice(const Runtime& runtime, const CheckOptions& options, Report& report) {
  SessionOptions where = options.OnDevice();
  where.devices = options.Type() == "SIM" ? "sim:65" : "gpu:65";
  report.Expect(Says(NewSession(runtime, where).status(), StatusCode::kNotFound, {where.devices, "; there are cpu ("}),
                "a device that is not there");
  Attempt attempt(runtime, options);
  const std::string place = absl::StrCat("/device:", options.Type(), ":7");
  ops::Relu(attempt.scope().Named("y").WithDevice(place), attempt.Input("x", DataType::kFloat, {4}));
  report.Expect(Says(attempt.OpenAndRun({{"x", Numbers("x", Shape{4})}}), StatusCode::kInvalidArgument,
                     {"node 'y' (Relu)", place, "is not there"}),
                "a node on a device that the session has not");
}

// Devices write no files. Where soft placement lets the CPU do it, the CPU asks for a folder that it may write to.
void CheckMissingKernel(const Runtime& runtime, const CheckOptions& options, Report& report) {
  Attempt attempt(runtime, options);
  const Endpoint x = attempt.Input("x", DataType::kFloat, {2});
  Scope host = attempt.scope().WithDevice("/cpu:0");
  auto text = [&](const char* s) { return host.Const(Tensor::Vector<std::string>({s})); };
  const Endpoint prefix = host.Const(Tensor::Scalar<std::string>("model"));
  const NodeId save = ops::SaveV2(attempt.OnDevice().Named("save"), prefix, text("x"), text(""), {x});
  ops::Identity(attempt.scope().WithControl({save}).Named("y"), x);
  const Session::Feeds feeds = {{"x", Numbers("x", Shape{2})}};
  report.Expect(Says(attempt.OpenAndRun(feeds), StatusCode::kInvalidArgument,
                     {"node 'save' (SaveV2)", "cannot run it", options.Place(0)}),
                "an op without a kernel, soft placement off");
  report.Expect(attempt.Open(true), "soft placement");
  report.Expect(Says(attempt.Run(feeds), StatusCode::kPermissionDenied, {"node 'save' (SaveV2)"}),
                "an op without a kernel, soft placement on");
  bool is_told = false;
  for (const std::string& warning : attempt.warnings())
    is_told = is_told || absl::StrContains(warning, "save (SaveV2)");
  report.Expect(is_told, "soft placement tells of the node that it moved");
}

void CheckColocation(const Runtime& runtime, const CheckOptions& options, Report& report) {
  Attempt attempt(runtime, options);
  Scope host = attempt.scope().WithDevice("/cpu:0");
  const Endpoint handle =
      ops::VarHandleOp(attempt.OnDevice().Named("v"), {.dtype = DataType::kFloat, .shape = PartialShape{4}});
  ops::ReadVariableOp(host.Named("y"), handle, {.dtype = DataType::kFloat});
  report.Expect(
      Says(attempt.OpenAndRun({}), StatusCode::kInvalidArgument, {"node 'y'", "must share its device with node 'v'"}),
      "a variable on one device that is read on another");
}

// Told by the device while it runs; the session goes on.
void CheckFaults(const Runtime& runtime, const CheckOptions& options, Report& report) {
  Attempt losses(runtime, options);
  const Endpoint logits = losses.Input("logits", DataType::kFloat, {3, 4});
  const Endpoint labels = losses.Input("labels", DataType::kInt32, {3});
  const Endpoint loss =
      ops::SparseSoftmaxCrossEntropyWithLogits(losses.OnDevice().Named("losses"), logits, labels).loss;
  ops::Identity(losses.OnDevice().Named("y"), loss);
  report.Expect(losses.Open(), "a loss");
  const Tensor x = Numbers("x", Shape{3, 4});
  const Session::Feeds bad = {{"logits", x}, {"labels", Tensor::Vector<int32_t>({0, 9, 1})}};
  const Session::Feeds good = {{"logits", x}, {"labels", Tensor::Vector<int32_t>({0, 3, 1})}};
  report.Expect(Says(losses.Run(bad), StatusCode::kInvalidArgument, {"node 'losses'", "label 9"}),
                "a label out of range");
  for (int i = 0; i < kRunsUntilCaptured; ++i) report.Expect(losses.Run(good), "a good label after a bad one");
  report.Expect(Says(losses.Run(bad), StatusCode::kInvalidArgument, {"node 'losses'", "label 9"}),
                "a label out of range in work that was captured");

  Attempt quotient(runtime, options);
  const Endpoint a = quotient.Input("a", DataType::kInt32, {2}), b = quotient.Input("b", DataType::kInt32, {2});
  ops::FloorDiv(quotient.OnDevice().Named("y"), a, b);
  report.Expect(quotient.Open(), "a quotient");
  const Tensor dividend = Tensor::Vector<int32_t>({4, 5});
  report.Expect(Says(quotient.Run({{"a", dividend}, {"b", Tensor::Vector<int32_t>({2, 0})}}),
                     StatusCode::kInvalidArgument, {"node 'y'", "integer division by zero"}),
                "a division by zero");
  report.Expect(quotient.Run({{"a", dividend}, {"b", dividend}}), "a division after one by zero");
}

// A chain of products that takes a while.
void CheckInterruptions(const Runtime& runtime, const CheckOptions& options, Report& report) {
  constexpr int kProducts = 200;
  const int64_t side = options.small ? 192 : 2048;
  Attempt attempt(runtime, options);
  Endpoint x = attempt.Input("x", DataType::kFloat, {side, side});
  for (int i = 0; i < kProducts; ++i) x = ops::MatMul(attempt.OnDevice(), x, x);
  ops::Tanh(attempt.OnDevice().Named("y"), x);
  report.Expect(attempt.Open(), "a long chain");
  const Session::Feeds feeds = {{"x", Tensor(DataType::kFloat, Shape{side, side})}};
  std::memset(const_cast<void*>(feeds[0].second.raw()), 0, feeds[0].second.bytes());
  report.Expect(attempt.Run(feeds), "a long chain to its end");
  CancellationFlag is_cancelled(true);
  report.Expect(Says(attempt.Run(feeds, {.cancellation = &is_cancelled}), StatusCode::kCancelled, {}),
                "a cancelled run");
  const absl::Status late = attempt.Run(feeds, {.timeout_in_ms = 1});
  report.Expect(late.ok() || late.code() == StatusCode::kDeadlineExceeded,
                absl::StrCat("a run of a millisecond: ", late.ToString()));
  report.Expect(attempt.Run(feeds), "a run after those that were stopped");
}

}  // namespace

absl::Status CheckErrors(const Runtime& runtime, const CheckOptions& options, Report& report) {
  CheckMissingDevice(runtime, options, report);
  CheckMissingKernel(runtime, options, report);
  CheckColocation(runtime, options, report);
  CheckFaults(runtime, options, report);
  CheckInterruptions(runtime, options, report);
  return absl::OkStatus();
}

}  // namespace sluice::gpu_check
