// Preloaded into a program, says on its error stream at the end how often malloc and aligned_alloc were called:
// what libraries take, which a test of our own operator new does not see (docs/benchmarks.md).
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <dlfcn.h>

namespace {

std::atomic<long> calls{0};

template <class F>
F* Next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

struct Report {
  ~Report() { std::fprintf(stderr, "malloc was called %ld times\n", calls.load()); }
} report;

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void* malloc(size_t bytes) {
  static auto* next = Next<void*(size_t)>("malloc");
  calls.fetch_add(1, std::memory_order_relaxed);
  return next(bytes);
}

__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t bytes) {
  static auto* next = Next<void*(size_t, size_t)>("aligned_alloc");
  calls.fetch_add(1, std::memory_order_relaxed);
  return next(alignment, bytes);
}

}  // extern "C"
