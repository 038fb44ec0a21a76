// Prints typed builders and the reference page of ops from their schemas. Ours are generated so (tools/opgen/main.cc),
// and those of a project outside the tree, whose host tool the package's sluice_add_ops() makes.
#pragma once

#include <string>

#include "ops/op_schema.h"

namespace SLUICE_API sluice {

// Where the ops are: what the generated header includes, and the namespace that it declares.
struct OpgenPlace {
  std::string folder = "ops";                 // of the headers with the attribute structs
  std::string cpp_namespace = "sluice::ops";  // of the builders; those structs must be visible in it
  std::string sluice_headers;                 // in front of our own headers: "sluice/" outside the tree
};

// The whole tool: `builders OUT` or `reference OUT`. Returns the exit code (2: wrong usage, 5: OUT cannot be written).
int RunOpgen(int argc, char** argv, void (*register_ops)(OpRegistry&), const OpgenPlace& place = {});

}  // namespace sluice
