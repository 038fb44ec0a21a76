# NVIDIA's libraries, for the cuda preset alone: the CUDA toolkit 13 with cuDNN 9, found as CMake's FindCUDAToolkit finds
# them (nvcc on the PATH, CUDAToolkit_ROOT, /usr/local/cuda), and cudnn-frontend's headers from its wheel, which
# `tools/setup --cuda` unpacks into build/third_party (or SLUICE_CUDNN_FRONTEND says where they are).
find_package(CUDAToolkit 13.0 REQUIRED)
if(NOT CMAKE_CUDA_COMPILER)
  set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
endif()
set(CMAKE_CUDA_ARCHITECTURES ${SLUICE_CUDA_ARCHITECTURES})
set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
if(CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
endif()
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)

find_path(SLUICE_CUDNN_FRONTEND cudnn_frontend.h PATHS ${CMAKE_SOURCE_DIR}/build/third_party/cudnn_frontend-1.32.0/include
          NO_DEFAULT_PATH DOC "Headers of cudnn-frontend 1.32")
if(NOT SLUICE_CUDNN_FRONTEND)
  message(FATAL_ERROR "cudnn-frontend's headers are missing: run tools/setup --cuda, or set SLUICE_CUDNN_FRONTEND")
endif()
find_library(SLUICE_CUDNN cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} REQUIRED)
find_path(SLUICE_CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)

# What the wrapper around cuDNN needs; the headers are third-party, so no warnings of theirs.
add_library(sluice_cudnn INTERFACE)
target_include_directories(sluice_cudnn SYSTEM INTERFACE ${SLUICE_CUDNN_FRONTEND} ${SLUICE_CUDNN_INCLUDE})
target_link_libraries(sluice_cudnn INTERFACE ${SLUICE_CUDNN} CUDA::nvrtc CUDA::cudart_static)
