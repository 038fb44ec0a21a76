#include "tools/event_log.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"

#include "graph/export.h"
#include "io/event_reader.h"
#include "models/training.h"
#include "runtime/profile.h"
#include "tools/event_pictures.h"
#include "tools/projector.h"

namespace sluice::tools {
namespace {

constexpr int64_t kMostSteps = 5000;               // that have scalars; with more, every n-th has
constexpr int64_t kExamples = 8;                   // pictures of a batch
constexpr int64_t kFilterPixels = 40;              // of a kernel's picture
constexpr int64_t kMostValues = int64_t{1} << 20;  // of a variable in its histogram; with more, every n-th counts
constexpr int64_t kTracedStep = 5;                 // after the first: the first ones compile and warm up
constexpr int64_t kMostPoints = 500, kMostPointValues = 500000;  // of the embedding

SummaryValue Scalar(const char* tag, double value) { return {tag, static_cast<float>(value)}; }

// What the last fully connected layer sees; the logits where there is no such layer.
Endpoint LastHidden(const Graph& graph) {
  const Node* node = graph.Find(training::kLogits);
  Endpoint logits{node->id, 0};
  while (node->op() == "Identity" || node->op() == "BiasAdd" || node->op() == "AddV2" || node->op() == "AddN") {
    node = &graph.node(node->inputs[0].node);
  }
  return node->op() == "MatMul" ? node->inputs[0] : logits;
}

// The variable with the kernels of the first convolution: "" where there is none.
std::string FirstKernels(const Graph& graph) {
  for (NodeId id : TopologicalOrder(graph)) {
    const Node& node = graph.node(id);
    if (node.op() != "Conv2D") continue;
    const Node& read = graph.node(node.inputs[1].node);
    if (read.op() != "ReadVariableOp") return "";
    return graph.node(read.inputs[0].node).name;
  }
  return "";
}

}  // namespace

absl::Status ClaimEventDirectory(const std::string& directory, bool resume, bool overwrite) {
  FileSystem& fs = PosixFileSystem();
  if (resume || fs.KindOf(directory) != FileSystem::Kind::kDirectory) return absl::OkStatus();
  auto earlier = EventFiles(directory);
  if (absl::IsNotFound(earlier.status())) return absl::OkStatus();
  if (!earlier.ok()) return earlier.status();
  if (!overwrite) {
    return absl::AlreadyExistsError(absl::StrCat(
        directory, ": has the events of a run already; --overwrite removes them, --resume goes on with it"));
  }
  for (const std::string& file : *earlier) SLUICE_RETURN_IF_ERROR(fs.Remove(file));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(EventLogOptions options, Session& session, const Graph& graph,
                                                         BatchSource* tests) {
  std::unique_ptr<EventLog> log(new EventLog(std::move(options), session, graph, tests));
  SLUICE_ASSIGN_OR_RETURN(log->writer_, EventWriter::Open({.directory = log->options_.directory}));
  return log;
}

void EventLog::Check(const absl::Status& status) {
  if (status.ok() || writer_ == nullptr) return;
  writer_.reset();
  if (options_.on_error) options_.on_error(absl::StrCat("the event log ends here: ", status.message()));
}

void EventLog::OnBegin(const Session&, int64_t step) {
  if (writer_ != nullptr) Check(Begin(step));
}

absl::Status EventLog::Begin(int64_t step) {
  first_step_ = step;
  if (step > 0) SLUICE_RETURN_IF_ERROR(writer_->AddRestart(step));
  SLUICE_ASSIGN_OR_RETURN(std::string graph_def, ExportGraphDef(graph_));
  SLUICE_RETURN_IF_ERROR(writer_->AddGraph(graph_def));
  if (step == 0) SLUICE_RETURN_IF_ERROR(LogVariables(0));
  return writer_->Flush();
}

void EventLog::OnBatch(int64_t step, const std::vector<Tensor>& batch) {
  if (writer_ == nullptr || has_examples_ || batch.empty()) return;
  has_examples_ = true;
  Check(LogBatch(step, batch[0]));
}

absl::Status EventLog::LogBatch(int64_t step, const Tensor& images) {
  auto pictures = AsPictures(images, kExamples);
  if (!pictures.ok()) return absl::OkStatus();  // a network that sees something else
  const int64_t bytes = pictures->num_elements() / pictures->dim(0);
  std::vector<SummaryValue> values;
  for (int64_t i = 0; i < pictures->dim(0); ++i) {
    Tensor picture(DataType::kUint8, Shape{pictures->dim(1), pictures->dim(2), pictures->dim(3)}, pictures->buffer(),
                   static_cast<size_t>(i * bytes));
    SLUICE_ASSIGN_OR_RETURN(SummaryValue value, PictureSummary(absl::StrCat("examples/", i), picture));
    values.push_back(std::move(value));
  }
  return writer_->AddValues(step, values);
}

void EventLog::OnStep(const TrainingProgress& progress) {
  if (writer_ == nullptr) return;
  const int64_t interval = progress.total_steps / kMostSteps + 1;
  if (progress.step % interval == 0 || progress.step == first_step_ + 1) Check(LogProgress(progress));
}

absl::Status EventLog::LogProgress(const TrainingProgress& progress) {
  // Epochs so far, with the part of the one that goes on.
  const double epoch = static_cast<double>(progress.step) * static_cast<double>(progress.epochs) /
                       static_cast<double>(std::max<int64_t>(progress.total_steps, 1));
  const SummaryValue values[] = {Scalar("train/loss", progress.step_loss),
                                 Scalar("train/accuracy", progress.step_accuracy),
                                 Scalar("learning_rate", progress.rate), Scalar("epoch", epoch),
                                 Scalar("images_per_second", progress.examples_per_second)};
  return writer_->AddValues(progress.step, values);
}

void EventLog::OnEpoch(const TrainingProgress& progress, const Evaluation& test) {
  if (writer_ != nullptr) Check(LogEpoch(progress, test));
}

absl::Status EventLog::LogEpoch(const TrainingProgress& progress, const Evaluation& test) {
  const SummaryValue values[] = {Scalar("train/epoch_loss", progress.loss),
                                 Scalar("train/epoch_accuracy", progress.accuracy), Scalar("test/loss", test.loss),
                                 Scalar("test/accuracy", test.accuracy), Scalar("test/top5", test.top5)};
  SLUICE_RETURN_IF_ERROR(writer_->AddValues(progress.step, values));
  SLUICE_RETURN_IF_ERROR(LogVariables(progress.step));
  return writer_->Flush();
}

absl::Status EventLog::LogVariables(int64_t step) {
  const std::string first_kernels = FirstKernels(graph_);
  std::vector<SummaryValue> values;
  for (const std::string& name : session_.InitializedVariables()) {
    // The network's own; an optimiser's slots are not read by a node of that name.
    if (graph_.Find(name + "/Read") == nullptr) continue;
    SLUICE_ASSIGN_OR_RETURN(Tensor value, session_.ReadVariable(name));
    if (value.dtype() != DataType::kFloat) continue;
    Histogram histogram;
    const int64_t stride = value.num_elements() / kMostValues + 1;
    for (int64_t i = 0; i < value.num_elements(); i += stride) {
      if (float x = value.data<float>()[i]; std::isfinite(x)) histogram.Add(x);
    }
    values.push_back({name, histogram.data()});
    if (name != first_kernels) continue;
    if (auto picture = FilterPicture(value, kFilterPixels); picture.ok()) {
      SLUICE_ASSIGN_OR_RETURN(SummaryValue filters, PictureSummary("filters/" + name, *picture));
      values.push_back(std::move(filters));
    }
  }
  return writer_->AddValues(step, values);
}

bool EventLog::WantsTrace(int64_t step) {
  return writer_ != nullptr && !has_trace_ && step >= first_step_ + kTracedStep;
}

void EventLog::OnTrace(int64_t step, const RunMetadata& metadata) {
  if (writer_ == nullptr || has_trace_) return;
  has_trace_ = true;
  Check(writer_->AddRunMetadata(step, absl::StrCat("step_", step), SerializeRunMetadata(metadata)));
}

absl::Status EventLog::LogEmbedding() {
  SLUICE_RETURN_IF_ERROR(tests_->StartEpoch(0, 0));
  std::vector<Tensor> feeds, outputs;
  SLUICE_ASSIGN_OR_RETURN(bool has_batch, tests_->Next(&feeds));
  if (!has_batch) return absl::OkStatus();
  const std::string hidden = graph_.NameOf(LastHidden(graph_));
  SLUICE_RETURN_IF_ERROR(session_.Run({{training::kImages, feeds[0]}}, {hidden, training::kLogits}, {}, &outputs));
  const int64_t width = outputs[0].num_elements() / std::max<int64_t>(outputs[0].dim(0), 1);
  const int64_t n = std::min({outputs[0].dim(0), kMostPoints, kMostPointValues / std::max<int64_t>(width, 1) + 1});
  if (outputs[0].dtype() != DataType::kFloat || outputs[1].dtype() != DataType::kFloat) return absl::OkStatus();
  Embedding embedding{.name = hidden, .columns = {"label", "predicted", "example"}};
  embedding.points = Tensor(DataType::kFloat, Shape{n, width}, outputs[0].buffer(),
                            static_cast<size_t>(static_cast<const char*>(outputs[0].raw()) -
                                                static_cast<const char*>(outputs[0].buffer()->data())));
  if (auto pictures = AsPictures(feeds[0], n); pictures.ok()) embedding.pictures = *pictures;
  auto label = [&](int64_t number) {
    const auto index = static_cast<size_t>(number);
    return index < options_.labels.size() ? options_.labels[index] : absl::StrCat(number);
  };
  const int64_t classes = outputs[1].dim(1);
  for (int64_t i = 0; i < n; ++i) {
    const float* logits = outputs[1].data<float>() + i * classes;
    embedding.rows.push_back(
        {label(feeds[1].IntAt(i)), label(std::max_element(logits, logits + classes) - logits), absl::StrCat(i)});
  }
  return WriteEmbedding(embedding, options_.directory);
}

void EventLog::OnEnd(const Session&, int64_t step) {
  if (writer_ == nullptr) return;
  if (tests_ != nullptr && step > first_step_) Check(LogEmbedding());
  if (writer_ != nullptr) Check(writer_->Close());
  writer_.reset();
}

}  // namespace sluice::tools
