#include "runtime/session.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "graph/export.h"
#include "graph/fingerprint.h"
#include "graph/import.h"
#include "runtime/callable.h"
#include "runtime/devices.h"

namespace sluice {
namespace {

constexpr size_t kNamedCallablesKept = 64;  // subgraphs that Run found by their names

class SessionImpl : public Session {
 public:
  SessionImpl(const Runtime& runtime, const SessionOptions& options, std::vector<std::unique_ptr<Device>> devices)
      : runtime_(runtime), state_(options, std::move(devices)) {
    if (options.keep_programs) state_.plan_book().Record();
  }
  ~SessionImpl() override { Close().IgnoreError(); }

  absl::Status Create(absl::string_view graph_def) override {
    SLUICE_ASSIGN_OR_RETURN(Graph graph, Import(graph_def));
    return Create(std::move(graph));
  }

  absl::Status Create(Graph graph) override {
    std::unique_lock lock(mutex_);
    SLUICE_RETURN_IF_ERROR(CheckOpen());
    if (graph_) return absl::FailedPreconditionError("the session has a graph already; Extend adds to it");
    graph_ = std::make_shared<const Graph>(std::move(graph));
    CompareWithPlans();
    return absl::OkStatus();
  }

  absl::Status Extend(absl::string_view graph_def) override {
    std::unique_lock lock(mutex_);
    SLUICE_RETURN_IF_ERROR(CheckOpen());
    SLUICE_ASSIGN_OR_RETURN(Graph graph, graph_ ? ImportMore(*graph_, graph_def) : Import(graph_def));
    return Replace(std::move(graph));
  }

  absl::Status Extend(Graph graph) override {
    std::unique_lock lock(mutex_);
    SLUICE_RETURN_IF_ERROR(CheckOpen());
    if (graph_) {
      for (NodeId id : graph_->node_ids()) {
        const std::string& name = graph_->node(id).name;
        if (graph.Find(name) == nullptr) {
          return absl::InvalidArgumentError(absl::StrCat("the extended graph lacks node '", name, "'"));
        }
      }
    }
    return Replace(std::move(graph));
  }

  absl::Status Run(const Feeds& feeds, const std::vector<std::string>& fetches, const std::vector<std::string>& targets,
                   std::vector<Tensor>* outputs) override {
    return Run(RunOptions{}, feeds, fetches, targets, outputs, nullptr);
  }

  absl::Status Run(const RunOptions& options, const Feeds& feeds, const std::vector<std::string>& fetches,
                   const std::vector<std::string>& targets, std::vector<Tensor>* outputs,
                   RunMetadata* metadata) override {
    CallableOptions wanted;
    std::vector<Tensor> values;
    for (const auto& [name, value] : feeds) {
      wanted.feed.push_back(name);
      values.push_back(value);
    }
    wanted.fetch = fetches;
    wanted.target = targets;
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<Callable> callable, FindOrMake(wanted));
    return RunWith(*callable, values, outputs, options, metadata);
  }

  absl::Status MakeCallable(const CallableOptions& options, CallableHandle* handle) override {
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<Callable> callable, Make(options));
    std::unique_lock lock(mutex_);
    *handle = next_handle_++;
    callables_[*handle] = {std::move(callable), options.run_options};
    return absl::OkStatus();
  }

  absl::Status RunCallable(CallableHandle handle, const std::vector<Tensor>& feeds, std::vector<Tensor>* fetches,
                           RunMetadata* metadata) override {
    SLUICE_ASSIGN_OR_RETURN(Held held, FindCallable(handle));
    return RunWith(*held.callable, feeds, fetches, held.options, metadata);
  }

  absl::Status CompileCallable(CallableHandle handle, const std::vector<Shape>& feeds, RunMetadata* metadata) override {
    SLUICE_ASSIGN_OR_RETURN(Held held, FindCallable(handle));
    return WhileRunning([&] { return held.callable->Compile(feeds, metadata); });
  }

  absl::Status ReleaseCallable(CallableHandle handle) override {
    std::unique_lock lock(mutex_);
    if (callables_.erase(handle) == 0) return absl::InvalidArgumentError(absl::StrCat("no callable ", handle));
    return absl::OkStatus();
  }

