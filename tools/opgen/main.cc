// sluice_opgen builders OUT | reference OUT: graph/builders.h and docs/ops.md. Runs on the build machine and links ops/
// alone.
#include "ops/register_all.h"
#include "tools/opgen/opgen.h"

int main(int argc, char** argv) { return sluice::RunOpgen(argc, argv, sluice::RegisterAllOps); }
