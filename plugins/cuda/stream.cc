#include "plugins/cuda/stream.h"

#include <new>

#include "kernels/gpu/cublas_product.h"
#include "kernels/gpu/cudnn_graph.h"
#include "plugins/cuda/cuda_status.h"

namespace sluice::cuda {
namespace {

// The direction in words that CUDA knows. Device to device is left to it: the two may be on different cards.
cudaMemcpyKind KindOf(MemoryKind dst, MemoryKind src) {
  const bool to_device = dst == MemoryKind::kDevice, from_device = src == MemoryKind::kDevice;
  if (to_device && from_device) return cudaMemcpyDefault;
  if (to_device) return cudaMemcpyHostToDevice;
  return from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

}  // namespace

absl::StatusOr<std::shared_ptr<FaultMemory>> FaultMemory::Create() {
  void* data = nullptr;
  SLUICE_RETURN_IF_CUDA_ERROR(
      cudaHostAlloc(&data, sizeof(gpu::FaultCell), cudaHostAllocPortable | cudaHostAllocMapped));
  return std::shared_ptr<FaultMemory>(new FaultMemory(new (data) gpu::FaultCell));
}

FaultMemory::~FaultMemory() { cudaFreeHost(cell_); }

CudaEvent::CudaEvent(int ordinal, bool is_timed) : ordinal_(ordinal) {
  DeviceScope scope(ordinal_);
  if (cudaEventCreateWithFlags(&handle_, is_timed ? cudaEventDefault : cudaEventDisableTiming) != cudaSuccess) {
    cudaGetLastError();
    handle_ = nullptr;
  }
}

CudaEvent::~CudaEvent() {
  if (handle_ != nullptr) cudaEventDestroy(handle_);
}

bool CudaEvent::Done() const { return handle_ == nullptr || cudaEventQuery(handle_) != cudaErrorNotReady; }

absl::Status CudaEvent::Synchronize() {
  if (handle_ == nullptr) return absl::ResourceExhaustedError("CUDA made no event");
  SLUICE_RETURN_IF_CUDA_ERROR(cudaEventSynchronize(handle_));
  if (faults_ == nullptr) return absl::OkStatus();
  gpu::FaultCell copy = faults_->cell();  // the stream's own wait takes it out
  return gpu::TakeFault(copy);
}

absl::StatusOr<double> CudaEvent::MicrosecondsSince(const Event& earlier) const {
  auto* other = dynamic_cast<const CudaEvent*>(&earlier);
  if (other == nullptr) return absl::InternalError("the time since an event of another device type was asked for");
  if (handle_ == nullptr || other->handle_ == nullptr) return absl::ResourceExhaustedError("CUDA made no event");
  float milliseconds = 0;
  SLUICE_RETURN_IF_CUDA_ERROR(cudaEventElapsedTime(&milliseconds, other->handle_, handle_));
  return 1000.0 * static_cast<double>(milliseconds);
}

absl::StatusOr<std::unique_ptr<CudaStream>> CudaStream::Create(int ordinal, std::string device_name,
                                                               bool is_for_copies) {
  DeviceScope scope(ordinal);
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<FaultMemory> faults, FaultMemory::Create());
  int least = 0, greatest = 0;
  SLUICE_RETURN_IF_CUDA_ERROR(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  cudaStream_t handle = nullptr;
  SLUICE_RETURN_IF_CUDA_ERROR(
      cudaStreamCreateWithPriority(&handle, cudaStreamNonBlocking, is_for_copies ? greatest : least));
  return std::unique_ptr<CudaStream>(new CudaStream(ordinal, std::move(device_name), handle, std::move(faults)));
}

CudaStream::~CudaStream() {
  DeviceScope scope(ordinal_);
  cudaStreamSynchronize(handle_);
  if (dnn_ != nullptr) gpu::DeleteDnnHandle(dnn_);
  if (blas_lt_ != nullptr) gpu::DeleteBlasLtHandle(blas_lt_);
  cudaStreamDestroy(handle_);
}

absl::StatusOr<cudnnContext*> CudaStream::Dnn() {
  if (dnn_ == nullptr) {
    SLUICE_ASSIGN_OR_RETURN(dnn_, gpu::NewDnnHandle(Use()));
  }
  return dnn_;
}

absl::StatusOr<cublasLtContext*> CudaStream::BlasLt() {
  if (blas_lt_ == nullptr) {
    Use();
    SLUICE_ASSIGN_OR_RETURN(blas_lt_, gpu::NewBlasLtHandle());
  }
  return blas_lt_;
}

absl::Status CudaStream::Record(Event& event) {
  auto* cuda = dynamic_cast<CudaEvent*>(&event);
  if (cuda == nullptr) return absl::InternalError("an event of another device type was recorded");
  if (cuda->handle() == nullptr) return absl::ResourceExhaustedError("CUDA made no event");
  cuda->set_faults(faults_);
  SLUICE_RETURN_IF_CUDA_ERROR(cudaEventRecord(cuda->handle(), handle_));
  return absl::OkStatus();
}

absl::Status CudaStream::Wait(Event& event) {
  auto* cuda = dynamic_cast<CudaEvent*>(&event);
  if (cuda == nullptr) return event.Synchronize();
  if (cuda->handle() == nullptr) return absl::ResourceExhaustedError("CUDA made no event");
  SLUICE_RETURN_IF_CUDA_ERROR(cudaStreamWaitEvent(handle_, cuda->handle(), 0));
  return absl::OkStatus();
}

absl::Status CudaStream::Copy(void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind, size_t bytes) {
  if (bytes == 0) return absl::OkStatus();
  // The host may change it once the call has returned; a graph would read it when it runs.
  if (is_capturing_ && (dst_kind == MemoryKind::kHost || src_kind == MemoryKind::kHost)) {
    return absl::FailedPreconditionError("a copy of the host's memory cannot be captured");
  }
  DeviceScope scope(ordinal_);
  SLUICE_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(dst, src, bytes, KindOf(dst_kind, src_kind), handle_));
  return absl::OkStatus();
}

// Other threads may go on allocating memory meanwhile.
absl::Status CudaStream::BeginCapture() {
  DeviceScope scope(ordinal_);
  SLUICE_RETURN_IF_CUDA_ERROR(cudaStreamBeginCapture(handle_, cudaStreamCaptureModeThreadLocal));
  is_capturing_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ExecutableGraph>> CudaStream::EndCapture() {
  DeviceScope scope(ordinal_);
  is_capturing_ = false;
  cudaGraph_t graph = nullptr;
  const absl::Status ended = FromCuda(cudaStreamEndCapture(handle_, &graph), device_name_);
  if (!ended.ok() || graph == nullptr) {
    cudaGetLastError();  // of the call that spoilt it
    return ended.ok() ? absl::InternalError("nothing was captured") : ended;
  }
  cudaGraphExec_t executable = nullptr;
  absl::Status made = FromCuda(cudaGraphInstantiate(&executable, graph, 0), device_name_);
  cudaGraphDestroy(graph);
  SLUICE_RETURN_IF_ERROR(made);
  auto result = std::make_unique<CudaGraph>(executable);
  SLUICE_RETURN_IF_ERROR(FromCuda(cudaGraphUpload(executable, handle_), device_name_));
  return std::unique_ptr<ExecutableGraph>(std::move(result));
}

absl::Status CudaStream::Launch(ExecutableGraph& graph) {
  DeviceScope scope(ordinal_);
  SLUICE_RETURN_IF_CUDA_ERROR(cudaGraphLaunch(static_cast<CudaGraph&>(graph).handle(), handle_));
  return absl::OkStatus();
}

absl::Status CudaStream::Synchronize() {
  absl::Status status = FromCuda(cudaStreamSynchronize(handle_), device_name_);
  absl::Status fault = gpu::TakeFault(faults_->cell());
  return status.ok() ? fault : status;
}

}  // namespace sluice::cuda