  absl::Status Close() override {
    std::unique_lock lock(mutex_);
    closed_ = true;
    idle_.wait(lock, [&] { return running_ == 0; });
    callables_.clear();
    by_names_.clear();
    graph_.reset();
    return absl::OkStatus();
  }

  std::vector<std::string> InitializedVariables() const override { return state_.InitializedVariables(); }
  absl::StatusOr<Tensor> ReadVariable(const std::string& name) const override { return state_.ReadVariable(name); }
  absl::Status WriteVariable(const std::string& name, const Tensor& value) override {
    return state_.WriteVariable(name, value);
  }
  std::vector<std::pair<std::string, uint64_t>> RandomCounters() const override { return state_.RandomCounters(); }
  void SetRandomCounter(const std::string& node, uint64_t blocks) override { state_.SetRandomCounter(node, blocks); }
  std::vector<Device*> devices() const override { return state_.device_pointers(); }

  absl::Status LoadPlans(const StoredPlans& plans) override {
    bool is_used = false;
    absl::Status refused = absl::FailedPreconditionError(
        absl::StrCat("the plans are for ", plans.device, ", and no device here takes plans"));
    for (const auto& device : state_.devices()) {
      if (device->plan_store() == nullptr) continue;
      absl::Status loaded = device->plan_store()->Load(plans);
      is_used |= loaded.ok();
      if (!loaded.ok()) refused = std::move(loaded);
    }
    if (!is_used) return refused;
    state_.plan_book().Load(plans.programs);
    std::unique_lock lock(mutex_);
    graph_of_plans_ = plans.graph;
    CompareWithPlans();
    return absl::OkStatus();
  }
  absl::StatusOr<StoredPlans> SavePlans() const override {
    StoredPlans all;
    std::map<std::string, std::string> plans;
    for (const auto& device : state_.devices()) {
      if (device->plan_store() == nullptr) continue;
      SLUICE_ASSIGN_OR_RETURN(StoredPlans saved, device->plan_store()->Save());
      if (!all.device.empty() && (all.device != saved.device || all.libraries != saved.libraries)) {
        return absl::UnimplementedError(
            absl::StrCat("one file holds plans of one kind of device, here are ", all.device, " and ", saved.device));
      }
      all.device = saved.device;
      all.libraries = saved.libraries;
      for (auto& [key, plan] : saved.plans) plans[key] = std::move(plan);
    }
    if (all.device.empty()) return absl::UnimplementedError("no device here has plans to keep");
    all.plans.assign(plans.begin(), plans.end());
    all.programs = state_.plan_book().Save();
    std::shared_lock lock(mutex_);
    if (graph_) all.graph = FingerprintText(*graph_);
    return all;
  }

  std::vector<std::string> warnings() const override {
    std::shared_lock lock(mutex_);
    std::vector<std::string> all = warnings_;
    for (const auto& device : state_.devices()) {
      if (device->plan_store() == nullptr) continue;
      for (const std::string& remark : device->plan_store()->Remarks()) {
        all.push_back(absl::StrCat(device->name(), ": ", remark));
      }
    }
    return all;
  }
  Allocator::Stats memory() const override { return state_.devices()[0]->allocator().stats(); }

 private:
  struct Held {
    std::shared_ptr<Callable> callable;
    RunOptions options;
  };
  struct Named {
    std::vector<std::string> feed, fetch, target;
    bool operator<(const Named& other) const {
      return std::tie(feed, fetch, target) < std::tie(other.feed, other.fetch, other.target);
    }
  };

  static std::string FingerprintText(const Graph& graph) {
    StableHash hash;
    hash.Add(Fingerprint(graph));
    return hash.ToString();
  }

  // Once both are there. Holds the lock.
  void CompareWithPlans() {
    if (!graph_ || graph_of_plans_.empty() || graph_of_plans_ == FingerprintText(*graph_)) return;
    warnings_.emplace_back("the plans are of another graph: what fits is used, the rest is made again");
  }

  absl::Status CheckOpen() const {
    return closed_ ? absl::FailedPreconditionError("the session is closed") : absl::OkStatus();
  }

  absl::StatusOr<Graph> Import(absl::string_view graph_def) const {
    ImportOptions options;
    if (state_.options().memory_limit > 0) options.memory_limit = state_.options().memory_limit;
    return ImportGraphDef(graph_def, runtime_.ops(), options);
  }

