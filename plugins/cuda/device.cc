#include "plugins/cuda/device.h"

#include "kernels/gpu/libraries.h"
#include "kernels/gpu/register_all.h"
#include "plugins/cuda/cuda_status.h"
#include "plugins/cuda/plan_timer.h"
#include "plugins/cuda/stream.h"

namespace sluice::cuda {
namespace {

// The oldest card that the kernels here and cuDNN's graphs are meant for (Ampere).
constexpr int kOldestMajor = 8;

std::string Version(int cuda) { return absl::StrCat(cuda / 1000, ".", cuda % 1000 / 10); }

// Copies between cards that can reach each other go without the host. Both directions are asked for, because each device
// only enables its own; that it is enabled already is no error.
void EnablePeers(int ordinal) {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return;
  DeviceScope scope(ordinal);
  for (int peer = 0; peer < count; ++peer) {
    int can = 0;
    if (peer == ordinal || cudaDeviceCanAccessPeer(&can, ordinal, peer) != cudaSuccess || can == 0) continue;
    cudaDeviceEnablePeerAccess(peer, 0);
  }
  cudaGetLastError();
}

}  // namespace

absl::StatusOr<int> CountDevices() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return count;
  cudaGetLastError();
  int driver = 0;
  cudaDriverGetVersion(&driver);
  if (driver == 0) return absl::NotFoundError("no CUDA driver is installed (libcuda.so.1)");
  if (driver < CUDART_VERSION / 1000 * 1000) {
    return absl::NotFoundError(absl::StrCat("the CUDA driver is for CUDA ", Version(driver),
                                            ", this build needs one for CUDA ", Version(CUDART_VERSION)));
  }
  if (error == cudaSuccess || error == cudaErrorNoDevice) {
    return absl::NotFoundError("the CUDA driver finds no GPU (or CUDA_VISIBLE_DEVICES hides them)");
  }
  return FromCuda(error, "cudaGetDeviceCount");
}

absl::StatusOr<std::string> DescribeDevice(int ordinal) {
  cudaDeviceProp properties;
  SLUICE_RETURN_IF_CUDA_ERROR(cudaGetDeviceProperties(&properties, ordinal));
  int driver = 0;
  SLUICE_RETURN_IF_CUDA_ERROR(cudaDriverGetVersion(&driver));
  return absl::StrCat(properties.name, ", compute capability ", properties.major, ".", properties.minor, ", ",
                      properties.totalGlobalMem >> 20, " MiB, driver for CUDA ", Version(driver), "; CUDA ",
                      Version(CUDART_VERSION), ", cuDNN ", gpu::DnnVersion());
}

absl::StatusOr<std::unique_ptr<CudaDevice>> CudaDevice::Create(const PluginDeviceOptions& asked,
                                                               const Options& options) {
  SLUICE_ASSIGN_OR_RETURN(int count, CountDevices());
  if (asked.ordinal < 0 || asked.ordinal >= count) {
    return absl::NotFoundError(absl::StrCat("GPU ", asked.ordinal, " of ", count, " was asked for"));
  }
  SLUICE_ASSIGN_OR_RETURN(std::string description, DescribeDevice(asked.ordinal));
  cudaDeviceProp properties;
  SLUICE_RETURN_IF_CUDA_ERROR(cudaGetDeviceProperties(&properties, asked.ordinal));
  if (properties.major < kOldestMajor) {
    return absl::UnimplementedError(
        absl::StrCat(description, ": needs compute capability ", kOldestMajor, ".0 or newer"));
  }
  if (asked.memory_limit > static_cast<int64_t>(properties.totalGlobalMem)) {
    return absl::ResourceExhaustedError(absl::StrCat(description, ": a limit of ", asked.memory_limit,
                                                     " bytes was asked for, it has ", properties.totalGlobalMem));
  }
  EnablePeers(asked.ordinal);
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const gpu::DnnTarget> target, gpu::DnnTarget::FromDevice(asked.ordinal));
  return std::unique_ptr<CudaDevice>(new CudaDevice(asked, std::move(description), std::move(target), options));
}

CudaDevice::CudaDevice(const PluginDeviceOptions& asked, std::string description,
                       std::shared_ptr<const gpu::DnnTarget> target, const Options& options)
    : ordinal_(asked.ordinal),
      index_(asked.index),
      name_(absl::StrCat("/job:localhost/replica:0/task:0/device:GPU:", asked.index)),
      description_(std::move(description)),
      options_(options),
      allocator_(NewDeviceAllocator(asked.ordinal, asked.memory_limit)),
      pinned_(NewPinnedAllocator(asked.ordinal)),
      plans_(std::make_shared<gpu::DnnPlanCache>(
          std::move(target), options.plans, [this] { return CudaPlanTimer::Create(ordinal_, name_, *allocator_); })) {
  gpu::RegisterAllKernels(kernels_);
  const gpu::Libraries libraries{plans_, options.tf32 != 0};
  gpu::LibraryRegistrar registrar{kernels_, libraries};
  gpu::RegisterAllLibraryKernels(registrar);
}

absl::StatusOr<std::unique_ptr<Stream>> CudaDevice::NewStream() {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CudaStream> stream, CudaStream::Create(ordinal_, name_, false));
  return std::unique_ptr<Stream>(std::move(stream));
}

absl::StatusOr<std::unique_ptr<Stream>> CudaDevice::NewTransferStream(Transfer) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CudaStream> stream, CudaStream::Create(ordinal_, name_, true));
  return std::unique_ptr<Stream>(std::move(stream));
}

bool CudaDevice::CanReach(const Device& peer) const {
  auto* other = dynamic_cast<const CudaDevice*>(&peer);
  if (other == nullptr) return false;
  if (other->ordinal_ == ordinal_) return true;
  int can = 0;
  return cudaDeviceCanAccessPeer(&can, ordinal_, other->ordinal_) == cudaSuccess && can != 0;
}

std::unique_ptr<Event> CudaDevice::NewEvent() { return std::make_unique<CudaEvent>(ordinal_, false); }

std::unique_ptr<Event> CudaDevice::NewTimedEvent() { return std::make_unique<CudaEvent>(ordinal_, true); }

}  // namespace sluice::cuda
