# Every dependency, its least version, and the Debian package that brings it. tools/setup installs them.

find_package(Threads REQUIRED)
find_package(absl REQUIRED CONFIG)           # libabsl-dev 20220623
find_package(Protobuf 3.21 REQUIRED)         # libprotobuf-dev, protobuf-compiler
find_package(dnnl 2.6 REQUIRED CONFIG)       # libdnnl-dev (it asks for OpenCL's headers: ocl-icd-opencl-dev)
find_package(leveldb 1.23 REQUIRED CONFIG)   # libleveldb-dev
# Its package names -lsnappy, whose development files it does not bring; the shared library knows its own.
set_target_properties(leveldb::leveldb PROPERTIES INTERFACE_LINK_LIBRARIES Threads::Threads)
find_package(PNG 1.6 REQUIRED)               # libpng-dev
find_package(JPEG REQUIRED)                  # libjpeg62-turbo-dev
find_package(ZLIB 1.2 REQUIRED)              # zlib1g-dev
find_package(CLI11 2.1 REQUIRED CONFIG)      # libcli11-dev
find_package(nlohmann_json 3.11 REQUIRED CONFIG)  # nlohmann-json3-dev
find_package(PkgConfig REQUIRED)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)  # libisal-dev
if(SLUICE_OPENMP)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
endif()
if(SLUICE_CUDA)
  include(cuda)  # third_party/cuda.cmake
endif()
if(SLUICE_TESTS)
  find_package(GTest 1.12 REQUIRED CONFIG)   # libgtest-dev, libgmock-dev
endif()