  // The old graph's nodes and new ones, which may refer to them: GraphDefs that stand one after the other are one.
  absl::StatusOr<Graph> ImportMore(const Graph& old, absl::string_view graph_def) const {
    SLUICE_ASSIGN_OR_RETURN(std::string bytes, ExportGraphDef(old));
    bytes.append(graph_def.data(), graph_def.size());
    return Import(bytes);
  }

  // Runs that go on keep the callables that they hold; what is found by names is prepared again from the new graph.
  absl::Status Replace(Graph graph) {
    graph_ = std::make_shared<const Graph>(std::move(graph));
    by_names_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<Callable>> Make(const CallableOptions& wanted) {
    std::shared_ptr<const Graph> graph;
    {
      std::shared_lock lock(mutex_);
      SLUICE_RETURN_IF_ERROR(CheckOpen());
      if (!graph_) return absl::FailedPreconditionError("the session has no graph yet: call Create first");
      graph = graph_;
    }
    PrepareOptions options;
    options.feeds = wanted.feed;
    options.fetches = wanted.fetch;
    options.targets = wanted.target;
    options.disabled_passes = state_.options().disabled_passes;
    options.allow_soft_placement = state_.options().allow_soft_placement;
    options.plan_book = &state_.plan_book();
    SLUICE_ASSIGN_OR_RETURN(PreparedGraph prepared, PrepareGraph(*graph, options, state_.device_pointers(), runtime_));
    if (!prepared.warnings.empty()) {
      std::unique_lock lock(mutex_);
      warnings_.insert(warnings_.end(), prepared.warnings.begin(), prepared.warnings.end());
    }
    return std::make_shared<Callable>(std::move(prepared), state_, runtime_.cpu_kernels());
  }

  absl::StatusOr<std::shared_ptr<Callable>> FindOrMake(const CallableOptions& wanted) {
    Named names{wanted.feed, wanted.fetch, wanted.target};
    {
      std::shared_lock lock(mutex_);
      SLUICE_RETURN_IF_ERROR(CheckOpen());
      if (auto it = by_names_.find(names); it != by_names_.end()) return it->second;
    }
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<Callable> made, Make(wanted));
    std::unique_lock lock(mutex_);
    if (by_names_.size() >= kNamedCallablesKept) by_names_.clear();
    return by_names_.emplace(std::move(names), std::move(made)).first->second;
  }

  absl::StatusOr<Held> FindCallable(CallableHandle handle) const {
    std::shared_lock lock(mutex_);
    auto it = callables_.find(handle);
    if (it == callables_.end()) return absl::InvalidArgumentError(absl::StrCat("no callable ", handle));
    return it->second;
  }

  absl::Status RunWith(Callable& callable, const std::vector<Tensor>& feeds, std::vector<Tensor>* fetches,
                       const RunOptions& options, RunMetadata* metadata) {
    return WhileRunning([&] { return callable.Run(feeds, fetches, options, metadata); });
  }

  // Calls f, for whose end Close waits.
  template <class F>
  absl::Status WhileRunning(const F& f) {
    {
      std::unique_lock lock(mutex_);
      SLUICE_RETURN_IF_ERROR(CheckOpen());
      ++running_;
    }
    absl::Status status = f();
    std::unique_lock lock(mutex_);
    if (--running_ == 0) idle_.notify_all();
    return status;
  }

  const Runtime& runtime_;
  SessionState state_;  // before the callables, which hold its devices' memory
  mutable std::shared_mutex mutex_;
  std::condition_variable_any idle_;
  std::shared_ptr<const Graph> graph_;
  std::map<Named, std::shared_ptr<Callable>> by_names_;
  std::map<CallableHandle, Held> callables_;
  std::vector<std::string> warnings_;
  std::string graph_of_plans_;  // its fingerprint; empty: there are none
  CallableHandle next_handle_ = 1;
  int running_ = 0;
  bool closed_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> NewSession(const Runtime& runtime, const SessionOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Device>> devices, MakeDevices(runtime, options));
  for (const auto& device : devices) {
    if (!options.autotune || device->plan_store() == nullptr) continue;
    SLUICE_RETURN_IF_ERROR(device->plan_store()->Autotune());
  }
  return std::make_unique<SessionImpl>(runtime, options, std::move(devices));
}

}  // namespace sluice
