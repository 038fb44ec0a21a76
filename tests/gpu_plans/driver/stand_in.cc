// A libcuda.so.1 for tests alone, on machines that have none. It knows no device: every call fails as the driver's do
// where there is no GPU (driver/CMakeLists.txt makes these calls out of the toolkit's list of symbols), except those of
// this file, with which cuDNN loads the kernels that it compiled at run time, so that it can be seen that it compiles them.
// Never installed, and linked into one test program only.
namespace {

constexpr int kSuccess = 0, kNotFound = 500;
int some_object;
int Give(void** handle) {
  *handle = &some_object;
  return kSuccess;
}
int GiveNumber(int* number, int value) {
  *number = value;
  return kSuccess;
}

}  // namespace

// More arguments follow than are taken here; C's calling convention does not mind.
extern "C" {
#pragma GCC visibility push(default)
int cuDriverGetVersion(int* version) { return GiveNumber(version, 13000); }
int cuGetProcAddress() { return kNotFound; }
int cuGetProcAddress_v2() { return kNotFound; }

int cuLibraryLoadData(void** library) { return Give(library); }
int cuLibraryGetKernel(void** kernel) { return Give(kernel); }
int cuLibraryGetModule(void** module) { return Give(module); }
int cuModuleLoadData(void** module) { return Give(module); }
int cuModuleLoadDataEx(void** module) { return Give(module); }
int cuModuleGetFunction(void** function) { return Give(function); }
int cuKernelGetFunction(void** function) { return Give(function); }
int cuFuncGetAttribute(int* value) { return GiveNumber(value, 0); }
int cuKernelGetAttribute(int* value) { return GiveNumber(value, 0); }
int cuLibraryUnload() { return kSuccess; }
int cuModuleUnload() { return kSuccess; }
#pragma GCC visibility pop
}
