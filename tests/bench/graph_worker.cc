// Times one callable of a graph file on request, for the comparisons of peers/:
//
//   graph_worker GRAPH --threads 2 --feed images=x.npy --fetch logits
//   graph_worker GRAPH --threads 2 --init init --feed images=x.npy --feed labels=y.npy --fetch loss --target train
//   graph_worker GRAPH --devices gpu:0 --plugin libsluice_cuda.so --feed images=x.npy --fetch logits --trace
//
// Runs the callable `steps` times, and prints "answer" after the first. Then, for each line on stdin that says how many
// seconds to measure, prints one JSON object with the median of the runs in milliseconds. --output writes the floats
// that the `steps` runs fetch, one after the other, as an .npy file. --trace tells, before anything is measured, for how long
// devices other than CPUs worked in one further run.
// peers/peer_worker.py speaks the same protocol for the other runtimes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "io/npy.h"
#include "runtime/session.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxInputBytes = size_t{1} << 32;

struct Arguments {
  std::string graph, init, fetch, output, devices = "cpu:1";
  std::vector<std::string> feeds, targets, plugins;
  int threads = 1;
  int steps = 1;
  bool trace = false;
};

double Seconds(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double Median(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Floats, as one tensor with a first dimension more.
absl::StatusOr<Tensor> Stack(const std::vector<Tensor>& tensors) {
  Dims dims = tensors[0].shape().dims();
  dims.insert(dims.begin(), static_cast<int64_t>(tensors.size()));
  Tensor all(DataType::kFloat, Shape(dims));
  float* to = all.data<float>();
  for (const Tensor& tensor : tensors) {
    if (tensor.dtype() != DataType::kFloat || !(tensor.shape() == tensors[0].shape())) {
      return absl::InvalidArgumentError("--output needs floats, of one shape in all runs");
    }
    to = std::copy_n(tensor.data<float>(), tensor.num_elements(), to);
  }
  return all;
}

// How long some of the devices did something, in milliseconds: overlapping work counts once. Copies are no work, and the CPU
// is no device here.
double BusyMilliseconds(const std::vector<NodeTrace>& rows) {
  std::vector<std::pair<int64_t, int64_t>> spans;
  for (const NodeTrace& row : rows) {
    const bool is_copy = row.op == "_Send" || row.op == "_Recv" || row.op == "_Copy";
    if (!is_copy && !absl::StrContains(row.device, "CPU")) spans.emplace_back(row.start_us, row.end_us);
  }
  std::sort(spans.begin(), spans.end());
  int64_t busy = 0, until = 0;
  for (auto [start, end] : spans) {
    busy += std::max<int64_t>(end - std::max(start, until), 0);
    until = std::max(until, end);
  }
  return static_cast<double>(busy) / 1000;
}

absl::Status TellBusyTime(Session& session, CallableOptions options, const std::vector<Tensor>& feeds) {
  options.run_options.trace_level = RunOptions::FULL_TRACE;
  Session::CallableHandle handle = 0;
  SLUICE_RETURN_IF_ERROR(session.MakeCallable(options, &handle));
  std::vector<Tensor> fetches;
  std::vector<double> busy;
  for (int run = 0; run < 5; ++run) {
    RunMetadata metadata;
    SLUICE_RETURN_IF_ERROR(session.RunCallable(handle, feeds, &fetches, &metadata));
    busy.push_back(BusyMilliseconds(metadata.nodes));
  }
  std::cout << "{\"device_busy_ms\": " << Median(busy) << "}" << std::endl;
  return session.ReleaseCallable(handle);
}

absl::Status Serve(const Arguments& arguments) {
  std::ifstream file(arguments.graph, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(arguments.graph, ": cannot be read"));
  std::stringstream bytes;
  bytes << file.rdbuf();
  Runtime runtime;
  SLUICE_ASSIGN_OR_RETURN(
      std::unique_ptr<Session> session,
      NewSession(runtime, {.devices = arguments.devices, .threads = arguments.threads, .plugins = arguments.plugins}));
  SLUICE_RETURN_IF_ERROR(session->Create(bytes.str()));
  std::stringstream().swap(bytes);
  if (!arguments.init.empty()) SLUICE_RETURN_IF_ERROR(session->Run({}, {}, {arguments.init}, nullptr));
  CallableOptions options{.fetch = {arguments.fetch}, .target = arguments.targets};
  std::vector<Tensor> feeds;
  for (const std::string& feed : arguments.feeds) {
    size_t equals = feed.find('=');
    if (equals == std::string::npos) return absl::InvalidArgumentError("--feed: expected NAME=FILE.npy");
    options.feed.push_back(feed.substr(0, equals));
    SLUICE_ASSIGN_OR_RETURN(Tensor value, ReadNpy(feed.substr(equals + 1), kMaxInputBytes));
    feeds.push_back(std::move(value));
  }
  Session::CallableHandle handle = 0;
  SLUICE_RETURN_IF_ERROR(session->MakeCallable(options, &handle));
  std::vector<Tensor> fetches, answers;
  for (int step = 0; step < arguments.steps; ++step) {
    SLUICE_RETURN_IF_ERROR(session->RunCallable(handle, feeds, &fetches));
    if (step == 0) std::cout << "answer" << std::endl;
    answers.push_back(fetches[0]);
  }
  if (!arguments.output.empty()) {
    SLUICE_ASSIGN_OR_RETURN(Tensor all, Stack(answers));
    SLUICE_RETURN_IF_ERROR(WriteNpy(all, arguments.output, IfExists::kReplace));
  }
  if (arguments.trace) SLUICE_RETURN_IF_ERROR(TellBusyTime(*session, options, feeds));
  double seconds = 0;
  for (size_t runs = 0; std::cin >> seconds >> runs;) {
    std::vector<double> times;
    for (auto begin = Clock::now(); times.empty() || times.size() < runs || Seconds(begin) < seconds;) {
      auto run = Clock::now();
      SLUICE_RETURN_IF_ERROR(session->RunCallable(handle, feeds, &fetches));
      times.push_back(1000 * Seconds(run));
    }
    std::cout << "{\"median_ms\": " << Median(times) << ", \"runs\": " << times.size() << "}" << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::Arguments arguments;
  CLI::App app("Times one callable of a graph file");
  app.add_option("graph", arguments.graph, "A GraphDef")->required();
  app.add_option("--threads", arguments.threads, "Host threads");
  app.add_option("--devices", arguments.devices, "As `sluice run --devices` takes it");
  app.add_option("--plugin", arguments.plugins, "The file of a device plug-in")->allow_extra_args(false);
  app.add_flag("--trace", arguments.trace, "Tells how long the devices work in a run");
  app.add_option("--init", arguments.init, "A node to run once, before");
  app.add_option("--feed", arguments.feeds, "NAME=FILE.npy")->allow_extra_args(false);
  app.add_option("--fetch", arguments.fetch, "The tensor to fetch")->required();
  app.add_option("--target", arguments.targets, "A node to run")->allow_extra_args(false);
  app.add_option("--steps", arguments.steps, "Runs before anything is measured")->check(CLI::PositiveNumber);
  app.add_option("--output", arguments.output, "The file for what these fetch");
  CLI11_PARSE(app, argc, argv);
  absl::Status status = sluice::Serve(arguments);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
