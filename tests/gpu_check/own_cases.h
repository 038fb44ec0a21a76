// Cases beside TensorFlow's recordings; the CPU's answers are what they are compared with.
#pragma once

#include <string>
#include <vector>

#include "tests/gpu_check/op_case.h"

namespace sluice::gpu_check {

// Those of `op`: of ops that are not recorded (our own fused forms, nodes that compute nothing), and larger ones, which reach
// what the recordings are too small for: several blocks of threads, more than one pass, a library's fast algorithms.
std::vector<OpCase> OwnCases(const std::string& op);

// Random numbers of [low, high), the same for the same name and shape.
Tensor Numbers(const std::string& name, const Shape& shape, float low = -1, float high = 1);
// An attribute that is a list of whole numbers.
AttrValue IntList(std::vector<int64_t> values);

// The fused forms (fused_cases.cc) and the larger ones (large_cases.cc).
void AddFusedCases(std::vector<OpCase>& cases);
void AddLargeCases(std::vector<OpCase>& cases);

}  // namespace sluice::gpu_check
