#include "line.h"

#ifdef OWN_OPS
#include "halve_test.h"
#else
static int halve_test() { return 0; }
#endif

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return fit_line("cpu:1", nullptr) + fit_line("sim:1", argv[1]) + halve_test();
}
