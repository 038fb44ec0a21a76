// One node with its inputs: what a device's kernel is tried with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/attr_value.h"

namespace sluice::gpu_check {

struct CaseInput {
  Tensor value;              // of a variable: its first value
  bool is_variable = false;  // the node gets the variable's handle
};

struct OpCase {
  std::string name;  // for people; no other case of the op has it
  std::string op;
  AttrMap attrs;
  std::vector<CaseInput> inputs;
  // What each of several runs in one session gives: the outputs, or where the op has none the values of its variables.
  // Empty: whatever the CPU gives, in one run.
  std::vector<std::vector<Tensor>> expected;
  // The case that the CPU runs instead of this one, in a type that it has kernels for. Null: the same.
  std::shared_ptr<const OpCase> on_cpu;
  double float_error = 1e-5;  // how far a float may be off where nothing is rounded to fewer bits
};

// "Conv2D case name(float[1,2], …) attr=value …": enough to see what went wrong.
std::string Describe(const OpCase& c);

}  // namespace sluice::gpu_check
