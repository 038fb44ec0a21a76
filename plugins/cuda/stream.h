// Streams and events of a GPU.
#pragma once

#include <memory>
#include <string>

#include "core/device.h"
#include "kernels/gpu/gpu_stream.h"

namespace sluice::cuda {

// Page-locked memory with a stream's fault cell, which outlives the stream where an event still points to it.
class FaultMemory {
 public:
  static absl::StatusOr<std::shared_ptr<FaultMemory>> Create();
  FaultMemory(const FaultMemory&) = delete;
  FaultMemory& operator=(const FaultMemory&) = delete;
  ~FaultMemory();
  gpu::FaultCell& cell() const { return *cell_; }

 private:
  explicit FaultMemory(gpu::FaultCell* cell) : cell_(cell) {}
  gpu::FaultCell* const cell_;
};

class CudaEvent : public Event {
 public:
  // A null handle, where CUDA could not make the event, is an error of every later call.
  CudaEvent(int ordinal, bool is_timed);
  ~CudaEvent() override;
  bool Done() const override;
  absl::Status Synchronize() override;
  absl::StatusOr<double> MicrosecondsSince(const Event& earlier) const override;

  cudaEvent_t handle() const { return handle_; }
  // What the work before the point may have to say.
  void set_faults(std::shared_ptr<FaultMemory> faults) { faults_ = std::move(faults); }

 private:
  const int ordinal_;
  cudaEvent_t handle_ = nullptr;
  std::shared_ptr<FaultMemory> faults_;
};

// An instantiated graph.
class CudaGraph : public ExecutableGraph {
 public:
  explicit CudaGraph(cudaGraphExec_t handle) : handle_(handle) {}
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  ~CudaGraph() override { cudaGraphExecDestroy(handle_); }
  cudaGraphExec_t handle() const { return handle_; }

 private:
  const cudaGraphExec_t handle_;
};

// `device_name` is for messages.
class CudaStream : public gpu::GpuStream {
 public:
  // Streams for copies have the higher priority: they are short, and others wait for them.
  static absl::StatusOr<std::unique_ptr<CudaStream>> Create(int ordinal, std::string device_name, bool is_for_copies);
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  ~CudaStream() override;  // waits for the work

  absl::Status Record(Event& event) override;
  absl::Status Wait(Event& event) override;
  absl::Status Copy(void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind, size_t bytes) override;
  absl::Status Synchronize() override;
  absl::Status BeginCapture() override;
  absl::StatusOr<std::unique_ptr<ExecutableGraph>> EndCapture() override;
  absl::Status Launch(ExecutableGraph& graph) override;
  cudaStream_t Use() const override {
    cudaSetDevice(ordinal_);
    return handle_;
  }
  gpu::FaultCell* fault_cell() const override { return &faults_->cell(); }
  absl::StatusOr<cudnnContext*> Dnn() override;
  absl::StatusOr<cublasLtContext*> BlasLt() override;

 private:
  CudaStream(int ordinal, std::string device_name, cudaStream_t handle, std::shared_ptr<FaultMemory> faults)
      : ordinal_(ordinal), device_name_(std::move(device_name)), handle_(handle), faults_(std::move(faults)) {}

  const int ordinal_;
  const std::string device_name_;
  const cudaStream_t handle_;
  const std::shared_ptr<FaultMemory> faults_;
  bool is_capturing_ = false;
  cudnnContext* dnn_ = nullptr;
  cublasLtContext* blas_lt_ = nullptr;
};

}  // namespace sluice::cuda
