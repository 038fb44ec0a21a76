// The ops that a GPU has no kernel for, each with the reason: the one place to look. Soft placement puts such a node on the
// CPU and says so; without it the graph is refused. A test holds that these and the registered ones are all ops.
#pragma once

namespace sluice::gpu {

struct MissingOp {
  const char* op;
  const char* why;
};

inline constexpr const char* kHostData = "reads or writes files or strings, which are in the host's memory";
inline constexpr const char* kShapes = "arithmetic on shapes, which the host needs before it can issue any work";
inline constexpr const char* kEvaluation = "tells how good a model is, on a few numbers a picture";

inline constexpr MissingOp kMissingOps[] = {
    {"BroadcastGradientArgs", kShapes},
    {"ConcatOffset", kShapes},
    {"HistogramSummary", kHostData},
    {"ImageSummary", kHostData},
    {"InTopKV2", kEvaluation},
    {"InvertPermutation", kShapes},
    {"MergeSummary", kHostData},
    {"Range", kShapes},
    {"Rank", kShapes},
    {"RestoreV2", kHostData},
    {"SaveV2", kHostData},
    {"ScalarSummary", kHostData},
    {"Shape", kShapes},
    {"ShapeN", kShapes},
    {"Size", kShapes},
    {"TopKV2", kEvaluation},
    {"VarIsInitializedOp", kShapes},
};

}  // namespace sluice::gpu
